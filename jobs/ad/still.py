"""The still of an ad: a frame of its first scene, with the product and its name, drawn as film-makers that
cost nothing draw it.

Loaded only when one is asked for: it imports what draws.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jobs.ad.brief import BRIEF_NAME, Brief, check_product, product_picture, read_draft
from jobs.ad.copy.picture import look_at
from jobs.ad.plan.direction import caption_style, words_over
from jobs.ad.plan.frame import FRAMES, Frame
from jobs.ad.scenery.cinematographer import ClipOrder
from jobs.ad.scenery.filming import set_up, shown
from jobs.ad.scenery.product.cutout import LEAST_SIDE
from jobs.ad.styles import Style, style_named
from shared.machine.temporary import scratch
from shared.records.creation import Creation
from shared.stages.narration import Caption, pace_for_reading
from shared.video.lettering.font_check import check_fonts
from shared.video.rendering.stills import as_preview, draw_frame, preview_size
from shared.video.timeline import Cue, Shot, Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

_SCENE: Final = 1
_AT_S: Final = 4.0
"""Of the scene: the product has come to rest, its name is shown and nothing leaves yet."""
_LANGUAGE: Final = "en"
"""Of the styles' own words."""


def draw_still(creation: Creation, parameters: Mapping[str, Any]) -> bytes:
    """The frame as JPEG; raises `InvalidAssets` for a brief or a picture that can't be used.

    Without a picture the style's sculpture is shown, and without a name `Your Product`. If captions are drawn
    into the film, they are the style's own opening words.
    """
    brief = read_draft(creation, parameters)
    style = style_named(brief.style)
    whole = FRAMES[brief.aspect_ratio]
    width, height = preview_size(whole.width, whole.height)
    frame = Frame(width=width, height=height, rate=whole.rate)
    with scratch() as folder:
        scene = _scene(brief, style, frame, _product(creation, folder))
        timeline = _timeline(brief, style, frame)
        at = round(_AT_S * frame.rate)
        return as_preview(draw_frame(timeline, at, load=lambda _: scene, scratch=folder / "captions"))


def _product(creation: Creation, folder: Path) -> Path | None:
    name = product_picture(creation)
    if name is None:
        return None
    path = creation.download(name, folder / "product")
    check_product(path, name=name)
    return path


def _scene(brief: Brief, style: Style, frame: Frame, product: Path | None) -> "Plane":
    """Without words, RGB (h, w, 3)."""
    order = ClipOrder(
        prompt="",
        product=product,
        colours=look_at(product).colours if product else (),
        width=frame.width,
        height=frame.height,
        frames=round(style.scenes[_SCENE - 1].seconds * frame.rate),
        frame_rate=frame.rate,
        look=style.look,
        tempo_bpm=style.music.tempo_bpm,
        scene=_SCENE,
        variation=brief.variation,
    )
    cutout = shown(product, style.look, max_side=LEAST_SIDE)
    canvas, scene = set_up(order, cutout)
    scene.draw(canvas, _AT_S)
    return canvas.pixels[..., :3]


def _timeline(brief: Brief, style: Style, frame: Frame) -> Timeline:
    """The scene as a picture, with its words."""
    scene = style.scenes[_SCENE - 1]
    frames = round(2 * _AT_S * frame.rate)
    name = scene.text_overlay.replace("{product_name}", brief.product_name)
    said = scene.voiceover_template.partition("[")[0].replace("{product_name}", brief.product_name).strip()
    texts = {f"{BRIEF_NAME}: product_name": name}
    fonts = check_fonts(
        texts | ({"the opening words": said} if brief.captions else {}),
        "und",
        otherwise="write the words in another script",
        emoji_in_colour=True,
        none_empty=True,
    ).faces
    spoken = pace_for_reading(Caption(name="", text=said, language=_LANGUAGE))
    middle = round((_AT_S - spoken.duration_ms / 2000) * frame.rate)
    cue = Cue(
        at_frame=max(0, middle),
        frames=round(spoken.duration_ms / 1000 * frame.rate),
        text=said,
        language=_LANGUAGE,
        words=spoken.words,
    )
    return Timeline(
        width=frame.width,
        height=frame.height,
        frame_rate=frame.rate,
        shots=(Shot(frames=frames, picture="scene"),),
        cues=(cue,) if brief.captions else (),
        caption_style=caption_style(style, captions=brief.captions),
        fonts=fonts,
        overlays=(words_over(name, style, frame, (0, frames)),),
    )

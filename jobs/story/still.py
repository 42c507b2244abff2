"""The still of a story: the frame in the middle of its first caption, without speech or a film.

Loaded only when one is asked for: it imports what draws.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from jobs.story.direction import Look, NarratedPart, direct
from jobs.story.input.caption_text import as_shown, caption_text
from jobs.story.input.layout import read_layout, story_inputs
from jobs.story.input.options import StoryOptions, read_options, size_for, with_parameters
from jobs.story.input.part import Part
from shared.accepted import demand_small_text
from shared.machine.temporary import scratch
from shared.records.creation import Creation
from shared.records.names import ASSETS
from shared.stages.narration import Caption, pace_for_reading
from shared.text.guessing import Guesser
from shared.text.markup import Marked
from shared.video.frames.pictures import look_at
from shared.video.lettering.font_check import check_fonts
from shared.video.lettering.fonts import choose_fonts
from shared.video.rendering.stills import as_preview, draw_frame, preview_size
from shared.video.sizes import parse_size
from shared.video.subjects.subjects import LOOKED_AT, what_matters
from shared.video.timeline import FontFace, Timeline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

_SAMPLE: Final = Caption(name="the sample caption", text="This is how your words will look.", language="en")
_STAND_IN: Final = "stand-in"
_STAND_IN_SIZE: Final = (1080, 1920)
_TOP, _BOTTOM = (74, 96, 122), (190, 170, 152)
"""RGB of the stand-in, neither light nor dark, so that every colour of letters can be judged."""
_MOST_SIDE: Final = 2048
"""Of the decoded picture: more than the still has, zoomed in."""


def draw_still(creation: Creation, parameters: Mapping[str, Any]) -> bytes:
    """The frame as JPEG; raises `InvalidAssets` for options, a picture or a caption that can't be used.

    The part is the first that has a picture and captions, or else a picture. Where there is none, or no
    words yet, a plain picture and a sentence of our own are shown. The size `auto` is that of this picture.
    A caption whose language is not given is laid out as English if it is in Latin letters: guessing is for
    the film. An effect written in Python is left out.
    """
    names = story_inputs(creation)
    layout = read_layout(names, creation.key(ASSETS), [])  # what else is wrong need not be right yet
    options = _options(creation, layout.options, parameters)
    part = _shown_part([part for part in layout.parts if part.picture])
    caption = _caption(creation, part, options)
    with scratch() as folder:
        size, picture = _picture(creation, part, folder)
        timeline = _timeline(options, _narrated(part, size, picture, caption))
        frame = timeline.cues[0].at_frame + timeline.cues[0].frames // 2
        drawn = draw_frame(timeline, frame, load=lambda _: picture, scratch=folder / "captions")
    return as_preview(drawn)


def _options(creation: Creation, name: str | None, parameters: Mapping[str, Any]) -> StoryOptions:
    options = StoryOptions()
    if name:
        options = read_options(_read(creation, name), name)
    return with_parameters(options, parameters)


def _read(creation: Creation, name: str) -> bytes:
    info = creation.stat(name)
    demand_small_text(name, info.size_bytes if info else 0)
    return creation.read(name)[0]


def _shown_part(parts: list[Part]) -> Part | None:
    return next((part for part in parts if part.captions), parts[0] if parts else None)


def _caption(creation: Creation, part: Part | None, options: StoryOptions) -> Caption:
    """The part's first caption that has words."""
    for name in part.captions if part else ():
        shown: Marked = as_shown(caption_text(_read(creation, name), name), options.captions.markup)
        if shown.text:
            guess = Guesser().guess([shown.text], options.language or _SAMPLE.language)
            return Caption(name=name, text=shown.text, language=guess.languages[0], styles=shown.styles)
    return _SAMPLE


def _picture(creation: Creation, part: Part | None, folder: Path) -> tuple[tuple[int, int], "Plane"]:
    """The width and height that it has, and RGB (h, w, 3), made smaller."""
    if part is None:
        return _STAND_IN_SIZE, _stand_in()
    path = creation.download(part.picture, folder / f"picture{Path(part.picture).suffix}")
    return look_at(path, name=part.picture, max_side=_MOST_SIDE)


def _stand_in() -> "Plane":
    """A gradient."""
    width, height = (side // 4 for side in _STAND_IN_SIZE)
    down = np.linspace(0, 1, height)[:, None, None]
    column = np.array(_TOP) * (1 - down) + np.array(_BOTTOM) * down
    return np.broadcast_to(np.rint(column), (height, width, 3)).astype(np.uint8)


def _narrated(part: Part | None, size: tuple[int, int], picture: "Plane", caption: Caption) -> NarratedPart:
    return NarratedPart(
        picture=part.picture if part else _STAND_IN,
        picture_hash="",
        picture_size=size,
        captions=(pace_for_reading(caption),),
        number=part.number if part else 1,
        subjects=what_matters(_looked_at(picture)) if part else (),
    )


def _looked_at(picture: "Plane") -> "Plane":
    part = min(1.0, LOOKED_AT / max(picture.shape[:2]))
    size = max(1, round(picture.shape[1] * part)), max(1, round(picture.shape[0] * part))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _timeline(options: StoryOptions, part: NarratedPart) -> Timeline:
    """A story of this part alone, in a preview's size."""
    size = size_for([part.picture_size]) if options.size == "auto" else parse_size(options.size)
    width, height = preview_size(*size)
    (narrated,) = part.captions
    look = Look(
        options=options.model_copy(update={"effect": None}),
        width=width,
        height=height,
        language=narrated.caption.language,
        fonts=_fonts(narrated.caption, options),
        music=None,
    )
    return direct([part], look)


def _fonts(caption: Caption, options: StoryOptions) -> tuple[FontFace, ...]:
    if options.captions.look == "off":
        return choose_fonts([caption.text], caption.language, emoji_in_colour=True).faces
    texts = {caption.name: caption.text}
    drawable = check_fonts(texts, caption.language, otherwise='set "captions": "off"', emoji_in_colour=True)
    return drawable.faces

"""The still of a talk: its first slide with content, in its theme, with the presenter, all bullets shown.

Loaded only when one is asked for: it imports what draws.
"""

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from jobs.presenter.deck.notes import between_pauses
from jobs.presenter.deck.slides import Slide
from jobs.presenter.draft import compose
from jobs.presenter.drawing.states import draw_state
from jobs.presenter.film.avatar import prepare_avatar
from jobs.presenter.film.drawn import Deck, deck_with
from jobs.presenter.film.initials import draw_initials
from jobs.presenter.film.presenter import figure_at
from jobs.presenter.film.stand import Stand
from jobs.presenter.skills.embedded.provider import EmbeddedSkills
from jobs.presenter.talk import CLIP_TYPES, Talk, read_talk
from shared.machine.temporary import scratch
from shared.records.creation import Creation
from shared.stages.narration import Caption, pace_for_reading
from shared.text.guessing import Guesser
from shared.text.language import words_of
from shared.text.markup import spoken_text
from shared.video.encoding.clip_files import check_clip
from shared.video.encoding.clips import normalise_clip
from shared.video.frames.pictures import load_picture
from shared.video.lettering.font_check import check_fonts
from shared.video.rendering.stills import PREVIEW_WIDTH, as_preview, draw_frame, preview_size
from shared.video.timeline import CaptionStyle, Cue, Figure, Shot, Timeline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

_SAMPLE: Final = """# Your talk

## What this talk is about

Your text becomes slides like this one.

- Headings become titles
- Lists become bullets
- You speak, or a voice does
"""
_LANGUAGE: Final = "en"
"""Of the sample, and of a text in Latin letters that does not say its own: guessing is for the film."""
_READ_CHARACTERS: Final = 20_000
"""Of a text: its first slides need no more."""
_SENTENCE_WORDS: Final = 4
_LEVEL: Final = "9"
"""How loud the presenter seems to be, so that the ring shows."""
_CLIP_S: Final = 1
"""Of an avatar's clip: no shorter one can be read."""
_FINER: Final = 2
"""Slides are drawn this much larger and made smaller, so that small letters are smooth."""


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """What the frame is made of."""

    pictures: dict[str, "Plane"]
    """RGB, by the names that the timeline has for them."""
    clip: Path | None
    figure: Figure | None


def draw_still(creation: Creation, parameters: Mapping[str, Any]) -> bytes:
    """The frame as JPEG; raises `InvalidAssets` for options, a text or pictures that can't be used.

    The slides are those that the embedded skills make of the text, or of one of our own where there is none.
    The pages of a deck that people bring are not read for it: what theme, size and presenter change is seen
    without them.
    """
    talk = _draft(read_talk(creation, parameters, complete=False))
    slides = compose(talk, EmbeddedSkills()).slides
    first = next((slide for slide in slides.slides if slide.kind == "content"), slides.slides[0])
    number = slides.slides.index(first)
    deck = deck_with(slides.model_copy(update={"slides": (first,)}), creation, talk)
    with scratch() as folder:
        shown = _shown(creation, deck, talk, (number + 1, len(slides.slides)), folder)
        timeline = _timeline(deck, talk, shown)
        drawn = draw_frame(
            timeline,
            timeline.frames // 2,
            load=shown.pictures.__getitem__,
            clip=lambda _: shown.clip or folder,
            scratch=folder / "captions",
        )
    return as_preview(drawn)


def _draft(talk: Talk) -> Talk:
    """The talk with as much text as the first slides need, in a frame of a preview's shape."""
    text = talk.text or _SAMPLE
    if len(text) > _READ_CHARACTERS:
        text = text[:_READ_CHARACTERS].rpartition("\n\n")[0] or text[:_READ_CHARACTERS]
    language = Guesser().guess([text], talk.options.language or _LANGUAGE).languages[0]
    width, height = preview_size(*talk.size, finer=_FINER)
    options = talk.options.model_copy(update={"language": language, "size": f"{width}x{height}"})
    return replace(talk, text=text, options=options)


def _shown(creation: Creation, deck: Deck, talk: Talk, page: tuple[int, int], folder: Path) -> _Shown:
    def load(name: str) -> "Plane":
        path = creation.download(name, folder / f"media{PurePosixPath(name).suffix}")
        return load_picture(path, name=name, max_side=_FINER * PREVIEW_WIDTH)

    slide, (number, count) = deck.slides.slides[0], page
    state = draw_state(
        slide, deck.canvas, deck.theme, shown=slide.states - 1, number=number, count=count, load=load
    )
    pictures = {"slide": np.asarray(state)}
    if deck.stand is None:
        return _Shown(pictures=pictures, clip=None, figure=None)
    if talk.avatar and PurePosixPath(talk.avatar).suffix.lower() in CLIP_TYPES:
        clip = _clip(creation, talk.avatar, talk, deck.stand, folder)
        return _Shown(pictures=pictures, clip=clip, figure=figure_at(deck.stand, deck, clip="avatar"))
    pictures["avatar"] = _avatar(creation, deck, talk, folder)
    return _Shown(pictures=pictures, clip=None, figure=figure_at(deck.stand, deck, picture="avatar"))


def _avatar(creation: Creation, deck: Deck, talk: Talk, folder: Path) -> "Plane":
    if not talk.avatar:
        side_px = round(deck.stand.diameter) if deck.stand else 1
        return np.asarray(draw_initials(talk.options.name, side_px, colours=[deck.theme.content.accent]))
    path = creation.download(talk.avatar, folder / f"avatar{PurePosixPath(talk.avatar).suffix}")
    return np.asarray(Image.open(io.BytesIO(prepare_avatar(path, name=talk.avatar))))


def _clip(creation: Creation, name: str, talk: Talk, stand: Stand, folder: Path) -> Path:
    """The beginning of the avatar's clip, of which the first frame is seen."""
    given = creation.download(name, folder / f"avatar{PurePosixPath(name).suffix}")
    check_clip(given, name=name)
    target = folder / "avatar.begun.mp4"
    rate = talk.options.frame_rate
    side_px = 2 * round(stand.diameter / 2)
    frames = math.ceil(_CLIP_S * rate)
    normalise_clip(given, target, name=name, width=side_px, height=side_px, frame_rate=rate, frames=frames)
    return target


def _timeline(deck: Deck, talk: Talk, shown: _Shown) -> Timeline:
    """The slide, shown while its first words are spoken."""
    rate, language = talk.options.frame_rate, deck.slides.language
    said = _first_words(deck.slides.slides[0])
    narrated = pace_for_reading(Caption(name="", text=said, language=language))
    frames = max(1, round(narrated.duration_ms / 1000 * rate))
    cue = Cue(at_frame=0, frames=frames, text=said, language=language, words=narrated.words)
    has_words = bool(said) and talk.options.captions != "off"
    texts = {"the first words": said} if has_words else {}
    drawable = check_fonts(texts, language, otherwise='set "captions": "off"', emoji_in_colour=True)
    figure = shown.figure and shown.figure.model_copy(update={"levels": _LEVEL * frames})
    return Timeline(
        width=deck.canvas.width,
        height=deck.canvas.height,
        frame_rate=rate,
        language=language,
        shots=(Shot(frames=frames, picture="slide"),),
        cues=(cue,) if has_words else (),
        caption_style=CaptionStyle(look=talk.options.captions),
        fonts=drawable.faces,
        figure=figure,
    )


def _first_words(slide: Slide) -> str:
    """The slide's first sentence, rather than its title, which is said before it."""
    pieces = [piece.text for piece in between_pauses(slide.notes)]
    lengths = {text: len(words_of(spoken_text(text).text)) for text in pieces}
    said = [text for text, words in lengths.items() if words]
    return next((text for text in said if lengths[text] >= _SENTENCE_WORDS), said[0] if said else "")

"""The pictures of slides: which there are, and their names. For the stages that draw and show them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from jobs.presenter.deck.slides import Slide, Slides, read_slides
from jobs.presenter.drawing.canvas import Canvas, is_mirrored
from jobs.presenter.drawing.keys import state_key
from jobs.presenter.drawing.themes import Theme, theme_named
from jobs.presenter.film.stand import Stand, stand_at
from jobs.presenter.talk import Talk
from shared.errors import InvalidAssets
from shared.records.creation import Creation

DRAWN: Final = "cache/slides/"
"""The folder of the states' pictures, by what they show."""
STARTS_NAME: Final = "cache/starts.json"
"""The first frame of each slide."""


@dataclass(frozen=True, kw_only=True)
class State:
    """A slide with its first so many bullets."""

    slide: int
    """Place in the deck."""
    shown: int
    key: str

    @property
    def name(self) -> str:
        """Its picture's, below the creation."""
        return f"{DRAWN}{self.key}.png"


@dataclass(frozen=True, kw_only=True)
class Deck:
    """A talk's slides as they are drawn."""

    slides: Slides
    canvas: Canvas
    theme: Theme
    stand: Stand | None
    media: Mapping[str, str]
    """Content hashes of the pictures that slides show, by name."""

    def states(self) -> Iterator[State]:
        """All states, in order."""
        for number, slide in enumerate(self.slides.slides):
            for shown in range(slide.states):
                yield State(slide=number, shown=shown, key=self._key(slide, number, shown))

    def _key(self, slide: Slide, number: int, shown: int) -> str:
        return state_key(
            slide,
            self.canvas,
            self.theme,
            shown=shown,
            number=number + 1,
            count=len(self.slides.slides),
            media=self.media,
        )


def deck_of(creation: Creation, talk: Talk) -> Deck:
    """The slides that `draft` made, divided so that all is legible.

    Raises `InvalidAssets` for a picture that a slide shows and that is not there.
    """
    return deck_with(read_slides(creation), creation, talk)


def deck_with(slides: Slides, creation: Creation, talk: Talk) -> Deck:
    """The same of these slides."""
    from jobs.presenter.drawing.splitting import split_to_fit
    from shared.video.captions.ass import bottom_reach_px

    options, (width, height) = talk.options, talk.size
    floor = 0 if options.captions == "off" else bottom_reach_px(width, height)
    canvas = Canvas(width=width, height=height, language=slides.language, floor=floor)
    place = options.avatar_place or ("bottom-left" if is_mirrored(canvas) else "bottom-right")
    stand = stand_at(place, options.avatar_size, width, height, floor=floor)
    canvas = replace(canvas, keep_free=stand.keep_free if stand else None)
    theme = theme_named(options.theme)
    names = dict.fromkeys(slide.picture.name for slide in slides.slides if slide.picture)
    hashes = {name: creation.stat(name) for name in names}
    lost = [
        f"{name}: missing; a slide shows it: put it back and run again" for name in names if not hashes[name]
    ]
    if lost:
        raise InvalidAssets(*lost)
    return Deck(
        slides=split_to_fit(slides, canvas, theme),
        canvas=canvas,
        theme=theme,
        stand=stand,
        media={name: info.content_hash for name, info in hashes.items() if info},
    )


def pages_in(creation: Creation) -> list[str]:
    """Names of the pictures that slides show."""
    return sorted({slide.picture.name for slide in read_slides(creation).slides if slide.picture})

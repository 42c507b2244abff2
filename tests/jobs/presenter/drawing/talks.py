"""Slides of every kind, small canvases, and a picture."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from jobs.presenter.deck.slides import Bullet, Code, Picture, Quote, Slide, Table
from jobs.presenter.drawing.canvas import Canvas, is_mirrored
from jobs.presenter.drawing.layout import kind_of
from jobs.presenter.drawing.paint import ground_image
from jobs.presenter.drawing.states import draw_state
from jobs.presenter.drawing.themes import Theme, theme_named

PAPER: Final = theme_named("paper")
WIDE: Final = Canvas(width=640, height=360, language="en")
TALL: Final = Canvas(width=360, height=640, language="en")
CODE: Final = "def pace(words: int) -> float:\n    # as spoken\n    return words / 2.5\n"
PICTURE: Final = Picture(name="assets/media/map.png", alt="A map")


def points(*texts: str, at: int | None = 0) -> tuple[Bullet, ...]:
    return tuple(Bullet(text=text, at=at) for text in texts)


TALK: Final = (
    Slide(kind="title", title="How rivers shape cities", subtitle="Ada Lindqvist"),
    Slide(kind="section", title="Three answers"),
    Slide(
        title="Why at rivers", bullets=points("Fresh water", "Boats carry what carts cannot"), notes="Two."
    ),
    Slide(title="Vienna", bullets=points("21 km long"), picture=PICTURE),
    Slide(title="Reading the gauge", code=Code(language="python", text=CODE)),
    Slide(title="Cost", table=Table(header=("City", "M€"), rows=(("Vienna", "950"), ("Dhaka", "4,800")))),
    Slide(quote=Quote(text="You cannot step twice into the same river.", by="Heraclitus")),
    Slide(picture=PICTURE.model_copy(update={"fills": True})),
)
"""One slide of each kind."""


def load(_name: str) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[0:60, 0:90]
    return np.dstack([columns * 2, rows * 3, 200 - columns]).astype(np.uint8)


def drawn(
    slide: Slide,
    canvas: Canvas = WIDE,
    theme: Theme = PAPER,
    *,
    shown: int | None = None,
    load: Callable[[str], NDArray[np.uint8]] = load,
) -> NDArray[np.int16]:
    """The pixels of a state, or of the last one."""
    last = slide.states - 1 if shown is None else shown
    image = draw_state(slide, canvas, theme, shown=last, number=2, count=9, load=load)
    return np.asarray(image, np.int16)


def inked(slide: Slide, canvas: Canvas, theme: Theme = PAPER) -> NDArray[np.bool_]:
    """Where it differs from an empty slide."""

    ground = theme.ground(kind_of(slide))
    empty = ground_image(ground, canvas.width, canvas.height, is_mirrored(canvas))
    return np.asarray(np.abs(drawn(slide, canvas, theme) - np.asarray(empty, np.int16)).max(axis=2) > 8)

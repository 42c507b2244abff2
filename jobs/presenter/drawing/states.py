"""The pictures of a slide: one for each number of bullets that have appeared."""

import threading
from dataclasses import dataclass
from typing import Final

from PIL import Image

from jobs.presenter.deck.slides import Slide
from jobs.presenter.drawing.canvas import Canvas
from jobs.presenter.drawing.layout import lay_out
from jobs.presenter.drawing.marks import Sheet
from jobs.presenter.drawing.paint import Load, ground_image, paint
from jobs.presenter.drawing.themes import Theme


@dataclass(frozen=True, kw_only=True, eq=False)
class _Begun:
    """A slide with all that does not change, painted."""

    wanted: tuple[object, ...]
    sheet: Sheet
    image: Image.Image


_LAST: Final = threading.local()
"""Of each thread the slide that it drew last: the states of a slide are drawn one after the other."""


def draw_state(
    slide: Slide,
    canvas: Canvas,
    theme: Theme,
    *,
    shown: int,
    number: int,
    count: int,
    load: Load,
) -> Image.Image:
    """The slide with the first `shown` of the bullets that appear later; the others' places stay empty.

    `number` and `count` are of pages. `load` returns an asset's picture, RGB.
    """
    begun = _begun(slide, canvas, theme, number, count, load)
    image = begun.image.copy()
    for marks in begun.sheet.steps[:shown]:
        paint(image, marks, load)
    return image


def _begun(slide: Slide, canvas: Canvas, theme: Theme, number: int, count: int, load: Load) -> _Begun:
    wanted = (slide, canvas, theme, number, count, load)
    last: _Begun | None = getattr(_LAST, "slide", None)
    if last is None or last.wanted != wanted:
        sheet = lay_out(slide, canvas, theme, number=number, count=count)
        ground = theme.ground(sheet.kind)
        image = ground_image(ground, canvas.width, canvas.height, sheet.mirrored).copy()
        paint(image, sheet.marks, load)
        last = _LAST.slide = _Begun(wanted=wanted, sheet=sheet, image=image)
    return last

"""What a card is drawn on, in the shape of the ad's frame, and where things stand on it.

Words and all that is around them are measured in pixels of the sheet, which is scaled to the frame once it is
drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jobs.ad.scenery.paint.layout import Shape, shape_of


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where things stand, in parts of the sheet's width and height."""

    product: tuple[float, float]
    """x of its middle and y of its lower end."""
    widest: float
    tallest: float
    """What it may measure."""
    halo: float
    """How far light behind it reaches, in parts of the width."""
    words: tuple[float, float]
    """The middle of words that share the sheet with it."""
    highest: float
    """Where such words may begin."""
    lowest: float
    """Where all words must end: in a tall frame players lay their buttons over what is below."""


_PLACES: Final[Mapping[Shape, Places]] = {
    "tall": Places(
        product=(0.5, 0.445),
        widest=0.68,
        tallest=0.335,
        halo=0.25,
        words=(0.5, 0.645),
        highest=0.478,
        lowest=0.88,
    ),
    "square": Places(
        product=(0.5, 0.415),
        widest=0.68,
        tallest=0.28,
        halo=0.25,
        words=(0.5, 0.685),
        highest=0.445,
        lowest=0.93,
    ),
    "wide": Places(
        product=(0.29, 0.8), widest=0.33, tallest=0.6, halo=0.15, words=(0.69, 0.5), highest=0.07, lowest=0.93
    ),
}
_TALL_WIDTH: Final = 1080
_HEIGHTS: Final[Mapping[Shape, int]] = {"square": 1600, "wide": 1200}
"""Pixels, so that words and product have room."""


def sheet_size(width: int, height: int) -> tuple[int, int]:
    """Width and height of the sheet for such a frame."""
    shape = shape_of(width, height)
    scale = _TALL_WIDTH / width if shape == "tall" else _HEIGHTS[shape] / height
    return round(width * scale), round(height * scale)


def places_on(width: int, height: int) -> Places:
    """Where things stand on such a sheet."""
    return _PLACES[shape_of(width, height)]

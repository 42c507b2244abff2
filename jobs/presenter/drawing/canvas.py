"""Where things go on a slide: its size, its margins, its twelve columns, and the part that stays free."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from shared.text.language import LANGUAGES

COLUMNS: Final = 12
_DESIGNED_FOR: Final = 1080
"""The shorter side in pixels of the slides that all measures are given for."""
_RIGHTWARDS: Final = ("Arab", "Hebr", "Thaa")
"""Scripts whose languages are written from right to left."""


class Box(NamedTuple):
    """A part of the slide, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        return max(0.0, self.width) * max(0.0, self.height)

    def meets(self, other: "Box") -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def inset(self, across: float, down: float) -> "Box":
        """Smaller on all sides; larger for negative numbers."""
        return Box(self.left + across, self.top + down, self.right - across, self.bottom - down)


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """What slides are drawn on."""

    width: int
    height: int
    keep_free: tuple[int, int, int, int] | None = None
    """Left, top, right, bottom in pixels: the presenter stands there, nothing else is drawn there."""
    language: str = "und"
    """BCP 47, of the talk."""
    floor: int = 0
    """The height in pixels of the strip at the bottom where captions are."""

    @property
    def unit(self) -> float:
        """The pixels of one in 1080: all sizes and distances are multiples of it."""
        return min(self.width, self.height) / _DESIGNED_FOR

    @property
    def is_wide(self) -> bool:
        """Whether two things stand beside each other, and not one above the other."""
        return self.width > 1.2 * self.height

    @property
    def is_tall(self) -> bool:
        return self.height > 1.2 * self.width

    @property
    def safe(self) -> Box:
        """The slide without its margins."""
        across = 112 if self.is_wide else 80
        down = 150 if self.is_tall else 72
        safe = self.whole.inset(across * self.unit, down * self.unit)
        return safe._replace(bottom=min(safe.bottom, self.clear.bottom))

    @property
    def whole(self) -> Box:
        return Box(0, 0, self.width, self.height)

    @property
    def clear(self) -> Box:
        """The slide above the captions."""
        return self.whole._replace(bottom=self.height - self.floor)

    def free(self, area: Box) -> Box:
        """The largest part of an area beside, above or below what is kept free."""
        if self.keep_free is None:
            return area
        gap = 40 * self.unit
        kept = Box(*self.keep_free).inset(-gap, -gap)
        if not kept.meets(area):
            return area
        parts = (
            area._replace(right=min(area.right, kept.left)),
            area._replace(bottom=min(area.bottom, kept.top)),
            area._replace(left=max(area.left, kept.right)),
            area._replace(top=max(area.top, kept.bottom)),
        )
        return max(parts, key=lambda part: part.area)


def is_mirrored(canvas: Canvas) -> bool:
    """Whether the talk's language is written from right to left."""
    language, *subtags = canvas.language.lower().split("-")
    if any(subtag in {"latn", "cyrl"} for subtag in subtags):
        return False
    return any(language in LANGUAGES.get(script, ()) for script in _RIGHTWARDS)


def beside(area: Box, first: int, gap: float, *, mirrored: bool) -> tuple[Box, Box]:
    """The first of twelve columns, and the others; mirrored, the first ones are at the right."""
    column = (area.width - gap * (COLUMNS - 1)) / COLUMNS
    width = first * column + (first - 1) * gap
    if mirrored:
        return area._replace(left=area.right - width), area._replace(right=area.right - width - gap)
    return area._replace(right=area.left + width), area._replace(left=area.left + width + gap)

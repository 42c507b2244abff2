"""Where things are in a frame of any shape.

Scenes are designed in units of a portrait of 1080x1920, with room above and below, where players lay their
buttons over a film. Squarer frames need no such room: they show the rows between, and wide ones more at both
sides.
"""

from dataclasses import dataclass
from typing import Final, Literal

DESIGN: Final = (1080, 1920)
_LEAST_ROWS: Final = 1420
"""Of the design, that every frame shows."""
_RISEN: Final = 80
"""Rows by which their middle is above the design's."""

Shape = Literal["tall", "square", "wide"]


def shape_of(width: int, height: int) -> Shape:
    """Which of three compositions fits the frame best."""
    if width < 0.7 * height:
        return "tall"
    return "square" if width < 1.25 * height else "wide"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The design in a frame of so many pixels."""

    width: int
    height: int

    @property
    def scale(self) -> float:
        """Pixels a unit."""
        return min(self.width / DESIGN[0], self.height / _LEAST_ROWS)

    @property
    def wide(self) -> float:
        """Units that the frame shows across."""
        return self.width / self.scale

    @property
    def tall(self) -> float:
        """Units that the frame shows from top to bottom."""
        return self.height / self.scale

    @property
    def beside(self) -> float:
        """Units that it shows on either side of the design."""
        return (self.wide - DESIGN[0]) / 2

    @property
    def middle(self) -> float:
        """The design's row in the middle of the frame."""
        cut = max(0.0, DESIGN[1] - self.tall) / (DESIGN[1] - _LEAST_ROWS)
        return DESIGN[1] / 2 - _RISEN * cut

    @property
    def top(self) -> float:
        """The design's row at the upper edge."""
        return self.middle - self.tall / 2

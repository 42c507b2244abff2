"""Words on a card, and what a look draws around the call to action."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from jobs.ad.card.shapes import Place, Plane
from jobs.ad.scenery.look import Look
from shared.video.lettering.letters import Lettering


@dataclass(frozen=True, kw_only=True, eq=False)
class Placed:
    """Words where they stand."""

    lettering: Lettering
    middle: Place
    """Of their body."""
    colour: str
    look: Look
    plate: str
    """Colour of what the call may stand on."""
    right_to_left: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the body."""
        left, top, right, bottom = self.lettering.body
        return right - left, bottom - top

    @property
    def is_short(self) -> bool:
        """Whether there is room for an arrow beside them."""
        return len(self.lettering.lines) == 1 and self.size[0] <= 660

    def moved(self, right_px: int, down_px: int) -> "Placed":
        return replace(self, middle=(self.middle[0] + right_px, self.middle[1] + down_px))

    def behind(self, picture: Plane) -> Plane:
        """The part of the picture that they stand on."""
        left, top, right, bottom = self.lettering.body
        x, y = self.middle[0] - (right - left) // 2, self.middle[1] - (bottom - top) // 2
        return picture[max(0, y) : y + bottom - top, max(0, x) : x + right - left]


@dataclass(frozen=True, kw_only=True)
class Device:
    """How a look presents the call."""

    draw: Callable[[Plane, Placed], Placed]
    """Paints what is behind and beside the call; the answer is where its words go."""
    box: tuple[int, int]
    """Most that the words may measure."""
    middle: float
    """Of the height: where the words are centred when they are alone in a frame that is not wide."""
    gap_px: int
    """From the name to the call's words."""
    below_px: int
    """From the call's words to the device's lower end."""
    aside: bool = False
    """Whether words stand beside a product's place even when there is none, as the backdrop fills it."""

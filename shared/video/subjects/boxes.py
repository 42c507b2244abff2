"""Parts of a picture."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Box:
    """A part of a picture, in parts of its width and height."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)

    def grown(self, sides: float, above: float, below: float) -> "Box":
        """Grown by these parts of its own size, within the picture."""
        wide, tall = self.right - self.left, self.bottom - self.top
        return Box(
            left=max(0.0, self.left - sides * wide),
            top=max(0.0, self.top - above * tall),
            right=min(1.0, self.right + sides * wide),
            bottom=min(1.0, self.bottom + below * tall),
        )

    def shared_with(self, other: "Box") -> float:
        """The part of the smaller one's area that is inside the other."""
        common = Box(
            left=max(self.left, other.left),
            top=max(self.top, other.top),
            right=min(self.right, other.right),
            bottom=min(self.bottom, other.bottom),
        )
        return common.area / max(min(self.area, other.area), 1e-9)


def apart(boxes: Iterable[Box], *, most_shared: float = 0.4) -> list[Box]:
    """Those that share little with an earlier one."""
    kept: list[Box] = []
    for box in boxes:
        if all(box.shared_with(other) <= most_shared for other in kept):
            kept.append(box)
    return kept


def around(boxes: Iterable[Box]) -> Box | None:
    """The smallest box that holds all; None for no boxes."""
    found = list(boxes)
    if not found:
        return None
    return Box(
        left=min(box.left for box in found),
        top=min(box.top for box in found),
        right=max(box.right for box in found),
        bottom=max(box.bottom for box in found),
    )

"""What matters in a picture: the faces, or else the things that stand out from all around them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

LOOKED_AT: Final = 480
"""Longer side of the copy of a picture that is looked at."""
_DIGITS: Final = 3


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
        """Larger by these parts of its own size, as far as the picture goes."""
        wide, tall = self.right - self.left, self.bottom - self.top
        return Box(
            left=max(0.0, self.left - sides * wide),
            top=max(0.0, self.top - above * tall),
            right=min(1.0, self.right + sides * wide),
            bottom=min(1.0, self.bottom + below * tall),
        )

    def shared_with(self, other: "Box") -> float:
        """The part of the smaller one's area that lies in the other."""
        common = Box(
            left=max(self.left, other.left),
            top=max(self.top, other.top),
            right=min(self.right, other.right),
            bottom=min(self.bottom, other.bottom),
        )
        return common.area / max(min(self.area, other.area), 1e-9)


def what_matters(picture: "Plane") -> tuple[Box, ...]:
    """From left to right: faces with their hair, else what stands out, else nothing.

    Beside faces also what stands out and is as large: of faces that are drawn some may not be known for one.

    `picture` is RGB (h, w, 3), best with a longer side of `LOOKED_AT`. The same picture gives the same
    answer on every machine: all that decides is worked out in whole numbers or by OpenCV's exact ways.
    """
    from shared.video.subjects.faces import faces_in
    from shared.video.subjects.standing_out import standing_out_in

    faces, things = faces_in(picture), standing_out_in(picture)
    alike = [thing for thing in things if not faces or any(_are_alike(thing, face) for face in faces)]
    found = apart([*faces, *alike])
    return tuple(sorted(map(_rounded, found), key=lambda box: (box.left, box.top, box.right, box.bottom)))


def _are_alike(one: Box, two: Box) -> bool:
    return 0.4 < (one.right - one.left) / (two.right - two.left) < 1.6 and 0.2 < one.area / two.area < 2


def apart(boxes: Iterable[Box], *, most_shared: float = 0.4) -> list[Box]:
    """Those that share little with one that comes before them."""
    kept: list[Box] = []
    for box in boxes:
        if all(box.shared_with(other) <= most_shared for other in kept):
            kept.append(box)
    return kept


def around(boxes: Iterable[Box]) -> Box | None:
    """The smallest box that holds all; None of none."""
    found = list(boxes)
    if not found:
        return None
    return Box(
        left=min(box.left for box in found),
        top=min(box.top for box in found),
        right=max(box.right for box in found),
        bottom=max(box.bottom for box in found),
    )


def _rounded(box: Box) -> Box:
    return Box(
        left=round(box.left, _DIGITS),
        top=round(box.top, _DIGITS),
        right=round(box.right, _DIGITS),
        bottom=round(box.bottom, _DIGITS),
    )

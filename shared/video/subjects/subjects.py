"""What matters in a picture: the faces, or else the things that stand out from their surroundings."""

from typing import TYPE_CHECKING, Final

from shared.video.subjects.boxes import Box, apart

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

LOOKED_AT: Final = 480
"""Longer side of the copy of a picture that is analysed."""
_DIGITS: Final = 3


def what_matters(picture: "Plane") -> tuple[Box, ...]:
    """From left to right: faces with their hair, else what stands out, else nothing.

    Beside faces also things that stand out and are as large: drawn faces may not all be detected.

    `picture` is RGB (h, w, 3), best with a longer side of `LOOKED_AT`. The same picture gives the same result
    on every machine: everything is calculated in whole numbers or by OpenCV's exact methods.
    """
    from shared.video.subjects.faces import faces_in
    from shared.video.subjects.standing_out import standing_out_in

    faces, things = faces_in(picture), standing_out_in(picture)
    alike = [thing for thing in things if not faces or any(_are_alike(thing, face) for face in faces)]
    found = apart([*faces, *alike])
    return tuple(sorted(map(_rounded, found), key=lambda box: (box.left, box.top, box.right, box.bottom)))


def _are_alike(one: Box, two: Box) -> bool:
    return 0.4 < (one.right - one.left) / (two.right - two.left) < 1.6 and 0.2 < one.area / two.area < 2


def _rounded(box: Box) -> Box:
    return Box(
        left=round(box.left, _DIGITS),
        top=round(box.top, _DIGITS),
        right=round(box.right, _DIGITS),
        bottom=round(box.bottom, _DIGITS),
    )

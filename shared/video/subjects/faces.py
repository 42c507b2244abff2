"""Faces in a picture, by OpenCV's cascades (Viola and Jones, CVPR 2001; Lienhart and Maydt, ICIP 2002).

Of the frontal ones `frontalface_alt2` has the fewest false positives. `profileface` knows only one side, so
it gets the mirrored picture, too. OpenCV 4 includes both; OpenCV 5 includes no detector that works without an
external model.
"""

from typing import TYPE_CHECKING, Final

from shared.video.subjects.boxes import Box, apart

if TYPE_CHECKING:
    import cv2
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

_LEAST_PX: Final = 20
"""The size of the cascades' training pictures."""
_PROFILE_SIDE: Final = 240
"""Longer side for profiles, which take more time to detect and, if small, are often false."""
_PX_A_NEIGHBOUR, _MOST_NEIGHBOURS = 6, 14
"""A large face is detected at many neighbouring places and sizes, a small one at few."""
_LEAST_OF_LARGEST: Final = 0.3
"""A face that is narrower than this part of the widest one is a passer-by's, or false."""


def faces_in(picture: "Plane") -> list[Box]:
    """Each face from hair to chin, widest first. `picture` is RGB (h, w, 3)."""
    import cv2
    import numpy as np

    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    found = sorted(_frontal(grey), key=_by_width) + sorted(_profiles(grey), key=_by_width)
    faces = sorted(apart(found), key=_by_width)
    least = _LEAST_OF_LARGEST * (faces[0].right - faces[0].left) if faces else 0
    return [face.grown(0.15, 0.35, 0.2) for face in faces if face.right - face.left >= least]


def _by_width(box: Box) -> tuple[float, float, float]:
    return box.left - box.right, box.left, box.top


def _frontal(grey: "Plane") -> list[Box]:
    return _found(_cascade("frontalface_alt2"), grey, step=1.1, least=3)


def _profiles(grey: "Plane") -> list[Box]:
    import cv2
    import numpy as np

    part = min(1.0, _PROFILE_SIDE / max(grey.shape))
    size = max(1, round(grey.shape[1] * part)), max(1, round(grey.shape[0] * part))
    small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_LINEAR_EXACT), np.uint8)
    cascade = _cascade("profileface")
    ways = (small, np.ascontiguousarray(small[:, ::-1]))
    found, mirrored = (_found(cascade, way, step=1.2, least=6) for way in ways)
    return found + [
        Box(left=1 - box.right, top=box.top, right=1 - box.left, bottom=box.bottom) for box in mirrored
    ]


def _cascade(name: str) -> "cv2.CascadeClassifier":
    """Loaded for each picture, in a few ms, since a cascade can't be shared by two threads."""
    import cv2.data

    return cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_{name}.xml")


def _found(cascade: "cv2.CascadeClassifier", grey: "Plane", *, step: float, least: int) -> list[Box]:
    """Boxes that are detected as a face at enough neighbouring places."""
    tall, wide = grey.shape
    if min(tall, wide) < _LEAST_PX:
        return []
    found, counts = cascade.detectMultiScale2(grey, step, least, minSize=(_LEAST_PX, _LEAST_PX))
    return [
        Box(left=x / wide, top=y / tall, right=(x + w) / wide, bottom=(y + h) / tall)
        for (x, y, w, h), count in zip((map(int, box) for box in found), counts, strict=True)
        if count >= min(_MOST_NEIGHBOURS, w // _PX_A_NEIGHBOUR)
    ]

"""RGB to Y'CbCr by ITU-R BT.709, limited range, as every HD player expects it."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

_KR: Final = 0.2126
_KB: Final = 0.0722
_KG: Final = 1 - _KR - _KB
_LUMA: Final = tuple(219 / 255 * k for k in (_KR, _KG, _KB))
_CB: Final = tuple(224 / 255 * k / (2 * (1 - _KB)) for k in (-_KR, -_KG, 1 - _KB))
_CR: Final = tuple(224 / 255 * k / (2 * (1 - _KR)) for k in (1 - _KR, -_KG, -_KB))
BLACK_LUMA: Final = 16
GREY_CHROMA: Final = 128


def to_planes(rgb: "Plane") -> "tuple[Plane, Plane]":
    """Luma (h, w) and interleaved chroma (h/2, w/2, 2) of an RGB picture (h, w, 3) with even sides.

    Chroma is sited in the middle of each 2x2 block, which the encoder declares (`chromaloc=1`).
    """
    import cv2
    import numpy as np

    matrix = np.array([[*_LUMA, BLACK_LUMA], [*_CB, GREY_CHROMA], [*_CR, GREY_CHROMA]])
    return _split(np.asarray(cv2.transform(rgb, matrix), np.uint8))


def premultiplied_to_planes(rgba: "Plane") -> "tuple[Plane, Plane]":
    """The same for premultiplied RGBA: planes to add to a picture that is dimmed by the alpha."""
    import cv2
    import numpy as np

    zero = [
        [*_LUMA, BLACK_LUMA / 255],
        [*_CB, GREY_CHROMA / 255],
        [*_CR, GREY_CHROMA / 255],
    ]
    return _split(np.asarray(cv2.transform(rgba, np.array(zero)), np.uint8))


def to_rgb(luma: "Plane", chroma: "Plane") -> "Plane":
    """The RGB picture (h, w, 3) of planes as `to_planes` makes them."""
    import cv2
    import numpy as np

    height, width = luma.shape
    wide = cv2.resize(chroma, (width, height), interpolation=cv2.INTER_LINEAR)
    matrix = np.linalg.inv(np.array([_LUMA, _CB, _CR]))
    zero = matrix @ (-BLACK_LUMA, -GREY_CHROMA, -GREY_CHROMA)
    planes = cv2.merge([luma, wide[..., 0], wide[..., 1]])
    return np.asarray(cv2.transform(planes, np.column_stack([matrix, zero])), np.uint8)


def halved(plane: "Plane") -> "Plane":
    """Each 2x2 block as its mean: the result of INTER_LINEAR at exactly half size, and the fastest way."""
    import cv2
    import numpy as np

    height, width = plane.shape[:2]
    half = cv2.resize(plane, (width // 2, height // 2), interpolation=cv2.INTER_LINEAR)
    return np.asarray(half, np.uint8)


def _split(full: "Plane") -> "tuple[Plane, Plane]":
    import numpy as np

    return np.ascontiguousarray(full[..., 0]), np.ascontiguousarray(halved(full)[..., 1:])


def parse_colour(text: str) -> tuple[int, int, int]:
    """`#RRGGBB` as red, green, blue."""
    value = int(text.removeprefix("#"), 16)
    return value >> 16, value >> 8 & 255, value & 255

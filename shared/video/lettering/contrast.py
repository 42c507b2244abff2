"""Whether letters are legible on their background, by WCAG 2.2's contrast ratio (1 to 21)."""

from typing import TYPE_CHECKING, Final

from shared.video.colour import parse_colour

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

READABLE: Final = 4.5
"""WCAG's minimum of level AA for text of any size."""
_WORST_SHARE: Final = 0.02
"""This part of the pixels behind letters may be worse: single specks don't hide a letter."""
_SAMPLES: Final = 90_000


def contrast_ratio(colour: str, other: str) -> float:
    """Of two colours #RRGGBB."""
    one, two = luminance(colour), luminance(other)
    return (max(one, two) + 0.05) / (min(one, two) + 0.05)


def contrast_on(colour: str, behind: "Plane") -> float:
    """The ratio that letters of this colour reach nearly everywhere on a picture (h, w, 3), RGB."""
    import numpy as np

    step = max(1, int((behind.shape[0] * behind.shape[1] / _SAMPLES) ** 0.5))
    own, grounds = luminance(colour), _luminances(behind[::step, ::step])
    ratios = (np.maximum(grounds, own) + 0.05) / (np.minimum(grounds, own) + 0.05)
    return float(np.quantile(ratios, _WORST_SHARE))


def luminance(colour: str) -> float:
    """Relative luminance of #RRGGBB, 0 to 1."""
    red, green, blue = (_linear(value / 255) for value in parse_colour(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _luminances(rgb: "Plane") -> "NDArray[np.float64]":
    import numpy as np

    linear = np.array([_linear(value / 255) for value in range(256)])
    return np.asarray(linear[rgb] @ np.array([0.2126, 0.7152, 0.0722]))

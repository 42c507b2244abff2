"""Effects written in Python: what a shot may do to its picture. Only the moviepy engine draws them.

To add an effect:
1. write a function like `old_film`: what it draws hangs on its arguments alone, so that a film rendered
   twice, or in parts by several tasks, is the same film; and it leaves the picture it gets as it was,
2. add its name to `EFFECTS`,
3. raise `RENDERER_VERSION` in `shared/video/rendering/segments.py` when an effect draws differently.

`tests/shared/video/rendering/test_effects.py` holds every effect in `EFFECTS` to these.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from shared.errors import UnknownName

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

Effect = Callable[["Plane", float, float], "Plane"]
"""From a picture (RGB (h, w, 3)), the seconds since its shot became visible, and the seconds that the shot is
visible, to the picture to show (the same shape)."""

_PICTURES_PER_S: Final = 18
"""The rate of a hand-cranked camera: how often grain and flicker change, whatever the film's frame rate."""
_SHADOW: Final = (28, 18, 12)
_LIGHT: Final = (255, 240, 205)
_GRAIN: Final = 7.0
"""Standard deviation of the grain, in levels."""
_SPARE: Final = 64
"""How many pixels the grain is larger than the frame, so that each picture gets another part of it."""


def effect_named(name: str) -> Effect:
    """The effect of a shot; raises `UnknownName`."""
    if name not in EFFECTS:
        raise UnknownName("effect", name, tuple(EFFECTS))
    return EFFECTS[name]


def old_film(picture: "Plane", at_s: float, duration_s: float) -> "Plane":  # noqa: ARG001 - never changes
    """A silent film's print: sepia, darker corners, a lamp that flickers, grain, and a gate that weaves."""
    import cv2
    import numpy as np

    tall, wide = picture.shape[:2]
    tick = int(at_s * _PICTURES_PER_S + 1e-6)
    random = np.random.RandomState(tick)  # its numbers are stable across NumPy versions, unlike a Generator's
    grey = cv2.transform(picture, np.array([[0.299, 0.587, 0.114]]))
    woven = cv2.warpAffine(grey, _weave(at_s, tall), (wide, tall), borderMode=cv2.BORDER_REFLECT_101)
    left, top = random.randint(0, _SPARE, 2)
    grain = _grain(tall, wide)[top : top + tall, left : left + wide]
    grainy = cv2.add(woven, grain, dtype=cv2.CV_8U)
    flicker = float(np.clip(1 + 0.025 * random.standard_normal(), 0.92, 1.08))
    lit = cv2.multiply(grainy, _vignette(tall, wide), scale=flicker, dtype=cv2.CV_8U)
    return np.asarray(cv2.LUT(cv2.cvtColor(lit, cv2.COLOR_GRAY2RGB), _sepia()), np.uint8)


EFFECTS: Final[dict[str, Effect]] = {"old_film": old_film}


def _weave(at_s: float, tall: int) -> "NDArray[np.float64]":
    """The film's slip in the gate: slow waves that never coincide, up to 0.2 % of the height."""
    import numpy as np

    right = math.sin(2 * math.pi * 0.7 * at_s) + 0.5 * math.sin(2 * math.pi * 1.9 * at_s + 1)
    down = math.sin(2 * math.pi * 1.1 * at_s + 2) + 0.5 * math.sin(2 * math.pi * 2.7 * at_s)
    reach = 0.002 * tall / 1.5
    return np.array([[1, 0, 0.6 * reach * right], [0, 1, reach * down]])


@lru_cache(maxsize=2)
def _grain(tall: int, wide: int) -> "NDArray[np.int16]":
    import cv2
    import numpy as np

    noise = np.random.RandomState(1895).standard_normal((tall + _SPARE, wide + _SPARE)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), max(0.6, tall / 1800))
    return np.asarray(np.rint(soft * (_GRAIN / soft.std())), np.int16)


@lru_cache(maxsize=2)
def _vignette(tall: int, wide: int) -> "NDArray[np.float32]":
    """The light that arrives: all of it in the middle, a bit under half in the corners."""
    import numpy as np

    down = np.linspace(-1, 1, tall, dtype=np.float32)[:, None]
    right = np.linspace(-1, 1, wide, dtype=np.float32)[None, :]
    distance = (down**2 + right**2) / 2
    return (1 - 0.55 * distance**1.5).astype(np.float32)


@lru_cache(maxsize=1)
def _sepia() -> "Plane":
    """For each grey its brown, as a table for `cv2.LUT`: (256, 1, 3)."""
    import numpy as np

    grey = np.linspace(0, 1, 256)[:, None, None]
    toned = np.array(_SHADOW) + (np.array(_LIGHT) - _SHADOW) * grey
    return np.rint(toned).astype(np.uint8)

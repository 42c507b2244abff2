"""What is filmed when there is no picture of the product: a glossy ball in a ring, in the look's colours."""

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from jobs.ad.scenery.palette import Colour, mix, times
from jobs.ad.scenery.product.cutout import Cutout

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float32]

_SIDE: Final = 850
_FINE: Final = 1020
"""Rays along a side, for smooth edges."""
_BALL: Final = 0.62
_TUBE: Final = 0.055
_RING: Final = 0.86
_TILT: Final = 1.18
"""Radians that the ring leans away."""
_COARSER: Final = 3
_STEPS: Final = 26


@lru_cache(maxsize=4)
def sculpture(inner: Colour, outer: Colour) -> Cutout:
    """A ball that is lit from the upper left and circled by a ring, by marching rays through distances.

    Kept for the next picture: it takes longer than all else in one.
    """
    coarse = _marched(_FINE // _COARSER, None, _STEPS)
    # from a little nearer than the coarse picture says, so that nothing is passed by
    near = cv2.dilate(coarse, np.ones((5, 5), np.uint8))
    start = np.asarray(cv2.resize(near, (_FINE, _FINE), interpolation=cv2.INTER_NEAREST), np.float32)
    x, y = _rays(_FINE)
    z = _marched(_FINE, start, _STEPS // 2)
    ball, ring = _ball(x, y, z), _ring(x, y, z)
    normal = _normals(x, y, z)
    hit = np.clip(1 - np.minimum(ball, ring) / 0.01, 0, 1) * (z > -1.2)
    is_ring = (ring < ball)[..., None]
    colours = np.where(is_ring, _shaded(normal, outer, gloss=1.0), _shaded(normal, inner, gloss=0.55))
    rgba = np.dstack([np.clip(colours, 0, 255), hit * 255]).astype(np.float32)
    pixels = np.rint(cv2.resize(rgba, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)).astype(np.uint8)
    seen = np.flatnonzero((pixels[..., 3] > 8).any(axis=1))
    columns = np.flatnonzero((pixels[..., 3] > 8).any(axis=0))
    part = pixels[seen[0] : seen[-1] + 1, columns[0] : columns[-1] + 1]
    return Cutout(rgba=np.ascontiguousarray(part), kind="cut")


def _rays(side: int) -> "tuple[Field, Field]":
    span = np.linspace(-1, 1, side, dtype=np.float32)
    x, y = np.meshgrid(span, span)
    return x, y


def _marched(side: int, start: "Field | None", steps: int) -> "Field":
    """How near each ray comes to an end, in z; the camera looks down from 1.4."""
    x, y = _rays(side)
    z = np.full_like(x, 1.4) if start is None else start.copy()
    for _ in range(steps):
        z -= np.minimum(_ball(x, y, z), _ring(x, y, z))
        np.maximum(z, -1.4, out=z)
    return z


def _ball(x: "Field", y: "Field", z: "Field") -> "Field":
    return np.asarray(np.sqrt(x * x + y * y + z * z) - _BALL, np.float32)


def _ring(x: "Field", y: "Field", z: "Field") -> "Field":
    # leans to the right as well, so that it is not a flat line
    rx, ry = x * np.float32(0.94) + y * np.float32(0.34), y * np.float32(0.94) - x * np.float32(0.34)
    cos, sin = np.float32(np.cos(_TILT)), np.float32(np.sin(_TILT))
    up, depth = ry * cos - z * sin, ry * sin + z * cos
    return np.asarray(np.hypot(np.hypot(rx, up) - _RING, depth) - _TUBE, np.float32)


def _normals(x: "Field", y: "Field", z: "Field") -> "Field":
    step = 0.004

    def distance(dx: float, dy: float, dz: float) -> "Field":
        place = (x + np.float32(dx), y + np.float32(dy), z + np.float32(dz))
        return np.asarray(np.minimum(_ball(*place), _ring(*place)), np.float32)

    slopes = [
        distance(step, 0, 0) - distance(-step, 0, 0),
        distance(0, step, 0) - distance(0, -step, 0),
        distance(0, 0, step) - distance(0, 0, -step),
    ]
    normal = np.dstack(slopes)
    length = np.linalg.norm(normal, axis=2, keepdims=True)
    return np.asarray(normal / np.maximum(length, 1e-6), np.float32)


def _shaded(normal: "Field", colour: Colour, *, gloss: float) -> "Field":
    key = np.array([-0.55, -0.62, 0.56], np.float32)
    back = np.array([0.8, 0.25, 0.2], np.float32)
    diffuse = np.clip(normal @ key, 0, 1)[..., None]
    bounce = np.clip(normal @ back, 0, 1)[..., None]
    half = (key + np.array([0, 0, 1], np.float32)) / np.float32(1.77)
    shine = np.clip(normal @ half, 0, 1)[..., None] ** 48
    body = np.array(colour, np.float32)
    light = np.array(times(mix(colour, (255, 255, 255), 0.7), 1.0), np.float32)
    edge = (1 - np.clip(normal[..., 2:], 0, 1)) ** 3
    lit = body * (0.3 + 0.85 * diffuse + 0.25 * bounce) + light * (gloss * shine + 0.22 * edge * gloss)
    return np.asarray(lit, np.float32)

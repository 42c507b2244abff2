"""Telling a product by its outline, where its colours are the background's: white goods on white.

A soft shadow changes slowly, an outline within a pixel or two, however faint. What no way leads to from the
picture's border without crossing such a wall is product. Walls have gaps where product and shadow happen to
be alike; these are closed, wider ones only if narrower ones don't do.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float32]
    Mask = NDArray[np.bool_]

_FAINTEST: Final = 0.2
"""Least change (CIELAB a pixel) at an outline beyond that of its surroundings."""
_OVER_NOISE: Final = 2.0
_SHARP, _BROAD = 0.8, 3.0
"""Gaussians of the two looks whose difference an outline is found by, in pixels."""
_GAPS: Final = (7, 15, 25, 33, 41)
"""Pixels of the small picture."""
_NEARBY: Final = 6
_SPECK: Final = 12
"""Pixels; smaller walls are noise."""


def sharpness(lab: "Field", surface: "Field") -> "Field":
    """How much a picture (h, w, 3) in CIELAB changes within a pixel or two; `surface` is its background."""
    flat = lab - surface
    return np.asarray(np.maximum(_change(flat, _SHARP) - _change(flat, _BROAD), 0), np.float32)


def walls_in(sharp: "Field") -> "Mask":
    """Where the sharpness is that of outlines rather than of noise."""
    thick = max(2, round(0.025 * min(sharp.shape)))
    ring = np.ones(sharp.shape, bool)
    ring[thick:-thick, thick:-thick] = False
    noise = float(np.quantile(sharp[ring], 0.99))
    walls = (sharp > max(_FAINTEST, _OVER_NOISE * noise)).astype(np.uint8)
    _, numbers, stats, _ = cv2.connectedComponentsWithStats(walls)
    kept = 1 + np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] >= _SPECK)
    return np.isin(numbers, kept)


def closed(walls: "Mask") -> "Iterator[tuple[int, Mask]]":
    """The walls with narrow gaps closed, then with wider ones, and how wide they are in pixels."""
    room = max(_GAPS)
    padded = cv2.copyMakeBorder(walls.astype(np.uint8), room, room, room, room, cv2.BORDER_CONSTANT)
    for gap in _GAPS:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (gap, gap))
        yield gap, cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)[room:-room, room:-room] > 0


def settled(product: "Mask", sharp: "Field", gap: int) -> "Mask":
    """The product with its outline moved to where the picture changes most nearby: closing gaps of so many
    pixels has filled its corners."""
    reach = max(_NEARBY, gap // 4)
    mask = product.astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    sides = np.zeros(mask.shape, np.int32)
    sides[cv2.erode(mask, kernel) > 0] = 1
    sides[cv2.dilate(mask, kernel) == 0] = 2
    # watersheds go by the difference of neighbours: signs that alternate make that the sharpness itself
    signs = 1 - 2 * (np.indices(mask.shape).sum(axis=0) % 2)
    heights = np.rint(128 + signs * np.minimum(60 * np.sqrt(sharp), 127)).astype(np.uint8)
    found = cv2.watershed(cv2.cvtColor(heights, cv2.COLOR_GRAY2BGR), sides)
    return np.asarray(cv2.medianBlur((found == 1).astype(np.uint8), 5)) > 0


def missed(product: "Mask", walls: "Mask") -> float:
    """Walls outside of the product, in pixels by those of its outline: much of it, and that is not all."""
    near = cv2.dilate(product.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return float((walls & ~near).sum() / max(1.0, float(_edge(product).sum())))


def unwalled(product: "Mask", walls: "Mask") -> float:
    """Part of the product's outline that has no wall by it."""
    edge = _edge(product)
    near = cv2.dilate(walls.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    return float((edge & ~near).sum() / max(1.0, float(edge.sum())))


def solid(product: "Mask") -> float:
    """Its part of the hull around it: what outlines with large gaps enclose is in shreds."""
    places = cv2.findNonZero(product.astype(np.uint8))
    hull = 0.0 if places is None else float(cv2.contourArea(cv2.convexHull(places)))
    return float(product.sum()) / max(1.0, hull)


def _edge(mask: "Mask") -> "Mask":
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0


def _change(flat: "Field", sigma: float) -> "Field":
    smooth = cv2.GaussianBlur(flat, (0, 0), sigma)
    slopes = np.hypot(cv2.Scharr(smooth, -1, 1, 0), cv2.Scharr(smooth, -1, 0, 1)) / 32
    return np.asarray(np.linalg.norm(slopes, axis=2), np.float32)

"""Telling a product from a plain background, or finding that it can't be told.

The background's colour is a smooth surface (quadratic in x and y, CIELAB) fitted to the picture's border.
What is joined to the border and looks like that surface, or like a soft shadow on it, is background; the
edge between is then refined by how far each pixel lies from the background's colour to the product's.
A product of the background's own colour is found by its outline instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from jobs.ad.scenery.product.outline import closed, missed, settled, sharpness, solid, unwalled, walls_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Field = NDArray[np.float32]
    Mask = NDArray[np.bool_]

_SIDE: Final = 640
"""Of the small picture in which the parts are told apart."""
_PLAIN: Final = 0.82
"""How much of the border must be background."""
_FAR: Final = 5.0
"""How far (CIELAB) from the fitted surface a pixel may be and still be background."""
_SHADOW_LIGHTNESS: Final = 40.0
_SHADOW_CHROMA: Final = 5.0
_SHADOW_SLOPE: Final = 1.6
"""Most lightness a pixel that a soft shadow changes by."""
_EDGE: Final = 1.6
"""Least change (CIELAB a pixel) at the product's outline: less, and the outline is only a guess."""
_DOUBT: Final = 7
"""Pixels of the small picture inside the outline that may turn out to be background."""
_GAP: Final = 13
"""Pixels of the small picture: narrower gaps are highlights as bright as the background, and are closed."""

_LITTLE_MISSED, _SOME_MISSED, _MUCH_MISSED = 0.1, 0.5, 2.0
"""Of outlines outside of what was taken for the product, see `missed`."""
_SOLID: Final = 0.6
_UNWALLED: Final = 0.12
"""Most of an outline that may be closed gaps."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What a matte is judged by."""

    area: float
    """Part of the picture."""
    at_border: float
    """Part of the picture's border that the product touches."""
    ragged: float
    """Its outline squared by its area, 1 for a disc."""
    smallest: float
    """The smallest of its pieces by the largest; a pair is 1, a torn-off sole a tenth."""
    guessed: float
    """Part of its outline along which the picture hardly changes."""

    @property
    def shapely(self) -> bool:
        """Whether products have such shapes."""
        found = 0.02 < self.area < 0.88 and self.at_border < 0.12
        return found and self.ragged < 25 and self.smallest > 0.3

    @property
    def plausible(self) -> bool:
        return self.shapely and self.guessed < 0.15


def matte_of(rgb: "Pixels") -> "Field | None":
    """How much of each pixel (h, w) is product, 0 to 1; None if that can't be told well."""
    scale = min(1.0, _SIDE / max(rgb.shape[:2]))
    size = (max(8, round(rgb.shape[1] * scale)), max(8, round(rgb.shape[0] * scale)))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    lab = np.asarray(cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
    product = _product(small, lab)
    if product is None:
        return None
    wide = cv2.resize(product.astype(np.float32), rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return _refined(rgb, np.asarray(wide, np.float32), max(2, round(1.6 / scale)))


def _product(small: "Pixels", lab: "Field") -> "Mask | None":
    """By its colours if they tell it, else by its outline; None if that doesn't either."""
    surface = _background(lab)
    if surface is None:
        return None
    sharp = sharpness(lab, surface)
    walls = walls_in(sharp)
    outlined = _outlined(lab, sharp, walls)
    product = _coloured(lab, surface)
    if not quality_of(product, lab).plausible or _is_part(product, outlined, walls):
        return outlined
    return _second_look(small, product)


def _is_part(product: "Mask", outlined: "Mask | None", walls: "Mask") -> bool:
    """Whether there is more of the thing than what its colours tell, e.g. a mug around its handle's hole."""
    left = missed(product, walls)
    if left > _MUCH_MISSED or outlined is None:
        return left > _MUCH_MISSED
    within = float((product & outlined).sum() / max(1.0, float(product.sum())))
    return left > _SOME_MISSED and within > 0.97 and outlined.sum() > 1.1 * product.sum()


def _outlined(lab: "Field", sharp: "Field", walls: "Mask") -> "Mask | None":
    for gap, barrier in closed(walls):
        product = settled(_largest_pieces(~_joined_to_border(~barrier)), sharp, gap)
        told = missed(product, walls) < _LITTLE_MISSED and unwalled(product, walls) < _UNWALLED
        if told and solid(product) > _SOLID and quality_of(product, lab).shapely:
            return product
    return None


def quality_of(product: "Mask", lab: "Field") -> Quality:
    """`lab` is the picture in CIELAB, (h, w, 3)."""
    mask = product.astype(np.uint8)
    found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outlines = [np.asarray(one, np.int32) for one in found]
    areas = [float(cv2.contourArea(outline)) for outline in outlines] or [0.0]
    around = sum(float(cv2.arcLength(outline, True)) for outline in outlines)
    border = np.concatenate([product[0], product[-1], product[:, 0], product[:, -1]])
    whole = sum(areas) or 1e-9
    return Quality(
        area=float(product.mean()),
        at_border=float(border.mean()),
        ragged=around**2 / (4 * np.pi * whole),
        smallest=min(areas) / (max(areas) or 1e-9),
        guessed=_guessed(outlines, lab),
    )


def _guessed(outlines: "Sequence[NDArray[np.int32]]", lab: "Field") -> float:
    smooth = cv2.GaussianBlur(lab, (0, 0), 0.8)
    change = np.hypot(cv2.Scharr(smooth, -1, 1, 0), cv2.Scharr(smooth, -1, 0, 1)) / 32
    nearby = cv2.dilate(np.linalg.norm(change, axis=2), np.ones((5, 5), np.uint8))
    places = np.concatenate([outline[:, 0] for outline in outlines] or [np.zeros((1, 2), int)])
    return float((nearby[places[:, 1], places[:, 0]] < _EDGE).mean())


def _coloured(lab: "Field", surface: "Field") -> "Mask":
    """What is joined to the border neither by the background's colours nor by those of a shadow on it."""
    smooth = cv2.GaussianBlur(lab, (0, 0), 0.8) - surface
    aside = np.hypot(smooth[..., 1], smooth[..., 2])
    alike = np.hypot(smooth[..., 0], aside) < _FAR
    slope = np.hypot(cv2.Scharr(smooth[..., 0], -1, 1, 0), cv2.Scharr(smooth[..., 0], -1, 0, 1)) / 32
    darker = (smooth[..., 0] < 0) & (smooth[..., 0] > -_SHADOW_LIGHTNESS)
    shadow = darker & (aside < _SHADOW_CHROMA) & (slope < _SHADOW_SLOPE)
    product = _largest_pieces(~_joined_to_border(alike | shadow))
    closing = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_GAP, _GAP))
    padded = cv2.copyMakeBorder(product.astype(np.uint8), _GAP, _GAP, _GAP, _GAP, cv2.BORDER_CONSTANT)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, closing)[_GAP:-_GAP, _GAP:-_GAP]
    return ~_joined_to_border(closed == 0)


def _background(lab: "Field") -> "Field | None":
    """The surface (h, w, 3), None if the border is not plain."""
    tall, wide = lab.shape[:2]
    terms = _terms(tall, wide)
    ring = np.ones((tall, wide), bool)
    thick = max(2, round(0.025 * min(tall, wide)))
    ring[thick:-thick, thick:-thick] = False
    colours, known = lab[ring], terms[ring]
    # start from the most usual colour, so that a product at the border does not bend the surface
    near = np.linalg.norm(colours - np.median(colours, axis=0), axis=1) < 4 * _FAR
    for _ in range(3):
        if near.mean() < _PLAIN:
            return None
        weights = np.linalg.lstsq(known[near], colours[near], rcond=None)[0]
        near = np.linalg.norm(colours - known @ weights, axis=1) < _FAR
    return np.asarray(terms @ weights, np.float32)


def _second_look(rgb: "Pixels", product: "Mask") -> "Mask":
    """The outline's surroundings decided by GrabCut, which knows slivers of shadow by their colour."""
    sure, clear = _shrunk(product, _DOUBT), _shrunk(~product, 2)
    guess = np.where(product, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    guess[sure], guess[clear] = cv2.GC_FGD, cv2.GC_BGD
    if not (sure.any() and clear.any()):
        return product
    cv2.setRNGSeed(0)  # its clusters start at random
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(rgb, guess, (0, 0, 1, 1), *models, 2, cv2.GC_INIT_WITH_MASK)
    kept = np.isin(guess, (cv2.GC_FGD, cv2.GC_PR_FGD))
    return kept if kept.sum() > 0.85 * product.sum() else product


def _terms(tall: int, wide: int) -> "NDArray[np.float64]":
    y, x = np.meshgrid(np.linspace(-1, 1, tall), np.linspace(-1, 1, wide), indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=-1)


def _joined_to_border(mask: "Mask") -> "Mask":
    _, numbers = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    border = np.concatenate([numbers[0], numbers[-1], numbers[:, 0], numbers[:, -1]])
    return np.isin(numbers, np.unique(border[border > 0]))


def _largest_pieces(mask: "Mask") -> "Mask":
    """Without specks, threads and what is less than a twentieth of the largest piece."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    _, numbers, stats, _ = cv2.connectedComponentsWithStats(opened)
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = 1 + np.flatnonzero(areas >= 0.05 * areas.max(initial=1))
    return np.isin(numbers, kept)


def _refined(rgb: "Pixels", rough: "Field", reach: int) -> "Field":
    """The matte at full size: along the edge each pixel is weighed between the colours on both sides."""
    sure = _shrunk(rough > 0.5, reach)
    clear = _shrunk(rough <= 0.5, reach + 1)
    image = rgb.astype(np.float32)
    inside, outside = nearest_colours(image, sure), nearest_colours(image, clear)
    span = inside - outside
    length = np.einsum("ijk,ijk->ij", span, span)
    part = np.einsum("ijk,ijk->ij", image - outside, span) / np.maximum(length, 1)
    told = np.clip((length - 300) / 900, 0, 1)  # where both colours are alike, go by the shape
    soft = cv2.GaussianBlur(rough, (0, 0), 0.35 * reach)
    matte = told * part + (1 - told) * np.clip(2.5 * (soft - 0.5) + 0.5, 0, 1)
    matte = np.where(sure, 1, np.where(clear, 0, matte))
    smooth = cv2.GaussianBlur(matte.astype(np.float32), (0, 0), 0.7)
    return np.asarray(np.clip((smooth - 0.12) / 0.8, 0, 1), np.float32)


def _shrunk(mask: "Mask", by: int) -> "Mask":
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1))
    shrunk = cv2.erode(mask.astype(np.uint8), kernel, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(shrunk, np.uint8).astype(bool)


def nearest_colours(image: "Field", known: "Mask") -> "Field":
    """For every pixel the colour of the nearest known one; without any known, the picture itself."""
    if not known.any():
        return image
    _, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    colours = np.zeros((int(labels.max()) + 1, 3), np.float32)
    colours[labels[known]] = image[known]
    return np.asarray(colours[labels], np.float32)

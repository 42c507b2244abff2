"""The product before a backdrop, in the light of its style."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from jobs.ad.card.brush import Paint, blurred, glow, laid_over, lit, mixed, rgb
from jobs.ad.card.sheet import places_on
from jobs.ad.scenery.look import Look
from jobs.ad.scenery.product.cutout import Cutout, cut_out


@dataclass(frozen=True, kw_only=True)
class Stand:
    """How a look shows a product."""

    sunk: float
    """By which part of the height it is below where products stand."""
    tilt: float
    """Degrees against the clock."""
    shadow: tuple[float, float, float, float]
    """Right, down and blur in parts of the width, and how dark."""
    halo: float
    """How much light of the style's accent is behind it."""


def with_product(picture: Paint, product: Path, look: Look, stand: Stand) -> Paint:
    """The product over the backdrop, cut out where it can be told; raises `InvalidAssets` for no picture."""
    height, width = picture.shape[:2]
    colours, cover = _placed(cut_out(product), width, height, stand)
    light = mixed(rgb(look.accent), np.ones(3, np.float32), 0.35)
    places = places_on(width, height)
    x, foot = places.product
    middle = (x, foot + stand.sunk - places.tallest / 2)
    picture = lit(picture, light, stand.halo * glow(width, height, middle, places.halo))
    right, down, soft, dark = stand.shadow
    shadow = blurred(_moved(cover, right * width, down * width), max(0.5, soft * width))
    picture = laid_over(picture, rgb(look.text if look.contrast < 0.5 else "#000000"), dark * shadow)
    return laid_over(picture, colours, cover)


def _placed(product: Cutout, width: int, height: int, stand: Stand) -> tuple[Paint, Paint]:
    """Its colours (h, w, 3) and alpha (h, w) on a canvas of the picture's size."""
    tall, wide = product.rgba.shape[:2]
    places = places_on(width, height)
    x, foot = places.product
    scale = min(places.widest * width / wide, places.tallest * height / tall)
    source = product.rgba
    if scale < 0.5:
        source = np.asarray(
            cv2.resize(source, None, fx=2 * scale, fy=2 * scale, interpolation=cv2.INTER_AREA)
        )
    step = scale * wide / source.shape[1]
    matrix = cv2.getRotationMatrix2D((source.shape[1] / 2, source.shape[0] / 2), stand.tilt, step)
    matrix[0, 2] += x * width - source.shape[1] / 2
    matrix[1, 2] += (foot + stand.sunk) * height - step * source.shape[0] / 2 - source.shape[0] / 2
    pixels = source.astype(np.float32) / np.float32(255)
    pixels[..., :3] *= pixels[..., 3:]
    laid = cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_LINEAR)
    cover = np.asarray(laid[..., 3], np.float32)
    return np.asarray(laid[..., :3] / np.maximum(cover, 1e-4)[..., None], np.float32).clip(0, 1), cover


def _moved(cover: Paint, right_px: float, down_px: float) -> Paint:
    shift = np.array([[1, 0, right_px], [0, 1, down_px]], np.float32)
    return np.asarray(cv2.warpAffine(cover, shift, (cover.shape[1], cover.shape[0])), np.float32)

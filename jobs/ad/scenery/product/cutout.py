"""The product's picture as something that stands free: cut out, or as a card where it can't be."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import cv2
import numpy as np

from jobs.ad.scenery.product.matte import matte_of, nearest_colours
from shared.video.frames.pictures import load_picture, load_transparency

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Field = NDArray[np.float32]

MOST_SIDE: Final = 1800
"""Of the picture that is cut, in pixels."""
LEAST_SIDE: Final = 900
"""Smaller pictures are enlarged first, so that edges and corners are round."""
_WIDEST, _TALLEST = 16 / 9, 16 / 9
"""Shapes of cards: wider or taller pictures lose their ends."""
_CORNER: Final = 0.045
"""Radius of a card's corners by its shorter side."""


@dataclass(frozen=True, kw_only=True)
class Cutout:
    """A product that stands free."""

    rgba: "Pixels"
    """(h, w, 4), not premultiplied; the colours go on beyond the edge of what is seen."""
    kind: Literal["cut", "card"]
    """A card is flat and has the whole picture on it."""

    @property
    def aspect(self) -> float:
        """Width by height."""
        return float(self.rgba.shape[1] / self.rgba.shape[0])


def cut_out(picture: Path, *, max_side: int = MOST_SIDE) -> Cutout:
    """The product in a picture; raises `InvalidAssets` if it is none."""
    rgb = load_picture(picture, name=picture.name, max_side=max_side)
    alpha = _transparency(picture, rgb.shape[1::-1])
    larger = LEAST_SIDE / max(rgb.shape[:2])
    if larger > 1:
        rgb = _enlarged(rgb, larger)
        alpha = None if alpha is None else _enlarged(alpha, larger)
    matte = matte_of(rgb) if alpha is None else (alpha / 255).astype(np.float32)
    return _card(rgb) if matte is None else _free(rgb, matte)


def _enlarged(pixels: "Pixels", times: float) -> "Pixels":
    return np.asarray(cv2.resize(pixels, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC), np.uint8)


def _transparency(picture: Path, size: tuple[int, int]) -> "Pixels | None":
    """The alpha channel, (h, w), if the picture has one that shows a shape."""
    levels = load_transparency(picture, name=picture.name, size=size)
    if levels is None:
        return None
    seen = float((levels > 127).mean())
    return levels if 0.005 < seen < 0.97 else None


def _free(rgb: "Pixels", matte: "Field") -> Cutout:
    """Cut to what is seen, with the product's own colours in half-seen pixels."""
    rows, columns = _extent(matte.max(axis=1)), _extent(matte.max(axis=0))
    rgb, matte = rgb[rows, columns], matte[rows, columns]
    image = rgb.astype(np.float32)
    own = cv2.GaussianBlur(nearest_colours(image, matte > 0.97), (0, 0), 1)
    whole = matte[..., None] ** 2
    colours = image * whole + own * (1 - whole)
    rgba = np.dstack([colours, matte * 255])
    return Cutout(rgba=np.asarray(np.rint(rgba), np.uint8), kind="cut")


def _extent(most: "Field") -> slice:
    places = np.flatnonzero(most > 0.03)
    return slice(int(places[0]), int(places[-1]) + 1)


def _card(rgb: "Pixels") -> Cutout:
    """The middle of the picture, in a shape that can be shown, with round corners."""
    tall, wide = rgb.shape[:2]
    across, down = min(wide, round(tall * _WIDEST)), min(tall, round(wide * _TALLEST))
    left, top = (wide - across) // 2, (tall - down) // 2
    part = rgb[top : top + down, left : left + across]
    alpha = rounded(across, down, _CORNER * min(across, down))
    return Cutout(rgba=np.ascontiguousarray(np.dstack([part, alpha])), kind="card")


def rounded(width: int, height: int, radius: float) -> "Pixels":
    """The alpha (h, w) of a box with round corners."""
    x = np.abs(np.arange(width) + 0.5 - width / 2) - (width / 2 - radius)
    y = np.abs(np.arange(height) + 0.5 - height / 2) - (height / 2 - radius)
    away = np.hypot(np.maximum(x, 0)[None], np.maximum(y, 0)[:, None])
    return np.asarray(np.rint(np.clip(radius - away + 0.5, 0, 1) * 255), np.uint8)


def outlined(cutout: Cutout, colour: tuple[float, float, float], width: float) -> Cutout:
    """With a border around it, as a sticker has; `width` is in parts of the longer side."""
    reach = max(2, round(width * max(cutout.rgba.shape[:2])))
    room = reach + 2
    padded = cv2.copyMakeBorder(cutout.rgba, room, room, room, room, cv2.BORDER_CONSTANT)
    alpha = padded[..., 3].astype(np.float32)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    wide = cv2.GaussianBlur(cv2.dilate(alpha, kernel), (0, 0), max(0.8, 0.22 * reach))
    # a blurred edge made steep again has rounder corners
    outer = np.clip((wide - 127.5) * max(1.0, 0.3 * reach) + 127.5, 0, 255)
    part = (alpha / 255)[..., None]
    pixels = padded[..., :3] * part + np.array(colour, np.float32) * (1 - part)
    rgba = np.dstack([pixels, np.maximum(outer, alpha)])
    return Cutout(rgba=np.asarray(np.rint(rgba), np.uint8), kind=cutout.kind)


def brightness(cutout: Cutout) -> float:
    """0 for a black product, 1 for a white one."""
    small = cv2.resize(cutout.rgba, (64, 64), interpolation=cv2.INTER_AREA).astype(np.float32)
    grey, alpha = small[..., :3].mean(axis=2), small[..., 3]
    return float((grey * alpha).sum() / 255 / max(1.0, float(alpha.sum())))

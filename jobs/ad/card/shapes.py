"""Shapes around a call to action, painted into a picture where they are seen, edges smoothed."""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from shared.video.colour import parse_colour
from shared.video.lettering.letters import Mask, rounded

Plane = NDArray[np.uint8]
Place = tuple[int, int]
"""x and y of the middle."""
_FINER: Final = 4


def paint(picture: Plane, colour: str, mask: Mask, middle: Place) -> None:
    """A colour as far as the mask says; what lies outside the picture is cut off."""
    rgb = np.broadcast_to(np.array(parse_colour(colour), np.float32), (*mask.shape, 3))
    _blend(picture, np.asarray(rgb, np.float32), mask, middle)


def paste(picture: Plane, rgba: Plane, middle: Place) -> None:
    """A bitmap with straight alpha."""
    alpha = np.asarray(rgba[..., 3], np.float32) / np.float32(255)
    _blend(picture, np.asarray(rgba[..., :3], np.float32), alpha, middle)


def outlined(size: tuple[int, int], radius_px: float, line_px: float) -> Mask:
    """The line around a rectangle (width, height) with round corners."""
    width, height = size
    outer = rounded((height, width), radius_px)
    inset = round(line_px)
    inner = rounded((height - 2 * inset, width - 2 * inset), max(0.5, radius_px - inset))
    outer[inset : height - inset, inset : width - inset] -= inner
    return outer.clip(0, 1)


def drawn(size: tuple[int, int], draw: Callable[[ImageDraw.ImageDraw, int], None]) -> Mask:
    """What `draw` draws in white on a canvas so many times finer than `size`."""
    width, height = size
    canvas = Image.new("L", (width * _FINER, height * _FINER))
    draw(ImageDraw.Draw(canvas), _FINER)
    fine = np.asarray(canvas, np.float32) / np.float32(255)
    return np.asarray(cv2.resize(fine, size, interpolation=cv2.INTER_AREA), np.float32)


def arrow(size_px: int, line_px: float, *, leftwards: bool) -> Mask:
    """A shaft and a head with open wings."""

    def draw(pen: ImageDraw.ImageDraw, finer: int) -> None:
        far, middle, wing = size_px * finer, size_px * finer / 2, size_px * finer * 0.3
        width = round(line_px * finer)
        tip = far - width
        pen.line([(width / 2, middle), (tip, middle)], fill=255, width=width)
        pen.line(
            [(tip - wing, middle - wing), (tip, middle), (tip - wing, middle + wing)], 255, width, "curve"
        )
        for x, y in ((width / 2, middle), (tip - wing, middle - wing), (tip - wing, middle + wing)):
            pen.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=255)

    mask = drawn((size_px, size_px), draw)
    return np.ascontiguousarray(mask[:, ::-1]) if leftwards else mask


def diamond(size_px: int) -> Mask:
    def draw(pen: ImageDraw.ImageDraw, finer: int) -> None:
        far, half = size_px * finer, size_px * finer / 2
        pen.polygon([(half, 0), (far, half), (half, far), (0, half)], fill=255)

    return drawn((size_px, size_px), draw)


def softened(mask: Mask, sigma_px: float) -> Mask:
    """With room for the blur on all sides."""
    room = round(3 * sigma_px)
    wide = cv2.copyMakeBorder(mask, room, room, room, room, cv2.BORDER_CONSTANT, value=0)
    coarse = max(1, int(sigma_px / 6))
    small = cv2.resize(wide, None, fx=1 / coarse, fy=1 / coarse, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), sigma_px / coarse)
    return np.asarray(cv2.resize(soft, wide.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _blend(picture: Plane, colours: Mask, mask: Mask, middle: Place) -> None:
    height, width = mask.shape
    left, top = middle[0] - width // 2, middle[1] - height // 2
    rows = slice(max(0, top), min(picture.shape[0], top + height))
    columns = slice(max(0, left), min(picture.shape[1], left + width))
    inner = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
    under = picture[rows, columns].astype(np.float32)
    cover = mask[inner][..., None]
    picture[rows, columns] = (under + (colours[inner] - under) * cover).round().astype(np.uint8)

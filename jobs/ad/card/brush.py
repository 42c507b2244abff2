"""Light and shapes in floating point, for pictures drawn by code: everything RGB, 0 to 1.

Nothing is rounded to 8 bits before `finished`, which dithers, so that wide soft gradients show no bands.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.video.colour import parse_colour

Paint = NDArray[np.float32]
"""A picture (h, w, 3) or a mask (h, w)."""
Point = tuple[float, float]
"""x and y in parts of the picture's width and height."""


def rgb(colour: str) -> Paint:
    """#RRGGBB as a colour to paint with."""
    return np.array(parse_colour(colour), np.float32) / np.float32(255)


def mixed(one: Paint, other: Paint, share: float) -> Paint:
    """Of two colours; `share` of the other."""
    return np.asarray(one * (1 - share) + other * share, np.float32)


def places(width: int, height: int) -> tuple[Paint, Paint]:
    """x (1, w) and y (h, 1) of each pixel's middle, both in parts of the width, from the picture's middle."""
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) / width
    y = (np.arange(height, dtype=np.float32) + 0.5 - height / 2) / width
    return np.asarray(x[None, :], np.float32), np.asarray(y[:, None], np.float32)


def gradient(width: int, height: int, stops: tuple[tuple[float, Paint], ...], angle: float = 90.0) -> Paint:
    """Colours (place 0 to 1, colour) along a direction: 0 from left to right, 90 from top to bottom."""
    x, y = places(width, height)
    turn = np.deg2rad(angle)
    along = x * np.cos(turn) + y * np.sin(turn)
    reach = (abs(np.cos(turn)) + abs(np.sin(turn)) * height / width) / 2
    share = along / (2 * reach) + 0.5
    knots = [place for place, _ in stops]
    return np.dstack(
        [np.interp(share, knots, [colour[band] for _, colour in stops]) for band in range(3)]
    ).astype(np.float32)


def smooth(low: float, high: float, value: "NDArray[np.floating]") -> Paint:
    """0 below `low`, 1 above `high`, in between eased (Hermite)."""
    share = ((value - low) / (high - low)).clip(0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def glow(width: int, height: int, middle: Point, radius: float, *, flat: float = 1.0) -> Paint:
    """A soft round light: 1 in the middle, falling like a Gaussian; radius in parts of the width."""
    x, y = places(width, height)
    across = x - (middle[0] - 0.5)
    down = (y - (middle[1] - 0.5) * height / width) * flat
    return np.asarray(np.exp(-(across**2 + down**2) / (2 * radius**2)), np.float32)


def disc(width: int, height: int, middle: Point, radius: float) -> Paint:
    """A hard-edged circle, smoothed over a pixel."""
    x, y = places(width, height)
    distance = np.hypot(x - (middle[0] - 0.5), y - (middle[1] - 0.5) * height / width)
    return np.asarray(((radius - distance) * width + 0.5).clip(0, 1), np.float32)


def polygon(width: int, height: int, corners: list[Point]) -> Paint:
    """A filled polygon with smoothed edges."""
    mask = np.zeros((height, width), np.uint8)
    scale = np.array([width * 16, height * 16])
    points = np.round(np.array(corners) * scale).astype(np.int32)
    cv2.fillPoly(mask, [points], 255, lineType=cv2.LINE_AA, shift=4)
    return np.asarray(mask, np.float32) / np.float32(255)


def blurred(mask: Paint, sigma_px: float) -> Paint:
    """A Gaussian blur; wide ones are done small, which nobody sees."""
    factor = max(1, int(sigma_px / 6))
    if factor == 1:
        return np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma_px), np.float32)
    height, width = mask.shape[:2]
    size = max(2, width // factor), max(2, height // factor)
    small = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), sigma_px * size[0] / width)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def moved(mask: Paint, right: float, down: float) -> Paint:
    """Shifted by parts of the width; what comes in is as the edge was."""
    shift = np.array([[1, 0, right * mask.shape[1]], [0, 1, down * mask.shape[1]]], np.float32)
    size = mask.shape[1], mask.shape[0]
    return np.asarray(cv2.warpAffine(mask, shift, size, borderMode=cv2.BORDER_REPLICATE), np.float32)


def laid_over(picture: Paint, colour: Paint, mask: Paint) -> Paint:
    """A colour, or a whole picture, over another, as far as the mask says."""
    cover = mask[..., None]
    return np.asarray(picture + (colour - picture) * cover, np.float32)


def lit(picture: Paint, colour: Paint, mask: Paint) -> Paint:
    """Light added without ever leaving the range (screen)."""
    return np.asarray(1 - (1 - picture) * (1 - colour * mask[..., None]), np.float32)


def finished(picture: Paint, random: np.random.Generator, *, grain: float = 0.0) -> NDArray[np.uint8]:
    """In 8 bits. Triangular noise of one step stands in for what rounding takes away; `grain` adds more."""
    height, width = picture.shape[:2]
    noise = random.random((2, height, width), np.float32).sum(axis=0) - np.float32(1)
    scaled = picture * np.float32(255) + noise[..., None] * np.float32(1 + grain)
    return np.asarray(scaled.round().clip(0, 255), np.uint8)


def saved(picture: NDArray[np.uint8], target: Path) -> None:
    """As PNG."""
    from PIL import Image

    Image.fromarray(picture).save(target, "PNG", compress_level=3)


def vignette(width: int, height: int, strength: float) -> Paint:
    """What is kept of the light (h, w, 1): less towards the corners."""
    x, y = places(width, height)
    distance = np.hypot(x / 0.5, y / (height / width / 2))
    return np.asarray(1 - strength * smooth(0.55, 1.4, distance), np.float32)[..., None]

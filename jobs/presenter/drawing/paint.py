"""Paints marks: grounds with their shapes, areas with smooth edges, words and pictures."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from PIL import Image, ImageDraw

from jobs.presenter.drawing.canvas import Box
from jobs.presenter.drawing.marks import Area, Mark, Photo, Words
from jobs.presenter.drawing.themes import Ground, Shape
from shared.video.colour import parse_colour

if TYPE_CHECKING:
    from numpy.typing import NDArray

Load = Callable[[str], "NDArray[np.uint8]"]
"""The pixels of a picture, RGB, by the name of its asset."""
_MOST_CUT: Final = 0.8
"""The part of a picture that must be seen for it to fill its box."""
_ABOVE_EM: Final = 1.7
_BELOW_EM: Final = 1.0
"""How far letters reach from the baseline, in any script."""


def paint(image: Image.Image, marks: Iterable[Mark], load: Load) -> None:
    """Paint marks over an RGB image."""
    for mark in marks:
        if isinstance(mark, Words):
            _words(image, mark)
        elif isinstance(mark, Area):
            _area(image, mark)
        else:
            _photo(image, mark, load(mark.name))


def _words(image: Image.Image, mark: Words) -> None:
    size = mark.size_px
    width = mark.pen.width(mark.text, size)
    left, right = int(mark.x - size), int(mark.x + width + size) + 1
    top, bottom = int(mark.baseline - _ABOVE_EM * size), int(mark.baseline + _BELOW_EM * size) + 1
    mask = Image.new("L", (right - left, bottom - top))
    mark.pen.draw(ImageDraw.Draw(mask), mark.text, (mark.x - left, round(mark.baseline) - top), size)
    image.paste(parse_colour(mark.colour), (left, top), mask)


def _area(image: Image.Image, mark: Area) -> None:
    box = mark.box
    left, top, right, bottom = int(box.left), int(box.top), int(box.right) + 1, int(box.bottom) + 1
    if right <= left or bottom <= top:
        return
    across = np.arange(left, right, dtype=np.float32) + np.float32(0.5)
    down = np.arange(top, bottom, dtype=np.float32) + np.float32(0.5)
    mask = _covered(across, down, box, mark.radius)
    image.paste(parse_colour(mark.colour), (left, top), Image.fromarray(mask))


def _covered(
    across: "NDArray[np.float32]", down: "NDArray[np.float32]", box: Box, radius: float
) -> "NDArray[np.uint8]":
    """How much of each pixel is within the rounded box, 0 to 255; `across` and `down` are pixels' middles."""
    radius = max(0.0, min(radius, box.width / 2, box.height / 2))
    if radius == 0:
        x = np.clip(np.minimum(across + 0.5, box.right) - np.maximum(across - 0.5, box.left), 0, 1)
        y = np.clip(np.minimum(down + 0.5, box.bottom) - np.maximum(down - 0.5, box.top), 0, 1)
        return np.asarray((y[:, None] * x[None, :] * 255).round(), np.uint8)
    x = np.abs(across - (box.left + box.right) / 2) - (box.width / 2 - radius)
    y = np.abs(down - (box.top + box.bottom) / 2) - (box.height / 2 - radius)
    outside = np.hypot(np.maximum(x, 0)[None, :], np.maximum(y, 0)[:, None])
    inside = np.minimum(np.maximum(x[None, :], y[:, None]), 0)
    return np.asarray(((radius + 0.5 - outside - inside).clip(0, 1) * 255).round(), np.uint8)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Where a photo's picture is."""

    box: Box
    """In whole pixels."""
    part: Box
    """What is seen of the picture, in its own pixels."""


def placed(photo: Photo, width: int, height: int) -> Placed:
    """For a picture of this width and height."""
    across, down = photo.box.width / width, photo.box.height / height
    if not photo.whole and min(across, down) > _MOST_CUT * max(across, down):
        seen = photo.box.width / max(across, down), photo.box.height / max(across, down)
        left, top = (width - seen[0]) / 2, (height - seen[1]) / 2
        part = Box(round(left), round(top), round(left + seen[0]), round(top + seen[1]))
        return Placed(box=Box(*map(round, photo.box)), part=part)
    factor = min(across, down)
    wide, high = max(1, round(width * factor)), max(1, round(height * factor))
    left, top = map(round, _corner(photo, wide, high))
    return Placed(box=Box(left, top, left + wide, top + high), part=Box(0, 0, width, height))


def _corner(photo: Photo, wide: int, high: int) -> tuple[float, float]:
    box = photo.box
    if photo.at_start:
        return box.right - wide if photo.mirrored else box.left, box.top
    return (box.left + box.right - wide) / 2, (box.top + box.bottom - high) / 2


def cut_out(pixels: "NDArray[np.uint8]", place: Placed) -> Image.Image:
    """What is seen of a picture, in the size of its place."""
    left, top, right, bottom = map(int, place.part)
    size = int(place.box.width), int(place.box.height)
    way = cv2.INTER_AREA if size[0] < right - left else cv2.INTER_CUBIC
    return Image.fromarray(np.asarray(cv2.resize(pixels[top:bottom, left:right], size, interpolation=way)))


def _photo(image: Image.Image, mark: Photo, pixels: "NDArray[np.uint8]") -> None:
    place = placed(mark, pixels.shape[1], pixels.shape[0])
    scaled = cut_out(pixels, place)
    across, down = (np.arange(side, dtype=np.float32) + np.float32(0.5) for side in scaled.size)
    mask = _covered(across, down, Box(0, 0, *scaled.size), mark.radius)
    image.paste(scaled, (int(place.box.left), int(place.box.top)), Image.fromarray(mask))


@lru_cache(maxsize=4)
def ground_image(ground: Ground, width: int, height: int, mirrored: bool) -> Image.Image:
    """An empty slide; not to be painted on."""
    image: NDArray[np.float32] = np.empty((height, width, 3), np.float32)
    image[:] = parse_colour(ground.colour)
    if ground.to:
        along = np.linspace(0, 1, width, dtype=np.float32)[None, :] * width
        down = np.linspace(0, 1, height, dtype=np.float32)[:, None] * height
        part = ((along + down) / (width + height))[..., None]
        image = np.asarray(image * (1 - part) + np.array(parse_colour(ground.to), np.float32) * part)
    for shape in ground.shapes:
        alpha = _shape(shape, width, height)[..., None] * np.float32(shape.alpha)
        colour = np.array(parse_colour(shape.colour), np.float32)
        image = np.asarray(image * (1 - alpha) + colour * alpha, np.float32)
    flat = image[:, ::-1] if mirrored else image
    return Image.fromarray(np.ascontiguousarray(flat.round().clip(0, 255).astype(np.uint8)))


def _shape(shape: Shape, width: int, height: int) -> "NDArray[np.float32]":
    across = np.arange(width, dtype=np.float32) + np.float32(0.5)
    down = np.arange(height, dtype=np.float32) + np.float32(0.5)
    left, top = shape.at[0] * width, shape.at[1] * height
    if shape.kind == "box":
        box = Box(left, top, left + shape.size[0] * width, top + shape.size[1] * height)
        return np.asarray(_covered(across, down, box, 0), np.float32) / np.float32(255)
    radius = shape.size[0] * max(width, height) / 2
    away = np.hypot(across[None, :] - left, down[:, None] - top)
    if shape.kind == "glow":
        part = np.clip(1 - away / radius, 0, 1)
        return np.asarray(part * part * (3 - 2 * part), np.float32)
    full = np.clip(radius + 0.5 - away, 0, 1)
    if shape.kind == "ring":
        full -= np.clip(radius * (1 - shape.size[1]) + 0.5 - away, 0, 1)
    return np.asarray(full, np.float32)

"""Things to stand a product on and before, as premultiplied sprites in the frame's pixels."""

import math
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from jobs.ad.scenery.paint.canvas import Canvas, Colour

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Field = NDArray[np.float32]
    Values = NDArray[np.floating[Any]]

_FINE = 2
"""Times as many pixels while drawing, for smooth edges."""


def plinth(
    canvas: Canvas,
    width: float,
    height: float,
    *,
    top: Colour,
    side: Colour,
    light_from: float = -0.4,
    edge: Colour | None = None,
    ambient: float = 0.35,
    flatness: float = 0.16,
) -> "Pixels":
    """A round plinth seen from a little above; the middle of its top is `width * flatness / 2` below the
    sprite's upper edge. `light_from` is -1 (left) to 1 (right)."""
    unit = canvas.scale * _FINE
    wide, tall = max(4, round(width * unit)), max(4, round((height + width * flatness) * unit))
    x = np.linspace(-1, 1, wide, dtype=np.float32)
    half = wide / 2 * flatness
    rows = np.arange(tall, dtype=np.float32)[:, None]
    bend = np.sqrt(np.maximum(0, 1 - x**2)) * half
    below_top = rows - (half + bend)[None]
    in_top = np.clip(bend[None] - np.abs(rows - half) + 0.5, 0, 1)
    in_side = np.clip(below_top + 0.5, 0, 1) * np.clip(tall - half + bend[None] - half - rows, 0, 1)
    facing = np.clip(np.cos(np.arcsin(np.clip(x, -1, 1)) - light_from * 1.3), 0, 1)
    falling = np.linspace(1, 0.72, tall, dtype=np.float32)[:, None]
    body = _coloured(side, (ambient + (1.1 - ambient) * facing**1.4)[None] * falling)
    shine = 0.9 + 0.16 * np.clip(1 - np.abs(x - 0.5 * light_from), 0, 1)
    lid = _coloured(top, np.repeat(shine[None], tall, axis=0))
    seen = np.maximum(in_top, in_side)[..., None]
    pixels = (lid * in_top[..., None] + body * (1 - in_top[..., None])) * seen
    if edge is not None:
        line = np.exp(-((below_top / (2.2 * unit)) ** 2)) * (0.25 + 0.75 * facing)[None] * (np.abs(x) < 0.999)
        pixels += (_coloured(edge, np.ones_like(line)) - pixels) * line[..., None]
    return _sprite(pixels, seen)


def arch(
    canvas: Canvas, width: float, height: float, colour: Colour, *, inner: Colour | None = None
) -> "Pixels":
    """An arch: a half circle on a box; with `inner`, a niche that darkens to its left and its top."""
    unit = canvas.scale * _FINE
    wide, tall = max(4, round(width * unit)), max(4, round(height * unit))
    x = np.arange(wide, dtype=np.float32)[None] + 0.5 - wide / 2
    y = np.arange(tall, dtype=np.float32)[:, None] + 0.5 - wide / 2
    away = np.where(y < 0, np.hypot(x, y), np.abs(x))
    seen = np.clip(wide / 2 - away + 0.5, 0, 1)[..., None]
    pixels = _coloured(colour, np.ones((tall, wide), np.float32))
    if inner is not None:
        lit = np.where(y < 0, np.hypot(x - 0.1 * wide, y - 0.06 * wide), np.abs(x - 0.1 * wide))
        dark = np.clip((lit - 0.36 * wide) / (0.2 * wide), 0, 1) ** 1.3
        pixels += (_coloured(inner, np.ones_like(dark)) - pixels) * dark[..., None]
    return _sprite(pixels * seen, seen)


def ball(
    canvas: Canvas, radius: float, colour: Colour, *, shade: Colour, light_from: float = -2.2
) -> "Pixels":
    """A matt ball, lit from an angle (radians, clockwise from the right)."""
    half = max(2, round(radius * canvas.scale * _FINE))
    span = (np.arange(-half, half) + 0.5) / half
    x, y = np.meshgrid(span, span)
    depth = np.sqrt(np.maximum(0, 1 - x * x - y * y))
    facing = 0.62 * (math.cos(light_from) * x + math.sin(light_from) * y) + 0.78 * depth
    light = np.clip(0.15 + 0.85 * facing, 0, 1)[..., None]
    seen = np.clip((1 - np.hypot(x, y)) * half + 0.5, 0, 1)[..., None]
    pixels = np.array(shade) + (np.array(colour) - np.array(shade)) * light
    return _sprite(pixels * seen, seen)


def halftone(canvas: Canvas, *, pitch: float, colour: Colour, strength: "Field") -> "Pixels":
    """Dots over the whole frame, as large as the coarse mask `strength` (h/4, w/4) asks."""
    fine = cv2.resize(strength, (canvas.width, canvas.height), interpolation=cv2.INTER_LINEAR)
    step = math.tau / (pitch * canvas.scale)
    x = np.arange(canvas.width, dtype=np.float32)[None] * step
    y = np.arange(canvas.height, dtype=np.float32)[:, None] * step
    turn = 0.7071
    waves = np.cos((x + y) * turn) + np.cos((x - y) * turn)
    dots = np.clip((waves / 2 + 1) / 2 + fine - 1, 0, 0.06)[..., None] / 0.06
    return np.asarray(np.rint(np.dstack([dots * np.array(colour), dots * 255])), np.uint8)


def _coloured(colour: Colour, light: "Values") -> "Field":
    return np.asarray(light[..., None] * np.array(colour, np.float32), np.float32)


def _sprite(pixels: "Values", seen: "Values") -> "Pixels":
    """At the frame's size, with a clear border so that its edges are smooth wherever it is laid."""
    whole = np.clip(np.dstack([pixels, seen * 255]), 0, 255).astype(np.float32)
    size = (max(2, whole.shape[1] // _FINE), max(2, whole.shape[0] // _FINE))
    small = np.rint(cv2.resize(whole, size, interpolation=cv2.INTER_AREA)).astype(np.uint8)
    return np.asarray(cv2.copyMakeBorder(small, 2, 2, 2, 2, cv2.BORDER_CONSTANT), np.uint8)

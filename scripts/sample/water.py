"""Reflections, ripples and paths of light on water."""

import cv2
import numpy as np

from scripts.sample.canvas import (
    COLUMNS,
    HEIGHT,
    ROWS,
    WIDTH,
    Array,
    Point,
    light,
    rgb,
    sampled,
    smoothstep,
)


def reflected(
    picture: Array, rng: np.random.Generator, shore: int, *, tint: str, clear: float, calm: float
) -> Array:
    """Fill everything below row `shore` with what is above it, upside down and rippled.

    `clear` is how much of the reflection is left at the picture's foot next to `tint`, `calm` divides the
    ripples. Returns the ripples, `(HEIGHT - shore, WIDTH)`.
    """
    rows = HEIGHT - shore
    waves = surface(rng, shore)
    down = ROWS[:rows]
    push = np.float32(1 / calm) * (1.0 + down * 0.02)
    x = COLUMNS + waves * push * 1.3
    y = shore - down * 0.92 - 1 - (waves + 1.5) * push * 1.6
    share = clear + (1 - clear) * smoothstep(rows * 0.9, 0, down) * 0.9
    for channel, ink in zip(picture, rgb(tint)[:, 0, 0], strict=True):
        mirror = sampled(channel[:shore], x, y)
        channel[shore:] = ink + (mirror - ink) * share
    return waves


def surface(rng: np.random.Generator, shore: int) -> Array:
    """Waves on water seen at a low angle: fine and flat at the shore, broad near the viewer."""
    rows = HEIGHT - shore
    tile = rng.standard_normal((256, 256)).astype(np.float32)
    down = np.arange(rows, dtype=np.float32)[:, None] + 6
    total = np.zeros((rows, WIDTH), np.float32)
    for scale in (1.0, 2.3, 4.9):
        v = np.float32(26000 * scale) / (down + 150)
        u = (COLUMNS - WIDTH / 2) * np.float32(5.0 * scale) / (down + 110)
        total += _tiled(tile, u + 997 * np.float32(scale), v) / np.float32(scale**0.45)
    return total * np.float32(0.8) * smoothstep(0, 160, down)


def _tiled(tile: Array, u: Array, v: Array) -> Array:
    shape = (v.shape[0], u.shape[1])
    x, y = np.broadcast_to(u % 253, shape), np.broadcast_to(v % 253, shape)
    return sampled(tile, x.astype(np.float32), y.astype(np.float32), borderMode=cv2.BORDER_WRAP)


def glints(picture: Array, waves: Array, colour: str, strength: float, threshold: float = 0.9) -> None:
    """Lines of light on the crests of ripples."""
    top = HEIGHT - waves.shape[0]
    mask = smoothstep(threshold, threshold + 0.9, waves)
    light(picture, rgb(colour), mask * np.float32(strength), top)


def path(picture: Array, waves: Array, at: Point, colour: str, *, width: float, strength: float) -> None:
    """The broken path that a light above the water draws toward the viewer, from `at` down."""
    top = int(at[1])
    waves = waves[top - (HEIGHT - waves.shape[0]) :]
    down = ROWS[: waves.shape[0]]
    spread = width * (1 + down * 0.0022)
    beam = np.exp(-(((COLUMNS - at[0] + waves * width * 0.35) / spread) ** 2))
    broken = smoothstep(-0.5, 0.9, waves + 0.25)
    fall = smoothstep(HEIGHT - top, 0, down)
    light(picture, rgb(colour), beam * (0.25 + 0.75 * broken) * fall * np.float32(strength), top)

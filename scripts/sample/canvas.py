"""Colour, noise and blending: pictures are float32 `(3, HEIGHT, WIDTH)`, sRGB, 0 to 1.

Planes come first because masks `(rows, WIDTH)` then broadcast along contiguous rows.
"""

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH: Final = 1296
HEIGHT: Final = 2304

Array = NDArray[np.float32]
Real = NDArray[np.floating[Any]]
"""What functions accept: numpy types its own results as 64-bit more often than they are."""
Point = tuple[float, float]

ROWS: Final[Array] = np.arange(HEIGHT, dtype=np.float32)[:, None]
COLUMNS: Final[Array] = np.arange(WIDTH, dtype=np.float32)[None, :]


def rgb(colour: str) -> Array:
    """`#rrggbb` as `(3, 1, 1)`."""
    values = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return np.array(values, np.float32).reshape(3, 1, 1)


def gradient(*stops: tuple[float, str]) -> Array:
    """Colours by height, `(3, HEIGHT, 1)`; stops are (row, colour), top down, joined by smooth curves."""
    rows = [row for row, _ in stops]
    steps = np.interp(np.arange(HEIGHT), rows, np.arange(len(rows)))
    whole = np.minimum(steps.astype(int), len(rows) - 2)
    part = (steps - whole).astype(np.float32)
    part = 0.5 * part + 0.5 * smoothstep(0, 1, part)
    colours = np.stack([rgb(colour)[:, 0, 0] for _, colour in stops])
    mixed = colours[whole] + (colours[whole + 1] - colours[whole]) * part[:, None]
    return np.ascontiguousarray(mixed.T[:, :, None], np.float32)


def blank(sky: Array) -> Array:
    """A picture filled with `sky`, which broadcasts."""
    return np.broadcast_to(sky, (3, HEIGHT, WIDTH)).astype(np.float32)


def smoothstep(low: float, high: float, values: Real) -> Array:
    """0 below `low`, 1 above `high`, a smooth ramp between; `low` may be the greater."""
    part = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(part * part * (3 - 2 * part), np.float32)


def resized(values: Array, rows: int, columns: int, *, cubic: bool = False) -> Array:
    how = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(values, (columns, rows), interpolation=how), np.float32)


def blurred(values: Array, sigma: float, sigma_y: float | None = None) -> Array:
    done = cv2.GaussianBlur(values, (0, 0), sigmaX=sigma, sigmaY=sigma if sigma_y is None else sigma_y)
    return np.asarray(done, np.float32)


def noise(
    rng: np.random.Generator,
    cell: tuple[float, float],
    octaves: int = 4,
    *,
    rows: int = HEIGHT,
    coarse: int = 2,
) -> Array:
    """Fractal noise `(rows, WIDTH)` of about unit deviation.

    `cell` is the largest feature's height and width in pixels, each octave halves it. `coarse` draws it
    that much smaller and enlarges it, for what is soft anyway.
    """
    height, width = -(-rows // coarse), -(-WIDTH // coarse)
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        down, across = (size / coarse / 2**octave for size in cell)
        grid = rng.standard_normal((int(height / down) + 3, int(width / across) + 3), np.float32)
        total += resized(grid, height, width, cubic=True) * np.float32(0.5**octave)
    return resized(total, rows, WIDTH) if coarse > 1 else total


def paint(picture: Array, colour: Real, mask: Real, top: int = 0) -> None:
    """Cover with `colour` where `mask` is 1; the mask's first row is the picture's row `top`."""
    rows = picture[:, top : top + mask.shape[0]]
    rows += (colour - rows) * mask


def light(picture: Array, colour: Real, mask: Real, top: int = 0) -> None:
    """Add light without ever exceeding white (screen blending)."""
    rows = picture[:, top : top + mask.shape[0]]
    rows += (1 - rows) * (colour * mask)


def chaikin(points: Sequence[Point], rounds: int = 3) -> Array:
    """A closed outline with its corners cut: https://en.wikipedia.org/wiki/Chaikin%27s_algorithm"""
    edge = np.asarray(points, np.float32)
    for _ in range(rounds):
        following = np.roll(edge, -1, axis=0)
        edge = np.stack([0.75 * edge + 0.25 * following, 0.25 * edge + 0.75 * following], 1).reshape(-1, 2)
    return edge


def outline(points: str, rounds: int = 2) -> Array:
    """An outline from points written as in SVG, in hundredths, its corners cut."""
    pairs = [tuple(float(number) / 100 for number in pair.split(",")) for pair in points.split()]
    return chaikin([(x, y) for x, y in pairs], rounds)


def rectangle(left: float, top: float, right: float, bottom: float) -> list[Point]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def placed(points: Sequence[Point] | Real, at: Point, scale: float, flip: bool = False) -> Array:
    """An outline in units of its own, moved to `at` in pixels."""
    stretch = np.array([-scale if flip else scale, scale], np.float32)
    return np.asarray(np.asarray(points, np.float32) * stretch + np.asarray(at, np.float32), np.float32)


def fill(plane: NDArray[np.uint8], edge: Array) -> None:
    """Add a filled outline to an 8-bit mask, antialiased, with 1/16 pixel."""
    fixed = np.rint(edge * 16).astype(np.int32)
    cv2.fillPoly(plane, [fixed], 255, lineType=cv2.LINE_AA, shift=4)


def shape(picture: Array, edge: Array, colour: Array, opacity: float = 1.0) -> None:
    """Draw one filled outline, given in pixels."""
    low = np.maximum(np.floor(edge.min(0)).astype(int) - 2, 0)
    high = np.minimum(np.ceil(edge.max(0)).astype(int) + 3, (WIDTH, HEIGHT))
    if (high <= low).any():
        return
    plane = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    fill(plane, edge - low.astype(np.float32))
    part = picture[:, low[1] : high[1], low[0] : high[0]]
    part += (colour - part) * (plane * np.float32(opacity / 255))


def glow(picture: Array, at: Point, radius: float, colour: str, strength: float = 1.0) -> None:
    """A soft light that fades like a lamp's in haze, out to eight radii."""
    reach = radius * 8
    left, top = max(int(at[0] - reach), 0), max(int(at[1] - reach), 0)
    right, bottom = min(int(at[0] + reach), WIDTH), min(int(at[1] + reach), HEIGHT)
    distance = np.hypot(COLUMNS[:, left:right] - at[0], ROWS[top:bottom] - at[1]) / np.float32(radius)
    mask = strength * (1 + distance**2) ** -1.3 * smoothstep(8, 2, distance)
    part = picture[:, top:bottom, left:right]
    part += (1 - part) * (rgb(colour) * mask)


def finished(picture: Array, rng: np.random.Generator, *, vignette: float = 0.22) -> NDArray[np.uint8]:
    """8-bit `(HEIGHT, WIDTH, 3)` RGB, with darker corners, and grain so that gradients don't band."""
    across = ((COLUMNS - WIDTH / 2) / WIDTH) ** 2
    down = ((ROWS - HEIGHT / 2) / HEIGHT) ** 2
    shade = 255 * (1 - np.float32(vignette) * smoothstep(0.12, 0.55, across + down))
    grain = rng.standard_normal((HEIGHT, WIDTH), np.float32) * np.float32(1.7) + np.float32(0.5)
    done = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    for channel in range(3):
        done[:, :, channel] = np.clip(picture[channel] * shade + grain, 0, 255)
    return done


def sampled(values: Array, x: Real, y: Real, **how: Any) -> Array:
    """`values` at fractional places; beyond the edge it is mirrored."""
    how = {"interpolation": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_REFLECT_101} | how
    return np.asarray(cv2.remap(values, x.astype(np.float32), y.astype(np.float32), **how), np.float32)

"""Polished and brushed metal: outlines as signed distances, normals from them, a studio to reflect.

Places are pixels from the middle of the product, x right and y down; distances are negative inside. Normals
are their (x, y) parts: where a surface leans, 0 facing the camera and 1 seen edge on.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from scripts.sample.canvas import Array, Point, Real, blurred, rgb, sampled, smoothstep

WIDTH: Final = 1600
HEIGHT: Final = 2000
MIDDLE: Final = (772, 962)
"""Column and row of the product's middle, which is the dial's."""

_STUDIO_PX: Final = 512
_FALLOFF: Final = 2600.0
"""How far away the camera is; what is nearer mirrors more of the studio across a flat face."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A part of the picture that can be drawn on."""

    picture: Array
    """A view of `(3, rows, columns)`."""
    x: Array
    """`(1, columns)`"""
    y: Array
    """`(rows, 1)`"""


def window(picture: Array, left: float, top: float, right: float, bottom: float) -> Window:
    """The part between two corners, given from the product's middle, as far as it lies in the picture."""
    first, last = max(int(left) + MIDDLE[0], 0), min(int(right) + MIDDLE[0], picture.shape[2])
    above, below = max(int(top) + MIDDLE[1], 0), min(int(bottom) + MIDDLE[1], picture.shape[1])
    return Window(
        picture=picture[:, above:below, first:last],
        x=np.arange(first - MIDDLE[0], last - MIDDLE[0], dtype=np.float32)[None, :],
        y=np.arange(above - MIDDLE[1], below - MIDDLE[1], dtype=np.float32)[:, None],
    )


def finer(part: Window) -> Window:
    """The same part in twice as many rows and columns, for what `halved` brings back antialiased."""
    apart = np.array([[-0.25, 0.25]], np.float32)
    x = np.repeat(part.x, 2, axis=1) + np.tile(apart, (1, part.x.size))
    y = np.repeat(part.y, 2, axis=0) + np.tile(apart.T, (part.y.size, 1))
    return Window(picture=part.picture, x=x, y=y)


def halved(values: Real) -> Array:
    """`(..., rows, columns)` with each four neighbours made one."""
    rows = values[..., 0::2, :] + values[..., 1::2, :]
    return np.asarray((rows[..., 0::2] + rows[..., 1::2]) / 4, np.float32)


def cover(part: Window, colour: Real, mask: Real) -> None:
    view = part.picture
    view += (colour - view) * mask


def darken(part: Window, mask: Real) -> None:
    """Take away as much light as `mask` says, 1 for all of it."""
    view = part.picture
    view *= 1 - mask


def inside(distance: Real) -> Array:
    """An antialiased mask of what a distance encloses."""
    return np.asarray(np.clip(0.5 - distance, 0, 1), np.float32)


def turned(x: Real, y: Real, degrees: float) -> tuple[Array, Array]:
    """Places in a frame turned clockwise: its y axis points to where a hand at `degrees` points away from."""
    cosine, sine = np.float32(np.cos(np.radians(degrees))), np.float32(np.sin(np.radians(degrees)))
    return np.asarray(x * cosine + y * sine, np.float32), np.asarray(y * cosine - x * sine, np.float32)


def moved(place: Point, degrees: float, at: Point = (0, 0)) -> Point:
    """Where a place in a turned frame is, when the frame's origin is `at`."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return at[0] + place[0] * cosine - place[1] * sine, at[1] + place[1] * cosine + place[0] * sine


def polygon(x: Real, y: Real, corners: Sequence[Point]) -> Array:
    """Exact distance to a closed polygon, https://iquilezles.org/articles/distfunctions2d/ (sdPolygon)."""
    nearest = np.full(np.broadcast_shapes(x.shape, y.shape), np.inf, np.float32)
    sign = np.ones_like(nearest)
    for (x0, y0), (x1, y1) in zip(corners, [*corners[-1:], *corners[:-1]], strict=True):
        across, down = np.float32(x1 - x0), np.float32(y1 - y0)
        from_x, from_y = x - np.float32(x0), y - np.float32(y0)
        along = np.clip((from_x * across + from_y * down) / (across**2 + down**2), 0, 1)
        nearest = np.minimum(nearest, (from_x - across * along) ** 2 + (from_y - down * along) ** 2)
        above, below, left = from_y >= 0, y < np.float32(y1), across * from_y > down * from_x
        sign = np.where((above & below & left) | ~(above | below | left), -sign, sign)
    return np.asarray(sign * np.sqrt(nearest), np.float32)


def joined(first: Real, second: Real, reach: float) -> Array:
    """Two outlines in one, the corner between them filled as by a fillet."""
    near = np.maximum(np.float32(reach) - np.abs(first - second), 0) / np.float32(reach)
    return np.asarray(np.minimum(first, second) - near**2 * np.float32(reach / 4), np.float32)


def outward(distance: Array) -> tuple[Array, Array]:
    """The direction away from an outline's inside."""
    down, across = np.gradient(distance)
    length = np.maximum(np.hypot(across, down), np.float32(1e-3))
    return np.asarray(across / length, np.float32), np.asarray(down / length, np.float32)


@cache
def _studio() -> Array:
    """What a ball of chrome shows: the studio's light, 0 to about 1, by the normal's x and y from -1 to 1."""
    axis = np.linspace(-1, 1, _STUDIO_PX, dtype=np.float32)
    x, y = axis[None, :], axis[:, None]
    flat = np.minimum(x * x + y * y, 1)
    z = np.sqrt(1 - flat)
    to_x, to_y, to_z = 2 * z * x, 2 * z * y, 2 * z * z - 1
    light = np.float32(0.30) - np.float32(0.16) * to_y
    light += np.float32(0.16) * smoothstep(0.72, 1.0, to_z)
    light += _softbox(to_x, to_y, (-0.62, -0.10), (0.20, 0.62), 0.035) * np.float32(0.62)
    light += _softbox(to_x, to_y, (0.10, -0.74), (0.56, 0.20), 0.04) * np.float32(0.66)
    light += _softbox(to_x, to_y, (0.80, 0.02), (0.09, 0.55), 0.03) * np.float32(0.72)
    light += _softbox(to_x, to_y, (-0.05, 0.86), (0.50, 0.10), 0.05) * np.float32(0.42)
    light -= _softbox(to_x, to_y, (0.34, 0.42), (0.22, 0.30), 0.16) * np.float32(0.20)
    light -= _softbox(to_x, to_y, (-0.28, 0.48), (0.10, 0.26), 0.10) * np.float32(0.16)
    behind = smoothstep(0.10, -0.45, to_z)
    light += (np.float32(0.10) - light) * behind * np.float32(0.9)
    return blurred(np.asarray(np.clip(light, 0.02, 1.1), np.float32), 1.5)


@cache
def _haze() -> Array:
    return blurred(_studio(), 26)


def _softbox(x: Array, y: Array, at: Point, half: Point, soft: float) -> Array:
    across = smoothstep(half[0] + soft, half[0] - soft, np.abs(x - np.float32(at[0])))
    down = smoothstep(half[1] + soft, half[1] - soft, np.abs(y - np.float32(at[1])))
    return np.asarray(across * down, np.float32)


def mirrored(part: Window, x: Real, y: Real, *, brushed: bool = False) -> Array:
    """The studio's light in metal whose normals lean by `x` and `y`, blurred if it is brushed."""
    scale = np.float32(_STUDIO_PX / 2)
    lean_x = np.clip(x + part.x / np.float32(_FALLOFF), -0.999, 0.999)
    lean_y = np.clip(y + part.y / np.float32(_FALLOFF), -0.999, 0.999)
    shape = np.broadcast_shapes(lean_x.shape, lean_y.shape)
    places = [np.ascontiguousarray(np.broadcast_to((lean + 1) * scale, shape)) for lean in (lean_x, lean_y)]
    return sampled(_haze() if brushed else _studio(), places[0], places[1])


@dataclass(frozen=True, kw_only=True)
class Metal:
    """A metal's colours by how much light it mirrors."""

    stops: tuple[tuple[float, str], ...]

    def lit(self, light: Real) -> Array:
        """Colour, `(3, rows, columns)`."""
        levels = np.linspace(0, 1, 1024)
        colours = np.stack([rgb(colour)[:, 0, 0] for _, colour in self.stops])
        table = np.stack([np.interp(levels, [at for at, _ in self.stops], column) for column in colours.T])
        place = np.clip(light * 1023 + 0.5, 0, 1023).astype(np.int16)
        return np.stack([column.astype(np.float32)[place] for column in table])


STEEL: Final = Metal(
    stops=(
        (0, "#07090c"),
        (0.2, "#2b3036"),
        (0.45, "#767d86"),
        (0.7, "#bcc2c9"),
        (0.9, "#f0f3f5"),
        (1, "#ffffff"),
    )
)
GOLD: Final = Metal(
    stops=(
        (0, "#1d0b05"),
        (0.2, "#6a3a22"),
        (0.45, "#c08660"),
        (0.7, "#edbf9a"),
        (0.9, "#fdebd9"),
        (1, "#fffaf4"),
    )
)


def streaks(rng: np.random.Generator, count: int, coarse: float) -> Array:
    """The marks of a brush along one line, `count` samples round a circle, of about unit deviation."""
    fine = rng.standard_normal(count).astype(np.float32)
    wide = np.concatenate([fine[-64:], rng.permutation(fine), fine[:64]])
    soft = blurred(wide[None], coarse)[0][64:-64]
    return np.asarray(0.6 * fine + 0.8 * soft / max(float(soft.std()), 1e-6), np.float32)

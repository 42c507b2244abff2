"""A strap of alligator leather: made flat, lit as it bends, then seen from the front."""

from typing import Final

import numpy as np

from scripts.sample.canvas import Array, Real, blurred, resized, rgb, sampled, smoothstep
from scripts.sample.metal import Window, cover, inside, window

_HALF: Final = 236
"""Half the strap's width at the case, in pixels."""
_LENGTH: Final = 1160
"""From where it leaves the case to where it bends out of sight, along the leather."""
_START: Final = 395.0
"""How far from the middle of the product it begins, behind the case."""
_CAMERA: Final = 3600.0
_TAPER: Final = 0.15
_SEAM: Final = 0.865
"""Where the seam runs, as a part of half the width."""
_STITCH: Final = 46.0
_LEATHER: Final = "#6b3318"


def strap(picture: Array, rng: np.random.Generator, *, up: bool) -> None:
    """Draw the half of the strap above or below the case."""
    along, away, lean = _bend()
    flat = _lit(rng, lean, -1.0 if up else 1.0)
    scale = _CAMERA / (_CAMERA + away)
    end = float((along * scale)[-1])
    top, bottom = (-end - 20, -_START) if up else (_START, end + 20)
    part = window(picture, -_HALF - 8, top, _HALF + 8, bottom)
    _seen(part, flat, along * scale, scale)


def _bend() -> tuple[Array, Array, Array]:
    """For each pixel of leather: how far from the middle, how far behind the case, its lean in radians."""
    part = np.linspace(0, 1, _LENGTH)
    lean = np.radians(8 + 82 * part**0.95)
    along = _START + np.cumsum(np.cos(lean))
    return along.astype(np.float32), np.cumsum(np.sin(lean)).astype(np.float32), lean.astype(np.float32)


def _seen(part: Window, flat: Array, rows: Array, scale: Array) -> None:
    """Bend the lit leather; `rows` and `scale` are where each of its rows is seen and how small."""
    far = np.abs(part.y)
    place = np.arange(_LENGTH, dtype=np.float32)
    taper = 1 - np.float32(_TAPER) * smoothstep(0.15, 1.0, place / _LENGTH)
    size = np.interp(far[:, 0], rows, scale * taper).astype(np.float32)[:, None]
    across = part.x / (size * _HALF)
    arch = 17 * np.abs(across) ** 2.6 * smoothstep(rows[0], rows[-1], far)
    along = np.interp((far + arch).ravel(), rows, place).reshape(across.shape).astype(np.float32)
    half = flat.shape[2] / 2
    image = np.ascontiguousarray(flat.transpose(1, 2, 0))
    colour = sampled(image, np.asarray(across * half + half - 0.5), along).transpose(2, 0, 1)
    edge = np.maximum((np.abs(across) - 1) * _HALF, far + arch - rows[-1])
    cover(part, colour, inside(edge))


def _lit(rng: np.random.Generator, lean: Array, side: float) -> Array:
    """The leather laid flat, `(3, _LENGTH, columns)`, lit as if bent; `side` is -1 for the upper half."""
    across = np.linspace(-1, 1, 2 * _HALF, dtype=np.float32)[None, :]
    along = np.arange(_LENGTH, dtype=np.float32)[:, None]
    scales, joints = _scales(rng)
    thread = _thread(across, along)
    height = _padding(across) + scales - 7 * blurred(thread, 7) - 3 * _seam(across) + 3 * blurred(thread, 1.5)
    height += blurred(rng.standard_normal(height.shape, np.float32), 1.6) * (np.float32(1.1) * (1 - thread))
    slope_y, slope_x = np.gradient(height)
    sine, cosine = np.sin(lean)[:, None], np.cos(lean)[:, None]
    normal = _unit(-slope_x, side * (sine - slope_y * cosine), cosine + slope_y * sine)
    tone = np.float32(1) + np.float32(0.07) * resized(
        rng.standard_normal((22, 9), np.float32), *height.shape, cubic=True
    )
    hide = rgb(_LEATHER) * (tone * (1 - np.float32(0.42) * joints))
    hide = hide * (1 - np.float32(0.6) * smoothstep(0.955, 1.0, np.abs(across)))
    hide += (rgb("#e6cfa8") - hide) * thread
    lit = _shaded(hide, normal, np.float32(1) - np.float32(0.92) * thread)
    return lit * (1 - np.float32(0.72) * smoothstep(0.62, 1.5, lean)[:, None] ** 2)


def _unit(x: Real, y: Real, z: Real) -> tuple[Array, Array, Array]:
    length = np.sqrt(x * x + y * y + z * z)
    return (
        np.asarray(x / length, np.float32),
        np.asarray(y / length, np.float32),
        np.asarray(z / length, np.float32),
    )


def _shaded(colour: Array, normal: tuple[Array, Array, Array], gloss: Array) -> Array:
    """A soft key light from the upper left, a strip on the right, the white table's glow from below."""
    x, y, z = normal
    key = np.maximum(-0.36 * x - 0.62 * y + 0.70 * z, 0)
    table = np.maximum(0.9 * y + 0.1 * z, 0)
    seen = np.float32(0.20) + np.float32(1.02) * key + np.float32(0.26) * table
    shine = np.maximum(-0.20 * x - 0.36 * y + 0.91 * z, 0) ** 26 * np.float32(0.26)
    shine += np.maximum(0.40 * x - 0.14 * y + 0.90 * z, 0) ** 60 * np.float32(0.12)
    shine += (1 - z) ** 4 * np.float32(0.10)
    return np.asarray(colour * seen + shine * gloss * rgb("#fff1e2"), np.float32)


def _padding(across: Array) -> Array:
    """Thick in the middle, thin beyond the seam, rounded at the cut edge."""
    swell = 26 * (1 - np.abs(across / np.float32(_SEAM)) ** 3.2)
    edge = np.maximum(np.abs(across) - np.float32(0.95), 0) / np.float32(0.05)
    return np.asarray(np.maximum(swell, 0) - 7 * edge**2, np.float32)


def _seam(across: Array) -> Array:
    return np.asarray(np.exp(-(((np.abs(across) - np.float32(_SEAM)) * _HALF / 8) ** 2)), np.float32)


def _thread(across: Array, along: Array) -> Array:
    """Saddle stitches: short slanted threads in two rows."""
    side = (np.abs(across) - np.float32(_SEAM)) * _HALF
    step = (along + side * 0.35) / np.float32(_STITCH)
    within = (step - np.floor(step) - np.float32(0.5)) * np.float32(_STITCH)
    beyond = np.maximum(np.abs(within) - np.float32(13.5), 0)
    return smoothstep(5.2, 3.4, np.hypot(side, beyond))


def _scales(rng: np.random.Generator) -> tuple[Array, Array]:
    """Height of the scales and the dark of the joints between them, from distances to the two nearest seeds.

    Steven Worley, "A cellular texture basis function", 1996.
    """
    first = np.full((_LENGTH, 2 * _HALF), 1e3, np.float32)
    second = first.copy()
    for x, y in _seeds(rng):
        left, right = max(int(x) - 90, 0), min(int(x) + 90, 2 * _HALF)
        top, bottom = max(int(y) - 90, 0), min(int(y) + 90, _LENGTH)
        if right <= left or bottom <= top:
            continue
        away_x = np.arange(left, right, dtype=np.float32)[None, :] - np.float32(x)
        away_y = np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(y)
        away = (np.abs(away_x) ** 3 + np.abs(away_y * 1.35) ** 3) ** np.float32(1 / 3)
        near, next_one = first[top:bottom, left:right], second[top:bottom, left:right]
        np.minimum(next_one, np.maximum(near, away), out=next_one)
        np.minimum(near, away, out=near)
    gap = second - first
    wobble = resized(rng.standard_normal((90, 44), np.float32), *gap.shape, cubic=True)
    gap = np.asarray(np.maximum(gap + wobble * np.float32(1.6), 0), np.float32)
    return 7 * smoothstep(0, 20, gap) + 2 * smoothstep(0, 60, gap), smoothstep(7, 0, gap)


def _seeds(rng: np.random.Generator) -> list[tuple[float, float]]:
    """Large square scales down the middle, small round ones toward the edges."""
    columns = (
        (0, 74, 0.0),
        (-108, 74, 0.14),
        (108, 74, 0.9),
        (-178, 49, 0.2),
        (178, 49, 0.7),
        (-219, 36, 0.1),
        (219, 36, 0.4),
    )
    seeds = []
    for x, step, phase in columns:
        for number in range(-1, _LENGTH // step + 2):
            shift = rng.normal(0, 0.07, 2) * step
            seeds.append((_HALF + x + float(shift[0]), (number + phase) * step + float(shift[1])))
    return seeds

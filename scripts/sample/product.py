"""The bundled sample product: a wrist watch photographed for a catalogue."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scripts.sample.canvas import Array, Point, rgb, smoothstep
from scripts.sample.dial import DIAL, dial
from scripts.sample.leather import strap
from scripts.sample.metal import (
    HEIGHT,
    MIDDLE,
    STEEL,
    WIDTH,
    cover,
    darken,
    inside,
    joined,
    mirrored,
    outward,
    polygon,
    window,
)

_CASE: Final = 472.0
_BEZEL: Final = 452.0
_GLASS: Final = 398.0


def packshot() -> NDArray[np.uint8]:
    """The product's picture, `(HEIGHT, WIDTH, 3)` RGB, the same every time."""
    rng = np.random.default_rng(1010)
    picture = _table()
    _shadow(picture)
    for up in (True, False):
        strap(picture, rng, up=up)
    _occlusion(picture)
    _crown(picture)
    _case(picture, rng)
    _bezel(picture)
    dial(picture, rng)
    _rehaut(picture)
    _glass(picture)
    return _developed(picture, rng)


def _table() -> Array:
    """White paper swept up behind the watch, and the watch's shadow on it."""
    rows = np.arange(HEIGHT, dtype=np.float32)[:, None]
    columns = np.arange(WIDTH, dtype=np.float32)[None, :]
    away = np.hypot((columns - MIDDLE[0]) / WIDTH, (rows - 0.42 * HEIGHT) / HEIGHT)
    level = 1 - np.float32(0.085) * smoothstep(0.28, 0.85, away)
    return np.asarray(level * rgb("#fdfdfe"), np.float32)


def _shadow(picture: Array) -> None:
    """Dark where the strap stands on the table, softer and wider around."""
    part = window(picture, -MIDDLE[0], 700, WIDTH - MIDDLE[0], HEIGHT - MIDDLE[1])
    for half, row, (soft_x, soft_y), depth in (
        (184, 876, (18, 7), 0.66),
        (204, 884, (60, 18), 0.38),
        (290, 898, (150, 34), 0.22),
    ):
        across = smoothstep(half + 2 * soft_x, half - 2 * soft_x, np.abs(part.x))
        down = np.exp(-(((part.y - row) / soft_y) ** 2))
        darken(part, across * down * np.float32(depth) * (1 - rgb("#1c1410") * 0.6))


def _occlusion(picture: Array) -> None:
    """Where the case keeps light from the strap."""
    part = window(picture, -260, -640, 261, 641)
    near = np.hypot(part.x * 0.8, part.y) - 470
    darken(part, np.float32(0.75) * np.exp(-np.maximum(near, 0) / 26))
    gap = inside(np.abs(np.abs(part.x) - 240) - 8) * smoothstep(545, 440, np.abs(part.y))
    darken(part, gap * np.float32(0.88))


def _outline(reach: Point) -> Array:
    """Distance to the case and its four lugs, out to `reach` each way; drawn once and mirrored twice."""
    x = np.arange(0, reach[0] + 1, dtype=np.float32)[None, :]
    y = np.arange(0, reach[1] + 1, dtype=np.float32)[:, None]
    side = [(308 + 72 * (1 - part) ** 1.15, 230 + 300 * part) for part in np.linspace(0, 1, 9).tolist()]
    lug = polygon(x, y, [(259, 230), *side, (298, 540), (259, 543)]) - 14
    quarter = joined(np.hypot(x, y) - np.float32(_CASE), lug, 44)
    half = np.concatenate([quarter[:0:-1], quarter])
    return np.concatenate([half[:, :0:-1], half], axis=1)


def _case(picture: Array, rng: np.random.Generator) -> None:
    """Brushed above, with a polished bevel along its edge."""
    part = window(picture, -490, -590, 491, 591)
    outline = _outline((490, 590))
    out_x, out_y = outward(outline)
    bevel, rim = smoothstep(-14, -11, outline), smoothstep(-4, 0, outline)
    lean = np.float32(0.5) + np.float32(0.38) * rim
    drop = np.sign(part.y) * smoothstep(300, 620, np.abs(part.y)) * np.float32(0.46)
    polish = mirrored(part, out_x * lean, out_y * lean + drop * np.float32(0.2))
    grain = 1 + np.float32(0.09) * rng.standard_normal((1, part.x.size), np.float32)
    satin = mirrored(part, np.zeros_like(part.x), drop, brushed=True) * grain
    cover(part, STEEL.lit(satin + (polish - satin) * bevel), inside(outline))


def _bezel(picture: Array) -> None:
    """A polished dome round the glass, with a brushed step outside it."""
    part = window(picture, -_BEZEL - 8, -_BEZEL - 8, _BEZEL + 9, _BEZEL + 9)
    radius = np.maximum(np.hypot(part.x, part.y), np.float32(1))
    darken(part, np.float32(0.7) * smoothstep(_BEZEL + 7, _BEZEL, radius))
    across = (radius - np.float32(_GLASS)) / np.float32(_BEZEL - _GLASS)
    lean = np.interp(across, [0, 0.06, 0.12, 0.62, 0.68, 0.92, 1], [-0.3, 0.05, 0.14, 0.34, 0.52, 0.62, 0.93])
    light = mirrored(part, part.x / radius * lean, part.y / radius * lean)
    cover(part, STEEL.lit(light), inside(radius - np.float32(_BEZEL)))


def _crown(picture: Array) -> None:
    part = window(picture, 450, -80, 575, 81)
    tube = np.maximum(np.abs(part.x - 474) - 14, np.abs(part.y) - 34)
    cover(part, STEEL.lit(mirrored(part, part.x * 0, part.y / 36)), inside(tube))
    half = 60 - 9 * smoothstep(534, 554, part.x) ** 2 - 6 * smoothstep(494, 480, part.x) ** 2
    body = np.maximum(np.abs(part.x - 517) - 37, np.abs(part.y) - half)
    up = np.clip(part.y / half, -1, 1)
    turn = np.arcsin(up)
    flute = np.sin(turn * 17) * np.float32(0.34) * smoothstep(548, 542, part.x) * smoothstep(491, 497, part.x)
    lean_x = smoothstep(544, 556, part.x) * np.float32(0.7)
    light = mirrored(part, lean_x, np.clip(up * 0.9 + flute, -0.98, 0.98))
    light *= 1 - np.float32(0.5) * smoothstep(0.1, -0.8, np.sin(turn * 17 + 1.57)) * smoothstep(
        548, 542, part.x
    )
    cover(part, STEEL.lit(light), inside(body))


def _rehaut(picture: Array) -> None:
    """The polished wall between dial and glass, and the shadow it throws on the dial."""
    part = window(picture, -_GLASS - 2, -_GLASS - 2, _GLASS + 3, _GLASS + 3)
    radius = np.maximum(np.hypot(part.x, part.y), np.float32(1))
    fall = np.float32(DIAL) - np.hypot(part.x - 9, part.y - 16)
    darken(part, np.float32(0.60) * smoothstep(30, -4, fall) * inside(radius - np.float32(DIAL)))
    lean = np.interp(radius, [DIAL, _GLASS - 6, _GLASS], [-0.72, -0.5, -0.2])
    light = mirrored(part, part.x / radius * lean, part.y / radius * lean) * np.float32(0.62)
    near = smoothstep(_GLASS, DIAL, radius)
    colour = STEEL.lit(light * (1 - np.float32(0.45) * near))
    colour += (rgb("#0a2450") * (np.float32(0.35) + light) - colour) * (near * np.float32(0.8))
    wall = inside(radius - np.float32(_GLASS)) * inside(np.float32(DIAL) - radius)
    cover(part, colour, wall)


def _glass(picture: Array) -> None:
    """Sapphire: a soft window in the upper left, a violet trace of its coating, a bright edge."""
    part = window(picture, -_GLASS - 2, -_GLASS - 2, _GLASS + 3, _GLASS + 3)
    radius = np.hypot(part.x, part.y)
    disc = inside(radius - np.float32(_GLASS - 5))
    far = np.hypot(part.x - 560, part.y - 610)
    sheet = smoothstep(758, 772, far) * smoothstep(_GLASS - 8, _GLASS - 26, radius)
    fade = smoothstep(260, -420, part.x * 0.6 + part.y)
    view = part.picture
    view += (1 - view) * (sheet * fade * np.float32(0.20) * disc)
    trace = np.exp(-(((radius - 318) / 40) ** 2)) * smoothstep(40, 330, part.x * 0.75 + part.y * 0.65)
    view += (1 - view) * (rgb("#5f6fff") * (trace * disc * np.float32(0.16)))
    edge = np.exp(-(((radius - (_GLASS - 3)) / 2.0) ** 2)) * (
        0.35 + 0.5 * smoothstep(150, -380, part.x + part.y)
    )
    view += (1 - view) * edge


def _developed(picture: Array, rng: np.random.Generator) -> NDArray[np.uint8]:
    """8 bits a channel, rounded at random so that the paper's gradient doesn't band."""
    dither = rng.random((HEIGHT, WIDTH), np.float32)
    done = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    for channel in range(3):
        done[:, :, channel] = np.clip(picture[channel] * 255 + dither, 0, 255)
    return done

"""Ridges, mist, forests and dunes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scripts.sample.canvas import (
    COLUMNS,
    HEIGHT,
    ROWS,
    WIDTH,
    Array,
    Real,
    blurred,
    fill,
    light,
    noise,
    paint,
    resized,
    rgb,
    smoothstep,
)


@dataclass(frozen=True, kw_only=True)
class Ridge:
    """One plane of land, from its crest down to the foot of the picture."""

    line: Array
    """Row of the crest, for each column."""
    crest: str
    foot: str
    """The colour of the haze that it fades into."""
    fade: float = 400
    """Rows from the crest to full haze."""
    lit: str | None = None
    """Colour of the slopes that face the light."""
    side: float = 1.0
    """Where the light is: 1 right, -1 left."""
    detail: float = 1.0
    """Strength of the lit slopes."""
    creases: tuple[float, float] = (150, 80)
    """Height and width of the largest slopes within the plane."""


def crest(rng: np.random.Generator, rows: Sequence[float], *, rough: float = 0.5, jag: float = 0.35) -> Array:
    """A skyline through evenly spaced heights by midpoint displacement; `rough` under 0.5 is soft.

    `jag` is the first displacement as a part of the distance between two points.
    """
    line = np.asarray(rows, np.float64)
    reach = jag * WIDTH / (len(rows) - 1)
    while line.size < WIDTH:
        middles = (line[1:] + line[:-1]) / 2 + rng.uniform(-reach, reach, line.size - 1)
        joined = np.empty(line.size + middles.size)
        joined[0::2], joined[1::2] = line, middles
        line, reach = joined, reach * rough
    return np.interp(np.linspace(0, 1, WIDTH), np.linspace(0, 1, line.size), line).astype(np.float32)


def rolling(rows: Sequence[float]) -> Array:
    """A smooth skyline through evenly spaced heights."""
    places = np.linspace(0, WIDTH - 1, len(rows))
    line = np.interp(np.arange(-WIDTH, 2 * WIDTH), places, rows).astype(np.float32)
    smooth = blurred(line[None], WIDTH / (len(rows) - 1) / 2.2)[0]
    return np.array(smooth[WIDTH : 2 * WIDTH], np.float32)


def ridge(picture: Array, rng: np.random.Generator, land: Ridge, bottom: int = HEIGHT, soft: int = 0) -> None:
    """Draw a plane of land down to row `bottom`, where it fades out over `soft` rows."""
    top = max(int(land.line.min()) - 2, 0)
    depth = ROWS[top:bottom] - land.line
    haze = smoothstep(0, land.fade, depth)
    colour = rgb(land.crest) + (rgb(land.foot) - rgb(land.crest)) * haze
    if land.lit is not None:
        face = slopes(rng, land, depth) * (1 - haze) * np.float32(land.detail)
        colour += (rgb(land.lit) - colour) * face
    steep = np.gradient(land.line)
    mask = np.clip(depth / np.hypot(1, steep).astype(np.float32) + 0.5, 0, 1)
    paint(picture, colour, mask * smoothstep(bottom, bottom - soft, ROWS[top:bottom]) if soft else mask, top)


def slopes(rng: np.random.Generator, land: Ridge, depth: Real) -> Array:
    """How much each place faces the light, 0 to 1: creased like rock, and at the crest as its slope says."""
    rows = depth.shape[0]
    height, width = -(-rows // 2), WIDTH // 2
    tall, wide = land.creases
    rock = np.zeros((height, width), np.float32)
    for octave, size in enumerate((1.0, 0.55, 0.26, 0.12)):
        grid = rng.standard_normal(
            (int(height / (tall * size)) + 3, int(width / (wide * size)) + 3), np.float32
        )
        rock -= np.abs(resized(grid, height, width, cubic=True)) * np.float32((1.0, 0.5, 0.22, 0.1)[octave])
    across = resized(np.gradient(rock, axis=1), rows, WIDTH)
    broad = blurred(np.gradient(land.line)[None].astype(np.float32), 12)[0]
    facing = broad * np.exp(-np.clip(depth, 0, None) / 140) * 1.5 - across * 0.21 * wide
    return smoothstep(-0.08, 0.40, facing * np.float32(land.side))


def mist(
    picture: Array, rng: np.random.Generator, row: int, height: float, colour: str, strength: float
) -> None:
    """A bank of mist about a row, in wisps."""
    top, bottom = max(int(row - height * 2.2), 0), min(int(row + height * 2.2), HEIGHT)
    wisps = noise(rng, (height * 0.9, 620), 4, rows=bottom - top, coarse=4)
    away = (ROWS[top:bottom] - row + wisps * height * 0.35) / np.float32(height)
    edge = smoothstep(2.2, 1.4, np.abs(ROWS[top:bottom] - row) / np.float32(height))
    paint(
        picture,
        rgb(colour),
        np.exp(-(away**2)) * edge * np.float32(strength) * smoothstep(-2.2, 0.8, wisps),
        top,
    )


def pine(rng: np.random.Generator, x: float, foot: float, tall: float) -> Array:
    """The outline of a pine: tiers of drooping branches, no two alike."""
    tiers = int(np.clip(tall / 15, 6, 24))
    wide = tall * rng.uniform(0.16, 0.23)
    stem = tall * 0.012
    sides = []
    for side in (-1, 1):
        share = np.clip(np.linspace(0.04, 0.92, tiers) + rng.uniform(-0.32, 0.32, tiers) / tiers, 0.01, 1)
        reach = (
            wide
            * share**0.9
            * rng.uniform(0.6, 1.12, tiers)
            * (1 - 0.35 * np.clip(share - 0.86, 0, 1) / 0.14)
        )
        y = foot - tall * (1 - share)
        gap = tall / tiers
        above = np.stack([x + side * reach * 0.62, y - gap * 0.20], 1)
        tips = np.stack([x + side * reach, y + gap * rng.uniform(0.1, 0.5, tiers)], 1)
        below = np.stack([x + side * reach * 0.66, y + gap * 0.12], 1)
        nooks = np.stack([x + side * reach * 0.34 + side * stem, y + gap * 0.22], 1)
        sides.append(np.stack([above, tips, below, nooks], 1).reshape(-1, 2))
    under = foot - tall * 0.05
    trunk = [[x + stem, under], [x + stem, foot + stem], [x - stem, foot + stem], [x - stem, under]]
    return np.concatenate([[[x, foot - tall]], sides[1], trunk, sides[0][::-1]]).astype(np.float32)


def forest(
    rng: np.random.Generator,
    line: Array,
    count: int,
    tall: tuple[float, float],
    clump: float = 0.6,
    where: Array | None = None,
) -> Array:
    """Mask of pines that stand on a skyline, crowded by `clump`, only in columns where `where` is over 0."""
    plane = np.zeros((HEIGHT, WIDTH), np.uint8)
    crowd = blurred(rng.standard_normal((1, WIDTH)).astype(np.float32), 60)[0]
    crowd = np.exp(clump * crowd / crowd.std())
    weight = crowd if where is None else crowd * where.ravel()
    for x in np.sort(rng.choice(WIDTH, count, p=weight / weight.sum())):
        height = rng.uniform(*tall) * (0.75 + 0.25 * min(crowd[x], 2.0))
        foot = line[x] + height * 0.05
        fill(plane, pine(rng, float(x) + rng.uniform(0, 1), float(foot), float(height)))
    return _unit(plane)


def grove(rng: np.random.Generator, trees: Sequence[tuple[float, float, float]]) -> Array:
    """Mask of pines at given (column, foot row, height)."""
    plane = np.zeros((HEIGHT, WIDTH), np.uint8)
    for x, foot, tall in trees:
        fill(plane, pine(rng, x, foot, tall))
    return _unit(plane)


def _unit(plane: NDArray[np.uint8]) -> Array:
    return plane * np.float32(1 / 255)


def planted(picture: Array, mask: Array, colours: Array) -> None:
    """Paint a mask over only the rows it covers; `colours` is `(3, 1, 1)` or `(3, HEIGHT, 1)`."""
    rows = np.flatnonzero(mask.max(1) > 0)
    if rows.size:
        top, bottom = int(rows[0]), int(rows[-1]) + 1
        paint(picture, colours[:, top:bottom] if colours.shape[1] > 1 else colours, mask[top:bottom], top)


def rimmed(picture: Array, mask: Array, colour: str, side: int) -> None:
    """Light the edges of a mask that face right (`side` over 0) or left, `side` pixels wide."""
    light(picture, rgb(colour), np.clip(mask - np.roll(mask, -side, axis=1), 0, 1))


@dataclass(frozen=True, kw_only=True)
class Dune:
    """A dune with a sharp crest that winds from its top toward the viewer."""

    line: Array
    """Row of the skyline, for each column."""
    top: float
    """Column at which the crest meets the skyline."""
    winding: tuple[float, float, float]
    """The crest's way down: columns to the right per row, width of its bends, rows per bend."""
    sunny: str
    shady: str
    haze: str
    fade: float
    """Rows over which the sunny side goes from `haze` near the skyline's far end to its colour."""


def dune(picture: Array, rng: np.random.Generator, sand: Dune, bottom: int = HEIGHT) -> None:
    """Draw a dune, lit from the left, with wind ripples and a glowing crest."""
    top = int(sand.line.min()) - 2
    depth = ROWS[top:bottom] - sand.line
    lean, bend, length = sand.winding
    down = np.clip(ROWS[top:bottom] - sand.line[int(sand.top)], 0, None)
    way = sand.top + lean * down + bend * np.sin(down / length * 2 * np.pi) * np.clip(down / length, 0, 1)
    beyond = COLUMNS - way
    shadow = np.clip(beyond + 0.5, 0, 1) * smoothstep(760, 120, beyond - down * 0.2)
    near = smoothstep(0, sand.fade, depth)
    colour = rgb(sand.haze) + (rgb(sand.sunny) - rgb(sand.haze)) * (0.35 + 0.65 * near)
    colour = colour + (rgb(sand.shady) - colour) * (shadow * np.float32(0.9))
    colour += _ripples(rng, top, bottom, sand.line) * (1 - 0.6 * shadow) * near * np.float32(0.030)
    edge = np.exp(-(((beyond + 3) / 5) ** 2)) * (down > 0) + np.exp(-(((depth - 2) / 3) ** 2)) * (beyond < 0)
    light(colour, rgb("#ffe9bd"), edge * np.float32(0.5))
    paint(picture, colour, np.clip(depth + 0.5, 0, 1), top)


def _ripples(rng: np.random.Generator, top: int, bottom: int, line: Array) -> Array:
    """Fine wind ripples, wider apart toward the viewer."""
    warp = noise(rng, (130, 420), 3, rows=bottom - top, coarse=4)
    away = np.sqrt(np.clip(ROWS[top:bottom] - np.float32(line.min()) + 40, 1, None))
    waves = np.sin(away * 9 + warp * 2.6 + COLUMNS * np.float32(0.012))
    return np.asarray(waves * smoothstep(-1.0, 1.2, warp[::-1]), np.float32)

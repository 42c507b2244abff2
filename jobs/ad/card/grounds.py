"""The four styles' backdrops, without words, calm in the middle where words are laid over them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from jobs.ad.card.brush import (
    Paint,
    blurred,
    disc,
    glow,
    gradient,
    laid_over,
    lit,
    mixed,
    moved,
    places,
    polygon,
    rgb,
    smooth,
)
from jobs.ad.card.sheet import places_on
from jobs.ad.scenery.look import Look
from jobs.ad.scenery.paint.layout import Shape, shape_of

Ground = Callable[[int, int, Look, np.random.Generator], Paint]
_WHITE: Final = np.ones(3, np.float32)
_EMBER: Final = np.array((1.0, 0.55, 0.2), np.float32)
"""Dim gold looks green on a screen; light that is to stay golden is warmed with this."""
_BLACK: Final = np.zeros(3, np.float32)


@dataclass(frozen=True, kw_only=True)
class _Niche:
    """An arch at the product's place, and a ball; places in parts of the height, lengths of the width."""

    top: float
    bottom: float
    half_width: float
    ball_y: float
    ball_aside: float
    """From the arch's middle, to either side."""
    ball_radius: float
    shine: tuple[float, float, float]
    """The light on the ball: how far left and up of its middle, and how far it reaches."""


_NICHES: Final[Mapping[Shape, _Niche]] = {
    "tall": _Niche(
        top=0.1, bottom=0.46, half_width=0.31,
        ball_y=0.185, ball_aside=0.19, ball_radius=0.085, shine=(0.035, 0.02, 0.06),
    ),
    "square": _Niche(
        top=0.09, bottom=0.43, half_width=0.25,
        ball_y=0.17, ball_aside=0.16, ball_radius=0.06, shine=(0.025, 0.02, 0.042),
    ),
    "wide": _Niche(
        top=0.12, bottom=0.815, half_width=0.17,
        ball_y=0.3, ball_aside=0.12, ball_radius=0.05, shine=(0.02, 0.035, 0.035),
    ),
}  # fmt: skip


def luxury(width: int, height: int, look: Look, random: np.random.Generator) -> Paint:
    """Black silk in deep folds, a brushed golden light falling across it, dust in the light."""
    dark, cloth, gold = rgb(look.background), rgb(look.ground), rgb(look.accent)
    warm = mixed(gold, _EMBER, 0.4)
    picture = gradient(width, height, ((0, mixed(dark, cloth, 0.5)), (0.5, dark), (1, dark * 0.6)), 100)
    shade, shine = _silk(width, height, random)
    x, y = places(width, height)
    off_middle = smooth(0.16, 0.6, np.abs(y + 0.42 * x) * (2 * width / height) * np.ones_like(x))
    picture = laid_over(picture, cloth * (0.2 + 1.0 * shade[..., None]), 0.9 * off_middle)
    picture = lit(picture, warm, (0.5 * look.contrast) * shine**0.7 * off_middle)
    picture = lit(picture, mixed(gold, _WHITE, 0.2), (0.6 * look.contrast) * shine**3 * off_middle)
    beam = _beam(width, height, random)
    picture = lit(picture, warm, 0.34 * beam)
    picture = lit(picture, warm, 0.12 * glow(width, height, (0.5, 0.3), 0.3))
    picture = lit(picture, mixed(gold, _WHITE, 0.4), _dust(width, height, random) * (0.2 + beam))
    return picture * _vignette(width, height, 0.5)


def energetic(width: int, height: int, look: Look, random: np.random.Generator) -> Paint:
    """Hot gradients torn by diagonal streaks, some near and blurred, some far and sharp."""
    deep, hot, bright = rgb(look.background), rgb(look.ground), rgb(look.accent)
    orange, violet = mixed(hot, bright, 0.45), mixed(deep, hot, 0.35)
    stops = ((0.0, orange), (0.26, hot), (0.52, violet), (0.78, deep), (1.0, mixed(deep, hot, 0.55)))
    picture = gradient(width, height, stops, 68)
    picture = lit(picture, bright, 0.55 * glow(width, height, (0.86, 0.06), 0.3))
    picture = lit(picture, hot, 0.5 * glow(width, height, (0.08, 0.95), 0.34))
    picture = lit(picture, mixed(hot, deep, 0.3), 0.25 * glow(width, height, (0.5, 0.5), 0.4))
    clear = 1 - 0.92 * smooth(0.1, 0.75, glow(width, height, (0.5, 0.58), 0.36, flat=1.15))
    for colour, count, thick, soft, strength in (
        (deep, 6, 0.11, 1.0, 0.6),
        (mixed(hot, _WHITE, 0.1), 6, 0.075, 1.0, 0.7),
        (hot, 7, 0.034, 0.05, 0.9),
        (orange, 8, 0.018, 0.05, 0.95),
        (bright, 8, 0.009, 0.1, 1.0),
        (_WHITE, 6, 0.004, 0.1, 0.95),
    ):
        mask = _streaks(width, height, random, count=count, thick=thick, soft=soft)
        picture = laid_over(picture, colour, strength * mask * clear)
    return picture * _vignette(width, height, 0.22)


def minimal(width: int, height: int, look: Look, random: np.random.Generator) -> Paint:
    """A pale wall and floor, one disc in an arch, and the light of a window with its long soft shadow."""
    paper, sand, accent = rgb(look.background), rgb(look.ground), rgb(look.accent)
    picture = gradient(width, height, ((0, mixed(paper, sand, 0.35)), (0.45, paper), (1, paper)), 80)
    niche, middle = _NICHES[shape_of(width, height)], places_on(width, height).product[0]
    arch = _arch(width, height, middle, niche)
    shadow = moved(blurred(arch, width * 0.05), 0.05, 0.04)
    picture = laid_over(picture, sand * 0.86, 0.5 * shadow * (1 - arch))
    inner = gradient(
        width, height, ((0, sand * 0.93), (0.3, sand), (niche.bottom, mixed(sand, paper, 0.55))), 90
    )
    picture = laid_over(picture, inner, arch)
    side = middle + float(random.choice((-1, 1))) * niche.ball_aside
    ball = disc(width, height, (side, niche.ball_y), niche.ball_radius)
    shaded = laid_over(
        np.broadcast_to(mixed(accent, paper, 0.1), (height, width, 3)).astype(np.float32),
        mixed(accent, _WHITE, 0.45),
        glow(width, height, (side - niche.shine[0], niche.ball_y - niche.shine[1]), niche.shine[2]),
    )
    cast = moved(blurred(ball, width * 0.028), 0.035, 0.03)
    picture = laid_over(picture, sand * 0.72, 0.55 * cast * (1 - ball))
    picture = laid_over(picture, shaded, ball)
    picture = lit(picture, _WHITE, 0.5 * _window(width, height))
    floor = _below(width, height, 0.86)
    return laid_over(picture, mixed(sand, paper, 0.35), 0.75 * floor)


def bold(width: int, height: int, look: Look, random: np.random.Generator) -> Paint:
    """Two huge diagonal blocks on black, a hard edge of white, dots that grow out of the dark."""
    black, grey, red = rgb(look.background), rgb(look.ground), rgb(look.accent)
    picture = gradient(width, height, ((0, mixed(black, grey, 0.6)), (0.55, black), (1, black)), 60)
    picture = laid_over(
        picture, grey, 0.8 * polygon(width, height, [(0.52, 0), (1, 0), (1, 0.74), (0.2, 1.1)])
    )
    for corners, edge in (
        (
            [(0, -0.01), (1.01, -0.01), (1.01, 0.22), (0, 0.4)],
            [(0, 0.4), (1.01, 0.22), (1.01, 0.232), (0, 0.412)],
        ),
        (
            [(0, 0.95), (1.01, 0.77), (1.01, 1.01), (0, 1.01)],
            [(0, 0.928), (1.01, 0.748), (1.01, 0.76), (0, 0.94)],
        ),
    ):
        block = polygon(width, height, corners)
        shadow = moved(blurred(block, width * 0.02), 0.0, 0.03)
        picture = laid_over(picture, _BLACK, 0.7 * shadow * (1 - block))
        picture = laid_over(picture, gradient(width, height, ((0, red), (1, red * 0.78)), 80), block)
        picture = laid_over(picture, _WHITE, polygon(width, height, edge))
        picture = laid_over(picture, black, 0.9 * block * _halftone(width, height, random))
    return picture


GROUNDS: Final[Mapping[str, Ground]] = {
    "luxury": luxury,
    "energetic": energetic,
    "minimal": minimal,
    "bold": bold,
}
"""By `Look.name`."""


def _silk(width: int, height: int, random: np.random.Generator) -> tuple[Paint, Paint]:
    """Diffuse and specular light on folds: a height field of warped waves, lit from the upper left."""
    x, y = places(width, height)
    phases = random.random(6) * 2 * np.pi
    warp = 0.16 * np.sin(3.1 * x + 2.3 * y + phases[0]) + 0.09 * np.sin(-4.7 * x + 5.1 * y + phases[1])
    along = 0.82 * x + 0.57 * y + warp
    field = 0.052 * np.sin(9 * along + phases[2]) + 0.022 * np.sin(19 * along + 4 * warp + phases[3])
    field += 0.006 * np.sin(43 * along + 9 * warp + phases[4])
    down, across = np.gradient(field.astype(np.float32), 1 / width)
    length = np.sqrt(across**2 + down**2 + 1)
    toward = (-0.62 * -across - 0.48 * -down + 0.62) / length
    half = (-0.36 * -across - 0.28 * -down + 0.89) / length
    return smooth(0.1, 1.0, toward), np.asarray(half.clip(0, 1) ** 26, np.float32)


def _beam(width: int, height: int, random: np.random.Generator) -> Paint:
    """Light through a gap, with the fine lines of brushed metal along it."""
    x, y = places(width, height)
    across = x * 0.86 + y * 0.5 + 0.1
    body = np.exp(-((across / 0.16) ** 2)) + 0.5 * np.exp(-(((across - 0.42) / 0.07) ** 2))
    lines = blurred(random.random((1, 4096), np.float32), 1.5)[0]
    brushed = np.interp(across, np.linspace(-1.5, 1.5, lines.size), lines)
    fading = np.exp(-((y + 0.55) ** 2) / 0.9)
    return np.asarray(body * (0.7 + 0.6 * brushed) * fading, np.float32)


def _dust(width: int, height: int, random: np.random.Generator) -> Paint:
    """Specks of light, few sharp and small, some large and soft."""
    total = np.zeros((height, width), np.float32)
    for count, size, strength in ((150, 0.0011, 2.2), (34, 0.003, 1.6), (10, 0.009, 0.55)):
        specks = np.zeros((height, width), np.float32)
        rows, columns = random.integers(0, height, count), random.integers(0, width, count)
        specks[rows, columns] = random.random(count, np.float32)
        sigma = max(0.6, size * width)
        total += strength * 2 * np.pi * sigma**2 * blurred(specks, min(sigma, 5.9)) * (sigma <= 5.9)
        if sigma > 5.9:
            total += strength * 2 * np.pi * sigma**2 * blurred(specks, sigma)
    return total.clip(0, 1)


def _streaks(
    width: int, height: int, random: np.random.Generator, *, count: int, thick: float, soft: float
) -> Paint:
    """Strokes up to the right with round heads and fading tails, none through the middle.

    `thick` is half of what they measure across at most, `soft` the part of it that is blurred.
    """
    x, y = places(width, height)
    along, across = x * 0.82 - y * 0.57, x * 0.57 + y * 0.82
    mask = np.zeros((height, width), np.float32)
    for number in range(count):
        side = 1 if (number + int(random.integers(2))) % 2 else -1
        centre = side * (0.3 + 0.55 * float(random.random()))
        half = thick * (0.45 + 0.55 * float(random.random()))
        head, length = float(random.uniform(-0.45, 0.75)), float(random.uniform(0.35, 1.0))
        distance = np.hypot(across - centre, np.maximum(along - head, 0))
        body = smooth(half, half - max(1.5 / width, half * soft), distance)
        np.maximum(mask, body * smooth(head - length, head, along) ** 1.5, out=mask)
    return mask


def _arch(width: int, height: int, middle: float, niche: _Niche) -> Paint:
    """A doorway with a round top."""
    x, y = places(width, height)
    x = x - np.float32(middle - 0.5)
    ratio, half_width = height / width, niche.half_width
    spring = (niche.top - 0.5) * ratio + half_width
    inside = np.where(y < spring, np.hypot(x, y - spring), np.abs(x) * np.ones_like(y)) - half_width
    end = y - (niche.bottom - 0.5) * ratio
    return np.asarray((0.5 - np.maximum(inside, end) * width).clip(0, 1), np.float32)


def _window(width: int, height: int) -> Paint:
    """Slanted light from a window of two panes, in the lower part."""
    panes = np.zeros((height, width), np.float32)
    for left in (-0.2, 0.18):
        corners = [(left, 0.7), (left + 0.32, 0.62), (left + 0.66, 0.98), (left + 0.34, 1.06)]
        panes = np.maximum(panes, polygon(width, height, corners))
    return blurred(panes, width * 0.02)


def _below(width: int, height: int, place: float) -> Paint:
    """The floor: from a soft edge downwards."""
    _, y = places(width, height)
    edge = (place - 0.5) * height / width
    return smooth(edge - 0.004, edge + 0.004, y * np.ones((1, width), np.float32))


def _halftone(width: int, height: int, random: np.random.Generator) -> Paint:
    """Dots on a turned grid, growing towards one lower corner."""
    x, y = places(width, height)
    pitch = 0.026
    one, two = (x + y) / (pitch * 1.414), (x - y) / (pitch * 1.414)
    distance = np.hypot(one - np.round(one), two - np.round(two))
    ramp = smooth(0.05, 0.75, np.abs(x * 0.9 + float(random.choice((-0.06, 0.06)))) + 0.1 * np.cos(2 * y))
    return np.asarray(((ramp * 0.62 - distance) * pitch * width + 0.5).clip(0, 1), np.float32)


def _vignette(width: int, height: int, strength: float) -> Paint:
    x, y = places(width, height)
    distance = np.hypot(x / 0.5, y / (height / width / 2))
    return np.asarray(1 - strength * smooth(0.55, 1.4, distance), np.float32)[..., None]

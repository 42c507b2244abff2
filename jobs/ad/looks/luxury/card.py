"""The card: the ground behind the words, how a product stands there, and what frames the call to action."""

from typing import Final

import numpy as np

from jobs.ad.card.brush import (
    Paint,
    blurred,
    glow,
    gradient,
    laid_over,
    lit,
    mixed,
    places,
    rgb,
    smooth,
    vignette,
)
from jobs.ad.card.device import Device, Placed
from jobs.ad.card.shapes import Plane, diamond, outlined, paint
from jobs.ad.card.shown import Stand
from jobs.ad.scenery.look import Look
from shared.video.lettering.letters import rounded

_WHITE: Final = np.ones(3, np.float32)
_EMBER: Final = np.array((1.0, 0.55, 0.2), np.float32)
"""Dim gold looks green on a screen; light that is to stay golden is warmed with this."""


def ground(width: int, height: int, look: Look, random: np.random.Generator) -> Paint:
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
    return picture * vignette(width, height, 0.5)


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


def _framed(picture: Plane, call: Placed) -> Placed:
    """A double golden line with a diamond in its upper and lower middle."""
    look = call.look
    (width, height), (x, y) = call.size, call.middle
    outer = width + 150, height + 110
    paint(picture, look.background, 0.6 * rounded(outer[::-1], 3), (x, y))
    paint(picture, call.colour, outlined(outer, 3, 3), (x, y))
    paint(picture, call.colour, 0.55 * outlined((outer[0] - 24, outer[1] - 24), 2, 1), (x, y))
    for edge in (y - outer[1] // 2 + 1, y + outer[1] // 2 - 1):
        paint(picture, look.background, rounded((7, 56), 3), (x, edge))
        paint(picture, call.colour, diamond(22), (x, edge))
    return call


STAND: Final = Stand(sunk=0, tilt=0, shadow=(0.0, 0.03, 0.03, 0.75), halo=0.42)
DEVICE: Final = Device(draw=_framed, box=(740, 330), middle=0.5, gap_px=150, below_px=55)

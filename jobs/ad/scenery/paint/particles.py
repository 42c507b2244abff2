"""Small things in the air: dust in light, discs out of focus, confetti."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jobs.ad.scenery.paint.canvas import Canvas, Colour, Point, turned
from jobs.ad.scenery.paint.easing import swaying
from jobs.ad.scenery.paint.layout import DESIGN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]


def dot(canvas: Canvas, radius: float, colour: Colour) -> "Pixels":
    """A speck of light, brightest in its middle."""
    away = _away(canvas, radius * 3) / (radius * canvas.scale)
    return _light(np.exp(-(away**2)), colour)


def bokeh(canvas: Canvas, radius: float, colour: Colour, *, soft: float = 0.12) -> "Pixels":
    """A light out of focus: an even disc, a little brighter at its rim."""
    away = _away(canvas, radius * 1.3) / (radius * canvas.scale)
    disc = 1 / (1 + np.exp((away - 1) / (soft / 2)))
    return _light(disc * (0.62 + 0.38 * np.clip(away, 0, 1) ** 4), colour)


def _away(canvas: Canvas, reach: float) -> "NDArray[np.float64]":
    half = max(2, math.ceil(reach * canvas.scale))
    span = np.arange(-half, half + 1)
    return np.hypot(span[None], span[:, None])


def _light(strength: "NDArray[np.float64]", colour: Colour) -> "Pixels":
    channels = [np.clip(strength * value, 0, 255) for value in colour]
    return np.rint(np.dstack([*channels, np.zeros_like(strength)])).astype(np.uint8)


def _as_dense(number: int, canvas: Canvas) -> int:
    """As many in a wider frame as look like this number in the design."""
    return round(number * canvas.layout.wide / DESIGN[0])


@dataclass(frozen=True, kw_only=True)
class _Mote:
    x: float
    y: float
    drift: Point
    """Units a second."""
    phase: float
    sprite: int
    brightness: float
    depth: float


class Dust:
    """Motes that drift through light; where `beam` is 0 they can't be seen."""

    def __init__(
        self,
        canvas: Canvas,
        colour: Colour,
        *,
        number: int,
        seed: int,
        sizes: tuple[float, ...] = (1.8, 2.8, 5, 11),
    ) -> None:
        beside = canvas.layout.beside
        random = np.random.default_rng(seed)
        self._sprites = [dot(canvas, size, colour) for size in sizes]
        chances = np.array([0.4, 0.33, 0.2, 0.07])[: len(sizes)]
        self._motes = [
            _Mote(
                x=float(random.uniform(-80 - beside, 1160 + beside)),
                y=float(random.uniform(-80, 1700)),
                drift=(float(random.uniform(-16, 16)), float(random.uniform(-26, -5))),
                phase=float(random.random()),
                sprite=int(random.choice(len(sizes), p=chances / chances.sum())),
                brightness=float(random.uniform(0.25, 0.9)),
                depth=float(random.uniform(0.5, 1.6)),
            )
            for _ in range(_as_dense(number, canvas))
        ]

    def draw(self, canvas: Canvas, at: float, *, strength: float = 1.0, push: float = 0.0) -> None:
        """`push` moves what is near outwards, as when the camera goes in."""
        for mote in self._motes:
            x = mote.x + mote.drift[0] * at * mote.depth + 14 * swaying(at, 7, mote.phase)
            y = (mote.y + mote.drift[1] * at * mote.depth + 80) % 1780 - 80
            x += (x - 540) * push * mote.depth
            y += (y - 800) * push * mote.depth
            shine = 0.55 + 0.45 * swaying(at, 2.6 + 2 * mote.phase, mote.phase)
            fade = min(1.0, (y + 80) / 160, (1700 - y) / 260)
            canvas.stamp(self._sprites[mote.sprite], x, y, opacity=strength * mote.brightness * shine * fade)


class Lights:
    """A few large discs out of focus, in front of or behind everything."""

    def __init__(
        self,
        canvas: Canvas,
        colours: tuple[Colour, ...],
        *,
        number: int,
        seed: int,
        radius: tuple[float, float],
    ) -> None:
        random = np.random.default_rng(seed)
        radii = np.linspace(*radius, 3)
        number, beside = _as_dense(number, canvas), canvas.layout.beside
        self._sprites = [bokeh(canvas, float(one), colour) for one in radii for colour in colours]
        self._places = random.uniform((-beside, -60), (1080 + beside, 1900), (number, 2))
        self._which = random.integers(0, len(self._sprites), number)
        self._phases = random.random(number)

    def draw(self, canvas: Canvas, at: float, *, strength: float, drift: Point = (9.0, -6.0)) -> None:
        for (x, y), which, phase in zip(self._places, self._which, self._phases, strict=True):
            shine = 0.6 + 0.4 * swaying(at, 5 + 3 * phase, float(phase))
            pace = 0.6 + phase
            place = (float(x + drift[0] * at * pace), float(y + drift[1] * at * pace))
            canvas.stamp(self._sprites[which], *place, opacity=strength * shine)


@dataclass(frozen=True, kw_only=True)
class _Scrap:
    start: Point
    speed: Point
    spin: float
    flutter: float
    phase: float
    size: float
    colour: Colour


class Confetti:
    """Scraps of paper thrown from a place, falling and tumbling."""

    def __init__(
        self, colours: tuple[Colour, ...], *, number: int, seed: int, source: Point, speed: float
    ) -> None:
        random = np.random.default_rng(seed)
        self._scraps = []
        for _ in range(number):
            angle = random.uniform(-math.pi, 0)
            pace = speed * random.uniform(0.35, 1.0)
            self._scraps.append(
                _Scrap(
                    start=source,
                    speed=(pace * math.cos(angle), pace * math.sin(angle) * 1.25),
                    spin=float(random.uniform(-5, 5)),
                    flutter=float(random.uniform(4, 9)),
                    phase=float(random.random()),
                    size=float(random.uniform(11, 26)),
                    colour=colours[int(random.integers(len(colours)))],
                )
            )

    def draw(self, canvas: Canvas, since: float) -> None:
        """`since` seconds after they were thrown."""
        if since <= 0:
            return
        drag = 2.1
        slowed = (1 - math.exp(-drag * since)) / drag
        for scrap in self._scraps:
            x = scrap.start[0] + scrap.speed[0] * slowed + 26 * swaying(since, 2.2, scrap.phase)
            y = scrap.start[1] + scrap.speed[1] * slowed + 190 * since
            if not -60 < y < 1980:
                continue
            turn = scrap.phase * math.tau + scrap.spin * since
            lean = 0.25 + 0.75 * abs(math.cos(scrap.flutter * since + math.tau * scrap.phase))
            half_w, half_h = scrap.size, scrap.size * 0.62 * lean
            corners = [
                (x - half_w, y - half_h),
                (x + half_w, y - half_h),
                (x + half_w, y + half_h),
                (x - half_w, y + half_h),
            ]
            dark = 0.72 + 0.28 * lean
            red, green, blue = (value * dark for value in scrap.colour)
            canvas.polygon(turned(corners, turn, (x, y)), (red, green, blue))

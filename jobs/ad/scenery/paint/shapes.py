"""Flat shapes for lively looks: what pops up around a product, circles it or rushes by."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from jobs.ad.scenery.paint.canvas import Canvas, Colour, Point, circle, turned
from jobs.ad.scenery.paint.easing import beat_of, fading, overshoot, swaying


def _draw_ring(canvas: Canvas, at: Point, size: float, _turn: float, colour: Colour) -> None:
    canvas.line(circle(*at, 44 * size), 17 * size, colour, closed=True)


def _draw_disc(canvas: Canvas, at: Point, size: float, _turn: float, colour: Colour) -> None:
    canvas.disc(*at, 32 * size, colour)


def _draw_triangle(canvas: Canvas, at: Point, size: float, turn: float, colour: Colour) -> None:
    x, y = at
    points = [
        (x + 58 * size * math.cos(angle), y + 58 * size * math.sin(angle))
        for angle in (turn, turn + 2.094, turn + 4.189)
    ]
    canvas.polygon(points, colour)


def _draw_plus(canvas: Canvas, at: Point, size: float, turn: float, colour: Colour) -> None:
    for quarter in (0.0, math.pi / 2):
        canvas.polygon(_bar(at, 52 * size, 15 * size, turn + quarter), colour)


def _draw_pill(canvas: Canvas, at: Point, size: float, turn: float, colour: Colour) -> None:
    x, y = at
    half, radius = 40 * size, 20 * size
    right = circle(x + half, y, radius, start=-0.25, turns=0.5)
    left = circle(x - half, y, radius, start=0.25, turns=0.5)
    canvas.polygon(turned([*right, *left], turn, at), colour)


def _draw_zigzag(canvas: Canvas, at: Point, size: float, turn: float, colour: Colour) -> None:
    x, y = at
    points = [(x + (step - 2.5) * 32 * size, y + (20 if step % 2 else -20) * size) for step in range(6)]
    canvas.line(turned(points, 0.35 * turn, at), 14 * size, colour)


def _bar(at: Point, half: float, thick: float, turn: float) -> list[Point]:
    x, y = at
    corners = [(x - half, y - thick), (x + half, y - thick), (x + half, y + thick), (x - half, y + thick)]
    return turned(corners, turn, at)


def blot(x: float, y: float, radius: float, turn: float) -> list[Point]:
    """A round blot of paint with lobes of uneven length."""
    points = []
    for step in range(240):
        angle = math.tau * step / 240
        lobes = 0.5 + 0.5 * math.cos(9 * angle + 1.2 * math.sin(2 * angle))
        long = 0.13 + 0.12 * math.sin(2 * angle + 0.7) + 0.09 * math.sin(5 * angle + 2.1)
        away = radius * (0.86 + max(0.04, long) * lobes**2.4)
        points.append((x + away * math.cos(angle + turn), y + away * math.sin(angle + turn)))
    return points


SHAPES: Final[Mapping[str, Callable[[Canvas, Point, float, float, Colour], None]]] = {
    "ring": _draw_ring,
    "disc": _draw_disc,
    "triangle": _draw_triangle,
    "plus": _draw_plus,
    "pill": _draw_pill,
    "zigzag": _draw_zigzag,
}
"""Each draws one at a place, of a size (1 is about 90 units), turned by radians."""


@dataclass(frozen=True, kw_only=True)
class _Thing:
    """A flat shape near the product."""

    kind: str
    place: Point
    size: float
    colour: Colour
    pops_at: float
    spin: float


class Things:
    """Shapes that pop up on beats and then sway."""

    def __init__(self, colours: Sequence[Colour], seed: int, *, beat_s: float, start: float) -> None:
        self._beat_s = beat_s
        random = np.random.default_rng(seed)
        places = (
            (130, 330),
            (950, 300),
            (905, 1035),
            (120, 1040),
            (540, 190),
            (1010, 660),
            (66, 690),
            (300, 200),
            (790, 180),
        )
        kinds = ("ring", "triangle", "plus", "zigzag", "pill", "disc", "triangle", "disc", "ring")
        self._things = [
            _Thing(
                kind=kind,
                place=(x, y),
                size=float(random.uniform(0.8, 1.25)),
                colour=colours[number % len(colours)],
                pops_at=start + beat_s * (number // 2),
                spin=float(random.uniform(-0.9, 0.9)),
            )
            for number, ((x, y), kind) in enumerate(zip(places, kinds, strict=True))
        ]

    def draw(self, canvas: Canvas, at: float) -> None:
        _, since = beat_of(at, self._beat_s)
        highest = canvas.layout.top + 75
        for number, thing in enumerate(self._things):
            size = thing.size * overshoot(at, thing.pops_at, thing.pops_at + 0.34, by=2.6)
            if at <= thing.pops_at:
                continue
            size *= 1 + 0.14 * fading(since, 0, seconds=0.11)
            x = thing.place[0] + 12 * swaying(at, 3.1, 0.13 * number)
            y = max(thing.place[1], highest) + 16 * swaying(at, 2.7, 0.29 * number)
            turn = thing.spin * (at - thing.pops_at) + 0.3 * number
            SHAPES[thing.kind](canvas, (x, y), size, turn, thing.colour)


class Streaks:
    """Lines that rush by."""

    def __init__(self, colours: Sequence[Colour], seed: int, *, number: int = 26) -> None:
        random = np.random.default_rng(seed)
        self._lines = [
            (
                float(random.uniform(0, 1180)),
                float(random.uniform(0, 1)),
                float(random.uniform(160, 520)),
                float(random.uniform(2, 7)),
                colours[int(random.integers(len(colours)))],
            )
            for _ in range(number)
        ]

    def draw(
        self, canvas: Canvas, at: float, *, strength: float, pace: float = 2.2, angle: float = 0.0
    ) -> None:
        if strength <= 0.02:
            return
        beside = canvas.layout.beside
        for y, phase, long, thick, colour in self._lines:
            x = ((phase + pace * at * (0.7 + 0.6 * phase)) % 1) * (2200 + 2 * beside) - 560 - beside
            points = [
                (x, y - thick),
                (x + long, y - thick * 0.4),
                (x + long, y + thick * 0.4),
                (x, y + thick),
            ]
            canvas.polygon(turned(points, angle, (540, 800)), colour, strength)

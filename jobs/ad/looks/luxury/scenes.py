"""The four scenes, and the colours of the sculpture that is filmed where there is no product."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from jobs.ad.scenery.paint.canvas import Canvas, Colour
from jobs.ad.scenery.paint.easing import between, bump, smooth, swaying
from jobs.ad.scenery.paint.ground import Lamp
from jobs.ad.scenery.paint.particles import Dust, Lights
from jobs.ad.scenery.paint.props import plinth
from jobs.ad.scenery.palette import Palette, mix, times
from jobs.ad.scenery.product.cutout import brightness
from jobs.ad.scenery.product.details import Plate, View, details, sharp_zoom
from jobs.ad.scenery.product.subject import Light, Pose, Subject, mirrored
from jobs.ad.scenery.setting import Setting, floor_under, standing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Field = NDArray[np.float32]

_WARM: Colour = (255.0, 226.0, 170.0)
_AMBER: Colour = (255.0, 128.0, 48.0)
"""Mixed into the accent where it is faint: dim yellow looks green."""
_REFLECTED = 360.0
"""Units of the product's reflection that can be seen."""


class _Room:
    """Dark walls around a pool of light, and a polished floor."""

    def __init__(self, setting: Setting, floor: float, lamp: tuple[float, float]) -> None:
        self._ground, self._palette = setting.ground, setting.palette
        self._floor = floor
        palette, ground = setting.palette, setting.ground
        dark, warm = palette.background, palette.ground
        stops = [
            (0.0, times(dark, 0.55)),
            (floor - 620, mix(dark, warm, 0.55)),
            (floor - 40, mix(dark, warm, 0.8)),
            (floor + 30, times(warm, 0.5)),
            (floor + 260, times(dark, 0.9)),
            (1920.0, times(dark, 0.35)),
        ]
        base = ground.gradient(stops)
        base *= 1 - 0.85 * ground.vignette(540, floor - 350, 980)
        self._base = base
        self._lamp = Lamp(ground, *lamp, reach=1500)
        self._back = ground.spot(540, floor - 380, 430, 520)
        self._pool = ground.spot(540, floor + 30, 470, 62)

    def paint(
        self, canvas: Canvas, at: float, *, back: float, beam: float, pool: float, angle: float
    ) -> None:
        ground, accent = self._ground, self._palette.accent
        amber = mix(accent, _AMBER, 0.4)
        ground.begin(self._base)
        ground.light(self._back, mix(amber, self._palette.ground, 0.4), 0.36 * back)
        if beam > 0:
            lean = angle + 0.045 * swaying(at, 11)
            rays = self._lamp.beam(lean, 0.17) + 0.6 * self._lamp.beam(lean + 0.26, 0.06)
            ground.light(rays, mix(amber, _WARM, 0.4), 0.4 * beam)
        ground.light(self._pool, mix(amber, _WARM, 0.3), 0.4 * pool)
        canvas.paint(ground.field)


class _Standing:
    """A product on the polished floor, with its reflection and its shadow."""

    def __init__(self, setting: Setting, subject: Subject, floor: float, size: float) -> None:
        self.subject, self.floor = subject, floor
        canvas = setting.canvas
        pose = standing(subject, floor, size=size)
        self._reflection = mirrored(subject, canvas, pose, strength=0.5, reach=_REFLECTED)
        self._size = size

    def draw(self, canvas: Canvas, pose: Pose, light: Light, *, reflected: float = 1.0) -> None:
        part = pose.size / self._size
        tall = self._reflection.shape[0] / canvas.scale * part
        middle = pose.y + self.subject.bottom * pose.size + tall / 2 + 2
        canvas.stamp(self._reflection, pose.x, middle, size=part, roll=-pose.roll, opacity=reflected)
        self.subject.draw(canvas, pose, light)


class Reveal:
    """The product comes out of the dark: first its outline, then a light that passes over it."""

    def __init__(self, setting: Setting) -> None:
        self._subject = setting.subject(rim=_WARM, largest=1.16)
        self._floor = floor_under(self._subject, 1.0)
        self._room = _Room(setting, self._floor, (-140, -260))
        self._standing = _Standing(setting, self._subject, self._floor, 1.0)
        self._dust = Dust(
            setting.canvas, mix(setting.palette.accent, _WARM, 0.6), number=46, seed=setting.seed
        )

    def draw(self, canvas: Canvas, at: float) -> None:
        lit = smooth(at, 1.5, 5.2)
        beam = 0.25 * smooth(at, 0.0, 1.2) + 0.75 * smooth(at, 1.2, 4.5)
        self._room.paint(canvas, at, back=0.3 + 0.7 * lit, beam=beam, pool=lit, angle=0.98)
        grown = 1 + 0.017 * at
        pose = replace(
            standing(self._subject, self._floor, size=0.98 * grown),
            yaw=between(-0.34, 0.16, smooth(at, -2.0, 9.5)),
            y=self._floor - self._subject.bottom * 0.98 * (1 + 0.006 * at),
        )
        first, second = smooth(at, 0.9, 4.3), smooth(at, 5.3, 8.8)
        passing = first if at < 4.8 else second
        light = Light(
            ambient=between(0.03, 0.62, lit),
            key=between(0.0, 0.5, lit),
            key_from=-2.2,
            left_rim=between(0.7, 0.55, lit) * smooth(at, 0.3, 1.6) + 0.12 * swaying(at, 5),
            right_rim=between(1.5, 0.5, smooth(at, 2.0, 5.0)) * smooth(at, -0.6, 0.6),
            sweep=0.85 * bump(passing, 0, 1),
            sweep_at=between(-1.25, 1.25, passing),
        )
        self._standing.draw(canvas, pose, light, reflected=0.1 + 0.9 * lit)
        self._dust.draw(canvas, at, strength=0.35 + 0.5 * beam, push=0.012 * at)


class Macro:
    """Three close looks, one after the other, each coming into focus."""

    _LENGTH = 2.9

    def __init__(self, setting: Setting) -> None:
        canvas, cutout, palette = setting.canvas, setting.cutout, setting.palette
        backdrop = _backdrop(setting)
        looks = ((2.7, -0.16, 0.55), (2.2, 0.12, -0.5), (3.0, -0.06, 0.2))
        self._plates = []
        for (u, v), (zoom, roll, angle) in zip(details(cutout, 3), looks, strict=True):
            view = View(
                u=u, v=v, zoom=sharp_zoom(cutout, canvas, zoom), roll=roll, focus_angle=angle, depth=520
            )
            self._plates.append(Plate(cutout, canvas, view, backdrop))
        self._dust = Dust(canvas, mix(palette.accent, _WARM, 0.6), number=22, seed=setting.seed + 1)
        colours = (times(palette.accent, 0.32), times(mix(palette.accent, _WARM, 0.5), 0.24))
        self._lights = Lights(canvas, colours, number=9, seed=setting.seed + 2, radius=(34, 86))
        self._ground = setting.ground
        self._gold = mix(palette.accent, _WARM, 0.5)
        self._shining = 0.75 * (1 - 0.8 * brightness(cutout))
        self._keep = _darkened(setting)

    def draw(self, canvas: Canvas, at: float) -> None:
        number = min(2, int(at / self._LENGTH))
        since = at - number * self._LENGTH
        self._look(canvas, number, since)
        if number and since < 0.7:
            coming = canvas.pixels.copy()
            self._look(canvas, number - 1, since + self._LENGTH)
            part = smooth(since, 0, 0.7)
            canvas.mix(coming, part)
        self._sweep(canvas, since)
        self._lights.draw(canvas, at, strength=0.8, drift=(14, -8))
        self._dust.draw(canvas, at, strength=0.5)
        canvas.shade(self._keep)

    def _look(self, canvas: Canvas, number: int, since: float) -> None:
        way = (1, -1, 1)[number]
        part = since / self._LENGTH
        shift = (way * between(46, -46, part), between(26, -26, part) * (1 if number == 1 else -1))
        self._plates[number].draw(canvas, zoom=between(1.0, 1.07, part), shift=shift, roll=way * 0.014 * part)

    def _sweep(self, canvas: Canvas, since: float) -> None:
        """A bar of light over what is bright."""
        ground = self._ground
        beside = canvas.layout.beside
        passing = between(-500 - beside, 1700 + beside, smooth(since, 0.1, self._LENGTH + 0.4))
        along = ground.x[None] * 0.86 + ground.y[:, None] * 0.34 - 300
        band = np.exp(-(((along - passing) / 190) ** 2)).astype(np.float32)
        canvas.shine(band, self._gold, self._shining)


class Pedestal:
    """The product on a stone before a ring of gold, under a beam from above."""

    def __init__(self, setting: Setting) -> None:
        canvas, palette = setting.canvas, setting.palette
        self._subject = setting.subject(rim=_WARM, largest=1.02)
        self._size = 0.92
        self._top = min(1150.0, max(985.0, 730 + self._subject.bottom * self._size))
        self._room = _Room(setting, 1330, (540, -420))
        stone, gold = mix(palette.background, palette.ground, 0.9), palette.accent
        self._wide = max(560.0, min(860.0, self._subject.wide * self._size * 1.12))
        self._stone = plinth(
            canvas,
            self._wide,
            380,
            top=mix(stone, gold, 0.2),
            side=times(stone, 1.1),
            edge=mix(gold, _WARM, 0.2),
        )
        self._gold = gold
        self._dust = Dust(canvas, mix(gold, _WARM, 0.6), number=44, seed=setting.seed + 3)
        self._shadow = _contact(setting, self._subject.wide * self._size)

    def draw(self, canvas: Canvas, at: float) -> None:
        grown = 1 + 0.009 * at
        self._room.paint(canvas, at, back=0.75, beam=0.9, pool=0.3, angle=math.pi / 2 - 0.02)
        drift = 12 * swaying(at, 15)
        centre = max(self._top - 360, canvas.layout.top + 500)  # so that the ring is whole
        canvas.ring(
            540 - 0.5 * drift, centre, 452 * grown, 6, lambda turns: _glint(turns - 0.08 * at, self._gold)
        )
        middle = self._top + (self._stone.shape[0] / canvas.scale) / 2 - self._wide * 0.08
        canvas.stamp(self._stone, 540 + drift, middle + 3 * at, size=grown)
        canvas.stamp(self._shadow, 540 + drift, self._top + 6, size=grown)
        pose = replace(
            standing(self._subject, self._top + 10, size=self._size * grown, x=540 + drift),
            yaw=0.3 * swaying(at, 9.5, -0.12),
        )
        passing = smooth(at % 4.2, 0.6, 3.4)
        light = Light(
            ambient=0.55,
            key=0.55,
            key_from=-math.pi / 2 + 0.5 * swaying(at, 9.5),
            left_rim=0.55 + 0.25 * swaying(at, 6.1),
            right_rim=0.65 - 0.25 * swaying(at, 6.1),
            sweep=0.6 * bump(passing, 0, 1),
            sweep_at=between(-1.25, 1.25, passing),
        )
        self._subject.draw(canvas, pose, light)
        self._dust.draw(canvas, at, strength=0.8, push=0.006 * at)


class Hero:
    """The product alone in a halo; the light settles on it."""

    def __init__(self, setting: Setting) -> None:
        canvas, palette = setting.canvas, setting.palette
        self._subject = setting.subject(rim=_WARM, largest=1.12)
        self._floor = floor_under(self._subject, 1.04, middle=770)
        self._room = _Room(setting, self._floor, (540, -500))
        self._standing = _Standing(setting, self._subject, self._floor, 1.04)
        self._gold = palette.accent
        self._dust = Dust(canvas, mix(palette.accent, _WARM, 0.6), number=40, seed=setting.seed + 4)
        colours = (times(palette.accent, 0.22), times(_WARM, 0.13))
        self._lights = Lights(canvas, colours, number=10, seed=setting.seed + 5, radius=(26, 70))

    def draw(self, canvas: Canvas, at: float) -> None:
        lit = smooth(at, -0.6, 2.4)
        calm = 0.92 + 0.08 * swaying(at, 4.4)
        self._room.paint(canvas, at, back=1.25 * lit * calm, beam=0.55, pool=1.1 * lit, angle=math.pi / 2)
        self._lights.draw(canvas, at, strength=0.75, drift=(6, -10))
        grown = between(1.0, 1.05, smooth(at, -1.0, 6.0)) + 0.003 * at
        y = self._floor - self._subject.bottom * 1.04 - 20
        canvas.ring(540, y, 476 * grown, 3, lambda turns: times(_glint(turns + 0.06 * at, self._gold), lit))
        pose = replace(
            standing(self._subject, self._floor, size=1.04 * grown),
            yaw=between(0.2, -0.05, smooth(at, 0, 4.5)),
        )
        passing = smooth(at, 0.2, 3.0)
        light = Light(
            ambient=between(0.35, 0.7, lit),
            key=0.5,
            left_rim=0.6,
            right_rim=0.6,
            sweep=0.9 * bump(passing, 0, 1),
            sweep_at=between(-1.25, 1.25, passing),
        )
        self._standing.draw(canvas, pose, light)
        self._dust.draw(canvas, at, strength=0.7, push=0.008 * at)


SCENES: Final = (Reveal, Macro, Pedestal, Hero)


def sculpture(palette: Palette) -> tuple[Colour, Colour]:
    """The colours of its ball and of its ring."""
    return mix(palette.ground, palette.background, 0.2), palette.accent


def _glint(turns: float, gold: Colour) -> Colour:
    """Gold that catches the light in two places of a ring."""
    first, second = (turns - 0.62) % 1 - 0.5, (turns - 0.1) % 1 - 0.5
    light = 0.3 + 0.95 * math.exp(-((first / 0.07) ** 2)) + 0.7 * math.exp(-((second / 0.1) ** 2))
    return mix(times(gold, min(1.0, light)), _WARM, max(0.0, min(1.0, 1.6 * (light - 0.85))))


def _backdrop(setting: Setting) -> "Pixels":
    """Dark, with a warm glow, behind close looks."""
    ground, palette = setting.ground, setting.palette
    stops = [(0.0, mix(palette.background, palette.ground, 0.5)), (1920.0, times(palette.background, 0.6))]
    ground.begin(ground.gradient(stops))
    ground.glow(760, 520, (420, 520), mix(palette.accent, _AMBER, 0.5), 0.26)
    ground.glow(180, 1150, (300, 360), _AMBER, 0.1)
    setting.canvas.paint(ground.field)
    return setting.canvas.pixels.copy()


def _darkened(setting: Setting) -> "Pixels":
    """What of the frame's light is kept: less where words go and at the edges."""
    ground = setting.ground
    dark = 0.58 * ground.calm(1170, 1900, 60) + 0.55 * ground.vignette(540, 800, 1000)
    return setting.canvas.mask(1 - np.clip(dark, 0, 0.9))


def _contact(setting: Setting, width: float) -> "Pixels":
    """The shadow right under a product."""
    canvas = setting.canvas
    half_w, half_h = max(2, round(width * 0.75 * canvas.scale)), max(2, round(46 * canvas.scale))
    x = np.linspace(-1, 1, 2 * half_w, dtype=np.float32)[None]
    y = np.linspace(-1, 1, 2 * half_h, dtype=np.float32)[:, None]
    dark = np.exp(-((x / 0.52) ** 4) - (y / 0.4) ** 2) * 200
    return np.asarray(np.rint(np.dstack([np.zeros((*dark.shape, 3), np.float32), dark])), np.uint8)

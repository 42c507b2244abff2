"""The four scenes, and the colours of the sculpture that is filmed where there is no product."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from jobs.ad.scenery.paint.canvas import Canvas, Colour, Point, circle
from jobs.ad.scenery.paint.easing import between, landing, smooth, swaying
from jobs.ad.scenery.paint.layout import Layout
from jobs.ad.scenery.paint.props import arch, ball, plinth
from jobs.ad.scenery.palette import WHITE, Palette, mix
from jobs.ad.scenery.product.details import Plate, View, details, sharp_zoom
from jobs.ad.scenery.product.subject import Light, Pose, Subject
from jobs.ad.scenery.setting import Setting, floor_under, standing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float32]

_LIT = 0.92
"""Gain of the even light: a little under the picture's own, so that white products stand out from white."""
_ROOM = 24
"""Pixels around a shadow's shape, for its blur."""


class _Studio:
    """A wall that turns into the floor without an edge, and shadows on both."""

    def __init__(self, setting: Setting, floor: float) -> None:
        self.ground, self.floor = setting.ground, floor
        palette = setting.palette
        self.shadow = mix(palette.ground, palette.text, 0.62)
        light, dark = mix(palette.background, WHITE, 0.3), mix(palette.ground, palette.text, 0.03)
        stops = [
            (0.0, mix(light, dark, 0.55)),
            (floor - 520, mix(light, dark, 0.38)),
            (floor - 90, mix(light, dark, 0.75)),
            (floor + 40, mix(light, dark, 0.28)),
            (floor + 330, light),
            (1920.0, mix(light, dark, 0.2)),
        ]
        self._base = self.ground.gradient(stops)
        self._pane = _window()

    def begin(self) -> None:
        self.ground.begin(self._base)

    def sun(self, x: float, y: float, strength: float, *, wide: float = 620.0, tall: float = 900.0) -> None:
        """Light through a window, slanting over the wall."""
        slant = 0.34 * tall
        corners = [(x + slant, y), (x + slant + wide, y + 60), (x + wide, y + tall + 60), (x, y + tall)]
        self.ground.shade(self.ground.projected(self._pane, corners), strength, (255.0, 252.0, 244.0))

    def cast(self, shape: "Field", base: Point, size: Point, lean: float, strength: float) -> None:
        """The long shadow of something that stands on the floor; `lean` is how far its top falls aside, in
        parts of its height."""
        x, y = base
        half, tall = size[0] / 2, size[1]
        top = y - 0.17 * tall
        aside = lean * tall
        corners = [(x - half + aside, top), (x + half + aside, top), (x + half, y), (x - half, y)]
        self.ground.shade(self.ground.projected(shape, corners), strength, self.shadow)

    def touch(self, x: float, y: float, width: float, strength: float) -> None:
        """The dark line where something touches the floor."""
        mask = self.ground.spot(x, y + 3, width * 0.5, 17)
        self.ground.shade(mask, strength, self.shadow)


class _Shadowed:
    """A product with its long shadow."""

    def __init__(self, setting: Setting, *, largest: float) -> None:
        palette = setting.palette
        self.subject = setting.subject(rim=mix(WHITE, palette.accent, 0.15), largest=largest)
        self._shape = _softened(self.subject)

    def shade(self, studio: _Studio, pose: Pose, *, lean: float, strength: float, floor: float) -> None:
        subject = self.subject
        wide, tall = subject.wide * pose.size, subject.tall * pose.size
        lifted = max(0.0, floor - pose.y - tall / 2)
        close = 1 / (1 + lifted / 60)
        rows, columns = self._shape.shape
        size = (wide * columns / (columns - 2 * _ROOM), tall * rows / (rows - 2 * _ROOM))
        studio.cast(self._shape, (pose.x, floor + 0.02 * tall), size, lean, 0.5 * strength)
        studio.touch(pose.x, floor, wide, 0.62 * strength * close)


class Reveal:
    """The product comes to rest before an arch while the sun moves on."""

    def __init__(self, setting: Setting) -> None:
        canvas, palette = setting.canvas, setting.palette
        self._product = _Shadowed(setting, largest=1.1)
        self._floor = floor_under(self._product.subject, 1.0)
        self._studio = _Studio(setting, self._floor)
        room = self._floor - canvas.layout.top - 110
        tall = min(1060.0, self._product.subject.tall + 300, room)
        wide = max(640.0, min(960.0, self._product.subject.wide + 240))
        self._arch = arch(
            canvas,
            wide,
            tall,
            mix(palette.accent, palette.background, 0.52),
            inner=mix(palette.accent, palette.text, 0.1),
        )
        self._arch_y = self._floor - 60 - tall / 2

    def draw(self, canvas: Canvas, at: float) -> None:
        studio, subject = self._studio, self._product.subject
        come = landing(at, 0.1, 1.9)
        lean = between(1.05, 0.3, smooth(at, -2.0, 10.5))
        grown = 0.97 + 0.009 * at
        lift = 90 * (1 - come) + 5 * (1 + swaying(at, 5.2))
        pose = replace(
            standing(subject, self._floor, size=grown, x=540 + 5 * swaying(at, 9), lift=lift),
            yaw=between(0.22, -0.12, smooth(at, -1, 9.5)),
        )
        studio.begin()
        studio.sun(between(-120, 160, at / 9.5), 60, 0.75)
        canvas.paint(studio.ground.field)
        rise = landing(at, -0.5, 1.1)
        y = self._arch_y + 120 * (1 - rise)
        canvas.stamp(self._arch, 540 - 0.9 * at, y, size=1 + 0.004 * at, opacity=min(1.0, 0.2 + rise))
        _shade_over(canvas, studio, self._product, pose, lean=lean, strength=come, floor=self._floor)
        light = Light(
            ambient=_LIT - 0.22,
            key=0.34,
            key_from=between(-2.6, -1.9, at / 9.5),
            opacity=min(1.0, 1.6 * come),
        )
        subject.draw(canvas, pose, light)


class Close:
    """Close looks with much room, and the light of a window passing over them."""

    _LENGTH = 3.3

    def __init__(self, setting: Setting) -> None:
        canvas, cutout, palette = setting.canvas, setting.cutout, setting.palette
        pale = mix(palette.background, palette.ground, 0.5)
        self._studio = _Studio(setting, 1500)
        self._backs = (
            pale,
            mix(palette.background, palette.accent, 0.36),
            mix(palette.background, WHITE, 0.2),
        )
        looks = ((1.75, -0.1, (600.0, 690.0)), (2.3, 0.0, (490.0, 560.0)), (1.5, 0.14, (560.0, 650.0)))
        self._plates = []
        for (u, v), (zoom, roll, centre) in zip(details(cutout, 3), looks, strict=True):
            wanted = sharp_zoom(cutout, canvas, zoom)
            view = View(
                u=between(u, 0.5, 0.3),
                v=between(v, 0.5, 0.2),
                zoom=wanted,
                roll=roll,
                centre=centre,
                focus_angle=0.3,
                depth=900,
            )
            self._plates.append(Plate(cutout, canvas, view))
        keep = 1 - 0.86 * setting.ground.calm(1180, 1950, 70)
        self._keep = canvas.mask(keep)
        colour = np.array([*mix(palette.background, WHITE, 0.3), 255])
        self._add = np.rint((255 - self._keep) / 255 * colour).astype(np.uint8)
        self._softly = [_cast_of(plate) for plate in self._plates]

    def draw(self, canvas: Canvas, at: float) -> None:
        number = min(2, int(at / self._LENGTH))
        since = at - number * self._LENGTH
        self._look(canvas, number, since)
        if number and since < 0.9:
            coming = canvas.pixels.copy()
            self._look(canvas, number - 1, since + self._LENGTH)
            canvas.mix(coming, smooth(since, 0, 0.9))
        canvas.veil(self._keep, self._add)

    def _look(self, canvas: Canvas, number: int, since: float) -> None:
        studio, ground = self._studio, self._studio.ground
        part = since / self._LENGTH
        way = (1, -1, 1)[number]
        colour = self._backs[number]
        ground.begin(ground.gradient([(0.0, colour), (1920.0, mix(colour, WHITE, 0.35))]))
        studio.sun(way * between(-260, 240, part) + 120, -120, 0.6, wide=820, tall=1500)
        shift = (way * between(34, -34, part), between(16, -16, part))
        lag = (shift[0] * 0.7 + 70 - 18 * part, shift[1] * 0.7 + 84)
        corners = _frame_corners(canvas.layout, lag, 1.2)
        ground.shade(ground.projected(self._softly[number], corners), 0.34, studio.shadow)
        canvas.paint(ground.field)
        self._plates[number].draw(canvas, zoom=between(0.98, 1.03, part), shift=shift)


class Composed:
    """The product among plain shapes."""

    def __init__(self, setting: Setting) -> None:
        canvas, palette = setting.canvas, setting.palette
        self._size = 0.84
        self._product = _Shadowed(setting, largest=0.92)
        subject = self._product.subject
        self._top = min(1070.0, max(960.0, 690 + subject.bottom * self._size))
        self._floor = self._top + 170
        self._studio = _Studio(setting, self._floor)
        self._palette = palette
        pale = mix(palette.background, WHITE, 0.35)
        side = mix(palette.ground, palette.text, 0.02)
        self._wide = max(470.0, min(800.0, subject.wide * self._size * 1.18))
        self._plinth = plinth(canvas, self._wide, 170, top=pale, side=side, light_from=-0.55, ambient=0.72)
        self._low = plinth(
            canvas,
            300,
            92,
            top=mix(palette.accent, WHITE, 0.25),
            side=palette.accent,
            light_from=-0.55,
            ambient=0.72,
        )
        self._ball = ball(
            canvas, 74, mix(palette.ground, WHITE, 0.3), shade=mix(palette.ground, palette.text, 0.4)
        )
        self._arch = arch(
            canvas,
            330,
            620,
            mix(palette.ground, palette.background, 0.2),
            inner=mix(palette.ground, palette.text, 0.2),
        )
        self._block = _softened_block()
        self._disc_y = max(470.0, canvas.layout.top + 345)

    def draw(self, canvas: Canvas, at: float) -> None:
        studio, palette = self._studio, self._palette
        lean = between(0.85, 0.25, smooth(at, -2, 9.5))
        drift = 20 * swaying(at, 17, -0.08)
        settle = landing(at, 0.0, 1.4)
        studio.begin()
        studio.sun(between(-60, 140, at / 8.5), 40, 0.7)
        for x, wide, tall in (
            (235 + drift * 1.3, 320, 240),
            (880 + drift * 0.6, 330, 500),
            (540 + drift, self._wide, 190),
        ):
            studio.cast(self._block, (x, self._floor + 12), (wide * 1.25, tall), lean, 0.34)
        canvas.paint(studio.ground.field)
        rise = 60 * (1 - settle)
        canvas.disc(
            655 + 0.4 * drift,
            self._disc_y - 4 * at + rise,
            300,
            mix(palette.accent, palette.background, 0.42),
            0.95,
        )
        canvas.stamp(self._arch, 905 + 0.6 * drift, self._floor - 330 + rise * 0.4)
        foot = self._floor - 20
        canvas.line([(740 + 0.6 * drift, foot), (1070 + 0.6 * drift, foot)], 3, studio.shadow, 0.25)
        low_y = self._floor + 10
        canvas.stamp(
            self._plinth,
            540 + drift,
            self._top + self._plinth.shape[0] / canvas.scale / 2 - 0.08 * self._wide,
        )
        canvas.stamp(self._low, 205 + 1.35 * drift, low_y - 20)
        canvas.stamp(self._ball, 205 + 1.35 * drift, low_y - 152 + 3 * swaying(at, 4), roll=0.1 * at)
        pose = replace(
            standing(
                self._product.subject, self._top + 8, size=self._size, x=540 + drift, lift=40 * (1 - settle)
            ),
            yaw=0.2 * swaying(at, 10, -0.1),
        )
        self._on_top(canvas, pose, lean)
        light = Light(ambient=_LIT - 0.24, key=0.36, key_from=between(-2.7, -1.8, at / 8.5))
        self._product.subject.draw(canvas, pose, light)

    def _on_top(self, canvas: Canvas, pose: Pose, lean: float) -> None:
        """The product's shadow on the plinth: short, as most of it falls beside."""
        half = self._product.subject.wide * pose.size * 0.46
        flat = [(pose.x + x * half, self._top + 8 + y * 15) for x, y in circle(0, 0, 1)]
        aside = [(px + 42 * lean, py - 3) for px, py in flat]
        colour = self._studio.shadow
        canvas.polygon(aside, colour, 0.16)
        canvas.polygon(flat, colour, 0.3)


class Hero:
    """The product in the middle of white space; a line is drawn around it."""

    def __init__(self, setting: Setting) -> None:
        self._product = _Shadowed(setting, largest=1.08)
        self._floor = floor_under(self._product.subject, 1.0, middle=780)
        self._studio = _Studio(setting, self._floor)
        self._palette = setting.palette

    def draw(self, canvas: Canvas, at: float) -> None:
        studio, palette, subject = self._studio, self._palette, self._product.subject
        lean = between(0.75, 0.35, smooth(at, -1, 6))
        grown = between(0.96, 1.02, smooth(at, -0.6, 5.5)) + 0.002 * at
        pose = replace(
            standing(subject, self._floor, size=grown, lift=6 + 6 * swaying(at, 4.4)),
            yaw=0.14 * swaying(at, 8, 0.2),
        )
        studio.begin()
        studio.sun(between(40, 180, at / 5.5), 20, 0.6)
        canvas.paint(studio.ground.field)
        centre = self._floor - subject.bottom - 10
        canvas.disc(540, centre, 395 + 5 * at, mix(palette.accent, palette.background, 0.62), 0.9)
        turns = max(0.002, landing(at, 0.2, 3.6))
        line = circle(540, centre, 452 + 4 * at, start=-0.25 + 0.01 * at, turns=turns)
        canvas.line(line, 4, palette.accent)
        _shade_over(canvas, studio, self._product, pose, lean=lean, strength=1.0, floor=self._floor)
        subject.draw(canvas, pose, Light(ambient=_LIT - 0.2, key=0.34, key_from=-2.3 + 0.1 * at))
        canvas.tint(palette.background, 0.25 * smooth(at, 3.4, 6.5))


SCENES: Final = (Reveal, Close, Composed, Hero)


def sculpture(palette: Palette) -> tuple[Colour, Colour]:
    """The colours of its ball and of its ring."""
    return mix(palette.ground, palette.text, 0.06), palette.accent


def _shade_over(
    canvas: Canvas,
    studio: _Studio,
    product: _Shadowed,
    pose: Pose,
    *,
    lean: float,
    strength: float,
    floor: float,
) -> None:
    """The shadow over what is already drawn: by way of how much light the ground would lose."""
    ground = studio.ground
    ground.field[:] = 255
    product.shade(studio, pose, lean=lean, strength=strength, floor=floor)
    canvas.multiply(ground.field)


def _window() -> "Field":
    """Two by three panes with soft edges."""
    mask = np.zeros((120, 80), np.float32)
    for row in range(3):
        for column in range(2):
            mask[8 + row * 36 : 40 + row * 36, 8 + column * 33 : 38 + column * 33] = 1
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 2.6), np.float32)


def _softened(subject: Subject) -> "Field":
    """The product's shape, sharp at its base and blurred towards its top, with room for the blur."""
    height = 200
    width = max(8, round(height * subject.wide / subject.tall))
    small = cv2.resize(subject.matte, (width, height), interpolation=cv2.INTER_AREA)
    padded = cv2.copyMakeBorder(small, _ROOM, _ROOM, _ROOM, _ROOM, cv2.BORDER_CONSTANT)
    near, far = cv2.GaussianBlur(padded, (0, 0), 2.2), cv2.GaussianBlur(padded, (0, 0), 9)
    part = np.linspace(1, 0, padded.shape[0], dtype=np.float32)[:, None]
    fade = 1 - 0.75 * part
    return np.asarray((near * (1 - part) + far * part) * fade, np.float32)


def _softened_block() -> "Field":
    mask = np.zeros((160, 120), np.float32)
    mask[20:140, 14:106] = 1
    part = np.linspace(1, 0, 160, dtype=np.float32)[:, None]
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 6) * (1 - 0.7 * part), np.float32)


def _cast_of(plate: Plate) -> "Field":
    """The shadow that a close look throws on the wall behind."""
    alpha = cv2.extractChannel(plate.pixels, 3)
    small = cv2.resize(alpha, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return np.asarray(cv2.GaussianBlur(small, (0, 0), 5), np.float32)


def _frame_corners(frame: Layout, shift: Point, size: float) -> list[Point]:
    half_w, half_h = frame.wide / 2 * size, frame.tall / 2 * size
    x, y = 540 + shift[0], frame.middle + shift[1]
    return [
        (x - half_w, y - half_h),
        (x + half_w, y - half_h),
        (x + half_w, y + half_h),
        (x - half_w, y + half_h),
    ]

"""The four scenes, and the colours of the sculpture that is filmed where there is no product."""

import math
from dataclasses import replace
from typing import Final

import numpy as np

from jobs.ad.looks.energetic.bursts import Burst, dusk, evening, vivid
from jobs.ad.scenery.paint.canvas import Canvas, Colour, circle
from jobs.ad.scenery.paint.easing import (
    beat_of,
    between,
    fading,
    landing,
    overshoot,
    ramp,
    ringing,
    smooth,
    swaying,
)
from jobs.ad.scenery.paint.particles import Confetti
from jobs.ad.scenery.paint.shapes import SHAPES, Streaks, Things, blot
from jobs.ad.scenery.palette import WHITE, Palette, mix, saturation
from jobs.ad.scenery.product.cutout import outlined
from jobs.ad.scenery.product.details import Plate, View, details, sharp_zoom
from jobs.ad.scenery.product.subject import Light, Pose, Subject
from jobs.ad.scenery.setting import Setting

_STICKER = 0.014
"""Width of the white border by the product's longer side."""
_MIDDLE = 775.0
"""Height of the product's middle."""


class _Sticker:
    """The product with a white border and a hard shadow."""

    def __init__(self, setting: Setting, *, largest: float) -> None:
        cutout = outlined(setting.cutout, WHITE, _STICKER)
        self.subject: Subject = replace(setting, cutout=cutout).subject(rim=WHITE, largest=largest)

    def draw(self, canvas: Canvas, pose: Pose, light: Light, *, lift: float = 1.0) -> None:
        shadow = replace(pose, x=pose.x + 20 * lift, y=pose.y + 30 * lift)
        self.subject.silhouette(canvas, shadow, 0.3)
        self.subject.draw(canvas, pose, light)


_BRIGHT = Light(ambient=0.9, key=0.17, key_from=-2.2)


class Entrance:
    """The product whips into the frame and dances; the ground changes its colours on every fourth beat."""

    def __init__(self, setting: Setting) -> None:
        self._beat_s = setting.beat_s
        self._sticker = _Sticker(setting, largest=1.1)
        self._burst = Burst(setting, (540, _MIDDLE))
        self._things = Things(
            _scraps(setting)[:3], setting.seed + 31, beat_s=setting.beat_s, start=2 * setting.beat_s
        )
        self._streaks = Streaks((WHITE, setting.palette.accent), setting.seed)
        self._confetti = Confetti(
            _scraps(setting), number=46, seed=setting.seed + 1, source=(540, 820), speed=2300
        )
        self._rings = mix(setting.palette.accent, WHITE, 0.55)

    def draw(self, canvas: Canvas, at: float) -> None:
        number, since = beat_of(at, self._beat_s)
        hit = fading(since, 0, seconds=0.12)
        changes = [self._beat_s * (4 + 4 * step) for step in range(5)]
        self._burst.paint(canvas, at, changes=changes, beat=hit)
        self._streaks.draw(canvas, at, strength=0.7 * (1 - smooth(at, 0.55, 1.1)))
        self._pulse(canvas, number, since)
        self._things.draw(canvas, at)
        self._confetti.draw(canvas, at - 2 * self._beat_s)
        come = ringing(at, -0.02, hertz=1.5, fading=5.5)
        side = -1 if number // 2 % 2 else 1
        swing = side * 0.085 * overshoot(at % (2 * self._beat_s), 0, 0.3, by=2.4) - side * 0.085 * (
            1 - smooth(at % (2 * self._beat_s), 0, 0.14)
        )
        settled = smooth(at, 0.4, 0.9)
        pose = Pose(
            x=between(-760 - canvas.layout.beside, 540, come),
            y=_MIDDLE + 13 * swaying(at, 2 * self._beat_s),
            size=(0.98 + 0.007 * at) * (1 + 0.06 * hit * settled),
            roll=-0.5 * (1 - come) + swing * settled,
            yaw=0.22 * swaying(at, 4 * self._beat_s, 0.1),
        )
        self._sticker.draw(canvas, pose, _BRIGHT)
        canvas.smear(230 * max(0.0, 1 - at / 0.3), 0)
        if number - 4 >= 0 and number % 4 == 0:
            canvas.shake(0, 0, zoom=1 + 0.05 * hit)

    def _pulse(self, canvas: Canvas, number: int, since: float) -> None:
        if number % 2 == 0 and number:
            part = landing(since, 0, 2 * self._beat_s)
            canvas.line(circle(540, _MIDDLE, 330 + 420 * part), 26 * (1 - part) + 1, self._rings, closed=True)


class Cuts:
    """Close looks, cut on every second beat."""

    def __init__(self, setting: Setting) -> None:
        self._beat_s = setting.beat_s
        canvas, cutout, palette = setting.canvas, setting.cutout, setting.palette
        sticker = outlined(cutout, WHITE, _STICKER) if cutout.kind == "cut" else cutout
        looks = ((1.8, -0.2), (2.5, 0.16), (1.5, 0.24), (2.1, -0.12))
        self._plates = []
        places = details(cutout, 3)
        for number, (zoom, roll) in enumerate(looks):
            u, v = places[number % 3]
            flat = cutout.kind == "card"
            view = View(
                u=between(u, 0.5, 0.2),
                v=between(v, 0.5, 0.2),
                zoom=sharp_zoom(cutout, canvas, zoom),
                roll=0.0 if flat else roll,
                centre=(540, 580),
                depth=0,
            )
            self._plates.append(Plate(sticker, canvas, view))
        self._pairs = (*vivid(palette), (palette.background, mix(palette.background, palette.ground, 0.5)))
        self._streaks = Streaks(
            (WHITE, palette.accent, mix(palette.ground, WHITE, 0.3)), setting.seed + 3, number=20
        )
        self._ground = setting.ground
        self._masks, self._shades = evening(setting)
        self._keep = canvas.mask(1 - 0.9 * setting.ground.calm(1190, 2300, 70))
        self._add = np.rint((255 - self._keep) / 255 * np.array([*palette.background, 255])).astype(np.uint8)
        self._accent = palette.accent

    def draw(self, canvas: Canvas, at: float) -> None:
        number, since = beat_of(at, self._beat_s, every=2)
        one, other = self._pairs[number % len(self._pairs)]
        way = 1 if number % 2 else -1
        ground = self._ground
        ground.begin(ground.gradient([(-900.0, one), (900.0, other)], angle=0.9 * way))
        dusk(ground, self._masks, self._shades)
        canvas.paint(ground.field)
        self._spots(canvas, at, way)
        self._streaks.draw(canvas, at, strength=0.5, pace=1.1, angle=-0.5 * way)
        come = landing(since, -0.05, 0.34)
        half = beat_of(at, self._beat_s)[1]
        punch = fading(half, 0, seconds=0.1)
        zoom = between(0.97, 1.06, since / (2 * self._beat_s)) + 0.035 * punch
        shift = (way * (1 - come) * (900 + canvas.layout.beside) + way * 24 * (0.5 - since), -14 * since)
        self._plates[number % len(self._plates)].draw(canvas, zoom=zoom, shift=shift, roll=0.02 * way * since)
        canvas.smear(190 * (1 - smooth(since, 0.0, 0.22)), 0)
        canvas.veil(self._keep, self._add)

    def _spots(self, canvas: Canvas, at: float, way: int) -> None:
        """Rows of dots in a corner, drifting."""
        beside = canvas.layout.beside
        top = canvas.layout.top + 130 - 14 * (at % 4)
        corner = 140 - beside if way > 0 else 640 + beside
        for row in range(6):
            for column in range(6):
                x = corner + column * 62 + 20 * swaying(at, 3)
                canvas.disc(x, top + row * 62, 9 + 1.6 * row, self._accent, 1.0)


class Orbit:
    """The product before a sun, with shapes that circle around it."""

    def __init__(self, setting: Setting) -> None:
        self._beat_s = setting.beat_s
        self._sticker = _Sticker(setting, largest=1.02)
        self._palette, self._ground = setting.palette, setting.ground
        self._colours = _scraps(setting)
        self._masks, self._shades = evening(setting)
        self._confetti = Confetti(
            self._colours, number=30, seed=setting.seed + 8, source=(540, 60), speed=1500
        )
        self._streaks = Streaks((self._palette.accent, WHITE), setting.seed + 5, number=14)

    def draw(self, canvas: Canvas, at: float) -> None:
        palette, ground = self._palette, self._ground
        _, since = beat_of(at, self._beat_s)
        hit = fading(since, 0, seconds=0.12)
        angle = 0.8 + 0.22 * at
        plum = mix(palette.background, palette.ground, 0.76)
        stops = [
            (-1000.0, mix(plum, palette.background, 0.25)),
            (-3.0, plum),
            (3.0, palette.ground),
            (1000.0, mix(palette.ground, palette.accent, 0.6)),
        ]
        ground.begin(ground.gradient(stops, angle=angle))
        dusk(ground, self._masks, self._shades)
        canvas.paint(ground.field)
        self._streaks.draw(canvas, at, strength=0.3, pace=0.7, angle=angle)
        grow = overshoot(at, 0.0, 0.5, by=2.2)
        radius = (372 + 22 * hit) * grow
        canvas.line(
            circle(540, _MIDDLE, radius + 66 + 10 * swaying(at, self._beat_s * 4)),
            9,
            WHITE,
            0.85,
            closed=True,
        )
        canvas.disc(540, _MIDDLE, radius, palette.accent)
        canvas.disc(540, _MIDDLE, radius * 0.74, mix(palette.accent, palette.ground, 0.42))
        self._circling(canvas, at, behind=True)
        jump = abs(math.sin(math.pi * at / (2 * self._beat_s)))
        land = fading((at / (2 * self._beat_s)) % 1 * 2 * self._beat_s, 0, seconds=0.09)
        pose = Pose(
            y=_MIDDLE + 26 - 62 * jump,
            size=overshoot(at, 0.12, 0.62, by=2.0) * (0.9 - 0.05 * land + 0.01 * at),
            roll=0.11 * swaying(at, 4 * self._beat_s),
            yaw=0.3 * swaying(at, 4 * self._beat_s, 0.25),
        )
        self._sticker.draw(canvas, pose, _BRIGHT, lift=0.5 + 1.2 * jump)
        self._circling(canvas, at, behind=False)
        self._confetti.draw(canvas, at - 4 * self._beat_s)

    def _circling(self, canvas: Canvas, at: float, *, behind: bool) -> None:
        """Shapes on a tilted circle: those on its far side are small and drawn first."""
        kinds = list(SHAPES)
        for number in range(9):
            angle = math.tau * number / 9 + 1.25 * at
            near = math.sin(angle)
            if (near < 0) != behind:
                continue
            come = (
                overshoot(at, 0.3 + 0.06 * number, 0.75 + 0.06 * number, by=2.5)
                if at > 0.3 + 0.06 * number
                else 0.0
            )
            x = 540 + 505 * math.cos(angle) * come
            y = _MIDDLE + 20 + 205 * near * come + 150 * math.cos(angle) * 0.6
            size = come * (0.62 + 0.4 * (near + 1) / 2)
            SHAPES[kinds[number % len(kinds)]](
                canvas, (x, y), size, 1.5 * at + number, self._colours[number % 3]
            )


class Drop:
    """The product falls into the frame with a splash of colour and confetti."""

    _HITS = 0.42

    def __init__(self, setting: Setting) -> None:
        self._beat_s = setting.beat_s
        self._sticker = _Sticker(setting, largest=1.16)
        self._burst = Burst(setting, (540, _MIDDLE))
        colours = _scraps(setting)
        self._palette = setting.palette
        self._confetti = Confetti(colours, number=90, seed=setting.seed + 6, source=(540, 900), speed=3000)
        self._late = Confetti(colours, number=40, seed=setting.seed + 7, source=(540, -40), speed=1700)

    def draw(self, canvas: Canvas, at: float) -> None:
        since = at - self._HITS
        _, beat = beat_of(at - self._HITS, self._beat_s)
        hit = fading(beat, 0, seconds=0.12) if since > 0 else 0.0
        self._burst.paint(canvas, at, changes=[self._HITS, self._HITS + 4 * self._beat_s], beat=hit)
        self._splash(canvas, since)
        fall = ramp(at, 0.08, self._HITS) ** 2
        bounce = math.exp(-5 * since) * abs(math.sin(9 * since)) if since > 0 else 0.0
        pose = Pose(
            y=between(-700, _MIDDLE, fall) - 150 * bounce,
            size=(1.03 + 0.012 * at) * (1 + 0.05 * hit),
            roll=between(0.4, 0.0, fall) + 0.05 * swaying(at, 4 * self._beat_s) * smooth(at, 0.9, 1.6),
            yaw=0.18 * swaying(at, 4 * self._beat_s, 0.2),
        )
        self._confetti.draw(canvas, since)
        self._sticker.draw(canvas, pose, _BRIGHT)
        self._late.draw(canvas, since - 0.8)
        if fall < 1:
            canvas.smear(0, 130 * fall)
        shaken = fading(at, self._HITS, seconds=0.16)
        if shaken > 0.03:
            canvas.shake(
                26 * shaken * math.sin(61 * since), 34 * shaken * math.cos(53 * since), zoom=1 + 0.07 * shaken
            )
        canvas.tint(WHITE, 0.75 * fading(at, self._HITS, seconds=0.07))

    def _splash(self, canvas: Canvas, since: float) -> None:
        """Paint that is thrown outwards: a blot behind a blot, and drops."""
        if since <= 0:
            return
        part = overshoot(since, 0, 0.5, by=1.2)
        palette = self._palette
        for size, colour, turn in ((1.0, WHITE, 0.4), (0.86, palette.accent, 0.0)):
            canvas.polygon(blot(540, _MIDDLE, (400 + 16 * since) * size * part, turn + 0.05 * since), colour)
        far = landing(since, 0, 1.1)
        for number in range(11):
            angle = math.tau * number / 11 + 0.5 * math.sin(5 * number)
            away = (430 + 150 * ((number * 7) % 5) / 4) * far + 14 * since
            x, y = 540 + away * math.cos(angle), _MIDDLE + away * math.sin(angle)
            canvas.disc(x, y, (30 - 5 * (number % 4)) * (1 - 0.3 * far), (palette.accent, WHITE)[number % 2])


def _scraps(setting: Setting) -> tuple[Colour, ...]:
    """Colours of confetti and shapes: the look's, and the product's own most vivid one."""
    palette = setting.palette
    own = max(setting.extra, key=saturation, default=palette.ground)
    own = own if saturation(own) > 0.45 and max(own) > 110 else mix(palette.ground, WHITE, 0.35)
    return palette.accent, WHITE, own, mix(palette.background, palette.ground, 0.4)


SCENES: Final = (Entrance, Cuts, Orbit, Drop)


def sculpture(palette: Palette) -> tuple[Colour, Colour]:
    """The colours of its ball and of its ring."""
    return palette.ground, palette.accent

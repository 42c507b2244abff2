"""The four scenes, and the colours of the sculpture that is filmed where there is no product."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from jobs.ad.scenery.paint.canvas import Canvas, Colour, Point, turned
from jobs.ad.scenery.paint.easing import between, fading, landing, overshoot, ramp, smooth, swaying
from jobs.ad.scenery.paint.ground import Lamp
from jobs.ad.scenery.paint.props import halftone
from jobs.ad.scenery.palette import BLACK, Palette, mix
from jobs.ad.scenery.product.cutout import Cutout
from jobs.ad.scenery.product.details import Plate, View, details, sharp_zoom
from jobs.ad.scenery.product.subject import Light, Pose
from jobs.ad.scenery.setting import Setting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Field = NDArray[np.float32]

_MIDDLE: Final = 770.0
_LEAN: Final = 0.27
"""Radians that blocks lean: one angle for all of them."""


class _Blocks:
    """Leaning bars that come from the frame's sides and stop dead."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette

    def bar(
        self,
        canvas: Canvas,
        middle: Point,
        size: Point,
        colour: Colour,
        *,
        come: float = 1.0,
        way: float = 1.0,
    ) -> None:
        """`come` 0 is outside the frame, on the right if `way` is 1; 1 is in place."""
        (x, y), (wide, tall) = middle, size
        away = (1 - come) * (2100 + 2 * canvas.layout.beside) * way
        cos, sin = math.cos(_LEAN), math.sin(_LEAN)
        x, y = x + away * cos, y - away * sin
        corners = [
            (x - wide / 2, y - tall / 2),
            (x + wide / 2, y - tall / 2),
            (x + wide / 2, y + tall / 2),
            (x - wide / 2, y + tall / 2),
        ]
        canvas.polygon(turned(corners, -_LEAN, (x, y)), colour)

    def foot(self, canvas: Canvas, at: float, come: float = 1.0) -> None:
        """The black block at the bottom, for words to stand on, with a thin line of the accent on its
        edge and bars in it that hardly show."""
        y = 1760 + (1 - come) * 900
        dark = mix(self.palette.background, self.palette.ground, 0.8)
        wide = 2600 + 2 * canvas.layout.beside
        self.bar(canvas, (540, y), (wide, 1118), self.palette.accent)
        self.bar(canvas, (540, y), (wide, 1090), self.palette.background)
        for number in range(3):
            x = (number * 760 + 46 * at) % 2280 - 600
            self.bar(canvas, (x, y - 270 + 190 * number), (520, 74), dark)


def _slam(at: float, when: float) -> float:
    """0 before, 1 from a sixth of a second after, stopping dead with a small bounce."""
    lands = when + 0.16
    bounce = 0.012 * math.sin(40 * max(0.0, at - lands)) * fading(at, lands, seconds=0.08)
    return math.pow(ramp(at, when, lands), 1.5) + bounce


def _hit(canvas: Canvas, at: float, times: Sequence[float], *, strength: float = 1.0) -> None:
    """Shake the frame after each of these moments."""
    shaken = sum(fading(at, when + 0.14, seconds=0.09) for when in times) * strength
    if shaken > 0.04:
        canvas.shake(
            22 * shaken * math.sin(83 * at), 26 * shaken * math.cos(71 * at), zoom=1 + 0.05 * min(1.0, shaken)
        )


class _Stage:
    """Black with a hard wedge of light."""

    def __init__(self, setting: Setting, lamp: Point) -> None:
        self._ground, palette = setting.ground, setting.palette
        stops = [
            (0.0, mix(palette.background, palette.ground, 0.5)),
            (1920.0, mix(palette.background, BLACK, 0.5)),
        ]
        self._base = self._ground.gradient(stops)
        self._lamp = Lamp(self._ground, *lamp, reach=2600)
        self._glow = self._ground.spot(540, _MIDDLE, 520, 560)
        self._palette = palette

    def paint(
        self, canvas: Canvas, *, wedge: float, angle: float, spread: float = 0.3, glow: float = 0.0
    ) -> None:
        ground = self._ground
        ground.begin(self._base)
        ground.light(self._glow, self._palette.accent, 0.4 * glow)
        if wedge > 0:
            ground.light(self._lamp.wedge(angle, spread), (255, 250, 244), 0.3 * wedge)
            ground.light(self._lamp.wedge(angle, spread * 0.55), (255, 250, 244), 0.16 * wedge)
        canvas.paint(ground.field)


class Impact:
    """A beam snaps on; red and white slam in behind the product, and again."""

    _FIRST = (0.55, 0.95)
    _SECOND = 4.4

    def __init__(self, setting: Setting) -> None:
        self._subject = setting.subject(
            rim=mix(setting.palette.text, setting.palette.accent, 0.25), largest=1.2
        )
        self._stage = _Stage(setting, (-60, -320))
        self._blocks = _Blocks(setting.palette)
        self._dots = _dots(setting, (760, 380), 330)

    def draw(self, canvas: Canvas, at: float) -> None:
        palette = self._blocks.palette
        on = 1.0 if 0.1 <= at < 0.16 or at > 0.24 else 0.12
        self._stage.paint(canvas, wedge=on, angle=0.98 + 0.05 * swaying(at, 9), glow=0.0)
        red, white = _slam(at, self._FIRST[0]), _slam(at, self._FIRST[1])
        away = smooth(at, self._SECOND - 0.02, self._SECOND + 0.16)
        again, third = _slam(at, self._SECOND + 0.1), _slam(at, self._SECOND + 0.42)
        drift, wide = 9 * at, 1900 + 2 * canvas.layout.beside
        self._blocks.bar(canvas, (560 + drift, 600), (wide, 560), palette.accent, come=red - 1.2 * away)
        self._blocks.bar(
            canvas, (330 - drift, 995), (900, 150), palette.text, come=white - 1.2 * away, way=-1
        )
        self._blocks.bar(canvas, (820 - drift, 560), (760, 2400), palette.accent, come=again, way=1)
        self._blocks.bar(canvas, (170 + drift, 830), (620, 120), palette.text, come=third, way=-1)
        canvas.lay(self._dots, 0, 0, min(1.0, red) * (1 - away))
        self._draw_product(canvas, at, on)
        self._blocks.foot(canvas, at, landing(at, 0.2, 0.7))
        _hit(canvas, at, (*self._FIRST, self._SECOND + 0.1, self._SECOND + 0.42))
        canvas.tint(
            palette.text,
            0.8 * fading(at, 0.1, seconds=0.03) + 0.3 * fading(at, self._FIRST[0] + 0.14, seconds=0.04),
        )

    def _draw_product(self, canvas: Canvas, at: float, on: float) -> None:
        punch = 0.1 * fading(at, self._FIRST[0] + 0.14, seconds=0.2) + 0.1 * fading(
            at, self._SECOND + 0.24, seconds=0.2
        )
        pose = Pose(
            y=_MIDDLE,
            size=0.96 + 0.013 * at + punch,
            yaw=between(-0.3, 0.22, smooth(at, 0, 9.5)),
            roll=-0.06 + 0.1 * _slam(at, self._SECOND + 0.1) * 0.6,
        )
        shown = smooth(at, self._FIRST[0], self._FIRST[0] + 0.15)
        shadow = replace(pose, x=pose.x + 62, y=pose.y + 50)
        self._subject.silhouette(canvas, shadow, 0.5 * shown)
        light = Light(
            ambient=0.1 + 0.6 * on * (0.4 + 0.6 * shown),
            key=0.45 * on,
            key_from=-2.4,
            right_rim=0.9,
            left_rim=0.25,
        )
        self._subject.draw(canvas, pose, light)


class Strips:
    """Close looks in hard light, one printed in three tones, wiped away by blocks."""

    def __init__(self, setting: Setting) -> None:
        self._beat_s, self._length = setting.beat_s, 4 * setting.beat_s
        canvas, cutout, palette = setting.canvas, setting.cutout, setting.palette
        self._blocks = _Blocks(palette)
        places = details(cutout, 3)
        grounds = (_studio(setting), None, _studio(setting, red=True))
        self._plates = []
        for (u, v), (zoom, roll), ground in zip(
            places, ((2.1, -0.22), (1.7, 0.18), (2.6, -0.1)), grounds, strict=True
        ):
            view = View(
                u=between(u, 0.5, 0.15),
                v=between(v, 0.5, 0.15),
                zoom=sharp_zoom(cutout, canvas, zoom),
                roll=0.0 if cutout.kind == "card" else roll,
                centre=(540, 560),
                depth=0,
            )
            shown = _printed(cutout, palette) if ground is None else _harder(cutout)
            back = _flat(palette.accent) if ground is None else ground
            self._plates.append(Plate(shown, canvas, view, back))
        self._dots = _dots(setting, (120, 240), 420, colour=palette.background)

    def draw(self, canvas: Canvas, at: float) -> None:
        number = int(at / self._length)
        since = at - number * self._length
        ends = self._length - since
        shown = number % 3
        part = since / self._length
        punch = 0.07 * fading(since % (2 * self._beat_s), 0, seconds=0.12)
        way = (1, -1, 1)[shown]
        shift = (way * between(40, -40, part), between(18, -18, part))
        self._plates[shown].draw(
            canvas, zoom=between(0.97, 1.1, part) + punch, shift=shift, roll=0.02 * way * part
        )
        if shown == 1:
            canvas.lay(self._dots, 0, 0, 0.9)
        palette, beside = self._blocks.palette, canvas.layout.beside
        self._blocks.bar(
            canvas, (70 - beside + 30 * part, 330), (520, 46), palette.text, come=_slam(since, 0.5), way=-1
        )
        self._blocks.bar(
            canvas,
            (980 + beside - 40 * part, 1010),
            (640, 70),
            palette.accent if shown != 1 else palette.background,
            come=_slam(since, 0.8),
        )
        self._blocks.foot(canvas, at)
        self._wipe(canvas, since, ends)
        _hit(canvas, at, (number * self._length - 0.1, number * self._length + 0.5), strength=0.6)

    def _wipe(self, canvas: Canvas, since: float, ends: float) -> None:
        """A block that covers the frame at the cut and moves on."""
        place = -1.0 + smooth(ends, 0.3, 0.0) if ends < 0.3 else smooth(since, 0.0, 0.3)
        if ends < 0.3 or (since < 0.3 and place < 1):
            palette = self._blocks.palette
            beside = canvas.layout.beside
            x = 540 + place * (2300 + 2 * beside)
            self._blocks.bar(canvas, (x, 960), (2100 + 2 * beside, 3200), palette.accent)
            self._blocks.bar(canvas, (x - 1120 - beside, 960), (120, 3200), palette.text)


class Sliding:
    """The product between huge blocks that change places."""

    def __init__(self, setting: Setting) -> None:
        self._beat_s = setting.beat_s
        self._subject = setting.subject(rim=setting.palette.text, largest=1.12)
        self._stage = _Stage(setting, (1180, -260))
        self._blocks = _Blocks(setting.palette)
        self._dots = _dots(setting, (860, 300), 300, colour=setting.palette.background)

    def draw(self, canvas: Canvas, at: float) -> None:
        palette, blocks = self._blocks.palette, self._blocks
        turn, since = divmod(at, 4 * self._beat_s)
        move = overshoot(since, 0, 0.28, by=0.9)
        before, now = self._places(int(turn) - 1), self._places(int(turn))
        red, white = (between(one, other, move) for one, other in zip(before, now, strict=True))
        self._stage.paint(canvas, wedge=1.0, angle=2.16 + 0.06 * swaying(at, 8), spread=0.24)
        blocks.bar(canvas, (red + 12 * since, 660), (620, 2600), palette.accent)
        blocks.bar(canvas, (white - 16 * since, 560), (190, 2600), palette.text)
        blocks.bar(canvas, (540 - 20 * since, 330), (1500 + 2 * canvas.layout.beside, 60), palette.background)
        canvas.lay(self._dots, 0, 0, 0.8)
        punch = 0.08 * fading(since, 0.05, seconds=0.16)
        pose = Pose(
            y=_MIDDLE,
            size=0.94 + 0.012 * at + punch,
            yaw=0.3 * swaying(at, 8 * self._beat_s),
            roll=0.05 * swaying(at, 8 * self._beat_s, 0.25),
        )
        self._subject.silhouette(canvas, replace(pose, x=pose.x - 66, y=pose.y + 54), 0.55)
        light = Light(ambient=0.68, key=0.5, key_from=-0.7, left_rim=0.7, right_rim=0.35)
        self._subject.draw(canvas, pose, light)
        blocks.bar(canvas, (1000 - 26 * since, 1075), (560, 56), palette.text, come=_slam(at, 0.35))
        blocks.foot(canvas, at)
        moments = [4 * self._beat_s * number for number in range(5)]
        _hit(canvas, at, [moment - 0.05 for moment in moments], strength=0.7)
        if since < 0.16:
            canvas.smear(70 * (1 - since / 0.16), 0)

    @staticmethod
    def _places(turn: int) -> tuple[float, float]:
        """Where the red and the white block stand."""
        return ((250.0, 900.0), (820.0, 230.0), (430.0, 1010.0), (660.0, 120.0))[turn % 4]


class Still:
    """Hard light snaps on; the product fills the frame."""

    def __init__(self, setting: Setting) -> None:
        palette = setting.palette
        self._subject = setting.subject(rim=mix(palette.text, palette.accent, 0.3), largest=1.34)
        self._stage = _Stage(setting, (540, -420))
        self._blocks = _Blocks(palette)
        self._dots = _dots(setting, (540, 130), 520, colour=palette.background)

    def draw(self, canvas: Canvas, at: float) -> None:
        palette, blocks = self._blocks.palette, self._blocks
        on = 1.0 if at > 0.34 else 0.0
        self._stage.paint(
            canvas, wedge=0.2 + 0.8 * on, angle=math.pi / 2 + 0.03 * swaying(at, 6), spread=0.34
        )
        beside = canvas.layout.beside
        blocks.bar(canvas, (540, 690), (2600 + 2 * beside, 900), palette.accent, come=_slam(at, 0.2))
        canvas.lay(self._dots, 0, 0, on)
        thin = (300 - beside + 14 * at, 205), (1300 + 2 * beside, 40)
        blocks.bar(canvas, *thin, palette.text, come=_slam(at, 0.5), way=-1)
        punch = 0.16 * fading(at, 0.34, seconds=0.18)
        pose = Pose(
            y=750, size=1.12 + 0.016 * at + punch, yaw=between(0.2, -0.1, smooth(at, 0, 5.5)), roll=-0.03
        )
        self._subject.silhouette(canvas, replace(pose, x=pose.x + 58, y=pose.y + 60), 0.5 * on)
        light = Light(
            ambient=0.06 + 0.62 * on,
            key=0.55 * on,
            key_from=-1.9,
            left_rim=1.1 - 0.7 * on,
            right_rim=1.1 - 0.5 * on,
            sweep=0.7 * on,
            sweep_at=between(-1.3, 1.3, smooth(at, 1.4, 3.2)),
            sweep_width=0.1,
        )
        self._subject.draw(canvas, pose, light)
        blocks.foot(canvas, at, landing(at, 0.0, 0.5))
        _hit(canvas, at, (0.2, 0.5))
        canvas.tint(palette.text, 0.85 * fading(at, 0.34, seconds=0.05))


SCENES: Final = (Impact, Strips, Sliding, Still)


def sculpture(palette: Palette) -> tuple[Colour, Colour]:
    """The colours of its ball and of its ring."""
    return palette.text, palette.accent


def _dots(setting: Setting, middle: Point, radius: float, colour: Colour | None = None) -> "Pixels":
    """Printed dots that get smaller away from a place."""
    ground = setting.ground
    away = np.hypot(ground.x[None] - middle[0], ground.y[:, None] - middle[1]) / radius
    strength = np.clip(0.62 * (1 - 0.75 * away), 0, 1) * (away < 1.25)
    return halftone(setting.canvas, pitch=34, colour=colour or BLACK, strength=strength.astype(np.float32))


def _harder(cutout: Cutout) -> Cutout:
    """With more contrast."""
    levels = np.arange(256) / 255
    curve = (
        np.rint(255 * (levels + 0.16 * np.sin(math.tau * (levels - 0.5)) * 0.9)).clip(0, 255).astype(np.uint8)
    )
    rgb = cv2.LUT(np.ascontiguousarray(cutout.rgba[..., :3]), curve)
    return replace(cutout, rgba=np.ascontiguousarray(np.dstack([rgb, cutout.rgba[..., 3]])))


def _printed(cutout: Cutout, palette: Palette) -> Cutout:
    """In three inks as a poster: cut by hard thresholds, or graded where it is a whole photograph."""
    grey = cv2.cvtColor(np.ascontiguousarray(cutout.rgba[..., :3]), cv2.COLOR_RGB2GRAY)
    seen = grey[cutout.rgba[..., 3] > 127]
    dark, light = np.percentile(seen, (38, 74)) if seen.size else (85, 170)
    soft = cv2.bilateralFilter(grey, 7, 40, 5).astype(np.float32)
    slope = 8 if cutout.kind == "cut" else 70
    middle = np.clip((soft - dark) / slope + 0.5, 0, 1)[..., None]
    bright = np.clip((soft - max(light, dark + 24)) / slope + 0.5, 0, 1)[..., None]
    ink = _blended(palette.background, mix(palette.accent, BLACK, 0.45), middle)
    rgb = ink + (np.array(palette.text) - ink) * bright
    return replace(cutout, rgba=np.rint(np.dstack([rgb, cutout.rgba[..., 3]])).astype(np.uint8))


def _blended(one: Colour, other: Colour, part: "NDArray[np.floating[Any]]") -> "NDArray[np.float64]":
    return np.asarray(np.array(one) + (np.array(other) - np.array(one)) * part, np.float64)


def _flat(colour: Colour) -> "Pixels":
    return np.full((2, 2, 4), [*colour, 255], np.uint8)


def _studio(setting: Setting, *, red: bool = False) -> "Pixels":
    """Black with a hard wedge of light, or red light from a side."""
    ground, palette = setting.ground, setting.palette
    stage = _Stage(setting, (1200, -200))
    stage.paint(setting.canvas, wedge=0.9, angle=2.2, spread=0.3)
    if red:
        ground.light(ground.spot(60, 500, 420, 900), palette.accent, 0.75)
        setting.canvas.paint(ground.field)
    return setting.canvas.pixels.copy()

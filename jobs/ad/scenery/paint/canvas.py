"""The frame that is being drawn, and what is laid on it.

Places and sizes are in the units of `Layout`.
Pixels are RGB in four channels, the last unused: OpenCV is several times as fast with four as with three.
Sprites are premultiplied RGBA; one whose alpha is 0 adds light and covers nothing.
"""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from jobs.ad.scenery.paint.layout import DESIGN, Layout
from shared.video.colour import to_planes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.video.frames.frames import Frame

    Pixels = NDArray[np.uint8]
    Field = NDArray[np.float32]

Colour = tuple[float, float, float]
Point = tuple[float, float]

COARSE: Final = 4
"""Soft things are drawn in pixels this many times as large."""
_SHIFT: Final = 4
"""Bits of a pixel's fraction in OpenCV's drawing."""
_DEPTH: Final = 64
"""Steps of a level between the coarse field and the frame: what is added to break up bands."""


class Canvas:
    """A frame of `width` x `height` pixels, drawn from back to front."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.layout = Layout(width=width, height=height)
        self.scale = self.layout.scale
        """Pixels a unit."""
        self.pixels: Pixels = np.zeros((height, width, 4), np.uint8)
        grain = np.random.default_rng(7).integers(0, _DEPTH, (height, width), np.uint16)
        self._grain = np.ascontiguousarray(np.repeat(grain[..., None], 4, axis=2))
        self._deep = np.empty((height, width, 4), np.uint16)

    def place(self, x: float, y: float) -> Point:
        """In pixels."""
        down = y - self.layout.middle
        return self.width / 2 + (x - DESIGN[0] / 2) * self.scale, self.height / 2 + down * self.scale

    def paint(self, field: "Field") -> None:
        """Fill the frame from a coarse field: (3, h/4, w/4), 0 to 255."""
        planes = [(plane * _DEPTH).astype(np.uint16) for plane in field]
        deep = cv2.merge([*planes, planes[0]])
        cv2.resize(deep, (self.width, self.height), dst=self._deep, interpolation=cv2.INTER_LINEAR)
        cv2.add(self._deep, self._grain, dst=self._deep)
        # half a level less, as the grain is half a level on average and rounding another half
        cv2.convertScaleAbs(self._deep, dst=self.pixels, alpha=1 / _DEPTH, beta=-0.49)

    def lay(self, sprite: "Pixels", left: int, top: int, opacity: float = 1.0) -> None:
        """Lay a sprite with its corner at this pixel; what is outside the frame is cut off."""
        rows = slice(max(0, -top), min(sprite.shape[0], self.height - top))
        columns = slice(max(0, -left), min(sprite.shape[1], self.width - left))
        if rows.start >= rows.stop or columns.start >= columns.stop or opacity <= 0:
            return
        part = sprite[rows, columns]
        if opacity < 1:
            part = np.asarray(cv2.convertScaleAbs(part, alpha=opacity), np.uint8)
        view = self.pixels[top + rows.start : top + rows.stop, left + columns.start : left + columns.stop]
        cover(view, part)

    def stamp(
        self,
        sprite: "Pixels",
        x: float,
        y: float,
        *,
        size: float = 1.0,
        roll: float = 0.0,
        opacity: float = 1.0,
    ) -> None:
        """Lay a sprite, drawn in the frame's pixels, with its middle at this place, to parts of a pixel."""
        tall, wide = sprite.shape[:2]
        cos, sin = size * math.cos(roll), size * math.sin(roll)
        middle_x, middle_y = self.place(x, y)
        half_w = (abs(cos) * wide + abs(sin) * tall) / 2
        half_h = (abs(sin) * wide + abs(cos) * tall) / 2
        left, right = _within(middle_x - half_w, middle_x + half_w, self.width)
        top, bottom = _within(middle_y - half_h, middle_y + half_h, self.height)
        if left >= right or top >= bottom or opacity <= 0 or size <= 0:
            return
        matrix = _about(sprite, (middle_x - left, middle_y - top), cos, sin)
        drawn = cv2.warpAffine(sprite, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
        self.lay(np.asarray(drawn, np.uint8), left, top, opacity)

    def project(self, picture: "Pixels", x: float, y: float, *, size: float = 1.0, roll: float = 0.0) -> None:
        """Like `stamp` for what is opaque and larger than the frame: nothing shows through."""
        cos, sin = size * math.cos(roll), size * math.sin(roll)
        matrix = _about(picture, self.place(x, y), cos, sin)
        cv2.warpAffine(
            picture,
            matrix,
            (self.width, self.height),
            dst=self.pixels,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )

    def polygon(self, points: Sequence[Point], colour: Colour, opacity: float = 1.0) -> None:
        """Fill a polygon with smooth edges."""
        corners = np.array([self.place(*point) for point in points])
        self._drawn(corners, opacity, lambda view, at: _fill_polygon(view, corners - at, colour))

    def disc(self, x: float, y: float, radius: float, colour: Colour, opacity: float = 1.0) -> None:
        self.polygon(circle(x, y, radius), colour, opacity)

    def ring(
        self, x: float, y: float, radius: float, width: float, colour: "Callable[[float], Colour]"
    ) -> None:
        """A circle whose colour changes along it: `colour` is asked for turns, 0 to 1, clockwise from the
        right."""
        steps = 72
        for step in range(steps):
            part = circle(x, y, radius, start=step / steps, turns=1.15 / steps)
            self.line(part[:: max(1, len(part) // 6)], width, colour((step + 0.5) / steps))

    def line(
        self,
        points: Sequence[Point],
        width: float,
        colour: Colour,
        opacity: float = 1.0,
        *,
        closed: bool = False,
    ) -> None:
        """A line of this width along the points."""
        path = np.array([self.place(*point) for point in points])
        thick = max(1, round(width * self.scale))
        self._drawn(path, opacity, lambda view, at: _draw_line(view, path - at, colour, thick, closed), thick)

    def _drawn(self, points: "NDArray[np.float64]", opacity: float, draw: "_Draw", spare: int = 0) -> None:
        """Let `draw` draw into the part of the frame that the points span."""
        low = np.maximum(np.floor(points.min(0)).astype(int) - spare - 2, 0)
        high = np.minimum(np.ceil(points.max(0)).astype(int) + spare + 2, (self.width, self.height))
        if (low >= high).any() or opacity <= 0:
            return
        view = self.pixels[low[1] : high[1], low[0] : high[0]]
        if opacity >= 1:
            draw(view, low)
            return
        drawn = view.copy()
        draw(drawn, low)
        cv2.addWeighted(drawn, opacity, view, 1 - opacity, 0, dst=view)

    def smear(self, across: float, down: float) -> None:
        """Blur along the way that everything moved while the shutter was open."""
        kernel = (_odd(across * self.scale), _odd(down * self.scale))
        if kernel != (1, 1):
            cv2.blur(self.pixels, kernel, dst=self.pixels)

    def dim(self, shape: "Pixels", left: int, top: int, strength: float) -> None:
        """Darken by a shape (h, w), 255 where most, with its corner at this pixel inside the frame."""
        view = self.pixels[top : top + shape.shape[0], left : left + shape.shape[1]]
        keep = cv2.convertScaleAbs(shape, alpha=-strength, beta=255)
        cv2.multiply(view, cv2.cvtColor(keep, cv2.COLOR_GRAY2RGBA), dst=view, scale=1 / 255)

    def shake(self, x: float, y: float, *, zoom: float = 1.0, roll: float = 0.0) -> None:
        """Move the whole frame as a camera that was hit does; `zoom` hides what comes in at the edges."""
        middle = (self.width / 2, self.height / 2)
        matrix = cv2.getRotationMatrix2D(middle, math.degrees(roll), zoom)
        matrix[:, 2] += np.array((x * self.scale, y * self.scale))
        moved = cv2.warpAffine(
            self.pixels,
            matrix,
            (self.width, self.height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
        self.pixels = np.asarray(moved, np.uint8)

    def tint(self, colour: Colour, amount: float) -> None:
        """Mix the whole frame with a colour: a flash, or a fade."""
        if amount > 0.01:
            part = min(1.0, amount)
            table = np.empty((1, 256, 4), np.uint8)
            levels = np.arange(256)[:, None] * (1 - part) + np.array(_four(colour)) * part
            table[0] = np.rint(levels)
            cv2.LUT(self.pixels, table, dst=self.pixels)

    def mix(self, other: "Pixels", part: float) -> None:
        """Towards another picture of the same size, which `part` 1 is."""
        cv2.addWeighted(other, part, self.pixels, 1 - part, 0, dst=self.pixels)

    def shine(self, band: "Field", colour: Colour, strength: float) -> None:
        """Light (a coarse mask) that falls on what is drawn: the brighter, the more of it comes back."""
        parts = [np.minimum(band * value * strength, 255) for value in colour]
        light = cv2.merge([*parts, np.zeros_like(band)]).astype(np.uint8)
        whole = cv2.resize(light, (self.width, self.height), interpolation=cv2.INTER_LINEAR)
        cv2.add(self.pixels, cv2.multiply(whole, self.pixels, scale=1 / 170), dst=self.pixels)

    def mask(self, field: "Field") -> "Pixels":
        """A coarse mask of 0 to 1 at the frame's size, for `shade`."""
        fine = cv2.resize(field * np.float32(255), (self.width, self.height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.cvtColor(np.rint(fine).astype(np.uint8), cv2.COLOR_GRAY2RGBA), np.uint8)

    def shade(self, keep: "Pixels") -> None:
        """Darken by a mask of the frame's size in four channels: 255 keeps all, 0 nothing."""
        cv2.multiply(self.pixels, keep, dst=self.pixels, scale=1 / 255)

    def multiply(self, field: "Field") -> None:
        """Darken by a coarse field of 0 to 255: shadows on what is already drawn."""
        planes = [cv2.convertScaleAbs(plane) for plane in field]
        small = cv2.merge([*planes, planes[0]])
        whole = cv2.resize(small, (self.width, self.height), interpolation=cv2.INTER_LINEAR)
        cv2.multiply(self.pixels, whole, dst=self.pixels, scale=1 / 255)

    def veil(self, keep: "Pixels", add: "Pixels") -> None:
        """Like `shade`, but towards what is added instead of black."""
        cv2.multiply(self.pixels, keep, dst=self.pixels, scale=1 / 255)
        cv2.add(self.pixels, add, dst=self.pixels)

    def show(self, frame: "Frame") -> None:
        """Hand what is drawn to the encoder's planes."""
        luma, chroma = to_planes(np.asarray(cv2.cvtColor(self.pixels, cv2.COLOR_RGBA2RGB), np.uint8))
        np.copyto(frame.luma, luma)
        np.copyto(frame.chroma, chroma)


if TYPE_CHECKING:
    _Draw = Callable[[Pixels, NDArray[np.int_]], None]


def cover(view: "Pixels", sprite: "Pixels") -> None:
    """Lay a premultiplied sprite over a part of a frame of the same size."""
    clear = cv2.bitwise_not(cv2.extractChannel(sprite, 3))
    keep = cv2.cvtColor(clear, cv2.COLOR_GRAY2RGBA)
    cv2.multiply(view, keep, dst=view, scale=1 / 255)
    cv2.add(view, sprite, dst=view)


def circle(x: float, y: float, radius: float, *, start: float = 0.0, turns: float = 1.0) -> list[Point]:
    """Points on a circle or an arc, `start` and `turns` in whole turns, clockwise from the right."""
    steps = max(24, round(abs(turns) * (24 + radius / 3)))
    angles = (math.tau * (start + turns * step / steps) for step in range(steps + 1))
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]


def turned(points: Sequence[Point], angle: float, about: Point) -> list[Point]:
    """The points turned clockwise by an angle in radians."""
    cos, sin = math.cos(angle), math.sin(angle)
    moved = ((x - about[0], y - about[1]) for x, y in points)
    return [(about[0] + x * cos - y * sin, about[1] + x * sin + y * cos) for x, y in moved]


def _about(sprite: "Pixels", middle: Point, cos: float, sin: float) -> "NDArray[np.float64]":
    """The affine matrix that turns and scales a sprite about its middle, which comes to `middle`."""
    x, y = middle[0] - 0.5, middle[1] - 0.5
    mid_x, mid_y = (sprite.shape[1] - 1) / 2, (sprite.shape[0] - 1) / 2
    return np.array([[cos, -sin, x - cos * mid_x + sin * mid_y], [sin, cos, y - sin * mid_x - cos * mid_y]])


def _within(low: float, high: float, most: int) -> tuple[int, int]:
    return max(0, math.floor(low)), min(most, math.ceil(high))


def _four(colour: Colour) -> tuple[float, float, float, float]:
    return (*colour, 255.0)


def _odd(length: float) -> int:
    return 2 * round(abs(length) / 2) + 1


def _fixed(points: "NDArray[np.float64]") -> "NDArray[np.int32]":
    # OpenCV's pixel centres are whole numbers, the canvas's are halves
    return np.rint((points - 0.5) * (1 << _SHIFT)).astype(np.int32)


def _fill_polygon(view: "Pixels", points: "NDArray[np.float64]", colour: Colour) -> None:
    cv2.fillPoly(view, [_fixed(points)], _four(colour), cv2.LINE_AA, _SHIFT)


def _draw_line(
    view: "Pixels", points: "NDArray[np.float64]", colour: Colour, thick: int, closed: bool
) -> None:
    cv2.polylines(view, [_fixed(points)], closed, _four(colour), thick, cv2.LINE_AA, _SHIFT)

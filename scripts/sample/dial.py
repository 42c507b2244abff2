"""What is under the glass: a sunburst dial, indices, hands just before ten past ten, the small seconds.

Closer to ten past, the minute hand would cover an index.
"""

import math
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from scripts.sample.canvas import Array, Point, Real, blurred, rgb, sampled, smoothstep
from scripts.sample.metal import (
    GOLD,
    Metal,
    Window,
    cover,
    darken,
    finer,
    halved,
    inside,
    mirrored,
    moved,
    outward,
    polygon,
    streaks,
    turned,
    window,
)

DIAL: Final = 372
"""The dial's radius in pixels."""
_SECONDS: Final = (0.0, 186.0)
_SECONDS_RADIUS: Final = 98.0
_ENAMEL: Final = Metal(
    stops=((0, "#01030a"), (0.2, "#051430"), (0.45, "#0d3168"), (0.7, "#2b68ac"), (1, "#8fc1ee"))
)
_INK: Final = "#dfe6ee"
_KEY: Final = (-0.50, -0.87)
"""Where the light comes from."""


def dial(picture: Array, rng: np.random.Generator) -> None:
    part = window(picture, -DIAL - 3, -DIAL - 3, DIAL + 4, DIAL + 4)
    radius = np.hypot(part.x, part.y)
    cover(part, _sunburst(part, radius, rng), inside(radius - DIAL))
    _minutes(part, radius)
    _lettering(part)
    _emblem(picture)
    _seconds(picture)
    for hour in range(12):
        if hour != 6:
            _index(picture, hour)
    _hands(picture)


def _sunburst(part: Window, radius: Array, rng: np.random.Generator) -> Array:
    """Lacquer over a dial brushed from the middle outward: fans of light, darker toward the edge."""
    angle = np.arctan2(part.y, part.x)
    brush = streaks(rng, 2048, 5)
    place = np.asarray((angle / np.float32(2 * np.pi) + np.float32(0.5)) * 2047, np.float32)
    grain = sampled(brush[None], place, np.zeros_like(place))
    light = np.full_like(angle, 0.20)
    for at, width, strength in ((-118, 26, 0.46), (62, 22, 0.30), (-30, 12, 0.10), (152, 13, 0.12)):
        away = np.abs(
            (angle - np.float32(np.radians(at)) + np.float32(np.pi)) % np.float32(2 * np.pi)
            - np.float32(np.pi)
        )
        light += np.float32(strength) * np.exp(-((away / np.float32(np.radians(width))) ** 2))
    light *= 1 + np.float32(0.055) * grain
    light *= 1 - np.float32(0.62) * smoothstep(0.45 * DIAL, 1.02 * DIAL, radius)
    return _ENAMEL.lit(light)


def _minutes(part: Window, radius: Array) -> None:
    """A printed track, a line for each minute and a longer one every five."""
    ring = inside(np.abs(radius - (DIAL - 12)) - 7)
    long = inside(np.abs(radius - (DIAL - 14)) - 9)
    angle = np.arctan2(part.x, -part.y) / np.float32(2 * np.pi)
    ticks = inside(_spokes(angle * 60) * radius * np.float32(np.pi / 30) - np.float32(1.1))
    fives = inside(_spokes(angle * 12) * radius * np.float32(np.pi / 6) - np.float32(2.2))
    cover(part, rgb(_INK), np.maximum(ring * ticks, long * fives) * np.float32(0.85))


def _spokes(turn: Real) -> Array:
    """How far from the nearest whole number."""
    return np.asarray(np.abs(turn - np.round(turn)), np.float32)


def _lettering(part: Window) -> None:
    """Printed with the face that Pillow itself brings, so that it is the same everywhere."""
    sheet = Image.new("L", (part.x.size * 2, part.y.size * 2), 0)
    pen = ImageDraw.Draw(sheet)
    for text, size, row, gap in (("REELWRIGHT", 58, -168, 11), ("AUTOMATIC", 33, -124, 9)):
        font = ImageFont.load_default(size)
        widths = [font.getlength(letter) + gap for letter in text]
        left = part.x.size - (sum(widths) - gap) / 2
        for letter, width in zip(text, widths, strict=True):
            pen.text((left, part.y.size + row * 2), letter, fill=255, font=font, anchor="ls")
            left += width
    print_ = np.asarray(sheet.resize((part.x.size, part.y.size), Image.Resampling.BOX), np.float32) / 255
    cover(part, rgb(_INK), print_ * np.float32(0.95))


def _emblem(picture: Array) -> None:
    """The maker's mark, a reel of film with five holes."""
    part = window(picture, -32, -264, 33, -199)
    x, y = part.x, part.y + 230
    radius = np.maximum(np.hypot(x, y), np.float32(1))
    reel = np.maximum(radius - 19, np.float32(2.6) - radius)
    for turn in np.arange(5) * 2 * np.pi / 5:
        hole = np.hypot(x - np.float32(11 * np.sin(turn)), y + np.float32(11 * np.cos(turn)))
        reel = np.maximum(reel, np.float32(4.3) - hole)
    darken(part, blurred(np.roll(inside(reel), (3, 2), (0, 1)), 1.8) * np.float32(0.6))
    lean = smoothstep(15, 19, radius) * np.float32(0.7)
    light = mirrored(part, x / radius * lean, y / radius * lean) + np.float32(0.25) - y * np.float32(0.006)
    cover(part, GOLD.lit(light), inside(reel))


def _seconds(picture: Array) -> None:
    """A sunk dial turned in fine circles, with a polished edge and a hand of its own."""
    reach = _SECONDS_RADIUS + 12
    part = window(picture, -reach, _SECONDS[1] - reach, reach, _SECONDS[1] + reach)
    x, y = part.x - np.float32(_SECONDS[0]), part.y - np.float32(_SECONDS[1])
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    light = np.float32(0.17) + np.float32(0.16) * np.abs(np.cos(angle - np.float32(0.75))) ** 6
    light += np.float32(0.14) * np.abs(np.cos(angle - np.float32(0.75) + np.float32(np.pi / 2))) ** 14
    light *= 1 + np.float32(0.20) * np.sin(radius * np.float32(2 * np.pi / 4.2))
    cover(part, _ENAMEL.lit(light), inside(radius - np.float32(_SECONDS_RADIUS)))
    shade = smoothstep(24, 0, _SECONDS_RADIUS - np.hypot(x - 5, y - 8)) * inside(
        radius - np.float32(_SECONDS_RADIUS)
    )
    darken(part, shade * np.float32(0.65))
    _ring(part, x, y, _SECONDS_RADIUS, 3.2)
    turn = np.arctan2(x, -y) / np.float32(2 * np.pi)
    ticks = inside(_spokes(turn * 60) * radius * np.float32(np.pi / 30) - np.float32(0.7))
    tens = inside(_spokes(turn * 12) * radius * np.float32(np.pi / 6) - np.float32(1.3))
    track = np.maximum(ticks * inside(np.abs(radius - 84) - 5), tens * inside(np.abs(radius - 81) - 8))
    cover(part, rgb(_INK), track * np.float32(0.8))
    needle = [(-1.2, -78.0), (1.2, -78.0), (3.0, 0.0), (4.0, 26.0), (-4.0, 26.0), (-3.0, 0.0)]
    _hand(picture, _SECONDS, 60, needle, 2.0)
    _cap(picture, _SECONDS, 8)


def _ring(part: Window, x: Array, y: Array, radius: float, half: float) -> None:
    """A thin polished ring, round like a wire."""
    from_middle = np.maximum(np.hypot(x, y), np.float32(1))
    side = np.clip((from_middle - np.float32(radius)) / np.float32(half), -1, 1) * np.float32(0.85)
    light = mirrored(part, x / from_middle * side, y / from_middle * side)
    cover(part, GOLD.lit(light), inside(np.abs(from_middle - np.float32(radius)) - np.float32(half)))


def _index(picture: Array, hour: int) -> None:
    """A baton like a hipped roof, with its shadow; two of them at twelve."""
    middle, half_length, half_width = (309.0, 36.0, 9.0)
    offsets = (-14.0, 14.0) if hour == 0 else (0.0,)
    if hour % 3 == 0:
        half_width = 10.5
    for offset in offsets:
        x, y = moved((offset, -middle), hour * 30)
        part = window(picture, x - 60, y - 60, x + 61, y + 61)
        corners = [
            (-half_width, -half_length),
            (half_width, -half_length),
            (half_width * 0.8, half_length),
            (-half_width * 0.8, half_length),
        ]
        _block(part, (x, y), hour * 30.0, corners, 5.0)


def _block(part: Window, at: Point, degrees: float, corners: list[Point], lift: float) -> None:
    """A polished shape whose faces rise from each side to a ridge, and the shadow it casts."""
    _shadow(part, at, degrees, corners, lift)
    fine = finer(part)
    x, y = turned(fine.x - np.float32(at[0]), fine.y - np.float32(at[1]), degrees)
    distance = polygon(x, y, corners)
    out_x, out_y = (blurred(lean, 1.2) for lean in outward(distance))
    light = mirrored(fine, out_x * np.float32(0.36), out_y * np.float32(0.36))
    cover(part, halved(GOLD.lit(light)), halved(inside(distance * 2)))


def _shadow(part: Window, at: Point, degrees: float, corners: list[Point], lift: float) -> None:
    x, y = turned(part.x - np.float32(at[0] + lift * 0.7), part.y - np.float32(at[1] + lift * 1.2), degrees)
    soft = blurred(inside(polygon(x, y, corners)), max(lift * 0.55, 0.8))
    darken(part, soft * np.float32(0.72))


def _hands(picture: Array) -> None:
    """Dauphine hands: broad at the middle, each half of the length a face of its own."""
    hour = [(0.0, -226.0), (23.0, -30.0), (0.0, 44.0), (-23.0, -30.0)]
    minute = [(0.0, -334.0), (20.0, -34.0), (0.0, 48.0), (-20.0, -34.0)]
    _hand(picture, (0, 0), 304.6, hour, 7.0)
    _hand(picture, (0, 0), 55.0, minute, 11.0)
    _cap(picture, (0, 0), 18)


def _hand(picture: Array, at: Point, degrees: float, corners: list[Point], lift: float) -> None:
    """One hand that points to `degrees` from twelve, `lift` pixels above the dial."""
    xs, ys = zip(*(moved(corner, degrees, at) for corner in corners), strict=True)
    part = window(picture, min(xs) - 24, min(ys) - 24, max(xs) + 40, max(ys) + 50)
    _shadow(part, at, degrees, corners, lift)
    x, y = turned(part.x - np.float32(at[0]), part.y - np.float32(at[1]), degrees)
    toward, _ = moved(_KEY, -degrees)
    step = np.float32(math.copysign(0.30 * math.sqrt(abs(toward)), toward))
    light = np.float32(0.60) + step * np.clip(x / np.float32(0.8), -1, 1) - y * np.float32(0.0005)
    distance = polygon(x, y, corners)
    light += np.float32(0.14) * smoothstep(-2.6, -0.6, distance)
    cover(part, GOLD.lit(light), inside(distance))


def _cap(picture: Array, at: Point, size: float) -> None:
    """The polished boss that holds the hands."""
    part = window(picture, at[0] - size - 12, at[1] - size - 12, at[0] + size + 14, at[1] + size + 16)
    x, y = part.x - np.float32(at[0]), part.y - np.float32(at[1])
    darken(part, smoothstep(size + 7, size - 4, np.hypot(x - 2, y - 4)) * np.float32(0.5))
    radius = np.maximum(np.hypot(x, y), np.float32(0.5))
    dome = smoothstep(0.55, 1.0, radius / np.float32(size)) * np.float32(0.62)
    light = mirrored(part, x / radius * dome, y / radius * dome, brushed=True) + np.float32(0.2)
    light -= y * np.float32(0.12 / size)
    cover(part, GOLD.lit(light), inside(radius - np.float32(size)))

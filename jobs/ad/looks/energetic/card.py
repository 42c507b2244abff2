"""The card: the ground behind the words, how a product stands there, and what frames the call to action."""

from typing import Final

import numpy as np

from jobs.ad.card.brush import (
    Paint,
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
from jobs.ad.card.shapes import Plane, arrow, paint, softened
from jobs.ad.card.shown import Stand
from jobs.ad.scenery.look import Look
from shared.video.lettering.letters import rounded

_WHITE: Final = np.ones(3, np.float32)


def ground(width: int, height: int, look: Look, random: np.random.Generator) -> Paint:
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
    return picture * vignette(width, height, 0.22)


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


def _in_pill(picture: Plane, call: Placed) -> Placed:
    """A pill with a glow and an arrow in a disc, after a short call, below a long one."""
    look, plate = call.look, call.plate
    (width, height), (x, y) = call.size, call.middle
    ball, forward = 112, -1 if call.right_to_left else 1
    beside = call.is_short
    outer = width + 140 + beside * ball, height + 96 + (not beside) * ball // 3
    paint(picture, look.background, 0.5 * softened(rounded(outer[::-1], 90), 28), (x, y + 24))
    paint(picture, plate, rounded(outer[::-1], 90), (x, y))
    end = (x + forward * (outer[0] // 2 - 24 - ball // 2), y) if beside else (x, y + outer[1] // 2)
    paint(picture, look.accent, rounded((ball, ball), ball), end)
    paint(picture, plate, arrow(56, 9, leftwards=call.right_to_left), end)
    return call.moved(-forward * (ball // 2 - 10), 0) if beside else call.moved(0, -ball // 8)


STAND: Final = Stand(sunk=0, tilt=6, shadow=(0.03, 0.035, 0.022, 0.5), halo=0.5)
DEVICE: Final = Device(draw=_in_pill, box=(780, 330), middle=0.53, gap_px=122, below_px=90)

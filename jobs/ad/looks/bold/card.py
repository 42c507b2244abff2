"""The card: the ground behind the words, how a product stands there, and what frames the call to action."""

from typing import Final

import numpy as np

from jobs.ad.card.brush import Paint, blurred, gradient, laid_over, mixed, moved, places, polygon, rgb, smooth
from jobs.ad.card.device import Device, Placed
from jobs.ad.card.shapes import Plane, paint
from jobs.ad.card.shown import Stand
from jobs.ad.scenery.look import Look
from shared.video.lettering.letters import rounded

_WHITE: Final = np.ones(3, np.float32)
_BLACK: Final = np.zeros(3, np.float32)


def ground(width: int, height: int, look: Look, random: np.random.Generator) -> Paint:
    """Two huge diagonal blocks on black, a hard edge of white, dots that grow out of the dark."""
    black, grey, red = rgb(look.background), rgb(look.ground), rgb(look.accent)
    picture = gradient(width, height, ((0, mixed(black, grey, 0.6)), (0.55, black), (1, black)), 60)
    picture = laid_over(
        picture, grey, 0.8 * polygon(width, height, [(0.52, 0), (1, 0), (1, 0.74), (0.2, 1.1)])
    )
    for corners, edge in (
        (
            [(0, -0.01), (1.01, -0.01), (1.01, 0.22), (0, 0.4)],
            [(0, 0.4), (1.01, 0.22), (1.01, 0.232), (0, 0.412)],
        ),
        (
            [(0, 0.95), (1.01, 0.77), (1.01, 1.01), (0, 1.01)],
            [(0, 0.928), (1.01, 0.748), (1.01, 0.76), (0, 0.94)],
        ),
    ):
        block = polygon(width, height, corners)
        shadow = moved(blurred(block, width * 0.02), 0.0, 0.03)
        picture = laid_over(picture, _BLACK, 0.7 * shadow * (1 - block))
        picture = laid_over(picture, gradient(width, height, ((0, red), (1, red * 0.78)), 80), block)
        picture = laid_over(picture, _WHITE, polygon(width, height, edge))
        picture = laid_over(picture, black, 0.9 * block * _halftone(width, height, random))
    return picture


def _halftone(width: int, height: int, random: np.random.Generator) -> Paint:
    """Dots on a turned grid, growing towards one lower corner."""
    x, y = places(width, height)
    pitch = 0.026
    one, two = (x + y) / (pitch * 1.414), (x - y) / (pitch * 1.414)
    distance = np.hypot(one - np.round(one), two - np.round(two))
    ramp = smooth(0.05, 0.75, np.abs(x * 0.9 + float(random.choice((-0.06, 0.06)))) + 0.1 * np.cos(2 * y))
    return np.asarray(((ramp * 0.62 - distance) * pitch * width + 0.5).clip(0, 1), np.float32)


def _blocked(picture: Plane, call: Placed) -> Placed:
    """A hard box on a hard white shadow."""
    look, plate = call.look, call.plate
    (width, height), (x, y) = call.size, call.middle
    outer = width + 130, height + 100
    paint(picture, look.text, rounded(outer[::-1], 1), (x + 20, y + 20))
    paint(picture, call.colour, rounded(outer[::-1], 1), (x, y))
    paint(picture, plate, rounded((outer[1] - 20, outer[0] - 20), 1), (x, y))
    return call


STAND: Final = Stand(sunk=0, tilt=0, shadow=(0.026, 0.026, 0.001, 0.85), halo=0.0)
DEVICE: Final = Device(draw=_blocked, box=(800, 350), middle=0.58, gap_px=118, below_px=70)

"""The card: the ground behind the words, how a product stands there, and what frames the call to action."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from jobs.ad.card.brush import (
    Paint,
    blurred,
    disc,
    glow,
    gradient,
    laid_over,
    lit,
    mixed,
    moved,
    places,
    polygon,
    rgb,
    smooth,
)
from jobs.ad.card.device import Device, Placed
from jobs.ad.card.shapes import Plane, arrow, outlined, paint
from jobs.ad.card.sheet import places_on
from jobs.ad.card.shown import Stand
from jobs.ad.scenery.look import Look
from jobs.ad.scenery.paint.layout import Shape, shape_of
from shared.video.lettering.letters import rounded

_WHITE: Final = np.ones(3, np.float32)


@dataclass(frozen=True, kw_only=True)
class _Niche:
    """An arch at the product's place, and a ball; places in parts of the height, lengths of the width."""

    top: float
    bottom: float
    half_width: float
    ball_y: float
    ball_aside: float
    """From the arch's middle, to either side."""
    ball_radius: float
    shine: tuple[float, float, float]
    """The light on the ball: how far left and up of its middle, and how far it reaches."""


_NICHES: Final[Mapping[Shape, _Niche]] = {
    "tall": _Niche(
        top=0.1, bottom=0.46, half_width=0.31,
        ball_y=0.185, ball_aside=0.19, ball_radius=0.085, shine=(0.035, 0.02, 0.06),
    ),
    "square": _Niche(
        top=0.09, bottom=0.43, half_width=0.25,
        ball_y=0.17, ball_aside=0.16, ball_radius=0.06, shine=(0.025, 0.02, 0.042),
    ),
    "wide": _Niche(
        top=0.12, bottom=0.815, half_width=0.17,
        ball_y=0.3, ball_aside=0.12, ball_radius=0.05, shine=(0.02, 0.035, 0.035),
    ),
}  # fmt: skip


def ground(width: int, height: int, look: Look, random: np.random.Generator) -> Paint:
    """A pale wall and floor, one disc in an arch, and the light of a window with its long soft shadow."""
    paper, sand, accent = rgb(look.background), rgb(look.ground), rgb(look.accent)
    picture = gradient(width, height, ((0, mixed(paper, sand, 0.35)), (0.45, paper), (1, paper)), 80)
    niche, middle = _NICHES[shape_of(width, height)], places_on(width, height).product[0]
    arch = _arch(width, height, middle, niche)
    shadow = moved(blurred(arch, width * 0.05), 0.05, 0.04)
    picture = laid_over(picture, sand * 0.86, 0.5 * shadow * (1 - arch))
    inner = gradient(
        width, height, ((0, sand * 0.93), (0.3, sand), (niche.bottom, mixed(sand, paper, 0.55))), 90
    )
    picture = laid_over(picture, inner, arch)
    side = middle + float(random.choice((-1, 1))) * niche.ball_aside
    ball = disc(width, height, (side, niche.ball_y), niche.ball_radius)
    shaded = laid_over(
        np.broadcast_to(mixed(accent, paper, 0.1), (height, width, 3)).astype(np.float32),
        mixed(accent, _WHITE, 0.45),
        glow(width, height, (side - niche.shine[0], niche.ball_y - niche.shine[1]), niche.shine[2]),
    )
    cast = moved(blurred(ball, width * 0.028), 0.035, 0.03)
    picture = laid_over(picture, sand * 0.72, 0.55 * cast * (1 - ball))
    picture = laid_over(picture, shaded, ball)
    picture = lit(picture, _WHITE, 0.5 * _window(width, height))
    floor = _below(width, height, 0.86)
    return laid_over(picture, mixed(sand, paper, 0.35), 0.75 * floor)


def _arch(width: int, height: int, middle: float, niche: _Niche) -> Paint:
    """A doorway with a round top."""
    x, y = places(width, height)
    x = x - np.float32(middle - 0.5)
    ratio, half_width = height / width, niche.half_width
    spring = (niche.top - 0.5) * ratio + half_width
    inside = np.where(y < spring, np.hypot(x, y - spring), np.abs(x) * np.ones_like(y)) - half_width
    end = y - (niche.bottom - 0.5) * ratio
    return np.asarray((0.5 - np.maximum(inside, end) * width).clip(0, 1), np.float32)


def _window(width: int, height: int) -> Paint:
    """Slanted light from a window of two panes, in the lower part."""
    panes = np.zeros((height, width), np.float32)
    for left in (-0.2, 0.18):
        corners = [(left, 0.7), (left + 0.32, 0.62), (left + 0.66, 0.98), (left + 0.34, 1.06)]
        panes = np.maximum(panes, polygon(width, height, corners))
    return blurred(panes, width * 0.02)


def _below(width: int, height: int, place: float) -> Paint:
    """The floor: from a soft edge downwards."""
    _, y = places(width, height)
    edge = (place - 0.5) * height / width
    return smooth(edge - 0.004, edge + 0.004, y * np.ones((1, width), np.float32))


def _ghosted(picture: Plane, call: Placed) -> Placed:
    """A fine line all around, and a fine arrow after a short call."""
    look = call.look
    (width, height), (x, y) = call.size, call.middle
    size, forward, beside = 46, -1 if call.right_to_left else 1, call.is_short
    outer = width + 150 + beside * (size + 30), height + 96
    radius = min(outer[1] / 2, 80)
    paint(picture, look.background, 0.7 * rounded(outer[::-1], radius), (x, y))
    paint(picture, look.text, outlined(outer, radius, 3), (x, y))
    if not beside:
        return call
    end = x + forward * (outer[0] // 2 - 66 - size // 2)
    paint(picture, look.text, arrow(size, 3.5, leftwards=call.right_to_left), (end, y))
    return call.moved(-forward * (size // 2 + 16), 0)


STAND: Final = Stand(sunk=0.007, tilt=0, shadow=(0.035, 0.02, 0.028, 0.3), halo=0.0)
DEVICE: Final = Device(draw=_ghosted, box=(760, 330), middle=0.62, gap_px=122, below_px=48, aside=True)

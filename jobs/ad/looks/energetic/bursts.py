"""Grounds for lively looks: vivid colours, rays that turn, and the evening that words stand on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from jobs.ad.scenery.paint.canvas import Canvas, Colour, Point
from jobs.ad.scenery.paint.easing import ramp
from jobs.ad.scenery.paint.ground import Ground
from jobs.ad.scenery.palette import BLACK, WHITE, Palette, mix
from jobs.ad.scenery.setting import Setting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float32]


def vivid(palette: Palette) -> tuple[tuple[Colour, Colour], ...]:
    """Pairs of colours for grounds, one after the other."""
    return (
        (palette.ground, mix(palette.ground, palette.accent, 0.42)),
        (mix(palette.background, palette.ground, 0.28), mix(palette.background, palette.ground, 0.55)),
        (mix(palette.ground, palette.accent, 0.62), mix(palette.ground, palette.accent, 0.92)),
    )


def evening(setting: Setting) -> tuple[tuple["Field", "Field"], tuple[Colour, Colour]]:
    """Where words go it gets dark, by way of the ground's colour: yellow straight to violet would be mud."""
    ground, palette = setting.ground, setting.palette
    masks = (ground.calm(1080, 2300, 75), ground.calm(1190, 2300, 75))
    return masks, (mix(palette.ground, palette.background, 0.3), mix(palette.background, BLACK, 0.12))


def dusk(ground: Ground, masks: tuple["Field", "Field"], shades: tuple[Colour, Colour]) -> None:
    for mask, shade, strength in zip(masks, shades, (0.9, 0.94), strict=True):
        ground.shade(mask, strength, shade)


class Burst:
    """Rays that turn behind the product; new colours come as a disc that grows."""

    def __init__(self, setting: Setting, middle: Point) -> None:
        self._ground, self._pairs = setting.ground, vivid(setting.palette)
        ground = self._ground
        across, down = ground.x[None] - middle[0], ground.y[:, None] - middle[1]
        self._turn = np.arctan2(down, across).astype(np.float32)
        self._away = np.hypot(across, down).astype(np.float32)
        self._heart = np.exp(-((self._away / 520) ** 2)).astype(np.float32)
        self._masks, self._shades = evening(setting)
        self._light = mix(setting.palette.accent, WHITE, 0.35)

    def paint(self, canvas: Canvas, at: float, *, changes: Sequence[float], beat: float) -> None:
        """`changes` are when the next colours come; `beat` 0 to 1 is how hard it was just hit."""
        ground = self._ground
        waves = np.cos(self._turn * 9 + np.float32(1.1 * at))
        rays = np.clip(waves * (6 + self._away * 0.02) + 0.5, 0, 1)
        past = [change for change in changes if change <= at]
        self._fill(self._pairs[len(past) % 3], None, rays)
        if past and at - past[-1] < 0.8:
            radius = 60 + 2300 * ramp(at, past[-1], past[-1] + 0.62) ** 1.7
            outside = np.clip((self._away - radius) / 5 + 0.5, 0, 1)
            self._fill(self._pairs[(len(past) - 1) % 3], outside, rays)
        ground.light(self._heart, self._light, 0.28 + 0.3 * beat)
        dusk(ground, self._masks, self._shades)
        canvas.paint(ground.field)

    def _fill(self, pair: tuple[Colour, Colour], where: "Field | None", rays: "Field") -> None:
        ground = self._ground
        if where is None:
            for plane, one, other in zip(ground.field, *pair, strict=True):
                plane[:] = rays * np.float32(other - one) + np.float32(one)
            return
        ground.shade(where, 1.0, pair[0])
        ground.shade(where * rays, 1.0, pair[1])

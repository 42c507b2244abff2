"""What is behind: soft light and shadow, in pixels four times as large as the frame's.

Places and sizes are in the canvas's units; fields are float32, (h/4, w/4) for masks of 0 to 1 and
(3, h/4, w/4) for colours of 0 to 255.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from jobs.ad.scenery.paint.canvas import COARSE, Canvas, Colour, Point

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float32]


class Ground:
    """A coarse field to light, and its coordinates."""

    def __init__(self, canvas: Canvas) -> None:
        self.shape = (math.ceil(canvas.height / COARSE), math.ceil(canvas.width / COARSE))
        left, top = canvas.place(0, 0)
        self.step = COARSE / canvas.scale
        """Units a coarse pixel."""
        half = COARSE / 2
        self.x = ((np.arange(self.shape[1]) * COARSE + half - left) / canvas.scale).astype(np.float32)
        """Of every column."""
        self.y = ((np.arange(self.shape[0]) * COARSE + half - top) / canvas.scale).astype(np.float32)
        """Of every row."""
        self.field: Field = np.zeros((3, *self.shape), np.float32)

    def begin(self, base: "Field") -> None:
        np.copyto(self.field, base)

    def gradient(self, stops: Sequence[tuple[float, Colour]], *, angle: float = math.pi / 2) -> "Field":
        """Colours along a direction (radians, clockwise from the right); places are in units from the
        frame's corner at `angle` pi/2 (downwards), else from the frame's middle."""
        if angle == math.pi / 2:
            along = np.repeat(self.y[:, None], self.shape[1], axis=1)
        else:
            along = (self.x[None] - 540) * math.cos(angle) + (self.y[:, None] - 960) * math.sin(angle)
        places = [place for place, _ in stops]
        channels = [np.interp(along, places, [colour[one] for _, colour in stops]) for one in range(3)]
        return np.stack(channels).astype(np.float32)

    def spot(self, x: float, y: float, wide: float, tall: float) -> "Field":
        """A mask that is 1 at the place and a third at these distances from it."""
        across = np.exp(-(((self.x - x) / wide) ** 2))
        down = np.exp(-(((self.y - y) / tall) ** 2))
        return np.asarray(np.multiply.outer(down, across), np.float32)

    def light(self, mask: "Field", colour: Colour, strength: float) -> None:
        if strength > 0:
            for plane, value in zip(self.field, colour, strict=True):
                cv2.scaleAdd(mask, value * strength, plane, dst=plane)

    def glow(self, x: float, y: float, size: tuple[float, float], colour: Colour, strength: float) -> None:
        if strength > 0:
            self.light(self.spot(x, y, *size), colour, strength)

    def shade(self, mask: "Field", strength: float, colour: Colour = (0.0, 0.0, 0.0)) -> None:
        """Towards a colour (black) where the mask is 1."""
        part = mask * np.float32(min(1.0, strength))
        keep = 1 - part
        for plane, value in zip(self.field, colour, strict=True):
            cv2.multiply(plane, keep, dst=plane)
            cv2.scaleAdd(part, value, plane, dst=plane)

    def vignette(self, x: float, y: float, radius: float) -> "Field":
        """A mask that grows from 0 at the place to 1 at one and a half times the radius."""
        away = np.hypot(self.x[None] - x, self.y[:, None] - y) / radius
        return np.asarray(np.clip((away - 0.35) / 1.15, 0, 1) ** 2, np.float32)

    def calm(self, top: float, bottom: float, soft: float) -> "Field":
        """A mask over a band of the height, for words to stand on."""
        rise = 1 / (1 + np.exp((top - self.y) / soft))
        fall = 1 / (1 + np.exp((self.y - bottom) / soft))
        return np.repeat((rise * fall)[:, None], self.shape[1], axis=1).astype(np.float32)

    def projected(self, matte: "Field", corners: Sequence[Point]) -> "Field":
        """A matte drawn into the four-cornered place: top left, top right, bottom right, bottom left."""
        tall, wide = matte.shape[:2]
        source = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], np.float32) - 0.5
        units = np.array(corners) - (self.x[0], self.y[0])
        matrix = cv2.getPerspectiveTransform(source, (units / self.step).astype(np.float32))
        drawn = cv2.warpPerspective(matte, matrix, self.shape[::-1], flags=cv2.INTER_LINEAR)
        return np.asarray(drawn, np.float32)


class Lamp:
    """A lamp outside or inside the frame, whose beam turns."""

    def __init__(self, ground: Ground, x: float, y: float, reach: float) -> None:
        self._size = ground.shape[::-1]
        # every other pixel: what is soft needs no more
        across, down = ground.x[None, ::2] - x, ground.y[::2, None] - y
        self._angle = np.arctan2(down, across).astype(np.float32)
        away = np.hypot(across, down)
        self._falling = np.asarray(1 / (1 + (away / reach) ** 2) * np.clip(away / 120, 0, 1), np.float32)

    def beam(self, angle: float, spread: float) -> "Field":
        """A mask: light towards this angle (radians, clockwise from the right), soft at its sides."""
        aside = (self._angle - angle + math.pi) % math.tau - math.pi
        return self._whole(np.exp(-((aside / spread) ** 2)) * self._falling)

    def wedge(self, angle: float, spread: float, soft: float = 0.012) -> "Field":
        """The same with hard sides."""
        aside = np.abs((self._angle - angle + math.pi) % math.tau - math.pi)
        return self._whole(np.clip((spread - aside) / soft, 0, 1) * self._falling)

    def _whole(self, mask: "Field") -> "Field":
        return np.asarray(cv2.resize(mask, self._size, interpolation=cv2.INTER_LINEAR), np.float32)

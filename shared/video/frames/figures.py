"""The figure: a round picture in a ring whose width and glow follow the voice."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from shared.video.captions.bitmaps import CaptionBitmap
from shared.video.colour import halved, parse_colour
from shared.video.frames.frames import CaptionPatch, Frame, Picture
from shared.video.frames.words import inside
from shared.video.timeline import Figure, Timeline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.float32]
    Plane = NDArray[np.uint8]

LOUDEST: Final = 15
_EDGE: Final = 0.014
_RING: Final = 0.018
_RING_MORE: Final = 0.034
_GLOW_REACH: Final = 0.055
_GLOW_ALPHA: Final = 0.62
_SHADOW_DOWN: Final = 0.02
_SHADOW_REACH: Final = 0.075
_SHADOW_ALPHA: Final = 0.3
_MARGIN: Final = 0.19
"""Around the picture, for ring, glow and shadow. All of these are in parts of the picture's diameter."""


class Rings:
    """Where the figure is, and what surrounds its picture at each level. Safe to share between threads."""

    def __init__(self, figure: Figure, timeline: Timeline) -> None:
        size = timeline.width, timeline.height
        self.diameter_px = max(16, 2 * round(figure.diameter * min(size) / 2))
        self.left, self.top = (
            inside(middle * room - self.diameter_px / 2, self.diameter_px, room)
            for middle, room in zip((figure.x, figure.y), size, strict=True)
        )
        margin = 2 * round(_MARGIN * self.diameter_px / 2) + 2
        self.columns, self.rows = (
            slice(max(0, start - margin), min(room, start + self.diameter_px + margin))
            for start, room in zip((self.left, self.top), size, strict=True)
        )
        """The part of the frame that the figure changes; all ends are even."""
        self._figure = figure
        self._patches: dict[int, CaptionPatch] = {}

    def at(self, level: int) -> CaptionPatch:
        """Shadow, glow and ring, and a plate below the picture; drawn on first use."""
        if level not in self._patches:
            self._patches[level] = self._drawn(level / LOUDEST)
        return self._patches[level]

    def _drawn(self, loudness: float) -> CaptionPatch:
        unit = float(self.diameter_px)
        from_middle = self._distances(0.0)
        plate = unit / 2 + max(1.5, _EDGE * unit)
        ring = plate + (_RING + _RING_MORE * loudness) * unit
        glow = np.exp(-(((from_middle - np.float32(ring)).clip(0) / np.float32(_GLOW_REACH * unit)) ** 2))
        shadow = _fading(self._distances(_SHADOW_DOWN * unit) - ring, _SHADOW_REACH * unit)
        layers = (
            (_SHADOW_ALPHA * shadow, "#000000"),
            (_GLOW_ALPHA * loudness * glow, self._figure.ring),
            (disc(from_middle, ring), self._figure.ring),
            (disc(from_middle, plate), self._figure.edge),
        )
        rgba = _laid(layers)
        return CaptionPatch(CaptionBitmap(x=self.columns.start, y=self.rows.start, rgba=rgba))

    def _distances(self, down_px: float) -> "Mask":
        """Of each pixel's middle in the box from the figure's middle, moved down."""
        middle_x = self.left + self.diameter_px / 2 - 0.5
        middle_y = self.top + self.diameter_px / 2 - 0.5 + down_px
        across = np.arange(self.columns.start, self.columns.stop, dtype=np.float32) - np.float32(middle_x)
        down = np.arange(self.rows.start, self.rows.stop, dtype=np.float32) - np.float32(middle_y)
        return np.asarray(np.sqrt(across[None, :] ** 2 + down[:, None] ** 2), np.float32)


def disc(from_middle: "Mask", radius_px: float) -> "Mask":
    """A filled circle, 0 to 1, its edge smoothed."""
    return np.asarray((np.float32(radius_px + 0.5) - from_middle).clip(0, 1), np.float32)


def _fading(outside_px: "Mask", reach_px: float) -> "Mask":
    """1 inside, 0 beyond the reach, and smooth in between."""
    part = (np.float32(0.5) - outside_px / np.float32(2 * reach_px)).clip(0, 1)
    return np.asarray(part * part * (3 - 2 * part), np.float32)


def _laid(layers: "Sequence[tuple[NDArray[np.floating[Any]], str]]") -> "Plane":
    """Layers over each other as premultiplied RGBA."""
    shape = layers[0][0].shape
    rgba = np.zeros((*shape, 4), np.float32)
    for mask, colour in layers:
        paint = np.array([*parse_colour(colour), 255], np.float32)
        rgba += mask[..., None] * (paint - rgba)
    return np.asarray(rgba.round().clip(0, 255), np.uint8)


class FigurePatch:
    """The figure over the frames of one segment. For one thread, as clips are."""

    def __init__(self, figure: Figure, rings: Rings, face: Picture) -> None:
        """`face` draws what is inside the ring, as frames of the figure's diameter."""
        self._figure = figure
        self._rings = rings
        self.face = face
        self._drawn = Frame.blank(rings.diameter_px, rings.diameter_px)
        self._drawn_at: int | None = None
        self._mask = _Mask(rings.diameter_px)
        self._under = Frame.blank(_length(rings.columns), _length(rings.rows))
        self._made: dict[tuple[int, int], Frame] = {}

    def look(self, frame: int) -> tuple[int, int]:
        """What it looks like at this frame of the film: two that are equal look the same."""
        return self._figure.level(frame), self._figure.clip_frame(frame) if self.face.moves else 0

    def draw(self, frame: int, into: Frame) -> None:
        """Draw it, and keep what was below it."""
        box = self._box(into)
        self._under.copy_from(box)
        self._made.clear()
        self._draw(frame, into)
        self._keep(frame, box)

    def draw_again(self, frame: int, into: Frame) -> None:
        """Replace what `draw` drew into the same frame, which was not changed within the box since."""
        box, made = self._box(into), self._made.get(self.look(frame))
        box.copy_from(made or self._under)
        if made is None:
            self._draw(frame, into)
            self._keep(frame, box)

    def _keep(self, frame: int, box: Frame) -> None:
        """Over the same ground a picture has few looks; those of a clip rarely come again."""
        if not self.face.moves:
            self._made[self.look(frame)] = Frame(box.luma.copy(), box.chroma.copy())

    def meets(self, bitmap: CaptionBitmap) -> bool:
        """Whether these pixels of a caption may lie over the figure."""
        height, width = bitmap.rgba.shape[:2]
        columns, rows = self._rings.columns, self._rings.rows
        beside = bitmap.x >= columns.stop or bitmap.x + width <= columns.start
        return not (beside or bitmap.y >= rows.stop or bitmap.y + height <= rows.start)

    def _draw(self, frame: int, into: Frame) -> None:
        level, shown = self.look(frame)
        self._rings.at(level).draw(into)
        if shown != self._drawn_at:
            self.face.draw(shown, self._drawn)
            self._drawn_at = shown
        left, top, side = self._rings.left, self._rings.top, self._rings.diameter_px
        self._mask.draw(self._drawn, part_of(into, slice(left, left + side), slice(top, top + side)))

    def _box(self, frame: Frame) -> Frame:
        return part_of(frame, self._rings.columns, self._rings.rows)


def part_of(frame: Frame, columns: slice, rows: slice) -> Frame:
    """A part of a frame with even ends, to draw into."""
    few_columns, few_rows = (slice(part.start // 2, part.stop // 2) for part in (columns, rows))
    return Frame(frame.luma[rows, columns], frame.chroma[few_rows, few_columns])


def _length(part: slice) -> int:
    return int(part.stop - part.start)


class _Mask:
    """The round part of a square."""

    def __init__(self, side_px: int) -> None:
        across = np.arange(side_px, dtype=np.float32) - np.float32(side_px / 2 - 0.5)
        from_middle = np.sqrt(across[None, :] ** 2 + across[:, None] ** 2)
        keep = np.asarray((disc(from_middle, side_px / 2) * 255).round(), np.uint8)
        small = halved(keep)
        self._keep = (keep, np.asarray(cv2.merge([small, small]), np.uint8))
        self._clear = tuple(cv2.bitwise_not(plane) for plane in self._keep)

    def draw(self, face: Frame, into: Frame) -> None:
        for source, target, keep, clear in zip(
            face.planes, into.planes, self._keep, self._clear, strict=True
        ):
            cv2.multiply(target, clear, dst=target, scale=1 / 255)
            cv2.add(target, cv2.multiply(source, keep, scale=1 / 255), dst=target)

"""Drawing frames: pictures in motion, transitions and captions, as planes ready for the encoder.

A frame is its luma plane (h, w) and its interleaved chroma plane (h/2, w/2, 2), the layout that x264
works in (NV12), so nothing is converted on the way.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from shared.video.colour import BLACK_LUMA, GREY_CHROMA, halved, premultiplied_to_planes, to_planes
from shared.video.frames.canvas import draw_canvas
from shared.video.frames.motion import ease, most_zoom, snapped, window_at
from shared.video.timeline import Motion, Shot, Timeline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.video.captions.bitmaps import CaptionBitmap

    Plane = NDArray[np.uint8]

_MARGIN = 2
"""Spare pixels around the canvas, so that rounding the fixed point never reads outside."""


@dataclass(frozen=True)
class Frame:
    """Planes to draw into."""

    luma: "Plane"
    chroma: "Plane"

    @classmethod
    def blank(cls, width: int, height: int) -> "Frame":
        return cls(np.empty((height, width), np.uint8), np.empty((height // 2, width // 2, 2), np.uint8))

    @property
    def planes(self) -> "tuple[Plane, Plane]":
        return self.luma, self.chroma

    def copy_from(self, other: "Frame") -> None:
        np.copyto(self.luma, other.luma)
        np.copyto(self.chroma, other.chroma)


class Picture(Protocol):
    """A shot's picture, ready to be drawn at any frame of its motion."""

    @property
    def moves(self) -> bool:
        """False if all frames are the same."""

    def draw(self, frame: int, into: Frame) -> None:
        """Draw this frame (0-based) since the shot became visible."""


def prepare(shot: Shot, timeline: Timeline, picture: "Plane | None", visible_frames: int) -> Picture:
    """Fit the picture (RGB (h, w, 3), None for a colour) and prepare it for its motion."""
    motion = snapped(shot.motion, timeline.width, timeline.height)
    canvas = draw_canvas(shot, timeline, picture, most_zoom(motion))
    del picture  # saves memory: several are prepared while others are encoded
    if motion.kind == "pan":
        return _Pan(canvas, motion, visible_frames)
    if motion.kind == "zoom" and motion.zoom_from != motion.zoom_to:
        return _Zoom(canvas, motion, timeline, visible_frames)
    return Still(_window_of(canvas, motion, timeline))


def _window_of(canvas: "Plane", motion: Motion, timeline: Timeline) -> "Plane":
    """The part of the canvas, at its own scale, that a motion without movement shows."""
    left = 2 * round((canvas.shape[1] - timeline.width) * motion.focus_x / 2)
    top = 2 * round((canvas.shape[0] - timeline.height) * motion.focus_y / 2)
    return np.ascontiguousarray(canvas[top : top + timeline.height, left : left + timeline.width])


class Still:
    """A picture that does not move."""

    moves = False

    def __init__(self, canvas: "Plane") -> None:
        self.drawn = Frame(*to_planes(canvas))

    def draw(self, frame: int, into: Frame) -> None:  # noqa: ARG002 - every frame is the same
        into.copy_from(self.drawn)


class _Pan:
    """A window of fixed size that moves by parts of a pixel."""

    moves = True

    def __init__(self, canvas: "Plane", motion: Motion, visible_frames: int) -> None:
        self._planes = to_planes(canvas)
        self._motion = motion
        self._visible_frames = visible_frames

    def draw(self, frame: int, into: Frame) -> None:
        window = window_at(self._motion, frame, self._visible_frames)
        for source, target in zip(self._planes, into.planes, strict=True):
            tall, wide = target.shape[:2]
            step_x = source.shape[1] / window.zoom / wide
            step_y = source.shape[0] / window.zoom / tall
            # pixel centres: x + 1/2 in the frame lies at left + (x + 1/2) * step in the canvas
            matrix = np.array(
                [
                    [step_x, 0, window.left * source.shape[1] + step_x / 2 - 0.5],
                    [0, step_y, window.top * source.shape[0] + step_y / 2 - 0.5],
                ]
            )
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            cv2.warpAffine(
                source, matrix, (wide, tall), dst=target, flags=flags, borderMode=cv2.BORDER_REPLICATE
            )


class _Zoom:
    """A zoom about a fixed point, by `cv2.resize` rather than `cv2.warpAffine`: a third of the time.

    `resize` samples at `(x + 1/2) / scale - 1/2` from its input's corner, with a scale that need not fit
    the sizes. So with the canvas cut at the fixed point into four quarters, each turned so that the fixed
    point is its corner, every quarter zooms with exact sub-pixel steps and no offset.
    """

    moves = True

    def __init__(self, canvas: "Plane", motion: Motion, timeline: Timeline, visible_frames: int) -> None:
        self._motion = motion
        self._visible_frames = visible_frames
        self._most = most_zoom(motion)
        fixed_x = 2 * round(timeline.width * motion.focus_x / 2)
        fixed_y = 2 * round(timeline.height * motion.focus_y / 2)
        cut_x = 2 * round((fixed_x * self._most + _MARGIN) / 2)
        cut_y = 2 * round((fixed_y * self._most + _MARGIN) / 2)
        luma, chroma = to_planes(canvas)
        self._quarters = (
            _Quarters(_padded(luma, _MARGIN), cut_x, cut_y, fixed_x, fixed_y),
            _Quarters(_padded(chroma, _MARGIN // 2), cut_x // 2, cut_y // 2, fixed_x // 2, fixed_y // 2),
        )

    def draw(self, frame: int, into: Frame) -> None:
        scale = window_at(self._motion, frame, self._visible_frames).zoom / self._most
        for quarters, target in zip(self._quarters, into.planes, strict=True):
            quarters.draw(scale, target)


def _padded(plane: "Plane", margin: int) -> "Plane":
    padded = cv2.copyMakeBorder(plane, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    return np.asarray(padded, np.uint8)


class _Quarters:
    """One plane, cut at the fixed point."""

    def __init__(self, plane: "Plane", cut_x: int, cut_y: int, fixed_x: int, fixed_y: int) -> None:
        self._fixed = (fixed_x, fixed_y)
        self._parts = []
        for flip_y, rows in ((True, plane[:cut_y][::-1]), (False, plane[cut_y:])):
            for flip_x in (True, False):
                part = rows[:, :cut_x][:, ::-1] if flip_x else rows[:, cut_x:]
                self._parts.append((flip_x, flip_y, np.ascontiguousarray(part)))

    def draw(self, scale: float, target: "Plane") -> None:
        """Fill `target` at `scale` target pixels per canvas pixel (at most 1)."""
        fixed_x, fixed_y = self._fixed
        for flip_x, flip_y, part in self._parts:
            columns = target[:, :fixed_x] if flip_x else target[:, fixed_x:]
            view = columns[:fixed_y] if flip_y else columns[fixed_y:]
            if view.shape[0] and view.shape[1]:
                _zoom_part(part, scale, view, flip_x=flip_x, flip_y=flip_y)


_FLIPS = {(True, True): -1, (True, False): 1, (False, True): 0}


def _zoom_part(part: "Plane", scale: float, view: "Plane", *, flip_x: bool, flip_y: bool) -> None:
    flip = _FLIPS.get((flip_x, flip_y))
    turned = _scaled_from_corner(part, scale, view.shape, view if flip is None else None)
    if flip is not None:
        cv2.flip(turned, flip, dst=view)


def _scaled_from_corner(part: "Plane", scale: float, shape: tuple[int, ...], into: "Plane | None") -> "Plane":
    """`shape` output pixels from the corner of `part`, at exactly this scale."""
    height, width = shape[:2]
    needed = part[: _length_for(height, scale), : _length_for(width, scale)]
    if needed.shape[:2] != (height, width) or scale == 1:
        scaled = cv2.resize(needed, None, dst=into, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    else:  # resize would copy without scaling: the picture would stop, then jump
        offset = 0.5 / scale - 0.5
        matrix = np.array([[1 / scale, 0, offset], [0, 1 / scale, offset]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        scaled = cv2.warpAffine(
            part, matrix, (width, height), dst=into, flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
    return np.asarray(scaled, np.uint8)


def _length_for(wanted: int, scale: float) -> int:
    """How many input pixels `resize` needs for `wanted` output pixels, by its own rounding."""
    length = round(wanted / scale)
    while round(length * scale) < wanted:
        length += 1
    while round(length * scale) > wanted:
        length -= 1
    return length


def blend(before: Frame, after: Frame, kind: str, part: float, into: Frame) -> None:
    """The frame `part` (0 to 1) of the way through a transition."""
    if kind == "crossfade":
        for one, two, target in zip(before.planes, after.planes, into.planes, strict=True):
            cv2.addWeighted(one, 1 - part, two, part, 0, dst=target)
    elif kind == "dip":
        source, light = (before, 1 - 2 * part) if part < 0.5 else (after, 2 * part - 1)
        for plane, target, dark in zip(source.planes, into.planes, (BLACK_LUMA, GREY_CHROMA), strict=True):
            cv2.addWeighted(plane, light, plane, 0, dark * (1 - light), dst=target)
    else:
        _slide(before, after, part, into)


def _slide(before: Frame, after: Frame, part: float, into: Frame) -> None:
    """The new picture pushes the old one out to the left."""
    shift = 2 * round(before.luma.shape[1] * ease(part) / 2)
    steps = (shift, shift // 2)
    for one, two, target, step in zip(before.planes, after.planes, into.planes, steps, strict=True):
        rest = target.shape[1] - step
        target[:, :rest] = one[:, step:]
        target[:, rest:] = two[:, :step]


class CaptionPatch:
    """A caption bitmap, ready to be laid over frames."""

    def __init__(self, bitmap: "CaptionBitmap") -> None:
        alpha = bitmap.rgba[..., 3]
        clear = cv2.bitwise_not(np.ascontiguousarray(alpha))
        small = halved(np.asarray(clear, np.uint8))
        self._add = premultiplied_to_planes(bitmap.rgba)
        self._keep = (clear, cv2.merge([small, small]))
        self._x, self._y = bitmap.x, bitmap.y

    def draw(self, into: Frame) -> None:
        for target, add, keep, unit in zip(into.planes, self._add, self._keep, (1, 2), strict=True):
            left, top = self._x // unit, self._y // unit
            view = target[top : top + add.shape[0], left : left + add.shape[1]]
            cv2.multiply(view, keep, dst=view, scale=1 / 255)
            cv2.add(view, add, dst=view)

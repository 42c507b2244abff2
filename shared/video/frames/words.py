"""Words over the picture: drawn once, then laid over frames with their motion."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from shared.video.captions.bitmaps import CaptionBitmap
from shared.video.frames.frames import CaptionPatch, Frame
from shared.video.timeline import Overlay, Timeline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.video.lettering.letters import Lettering

    Plane = NDArray[np.uint8]

_RISE: Final = 0.02
"""How far words rise, in parts of the frame's height."""
_SLIDE: Final = 0.3
"""How far words slide in from the left, in parts of the frame's width."""
_POP_FROM: Final = 0.55
_OVERSHOOT: Final = 1.70158
"""Of an eased pop: a tenth beyond its end (R. Penner, Easing Equations, 2001, back ease-out)."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """How words look at one frame."""

    opacity: float = 1.0
    right_px: float = 0.0
    down_px: float = 0.0
    scale: float = 1.0


AT_REST: Final = Moment()


def moment_of(overlay: Overlay, frame: int, width: int, height: int) -> Moment | None:
    """How the words look at this frame of the film; None when they are hidden."""
    since, left = frame - overlay.at_frame, overlay.at_frame + overlay.frames - frame
    if since < 0 or left <= 0:
        return None
    going = min(1.0, left / (overlay.going_frames + 1))
    coming = min(1.0, (since + 1) / (overlay.coming_frames + 1))
    if overlay.coming == "cut" or coming == 1:
        return Moment(opacity=_smooth(going))
    missing = (1 - coming) ** 3
    if overlay.coming == "rise":
        return Moment(opacity=_smooth(min(coming, going)), down_px=missing * _RISE * height)
    if overlay.coming == "slide":
        return Moment(opacity=_smooth(min(coming * 1.5, going)), right_px=-missing * _SLIDE * width)
    if overlay.coming == "pop":
        scale = _POP_FROM + (1 - _POP_FROM) * _overshooting(coming)
        return Moment(opacity=_smooth(min(coming * 2, going)), scale=scale)
    return Moment(opacity=_smooth(min(coming, going)))


def _smooth(part: float) -> float:
    part = min(1.0, part)
    return part * part * (3 - 2 * part)


def _overshooting(part: float) -> float:
    back = part - 1
    return 1 + (_OVERSHOOT + 1) * back**3 + _OVERSHOOT * back**2


def draw_overlay(overlay: Overlay, timeline: Timeline) -> "Lettering":
    """The words of an overlay, fitted into its box, and warnings about characters that no font has."""
    from shared.video.lettering.letters import Letters, draw_words

    return draw_words(
        overlay.text,
        box_width=round(timeline.width * overlay.box_width),
        box_height=round(timeline.height * overlay.box_height),
        letters=Letters(**overlay.letters.model_dump()),
        language=timeline.language,
    )


class Words:
    """The words of one overlay. Safe to share between threads."""

    def __init__(self, overlay: Overlay, timeline: Timeline, lettering: "Lettering") -> None:
        self._overlay = overlay
        self._size = (timeline.width, timeline.height)
        self._rgba = premultiplied(lettering.rgba)
        tall, wide = self._rgba.shape[:2]
        left, top, right, bottom = lettering.body
        self._left = inside((timeline.width - left - right) / 2, wide, timeline.width)
        self._top = inside(timeline.height * overlay.place - (top + bottom) / 2, tall, timeline.height)
        self._rest = self._patch(AT_REST)

    def moment(self, frame: int) -> Moment | None:
        """How they look at this frame of the film; None when they are hidden."""
        return moment_of(self._overlay, frame, *self._size)

    def draw(self, frame: int, into: Frame) -> None:
        """Draw the visible words over this frame of the film."""
        moment = self.moment(frame)
        if moment is None:
            return  # not shown yet, or no longer
        patch = self._rest if moment == AT_REST else self._patch(moment)
        if patch is not None:
            patch.draw(into)

    def _patch(self, moment: Moment) -> CaptionPatch | None:
        """The words as they are at this moment, cut at the frame's edges; None outside of it."""
        width, height = self._size
        tall, wide = self._rgba.shape[:2]
        middle_x = self._left + wide / 2 + moment.right_px
        middle_y = self._top + tall / 2 + moment.down_px
        columns = _even_range(middle_x, wide * moment.scale, width)
        rows = _even_range(middle_y, tall * moment.scale, height)
        if not (columns and rows and wide):
            return None
        step = 1 / moment.scale
        # pixel centres: x + 1/2 in the patch is (x + 1/2 + start - middle) * step + wide / 2 in the words
        x = (columns.start + 0.5 - middle_x) * step + wide / 2 - 0.5
        y = (rows.start + 0.5 - middle_y) * step + tall / 2 - 0.5
        matrix = np.array([[step, 0, x], [0, step, y]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moved = cv2.warpAffine(self._rgba, matrix, (len(columns), len(rows)), flags=flags)
        faded = moved if moment.opacity == 1 else cv2.convertScaleAbs(moved, alpha=moment.opacity)
        return CaptionPatch(CaptionBitmap(x=columns.start, y=rows.start, rgba=np.asarray(faded, np.uint8)))


def premultiplied(rgba: "Plane") -> "Plane":
    """The same words with their colours multiplied by alpha."""
    if not rgba.size:
        return rgba
    alpha = np.ascontiguousarray(rgba[..., 3])
    colours = [cv2.multiply(rgba[..., channel], alpha, scale=1 / 255) for channel in range(3)]
    return np.asarray(cv2.merge([*colours, alpha]), np.uint8)


def inside(start: float, length: int, room: int) -> int:
    """Where something of this length starts so that it is fully visible, if possible; an even number."""
    return 2 * round(max(0.0, min(start, room - length)) / 2)


def _even_range(middle: float, length: float, room: int) -> range:
    """The pixels that something of this length around `middle` touches, cut to the room, with even ends."""
    start = max(0, int(np.floor((middle - length / 2) / 2)) * 2)
    end = min(room, int(np.ceil((middle + length / 2) / 2)) * 2)
    return range(start, max(start, end))

"""Motion: how much of a picture is seen at each frame. Pure numbers, shared by both engines."""

import math
from dataclasses import dataclass

from shared.video.subjects.boxes import Box
from shared.video.timeline import Motion

_SAFE = 0.01
"""Margin around the kept part, for rounding."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """The part of the picture that fills the frame, in parts of the picture's size."""

    zoom: float
    """1 shows all of the picture, 2 the half of its width."""
    left: float
    top: float
    """Of the window, 0 to `1 - 1 / zoom`."""


def window_at(motion: Motion, frame: int, visible_frames: int) -> Window:
    """The window at `frame` (0-based) of the frames that the shot is visible.

    A zoom looks even when its logarithm is: equal steps are equal ratios.
    """
    if motion.kind == "none":
        return Window(zoom=1.0, left=0.0, top=0.0)
    eased = ease(frame / max(1, visible_frames - 1))
    if motion.kind == "pan":
        zoom = max(motion.zoom_from, 1.001)
        room = 1 - 1 / zoom
        return Window(
            zoom=zoom,
            left=room * _between(1 - motion.focus_x, motion.focus_x, eased),
            top=room * _between(1 - motion.focus_y, motion.focus_y, eased),
        )
    zoom = motion.zoom_from * (motion.zoom_to / motion.zoom_from) ** eased
    room = 1 - 1 / zoom
    return Window(zoom=zoom, left=room * motion.focus_x, top=room * motion.focus_y)


def snapped(motion: Motion, width: int, height: int) -> Motion:
    """The motion with its fixed point moved (by at most 3 %) to where it is whole in frame and canvas.

    The point is an even number of pixels in the frame, as near as possible to an even number of pixels in the
    canvas, which is `most_zoom` times as large: then zooming needs no fraction of a pixel.
    """
    if motion.kind != "zoom":
        return motion
    zoom = most_zoom(motion)
    return motion.model_copy(
        update={
            "focus_x": _snap(motion.focus_x, width, zoom),
            "focus_y": _snap(motion.focus_y, height, zoom),
        }
    )


def _snap(focus: float, length: int, zoom: float) -> float:
    wanted = round(focus * length / 2)
    reach = max(1, round(0.03 * length / 2))
    near = range(max(0, wanted - reach), min(length // 2, wanted + reach) + 1)

    def badness(half: int) -> tuple[float, int]:
        return round(abs(half * zoom - round(half * zoom)), 3), abs(half - wanted)

    return 2 * min(near, key=badness) / length


def most_zoom(motion: Motion) -> float:
    """The largest zoom of the motion, for which the picture must be sharp enough."""
    if motion.kind == "none":
        return 1.0
    return max(motion.zoom_from, motion.zoom_to) if motion.kind == "zoom" else max(motion.zoom_from, 1.001)


def keeping(motion: Motion, kept: Box) -> Motion:
    """The motion about the middle of `kept` (in parts of the frame), which stays fully visible all the time.

    It moves less where it must, and not at all where `kept` fills the frame.
    """
    across, down = _safe(kept.left, kept.right), _safe(kept.top, kept.bottom)
    pans = motion.kind == "pan"
    limit = min(_most_pan(across, 1), _most_pan(down, 2)) if pans else min(map(_most_held, (across, down)))
    most = min(most_zoom(motion), math.floor(limit * 100 + 1e-6) / 100)
    if most <= 1:
        return Motion()
    if pans:
        return motion.model_copy(update={"zoom_from": most, "zoom_to": most, "focus_y": 0.5})
    zooms = {name: min(most, getattr(motion, name)) for name in ("zoom_from", "zoom_to")}
    focus = {"focus_x": _focus(across, most), "focus_y": _focus(down, most)}
    return motion.model_copy(update={**zooms, **focus})


def _safe(start: float, end: float) -> tuple[float, float]:
    return max(0.0, start - _SAFE), min(1.0, end + _SAFE)


def _most_held(span: tuple[float, float]) -> float:
    return 1 / max(span[1] - span[0], 0.5)


def _most_pan(span: tuple[float, float], parts: int) -> float:
    """The most zoom at which the part that is hidden at one edge, all of it or half, ends before the span."""
    return 1 / max(1 - parts * min(span[0], 1 - span[1]), 0.5)


def _focus(span: tuple[float, float], zoom: float) -> float:
    """The fixed point nearest to the span's middle that keeps it visible at this zoom."""
    room = 1 - 1 / zoom
    least, most = (span[1] - 1 / zoom) / room, span[0] / room
    return round(min(max((span[0] + span[1]) / 2, least, 0.0), most, 1.0), 3)


def ease(part: float) -> float:
    """Half linear, half cosine: starts and ends softly without dwelling there."""
    return 0.5 * part + 0.25 * (1 - math.cos(math.pi * part))


def _between(start: float, end: float, part: float) -> float:
    return start + (end - start) * part

"""Motion: how much of a picture is seen at each frame. Pure numbers, shared by both engines."""

import math
from dataclasses import dataclass

from shared.video.timeline import Motion


@dataclass(frozen=True, kw_only=True)
class Window:
    """The part of the picture that fills the frame, in parts of the picture's size."""

    zoom: float
    """1 shows all of the picture, 2 the half of its width."""
    left: float
    top: float
    """Of the window, 0 to `1 - 1 / zoom`."""


def window_at(motion: Motion, frame: int, visible_frames: int) -> Window:
    """What is seen at `frame` (0-based) of the frames that the shot is visible.

    A zoom is even to the eye when its logarithm is: equal steps are equal ratios.
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

    An even number of pixels in the frame that is as near as can be to an even number of pixels in the
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
    """The largest zoom of the motion: what the picture must be sharp enough for."""
    if motion.kind == "none":
        return 1.0
    return max(motion.zoom_from, motion.zoom_to) if motion.kind == "zoom" else max(motion.zoom_from, 1.001)


def ease(part: float) -> float:
    """Half linear, half cosine: starts and ends softly without dwelling there."""
    return 0.5 * part + 0.25 * (1 - math.cos(math.pi * part))


def _between(start: float, end: float, part: float) -> float:
    return start + (end - start) * part

"""Fitting a picture to the frame: the canvas that motion moves over."""

from typing import TYPE_CHECKING

from shared.video.colour import parse_colour
from shared.video.timeline import Shot, Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

MOST_LOST = 0.25
"""How much of a picture may be cropped before it is shown whole over a blurred fill."""


def fit_for(picture_width: int, picture_height: int, width: int, height: int) -> str:
    """`cover` when cropping to the frame loses at most a quarter of the picture, else `blur`."""
    scale = max(width / picture_width, height / picture_height)
    kept = width * height / (picture_width * scale * picture_height * scale)
    return "cover" if 1 - kept <= MOST_LOST + 1e-9 else "blur"


def draw_canvas(shot: Shot, timeline: Timeline, picture: "Plane | None", zoom: float) -> "Plane":
    """RGB (h, w, 3), even sides, `zoom` times the frame's size: the shot's picture before motion."""
    import numpy as np

    width, height = canvas_size(timeline, zoom)
    if picture is None:
        return np.full((height, width, 3), parse_colour(shot.colour), np.uint8)
    if shot.fit == "cover":
        return cover(picture, width, height, shot.anchor_x, shot.anchor_y)
    return _over_blur(picture, width, height)


def canvas_size(timeline: Timeline, zoom: float) -> tuple[int, int]:
    """Width and height of the canvas: the frame's, times the zoom, rounded to even."""
    return 2 * round(timeline.width * zoom / 2), 2 * round(timeline.height * zoom / 2)


def cover(picture: "Plane", width: int, height: int, anchor_x: float = 0.5, anchor_y: float = 0.5) -> "Plane":
    """The largest part of this shape at this place in the picture, scaled to this size."""
    import numpy as np

    tall, wide = picture.shape[:2]
    part_w = min(wide, max(1, round(tall * width / height)))
    part_h = min(tall, max(1, round(wide * height / width)))
    left, top = int((wide - part_w) * anchor_x), int((tall - part_h) * anchor_y)
    part = np.ascontiguousarray(picture[top : top + part_h, left : left + part_w])
    return _scaled(part, width, height)


def _over_blur(picture: "Plane", width: int, height: int) -> "Plane":
    """The whole picture in the middle of a dim, blurred copy of itself, with a soft shadow around it."""
    import cv2
    import numpy as np

    small = cover(picture, max(2, width // 16), max(2, height // 16))
    blurred = cv2.GaussianBlur(small, (0, 0), max(small.shape) / 28)
    dimmed = np.asarray(cv2.convertScaleAbs(blurred, alpha=0.62), np.uint8)
    fill = _scaled(dimmed, width, height)
    scale = min(width / picture.shape[1], height / picture.shape[0])
    inner_w, inner_h = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    left, top = (width - inner_w) // 2, (height - inner_h) // 2
    shade = np.zeros((max(2, height // 8), max(2, width // 8)), np.float32)
    shade[top // 8 : (top + inner_h) // 8, left // 8 : (left + inner_w) // 8] = 0.55
    soft = cv2.GaussianBlur(shade, (0, 0), max(shade.shape) / 40)
    dim = 1 - cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR)
    canvas: Plane = np.empty_like(fill)
    for channel in range(3):
        canvas[..., channel] = cv2.multiply(fill[..., channel], dim, dtype=cv2.CV_8U)
    canvas[top : top + inner_h, left : left + inner_w] = _scaled(picture, inner_w, inner_h)
    return canvas


def _scaled(picture: "Plane", width: int, height: int) -> "Plane":
    import cv2
    import numpy as np

    shrinks = width * height * 4 < picture.shape[0] * picture.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC  # below half size INTER_CUBIC would skip pixels
    return np.asarray(cv2.resize(picture, (width, height), interpolation=how), dtype=np.uint8)

"""Emoji in colour, laid over a page in place of their boxes."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.video.captions.ass import band_of, box_colour, emoji_on
from shared.video.captions.pages import State, letter_px
from shared.video.lettering.emoji import Emoji, emoji_of
from shared.video.lettering.fonts import open_faces
from shared.video.timeline import Timeline

Strip = NDArray[np.uint8]
_NEAR: Final = 3
"""The tolerance of a box's colour; those of two boxes are 8 apart."""


def lay_emoji(page: Strip, boxes: Strip, state: State, timeline: Timeline) -> None:
    """Lay the emoji of a state over its page, where the boxes are; both are as large as the band."""
    baselines = band_of(timeline).baselines(len(state.lines))
    for number, (line, face, cluster) in enumerate(emoji_on(state, open_faces(timeline.fonts))):
        middle_px, picture = _middle_px(boxes, number), emoji_of(face, cluster)
        if middle_px is not None and picture is not None:
            _paste(page, picture, middle_px, baselines[line], letter_px(timeline))


def _middle_px(boxes: Strip, number: int) -> float | None:
    """From the left edge; None if the frame is too small for the box."""
    off = np.abs(boxes.astype(np.int16) - np.array([*box_colour(number), 255], np.int16))
    columns = np.flatnonzero((off <= _NEAR).all(axis=2).any(axis=0))
    return (int(columns[0]) + int(columns[-1]) + 1) / 2 if columns.size else None


def _paste(strip: Strip, emoji: Emoji, middle_px: float, baseline_px: float, em_px: int) -> None:
    """Lay it over the strip, cut at its edges."""
    scale = em_px / emoji.px_per_em
    height, width = (max(1, round(side * scale)) for side in emoji.rgba.shape[:2])
    picture = _premultiplied(emoji.rgba, width, height)
    left, top = round(middle_px - width / 2), round(baseline_px - emoji.above_px * scale)
    first_row, first_column = max(0, -top), max(0, -left)
    under = strip[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)]
    seen = picture[first_row:, first_column:][: under.shape[0], : under.shape[1]]
    under[:] = seen + (under * (255 - seen[..., 3:].astype(np.uint16)) + 127) // 255


def _premultiplied(rgba: Strip, width: int, height: int) -> Strip:
    colours = rgba.astype(np.float32)
    colours[..., :3] *= colours[..., 3:] / 255
    shrinks = width < rgba.shape[1]
    resized = cv2.resize(
        colours, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    )
    alpha = resized[..., 3:].clip(0, 255)
    return np.dstack([resized[..., :3].clip(0, alpha), alpha]).round().astype(np.uint8)

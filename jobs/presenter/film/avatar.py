"""The avatar that people give: a picture cut to the square around a face, or a clip that follows speech."""

import io
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.video.timeline import Play

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from shared.video.encoding.clip_files import ClipFacts
    from shared.video.subjects.boxes import Box

    Plane = NDArray[np.uint8]

SIDE_PX: Final = 864
"""Of avatars: as large as one is ever shown in a frame of 1080 lines (`stand.py`)."""
_LONGEST_LOOP_S: Final = 30
_FACE_SIZE: Final = 0.52
"""Of the face, hair to chin, in parts of the square's side."""
_LARGEST_FACE: Final = 0.74
"""As large as the face may be so that it comes to the middle."""
_FACE_MIDDLE: Final = 0.47
"""Its middle, in parts of the square's height."""
_SHARP_PX: Final = 240
"""The square is not smaller, so that the picture is not blown up."""
_LOUD: Final = "[3-9a-f]"
"""Levels of speech."""
_SOFT: Final = "[0-2]"
"""Levels of silence, and of what fades into it."""
_BREATH_S: Final = 0.35
"""In pauses shorter than this the clip plays on."""


def prepare_avatar(path: Path, *, name: str) -> bytes:
    """The square of a picture that shows the face, or else what stands out, as PNG.

    Raises `InvalidAssets`, naming `name`.
    """
    from PIL import Image

    from shared.video.frames.canvas import cover
    from shared.video.frames.pictures import load_picture

    picture = load_picture(path, name=name, max_side=4 * SIDE_PX)
    left, top, side = _square(picture)
    side_px = min(SIDE_PX, max(side, _SHARP_PX))
    return as_png(Image.fromarray(cover(picture[top : top + side, left : left + side], side_px, side_px)))


def prepare_clip(source: Path, target: Path, *, name: str, frame_rate: Fraction, side_px: int) -> "ClipFacts":
    """A clip as the film needs it: its middle square of this size (even), without sound, at most 30 s.

    Raises `InvalidAssets`, naming `name`, for anything but a clip of at least a second.
    """
    from shared.video.encoding.clip_files import check_clip
    from shared.video.encoding.clips import normalise_clip

    found = check_clip(source, name=name)
    frames = max(1, min(round(found.duration_s * frame_rate), int(_LONGEST_LOOP_S * frame_rate)))
    return normalise_clip(
        source, target, name=name, width=side_px, height=side_px, frame_rate=frame_rate, frames=frames
    )


def plays_of(levels: str, starts: Iterable[int], frame_rate: Fraction) -> tuple[Play, ...]:
    """When the clip plays: while there is speech. It goes on where it stopped, and from its beginning in each
    part of the film, so that an edit of one does not change the others.

    `levels` are those of the figure, `starts` the first frames of the parts.
    """
    breath = round(_BREATH_S * frame_rate)
    cuts = [*sorted({0, *(at for at in starts if at < len(levels))}), len(levels)]
    return tuple(play for start, end in pairwise(cuts) for play in _plays_in(levels, start, end, breath))


def _plays_in(levels: str, start: int, end: int, breath: int) -> Iterator[Play]:
    at = 0
    for spoken in re.finditer(f"{_LOUD}+(?:{_SOFT}{{1,{breath}}}{_LOUD}+)*", levels[start:end]):
        frames = spoken.end() - spoken.start()
        yield Play(at_frame=start + spoken.start(), frames=frames, clip_from=at)
        at += frames


def _square(picture: "Plane") -> tuple[int, int, int]:
    """Left, top and side of the square to show, in pixels."""
    tall, wide = picture.shape[:2]
    seen, is_face = _seen(picture)
    most = min(tall, wide)
    if seen is None:
        return (wide - most) // 2, (tall - most) // 2, most
    x, y = (seen.left + seen.right) / 2 * wide, (seen.top + seen.bottom) / 2 * tall
    part = _FACE_MIDDLE if is_face else 0.5
    side = most
    if is_face:
        length = max((seen.right - seen.left) * wide, (seen.bottom - seen.top) * tall)
        centred = min(2 * x, 2 * (wide - x), y / part, (tall - y) / (1 - part))
        wanted = max(min(length / _FACE_SIZE, centred), length / _LARGEST_FACE, _SHARP_PX)
        side = round(min(most, wanted))
    return _start(x - side / 2, side, wide), _start(y - part * side, side, tall), side


def _start(start: float, length: int, room: int) -> int:
    return round(max(0.0, min(start, room - length)))


def _seen(picture: "Plane") -> "tuple[Box | None, bool]":
    """What the square has to show, and whether it is a face."""
    import cv2
    import numpy as np

    from shared.video.subjects.boxes import around
    from shared.video.subjects.faces import faces_in
    from shared.video.subjects.subjects import LOOKED_AT, what_matters

    tall, wide = picture.shape[:2]
    part = min(1.0, LOOKED_AT / max(tall, wide))
    size = max(1, round(wide * part)), max(1, round(tall * part))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    faces = faces_in(small)
    if not faces:
        return around(what_matters(small)), False
    together = around(faces)
    assert together is not None
    too_wide = (together.right - together.left) * wide > _LARGEST_FACE * min(tall, wide)
    return (faces[0] if too_wide else together), True  # the widest face comes first


def as_png(picture: "Image") -> bytes:
    """The picture as a file; the same picture gives the same bytes."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()

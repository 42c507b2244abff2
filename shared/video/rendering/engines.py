"""The engines, which draw the frames.

To add an engine:
1. write a function like `native_drawer` in a module of its own,
2. add its name to `_ENGINES` and to `Timeline.engine`,
3. add it to the `engine` fixture of `tests/shared/video/rendering/test_engines.py`: all must draw the same
picture.
"""

from collections.abc import Callable, Sequence
from typing import Final

from shared.errors import BadRequest
from shared.video.encoding.clips import ClipPicture
from shared.video.frames.frames import CaptionPatch, Frame, Picture, blend
from shared.video.rendering.segments import Segment
from shared.video.rendering.shots import Drawer, Shots, TimedCaption

Engine = Callable[[Shots, Segment, Sequence[TimedCaption]], Drawer]


def engine_named(name: str) -> Engine:
    """The engine of a timeline."""
    return _ENGINES[name]()


def native_drawer(shots: Shots, segment: Segment, captions: Sequence[TimedCaption]) -> Drawer:
    """Frames in the encoder's own format: no conversion, no copy, no other process."""
    timeline = shots.timeline
    shot = timeline.shots[segment.shot]
    in_transition = segment.offset < shot.transition.frames
    for number in range(segment.shot - in_transition, segment.shot + 1):
        _refuse_effect(timeline.shots[number].effect, number)
    picture = shots.prepared(segment.shot)
    before = shots.prepared(segment.shot - 1) if in_transition else None
    lead = timeline.shots[segment.shot - 1].frames
    one, two = (Frame.blank(timeline.width, timeline.height) for _ in range(2))
    words = shots.words_in(segment)
    overlay = _Captions(captions)

    def draw(number: int, into: Frame) -> None:
        at = segment.offset + number
        if before and at < shot.transition.frames:
            before.draw(lead + at, one)
            picture.draw(at, two)
            blend(one, two, shot.transition.kind, (at + 1) / (shot.transition.frames + 1), into)
        else:
            picture.draw(at, into)
        for over in words:
            over.draw(segment.first_frame + number, into)
        overlay.draw(segment.first_frame + number, into)
        if number + 1 == segment.frames:
            _let_go(picture, before)

    return draw


def _let_go(*pictures: Picture | None) -> None:
    """Close clips, which hold files and decoders: the next segment's clips need the memory."""
    for picture in pictures:
        if isinstance(picture, ClipPicture):
            picture.close()


def _refuse_effect(effect: str | None, number: int) -> None:
    if effect:
        raise BadRequest(
            f'shot {number + 1}: effect {effect!r} is written in Python; set "engine": "moviepy" to draw it'
        )


class _Captions:
    """The captions of a segment; one patch is kept, as frames come in order."""

    def __init__(self, captions: Sequence[TimedCaption]) -> None:
        self._captions = captions
        self._current: TimedCaption | None = None
        self._patch: CaptionPatch | None = None

    def draw(self, frame: int, into: Frame) -> None:
        shown = next((c for c in self._captions if c.first_frame <= frame < c.end_frame), None)
        if shown is None or not shown.bitmap.rgba.size:
            return  # no caption, or no part of it that a font can draw
        if shown is not self._current or self._patch is None:
            self._current, self._patch = shown, CaptionPatch(shown.bitmap)
        self._patch.draw(into)


def _native() -> Engine:
    return native_drawer


def _moviepy() -> Engine:
    from shared.video.rendering.moviepy_engine import moviepy_drawer

    return moviepy_drawer


_ENGINES: Final[dict[str, Callable[[], Engine]]] = {"native": _native, "moviepy": _moviepy}

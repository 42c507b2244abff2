"""Who draws the frames.

To add an engine:
1. write a function like `native_drawer` in a module of its own,
2. add its name to `_ENGINES` and to `Timeline.engine`,
3. add it to the `engine` fixture of `tests/shared/video/rendering/test_engines.py`: all draw one picture.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.errors import BadRequest
from shared.video.encoding.clips import ClipPicture
from shared.video.frames.frames import CaptionPatch, Frame, Picture, blend, prepare
from shared.video.frames.words import Words, draw_overlay
from shared.video.rendering.segments import Segment, overlays_in, visible_frames
from shared.video.timeline import Shot, Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shared.video.captions.bitmaps import CaptionBitmap

    Plane = NDArray[np.uint8]

Drawer = Callable[[int, Frame], None]
"""Draws the frame with this number, counted from the segment's first, into planes."""


@dataclass(frozen=True, kw_only=True)
class TimedCaption:
    """A caption bitmap and the frames of the film that it is on."""

    first_frame: int
    end_frame: int
    bitmap: "CaptionBitmap"


def no_clip(name: str) -> Path:
    """For films of pictures alone."""
    raise BadRequest(f"clip {name!r} is not at hand: say where the film's clips lie")


class Shots:
    """The shots' pictures: loaded when needed, the last few kept. And the words over them."""

    def __init__(
        self,
        timeline: Timeline,
        load: Callable[[str], "Plane"],
        *,
        clip: Callable[[str], Path] = no_clip,
        keep: int = 2,
    ) -> None:
        """`load` gives the RGB picture with this name, `clip` the file of the clip with this name."""
        self.timeline = timeline
        self._load = load
        self._clip = clip
        self._keep = keep
        self._prepared: dict[int, Picture] = {}
        self._words: dict[int, Words] = {}

    def picture(self, number: int) -> "Plane | None":
        """The shot's picture as RGB, None for a colour."""
        name = self.timeline.shots[number].picture
        return None if name is None else self._load(name)

    def prepared(self, number: int) -> Picture:
        """The shot's picture fitted and ready to be drawn; a clip anew each time, as it has a place in it."""
        shot = self.timeline.shots[number]
        if shot.clip is not None:
            return self._opened(shot, shot.clip)
        if number not in self._prepared:
            while len(self._prepared) >= self._keep:
                del self._prepared[next(iter(self._prepared))]
            visible = visible_frames(self.timeline, number)
            self._prepared[number] = prepare(shot, self.timeline, self.picture(number), visible)
        return self._prepared[number]

    def words_in(self, segment: Segment) -> list[Words]:
        """The words over a segment, drawn when they are first asked for."""
        shown = overlays_in(self.timeline, segment.first_frame, segment.end_frame)
        for number, overlay in shown:
            if number not in self._words:
                self._words[number] = Words(overlay, self.timeline, draw_overlay(overlay, self.timeline))
        return [self._words[number] for number, _ in shown]

    def _opened(self, shot: Shot, name: str) -> ClipPicture:
        timeline = self.timeline
        return ClipPicture(
            self._clip(name),
            name=name,
            width=timeline.width,
            height=timeline.height,
            frame_rate=timeline.frame_rate,
            clip_from=shot.clip_from,
        )


Engine = Callable[[Shots, Segment, Sequence[TimedCaption]], Drawer]


def engine_named(name: str) -> Engine:
    """The engine of a timeline."""
    return _ENGINES[name]()


def native_drawer(shots: Shots, segment: Segment, captions: Sequence[TimedCaption]) -> Drawer:
    """Frames drawn as the encoder takes them: no conversion, no copy, no other process."""
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
    """Clips hold files and decoders; their memory is wanted for the next segment's."""
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
            return  # nothing to show, or nothing of it that a font could draw
        if shown is not self._current or self._patch is None:
            self._current, self._patch = shown, CaptionPatch(shown.bitmap)
        self._patch.draw(into)


def _native() -> Engine:
    return native_drawer


def _moviepy() -> Engine:
    from shared.video.rendering.moviepy_engine import moviepy_drawer

    return moviepy_drawer


_ENGINES: Final[dict[str, Callable[[], Engine]]] = {"native": _native, "moviepy": _moviepy}

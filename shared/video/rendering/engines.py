"""The engines, which draw the frames.

To add an engine:
1. write a function like `native_drawer` in a module of its own,
2. add its name to `_ENGINES` and to `Timeline.engine`,
3. add it to the `engine` fixture of `tests/shared/video/rendering/test_engines.py`: all must draw the same
picture.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from shared.errors import BadRequest
from shared.video.encoding.clips import ClipPicture
from shared.video.frames.frames import CaptionPatch, Frame, Picture, Still, blend
from shared.video.frames.words import Moment
from shared.video.rendering.segments import Segment
from shared.video.rendering.shots import Drawer, Shots, TimedCaption

Engine = Callable[[Shots, Segment, Sequence[TimedCaption]], Drawer]


def engine_named(name: str) -> Engine:
    """The engine of a timeline."""
    return _ENGINES[name]()


def native_drawer(shots: Shots, segment: Segment, captions: Sequence[TimedCaption]) -> Drawer:
    """Frames in the encoder's own format: no conversion, no copy, no other process."""
    return _Layers(shots, segment, captions).draw


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What a frame shows, as far as it can be compared."""

    ground: tuple[Moment | None, ...] | None
    """How the words over an unmoving picture look; None while the picture moves."""
    figure: tuple[int, int] | None
    caption: TimedCaption | None

    def is_but_for_the_figure(self, other: "_Look") -> bool:
        """Whether both look the same, except perhaps for the figure."""
        return self.ground is not None and (self.ground, self.caption) == (other.ground, other.caption)


class _Layers:
    """The frames of a segment. A frame that looks like the one before it is not drawn again."""

    def __init__(self, shots: Shots, segment: Segment, captions: Sequence[TimedCaption]) -> None:
        self._ground = _Ground(shots, segment)
        self._words = shots.words_in(segment)
        self._figure = shots.figure()
        self._captions = _Captions(captions)
        self._segment = segment
        self._into: Frame | None = None
        self._drawn: _Look | None = None

    def draw(self, number: int, into: Frame) -> None:
        """Draw a frame; if `into` is the last one's, it still has to hold what was drawn."""
        look = self._look(number)
        drawn = self._drawn if into is self._into else None
        if drawn is None or not look.is_but_for_the_figure(drawn):
            self._draw_all(number, into)
        elif look.figure != drawn.figure:
            self._draw_figure(look, number, into)
        self._into, self._drawn = into, look
        if number + 1 == self._segment.frames:
            self._let_go()

    def _look(self, number: int) -> _Look:
        frame = self._segment.first_frame + number
        return _Look(
            ground=None
            if self._ground.moves(number)
            else tuple(words.moment(frame) for words in self._words),
            figure=self._figure.look(frame) if self._figure else None,
            caption=self._captions.at(frame),
        )

    def _draw_all(self, number: int, into: Frame) -> None:
        frame = self._segment.first_frame + number
        self._ground.draw(number, into)
        for words in self._words:
            words.draw(frame, into)
        if self._figure:
            self._figure.draw(frame, into)
        self._captions.draw(frame, into)

    def _draw_figure(self, look: _Look, number: int, into: Frame) -> None:
        """Only the figure changed: redraw its box, unless a caption lies over it."""
        assert self._figure is not None
        if look.caption and self._figure.meets(look.caption.bitmap):
            self._draw_all(number, into)
        else:
            self._figure.draw_again(self._segment.first_frame + number, into)

    def _let_go(self) -> None:
        """Release clips, which hold files and decoders: the next segment's clips need the memory."""
        self._into = None
        _close(*self._ground.pictures, self._figure.face if self._figure else None)


class _Ground:
    """The shots of a segment: one, or two in a transition."""

    def __init__(self, shots: Shots, segment: Segment) -> None:
        timeline = shots.timeline
        self._shot = timeline.shots[segment.shot]
        self._offset = segment.offset
        in_transition = segment.offset < self._shot.transition.frames
        for number in range(segment.shot - in_transition, segment.shot + 1):
            _refuse_effect(timeline.shots[number].effect, number)
        self._picture = shots.prepared(segment.shot)
        self._before = shots.prepared(segment.shot - 1) if in_transition else None
        self._lead = timeline.shots[segment.shot - 1].frames
        self._one, self._two = (Frame.blank(timeline.width, timeline.height) for _ in range(2))

    def moves(self, number: int) -> bool:
        """Whether this frame may differ from the one before it."""
        return self._picture.moves or self._offset + number < self._shot.transition.frames

    def draw(self, number: int, into: Frame) -> None:
        at = self._offset + number
        into_this = self._shot.transition
        if self._before and at < into_this.frames:
            one = _drawn(self._before, self._lead + at, self._one)
            two = _drawn(self._picture, at, self._two)
            blend(one, two, into_this.kind, (at + 1) / (into_this.frames + 1), into)
        else:
            self._picture.draw(at, into)

    @property
    def pictures(self) -> tuple[Picture | None, ...]:
        return self._picture, self._before


def _drawn(picture: Picture, frame: int, scratch: Frame) -> Frame:
    """This frame of a picture, drawn into `scratch` if it moves."""
    if isinstance(picture, Still):
        return picture.drawn
    picture.draw(frame, scratch)
    return scratch


def _close(*pictures: Picture | None) -> None:
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

    def at(self, frame: int) -> TimedCaption | None:
        """The caption at this frame of the film, if a font can draw any part of it."""
        shown = next((c for c in self._captions if c.first_frame <= frame < c.end_frame), None)
        return shown if shown and shown.bitmap.rgba.size else None

    def draw(self, frame: int, into: Frame) -> None:
        shown = self.at(frame)
        if shown is None:
            return
        if shown is not self._current or self._patch is None:
            self._current, self._patch = shown, CaptionPatch(shown.bitmap)
        self._patch.draw(into)


def _native() -> Engine:
    return native_drawer


def _moviepy() -> Engine:
    from shared.video.rendering.moviepy_engine import moviepy_drawer

    return moviepy_drawer


_ENGINES: Final[dict[str, Callable[[], Engine]]] = {"native": _native, "moviepy": _moviepy}

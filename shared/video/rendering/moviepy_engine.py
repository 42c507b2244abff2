"""The second engine: the film as MoviePy clips, for effects written in Python and for comparison.

Every clip starts and ends at `frame / fps`, calculated as MoviePy itself calculates its frames' times, so
that no rounding moves a cut by a frame.
"""

import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from shared.errors import BadRequest
from shared.video.colour import parse_colour, to_planes
from shared.video.frames.canvas import draw_canvas
from shared.video.frames.frames import Frame
from shared.video.frames.motion import Window, ease, most_zoom, snapped, window_at
from shared.video.rendering.effects import effect_named
from shared.video.rendering.segments import Segment, visible_frames
from shared.video.rendering.shots import Drawer, Shots, TimedCaption
from shared.video.timeline import Motion, Shot, Timeline, Transition

if TYPE_CHECKING:
    from moviepy import VideoClip
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]


def build_clip(
    timeline: Timeline, load: "Callable[[str], Plane]", captions: Sequence[TimedCaption]
) -> "VideoClip":
    """The whole film without sound; `load` returns the RGB picture with this name, and all are kept.

    Raises `UnknownName` for an unknown effect, `BadRequest` without MoviePy.
    """
    return _compose(Shots(timeline, load), range(len(timeline.shots)), captions)


def moviepy_drawer(shots: Shots, segment: Segment, captions: Sequence[TimedCaption]) -> Drawer:
    """Frames of a clip that holds only the shots which the segment shows.

    Raises `UnknownName` for an unknown effect, `BadRequest` without MoviePy.
    """
    in_transition = segment.offset < shots.timeline.shots[segment.shot].transition.frames
    first = segment.shot - 1 if in_transition else segment.shot
    clip = _compose(shots, range(first, segment.shot + 1), captions)

    def draw(number: int, into: Frame) -> None:
        rgb = clip.get_frame((segment.first_frame + number) / clip.fps)
        for plane, target in zip(to_planes(np.ascontiguousarray(rgb)), into.planes, strict=True):
            np.copyto(target, plane)

    return draw


def _compose(shots: Shots, numbers: range, captions: Sequence[TimedCaption]) -> "VideoClip":
    timeline = shots.timeline
    _refuse_what_only_native_draws(timeline, numbers)
    fps = float(timeline.frame_rate)
    starts = list(accumulate((shot.frames for shot in timeline.shots), initial=0))
    clips = [
        clip
        for number in numbers
        for clip in _ShotClips.of(timeline, number, starts[number]).made(shots.picture(number))
    ]
    clips += [_caption_clip(caption, fps) for caption in captions if caption.bitmap.rgba.size]
    film = _moviepy().CompositeVideoClip(clips, size=(timeline.width, timeline.height), bg_color=(0, 0, 0))
    # MoviePy writes int(duration * fps) frames, one less when the quotient was rounded down
    return film.with_duration(math.nextafter(timeline.frames / fps, math.inf)).with_fps(fps)


def _refuse_what_only_native_draws(timeline: Timeline, numbers: range) -> None:
    found = {
        **{f"clip {name!r} is": True for number in numbers if (name := timeline.shots[number].clip)},
        "words over the picture are": bool(timeline.overlays),
        "a figure is": timeline.figure is not None,
    }
    what = next((what for what, there in found.items() if there), None)
    if what:
        raise BadRequest(f'{what} not drawn by the engine "moviepy"; set "engine": "native" to draw all')


@dataclass(frozen=True, kw_only=True)
class _ShotClips:
    """Makes the clips of one shot: one, or two when it fades in over another.

    Frames are counted from the shot's start. A dip is black in the middle of its frames, which may be
    between two of them, so ends may be halves.
    """

    timeline: Timeline
    shot: Shot
    starts_at: int
    """In frames of the film."""
    visible_frames: int
    going: Transition
    """Into the next shot."""

    @classmethod
    def of(cls, timeline: Timeline, number: int, starts_at: int) -> "_ShotClips":
        following = timeline.shots[number + 1 : number + 2]
        return cls(
            timeline=timeline,
            shot=timeline.shots[number],
            starts_at=starts_at,
            visible_frames=visible_frames(timeline, number),
            going=following[0].transition if following else Transition(),
        )

    def made(self, picture: "Plane | None") -> "list[VideoClip]":
        """A mask makes MoviePy several times slower, so only the part that fades has one."""
        first, last = self._ends()
        fades = _is(self.shot.transition, "crossfade")
        cuts = [first, self.shot.transition.frames, last] if fades else [first, last]
        whole = self._whole(picture)
        return [self._part(whole, start, end) for start, end in pairwise(cuts) if end > start]

    def _ends(self) -> tuple[float, float]:
        return _first(self.shot.transition), self.shot.frames + _overlap(self.going)

    def _part(self, whole: "VideoClip", start: float, end: float) -> "VideoClip":
        return (
            whole.time_transform(lambda t: t + start / self._fps)
            .with_duration((end - start) / self._fps)
            .with_effects(self._fades(start, end))
            .with_position(self._position(start))
            .with_start((self.starts_at + start) / self._fps)
            .with_end((self.starts_at + end) / self._fps)
        )

    def _fades(self, start: float, end: float) -> list[Any]:
        vfx, fps = _moviepy().vfx, self._fps
        first, last = self._ends()
        coming, going = self.shot.transition, self.going
        fades = []
        if _is(coming, "crossfade") and start == first:
            fades.append(vfx.CrossFadeIn((coming.frames + 1) / fps))
        if _is(coming, "dip") and start == first:
            fades.append(vfx.FadeIn((coming.frames + 1) / 2 / fps))
        if _is(going, "dip") and end == last:
            fades.append(vfx.FadeOut((going.frames + 1) / 2 / fps))
        return fades

    def _position(self, start: float) -> tuple[int, int] | Callable[[float], tuple[int, int]]:
        """The clip's position: slides push it in from the right and out to the left."""
        coming, going = self.shot.transition, self.going
        width = self.timeline.width
        if not (_is(coming, "slide") or _is(going, "slide")):
            return 0, 0

        def position(t: float) -> tuple[int, int]:
            at = round(t * self._fps + start)
            if _is(coming, "slide") and at < coming.frames:
                return width - _pushed(width, coming, at), 0
            if _is(going, "slide") and at >= self.shot.frames:
                return -_pushed(width, going, at - self.shot.frames), 0
            return 0, 0

        return position

    def _whole(self, picture: "Plane | None") -> "VideoClip":
        """The shot before it is cut and faded: its picture in motion, with its effect."""
        plain = self._in_motion(picture)
        if self.shot.effect is None:
            return plain
        effect = effect_named(self.shot.effect)
        duration_s = self.visible_frames / self._fps

        def draw(get_frame: "Callable[[float], Plane]", t: float) -> "Plane":
            return effect(get_frame(t), self._at(t) / self._fps, duration_s)

        return plain.transform(draw)

    def _in_motion(self, picture: "Plane | None") -> "VideoClip":
        moviepy, timeline = _moviepy(), self.timeline
        size = timeline.width, timeline.height
        if picture is None:
            return moviepy.ColorClip(size, color=parse_colour(self.shot.colour))
        motion = snapped(self.shot.motion, *size)
        canvas = draw_canvas(self.shot, timeline, picture, most_zoom(motion))
        if motion.kind == "none" or (motion.kind == "zoom" and motion.zoom_from == motion.zoom_to):
            return moviepy.ImageClip(canvas).cropped(**_window_of(canvas, motion, timeline))

        def draw(t: float) -> "Plane":
            return _seen_through(canvas, motion, window_at(motion, self._at(t), self.visible_frames), size)

        return moviepy.VideoClip(draw)

    def _at(self, t: float) -> int:
        """The frame since the shot's start that belongs to a clip's time."""
        return min(max(round(t * self._fps), 0), self.visible_frames - 1)

    @property
    def _fps(self) -> float:
        return float(self.timeline.frame_rate)


def _is(transition: Transition, kind: str) -> bool:
    return transition.kind == kind and transition.frames > 0


def _first(coming: Transition) -> float:
    """The first frame of a shot's clip: before a crossfade, since `CrossFadeIn` starts at zero."""
    if _is(coming, "crossfade"):
        return -1
    return (coming.frames - 1) / 2 if _is(coming, "dip") else 0


def _overlap(going: Transition) -> float:
    """How many frames a shot's clip overlaps the next one's."""
    if _is(going, "dip"):
        return (going.frames - 1) / 2
    return 0 if going.kind == "cut" else going.frames


def _pushed(width: int, transition: Transition, at: int) -> int:
    """Pixels that a slide has moved by its frame `at`; even, as it is in the other engine's chroma."""
    return 2 * round(width * ease((at + 1) / (transition.frames + 1)) / 2)


def _window_of(canvas: "Plane", motion: Motion, timeline: Timeline) -> dict[str, int]:
    """The part that a motion without movement shows, at whole pixels, as `cropped` takes it."""
    tall, wide = canvas.shape[:2]
    return {
        "x1": 2 * round((wide - timeline.width) * motion.focus_x / 2),
        "y1": 2 * round((tall - timeline.height) * motion.focus_y / 2),
        "width": timeline.width,
        "height": timeline.height,
    }


def _seen_through(canvas: "Plane", motion: Motion, window: Window, size: tuple[int, int]) -> "Plane":
    """The part of the canvas that the motion shows, sampled at fractions of a pixel."""
    tall, wide = canvas.shape[:2]
    if motion.kind == "pan":
        step_x, step_y = wide / window.zoom / size[0], tall / window.zoom / size[1]
        left, top = window.left * wide, window.top * tall
    else:
        step_x = step_y = most_zoom(motion) / window.zoom
        left = _start(motion.focus_x, size[0], most_zoom(motion), step_x)
        top = _start(motion.focus_y, size[1], most_zoom(motion), step_y)
    # pixel centres: x + 1/2 in the frame lies at left + (x + 1/2) * step in the canvas
    matrix = np.array([[step_x, 0, left + step_x / 2 - 0.5], [0, step_y, top + step_y / 2 - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(canvas, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen, np.uint8)


def _start(focus: float, length: int, most: float, step: float) -> float:
    """Where the frame starts in the canvas: its fixed point is whole in both, as in the other engine."""
    fixed = 2 * round(length * focus / 2)
    return 2 * round(fixed * most / 2) - fixed * step


def _caption_clip(caption: TimedCaption, fps: float) -> "VideoClip":
    bitmap = caption.bitmap
    return (
        _moviepy()
        .ImageClip(_straight(bitmap.rgba))
        .with_position((bitmap.x, bitmap.y))
        .with_start(caption.first_frame / fps)
        .with_end(caption.end_frame / fps)
    )


def _straight(rgba: "Plane") -> "Plane":
    """Premultiplied RGBA with its colours divided by alpha, as MoviePy requires."""
    alpha = rgba[..., 3:].astype(np.uint16)
    colours = (rgba[..., :3] * np.uint16(255) + alpha // 2) // np.maximum(alpha, 1)
    return np.dstack([np.minimum(colours, 255).astype(np.uint8), rgba[..., 3]])


@cache
def _moviepy() -> Any:
    try:
        with _on_its_own():
            import moviepy
    except ImportError as error:
        raise BadRequest(
            'the engine "moviepy" is not on this machine: install reelwright[moviepy], '
            'or set "engine": "native" in the timeline'
        ) from error
    return moviepy


@contextmanager
def _on_its_own() -> Iterator[None]:
    """Isolate MoviePy's import from its surroundings.

    It loads any `.env` that it finds into the environment unless python-dotenv is missing, which None
    means; and it would prefer another ffmpeg, named by FFMPEG_BINARY, to the one of imageio-ffmpeg.
    """
    modules: dict[str, Any] = sys.modules
    dotenv = modules.get("dotenv")
    ffmpeg = os.environ.pop("FFMPEG_BINARY", None)
    modules["dotenv"] = None
    try:
        yield
    finally:
        del modules["dotenv"]
        if dotenv is not None:
            modules["dotenv"] = dotenv
        if ffmpeg is not None:
            os.environ["FFMPEG_BINARY"] = ffmpeg

"""Clips: films whose frames are drawn in a shot, read as planes without a detour through RGB."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from shared.errors import InvalidAssets
from shared.video.encoding.clip_files import BT709, FULL_RANGE, REMEDY, ClipFacts, check_clip, opened_clip
from shared.video.encoding.x264 import segment_writer
from shared.video.frames.frames import Frame, blend

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.video.reformatter import VideoReformatter
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

_ZOOM_PER_S: Final = 0.015
"""Zoom of the last frame, when a clip ends before its shot."""
_UNSPECIFIED, _BT2020, _LIMITED_RANGE = 2, 9, 1
_SWS: Final = {"709": 1, "601": 5, "2020": 9}
"""libswscale's numbers for matrices (SWS_CS_*)."""
_SLOWEST, _FASTEST = Fraction(3, 4), Fraction(5, 4)
_NORMAL_CRF: Final = 16
"""Clips are encoded once more in the film, so their quality is higher than a film's."""
_LEAST_S: Final = 1.0
_OTHER_SCENE: Final = 28
"""Mean difference of luma between frames on either side of a cut: such frames are not blended."""


class ClipReader:
    """The frames of a clip by time, fitted to a size; fast as long as the times increase."""

    def __init__(self, path: Path, *, name: str, width: int, height: int) -> None:
        self._stack = ExitStack()
        self._container, self._stream = self._stack.enter_context(opened_clip(path, name))
        self._fit = _Fit(width, height, self._stream.sample_aspect_ratio or Fraction(1))
        context = self._stream.codec_context
        context.thread_count = 1  # whole segments are made in parallel
        context.options = {"err_detect": "explode"}  # damage raises an error
        self._tick = self._stream.time_base or Fraction(1, 1000)
        self._origin = self._stream.start_time or 0
        self._step = 1 / (self._stream.average_rate or Fraction(30))
        self._name = name
        self._frames: Iterator[VideoFrame] = iter(())
        self._now: VideoFrame | None = None
        self._next: VideoFrame | None = None
        self.decoded = 0

    def close(self) -> None:
        """Close the file and the decoder."""
        self._stack.close()
        self._frames, self._now, self._next = iter(()), None, None
        del self._container, self._stream

    def go_to(self, at_s: Fraction) -> Fraction:
        """Make the frame at this time the one to draw.

        Returns how many seconds earlier the clip has ended: its last frame stays.
        """
        if self._now is None or at_s < self._start(self._now):
            self._seek(at_s)
        while self._next is not None and self._start(self._next) <= at_s:
            self._now, self._next = self._next, next(self._frames, None)
        return max(Fraction(0), at_s - self.starts_at - self._step) if self._next is None else Fraction(0)

    @property
    def starts_at(self) -> Fraction:
        """The start of the current frame, in seconds."""
        return self._start(self._shown)

    @property
    def next_starts_at(self) -> Fraction | None:
        """The start of the next frame; None at the end."""
        return None if self._next is None else self._start(self._next)

    def draw(self, into: Frame) -> None:
        self._fit.draw(self._shown, into)

    def draw_next(self, into: Frame) -> None:
        """Draw the frame after the current one, or the current one at the end."""
        self._fit.draw(self._next or self._shown, into)

    @property
    def _shown(self) -> "VideoFrame":
        if self._now is None:
            raise InvalidAssets(f"clip {self._name!r} has no frame that can be decoded; {REMEDY}")
        return self._now

    def _start(self, frame: "VideoFrame") -> Fraction:
        return ((frame.pts or 0) - self._origin) * self._tick

    def _seek(self, at_s: Fraction) -> None:
        """Decode from the last key frame that is not after this time, or from the first one."""
        back_s = Fraction(0)
        while True:
            wanted = max(Fraction(0), at_s - back_s)
            self._container.seek(self._origin + int(wanted / self._tick), stream=self._stream)
            self._frames = self._decode(until_s=at_s - self._step * Fraction(3, 2))
            self._now = next(self._frames, None)
            if wanted == 0 or (self._now is not None and self._start(self._now) <= at_s):
                break
            back_s = 2 * back_s + 1
        self._next = next(self._frames, None)

    def _decode(self, *, until_s: Fraction) -> "Iterator[VideoFrame]":
        """All frames from here; before `until_s` only those that other frames depend on."""
        import av

        context = self._stream.codec_context
        try:
            for packet in self._container.demux(self._stream):
                context.skip_frame = "NONREF" if self._is_before(packet, until_s) else "DEFAULT"
                for frame in packet.decode():
                    self.decoded += 1
                    yield frame
        except (av.FFmpegError, EOFError) as error:
            raise InvalidAssets(f"clip {self._name!r} can't be played ({error}); {REMEDY}") from error

    def _is_before(self, packet: "Packet[VideoStream]", until_s: Fraction) -> bool:
        return packet.pts is not None and (packet.pts - self._origin) * self._tick < until_s


class _Fit:
    """Fits decoded frames to a size: their middle, scaled to fill it, as BT.709 in limited range."""

    def __init__(self, width: int, height: int, pixel_shape: Fraction) -> None:
        """`pixel_shape` is the width of the clip's pixels over their height."""
        self._size = (width, height)
        self._pixel_shape = pixel_shape if Fraction(1, 4) <= pixel_shape <= 4 else Fraction(1)
        self._reformatter: VideoReformatter | None = None

    def draw(self, frame: "VideoFrame", into: Frame) -> None:
        if self._is_plain(frame):
            np.copyto(into.luma, _rows(frame, 0))
            cv2.merge([_rows(frame, 1), _rows(frame, 2)], dst=into.chroma)
        else:
            self._draw_scaled(frame, into)

    def _is_plain(self, frame: "VideoFrame") -> bool:
        fits = (frame.width, frame.height) == self._size and frame.format.name == "yuv420p"
        return fits and frame.color_range != FULL_RANGE and frame.colorspace in (BT709, _UNSPECIFIED)

    def _draw_scaled(self, frame: "VideoFrame", into: Frame) -> None:
        from av.video.reformatter import Interpolation, VideoReformatter

        self._reformatter = self._reformatter or VideoReformatter()
        width, height = self._size
        wide, tall = self._covering(frame)
        how = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
        scaled = self._reformatter.reformat(
            frame,
            wide,
            tall,
            "nv12",
            src_colorspace=_matrix_of(frame),
            dst_colorspace=_SWS["709"],
            src_color_range=frame.color_range if frame.color_range == FULL_RANGE else _LIMITED_RANGE,
            dst_color_range=_LIMITED_RANGE,
            interpolation=how,
        )
        left, top = (wide - width) // 4 * 2, (tall - height) // 4 * 2
        np.copyto(into.luma, _rows(scaled, 0)[top : top + height, left : left + width])
        chroma = _rows(scaled, 1)[top // 2 : (top + height) // 2, left : left + width]
        into.chroma[...] = chroma.reshape(height // 2, width // 2, 2)

    def _covering(self, frame: "VideoFrame") -> tuple[int, int]:
        """The even size to which a frame is scaled so that it covers the target, its pixels made square."""
        width, height = self._size
        seen = frame.width * self._pixel_shape
        scale = max(width / seen, Fraction(height, frame.height))
        return max(width, 2 * round(seen * scale / 2)), max(height, 2 * round(frame.height * scale / 2))


def _matrix_of(frame: "VideoFrame") -> int:
    """What players assume for untagged frames: BT.709 from 720 lines on."""
    if frame.colorspace == _UNSPECIFIED:
        return _SWS["709" if min(frame.width, frame.height) >= 720 else "601"]
    return _SWS["709" if frame.colorspace == BT709 else "2020" if frame.colorspace == _BT2020 else "601"]


def _rows(frame: "VideoFrame", number: int) -> "Plane":
    plane = frame.planes[number]
    memory: Plane = np.frombuffer(memoryview(plane), np.uint8)
    samples = frame.width if number == 0 or frame.format.name == "nv12" else plane.width
    return memory.reshape(-1, plane.line_size)[: plane.height, :samples]


class ClipPicture:
    """A shot's clip. Not to be shared between threads; opened when it is first drawn."""

    moves = True

    def __init__(
        self, path: Path, *, name: str, width: int, height: int, frame_rate: Fraction, clip_from: int = 0
    ) -> None:
        self._path = path
        self._name = name
        self._size = (width, height)
        self._rate = frame_rate
        self._from = clip_from
        self._reader: ClipReader | None = None
        self._last: Frame | None = None

    def draw(self, frame: int, into: Frame) -> None:
        if self._reader is None:
            width, height = self._size
            self._reader = ClipReader(self._path, name=self._name, width=width, height=height)
        ended_s = self._reader.go_to((self._from + frame) / self._rate)
        if not ended_s:
            self._reader.draw(into)
            return
        if self._last is None:
            self._last = Frame.blank(*self._size)
            self._reader.draw(self._last)
        draw_held(self._last, float(ended_s), into)

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self._reader = self._last = None


def draw_held(last: Frame, ended_s: float, into: Frame) -> None:
    """The last frame under a slow zoom, so that the picture doesn't freeze."""
    step = 1 / (1 + _ZOOM_PER_S * ended_s)
    for source, target in zip(last.planes, into.planes, strict=True):
        tall, wide = target.shape[:2]
        left, top = (wide * (1 - step) + step - 1) / 2, (tall * (1 - step) + step - 1) / 2
        matrix = np.array([[step, 0, left], [0, step, top]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        cv2.warpAffine(source, matrix, (wide, tall), dst=target, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def normalise_clip(
    source: Path,
    target: Path,
    *,
    name: str,
    width: int,
    height: int,
    frame_rate: Fraction,
    frames: int,
    on_frame: Callable[[], None] = lambda: None,
) -> ClipFacts:
    """Convert any clip to exactly this size, rate and length: H.264, BT.709, without sound.

    Its middle fills the frame. It is played at 0.75 to 1.25 times its speed to reach the length, with frames
    in between blended from their neighbours; a shorter one stays at its last frame, a longer one is cut.
    Raises `InvalidAssets`, naming `name`, for anything but a clip of at least a second; `on_frame` may raise.
    """
    facts = check_clip(source, name=name, least_s=_LEAST_S)
    speed = _speed_for(facts, frames / frame_rate)
    with closing(ClipReader(source, name=name, width=width, height=height)) as reader:
        retimed = _Retimed(reader, width, height)
        with segment_writer(
            target, width, height, frame_rate, crf=_NORMAL_CRF, key_every=int(frame_rate)
        ) as writer:
            for number in range(frames):
                on_frame()
                retimed.draw(number / frame_rate * speed, writer.frame)
                writer.write()
    return check_clip(target, name=name, least_s=_LEAST_S)


def _speed_for(facts: ClipFacts, wanted_s: Fraction) -> Fraction:
    speed = Fraction(facts.duration_s).limit_denominator(10_000) / wanted_s
    if abs(speed - 1) <= Fraction(1, 100):
        return Fraction(1)
    return min(_FASTEST, max(_SLOWEST, speed))


class _Retimed:
    """A clip at any time: between two of its frames, both are blended."""

    def __init__(self, reader: ClipReader, width: int, height: int) -> None:
        self._reader = reader
        self._frames = [Frame.blank(width, height), Frame.blank(width, height)]
        self._starts: list[Fraction | None] = [None, None]

    def draw(self, at_s: Fraction, into: Frame) -> None:
        ended_s = self._reader.go_to(at_s)
        start, after = self._reader.starts_at, self._reader.next_starts_at
        self._fetch(start, after)
        one, two = self._frames
        if ended_s:
            draw_held(one, float(ended_s), into)
            return
        part = 0.0 if after is None or after <= start else float((at_s - start) / (after - start))
        part = min(1.0, max(0.0, (part - 0.2) / 0.6))  # times near a frame stay sharp
        if 0 < part < 1 and _is_other_scene(one, two):
            part = round(part)
        if part in (0, 1):
            into.copy_from(two if part else one)
        else:
            blend(one, two, "crossfade", part, into)

    def _fetch(self, start: Fraction, after: Fraction | None) -> None:
        """Fit the current frame and the next one, unless they are fitted already."""
        if self._starts[1] == start:
            self._frames.reverse()
            self._starts.reverse()
        if self._starts[0] != start:
            self._reader.draw(self._frames[0])
        if self._starts[1] != after or after is None:
            self._reader.draw_next(self._frames[1])
        self._starts = [start, after]


def _is_other_scene(one: Frame, two: Frame) -> bool:
    return float(np.mean(cv2.absdiff(one.luma[::8, ::8], two.luma[::8, ::8]))) > _OTHER_SCENE

"""Files of clips: opened with care, and their properties.

They come from models and from strangers: only containers and codecs in common use are opened, never through a
path that could name another protocol, and within limits.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.errors import InvalidAssets

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

CODECS: Final = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "mjpeg"})
_MOST_BYTES: Final = 256 * 1024 * 1024
_MOST_PIXELS: Final = 4096 * 2304
_MOST_S: Final = 120
_MOST_FRAMES: Final = 120 * 120
REMEDY: Final = "make it again, as MP4 with H.264"
BT709: Final = 1
FULL_RANGE: Final = 2
"""libav's numbers for the matrix and the range."""


@dataclass(frozen=True, kw_only=True)
class ClipFacts:
    """A clip's properties, from its file."""

    codec: str
    pixels: str
    """E.g. `yuv420p`."""
    width: int
    height: int
    frame_rate: Fraction
    frames: int
    duration_s: float
    longest_gop: int
    """The greatest distance between key frames, or from the last one to the end, in frames."""
    has_sound: bool
    is_bt709: bool
    """Tagged as BT.709 in limited range."""

    def is_ready(self, width: int, height: int, frame_rate: Fraction, frames: int) -> bool:
        """Whether it can be shown in a film of this size and rate as it is."""
        fits = (self.width, self.height, self.frame_rate) == (width, height, frame_rate)
        plain = (self.codec, self.pixels, self.has_sound) == ("h264", "yuv420p", False)
        found_fast = self.longest_gop <= frame_rate + 1
        return fits and plain and found_fast and self.is_bt709 and self.frames == frames


def check_clip(path: Path, *, name: str, least_s: float = 0.0) -> ClipFacts:
    """The facts of a clip whose file is complete; raises `InvalidAssets`, naming `name`. Decodes nothing."""
    with opened_clip(path, name) as (container, stream):
        starts: list[int] = []
        keys: list[int] = []
        for packet in container.demux(stream):
            if packet.pts is None:
                continue  # the demuxer's flush packet
            if packet.is_corrupt or len(starts) >= _MOST_FRAMES:
                raise InvalidAssets(f"clip {name!r} is damaged or has too many frames; {REMEDY}")
            if packet.is_keyframe:
                keys.append(len(starts))
            starts.append(packet.pts)
        facts = _facts(stream, starts, keys, has_sound=bool(container.streams.audio))
        promised = stream.frames
    if facts.frames < promised * 0.95:
        short = f"ends after {facts.frames} of its {promised} frames"
        raise InvalidAssets(f"clip {name!r} is incomplete: it {short}; {REMEDY}")
    if facts.frames == 0 or facts.duration_s < least_s:
        length = f"only {facts.duration_s:.2f} s long ({facts.frames} frames)"
        raise InvalidAssets(f"clip {name!r} is {length}; {REMEDY}, at least {least_s:g} s long")
    return facts


def _facts(stream: "VideoStream", starts: list[int], keys: list[int], *, has_sound: bool) -> ClipFacts:
    context = stream.codec_context
    tick = stream.time_base or Fraction(0)
    rate = stream.average_rate or Fraction(0)
    spread = (max(starts) - min(starts)) * tick if starts else Fraction(0)
    is_bt709 = context.colorspace == BT709 and context.color_range != FULL_RANGE
    return ClipFacts(
        codec=context.name,
        pixels=context.pix_fmt or "",
        width=context.width,
        height=context.height,
        frame_rate=rate,
        frames=len(starts),
        duration_s=float(spread + (1 / rate if rate else 0)),
        longest_gop=max((after - before for before, after in pairwise([*keys, len(starts)])), default=0),
        has_sound=has_sound,
        is_bt709=is_bt709,
    )


@contextmanager
def opened_clip(path: Path, name: str) -> "Iterator[tuple[InputContainer, VideoStream]]":
    """The clip's container and its first video stream; libav's errors in the block are the clip's fault."""
    import av

    with ExitStack() as stack:
        try:
            container = stack.enter_context(_container(path, name))
            stream = container.streams.video[0] if container.streams.video else None
            if stream is None:
                raise InvalidAssets(f"clip {name!r} has no picture; {REMEDY}")
            _demand_bearable(container, stream, name)
            yield container, stream
        except (av.FFmpegError, EOFError) as error:
            raise InvalidAssets(f"clip {name!r} can't be played ({error}); {REMEDY}") from error


def _container(path: Path, name: str) -> "InputContainer":
    import av

    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise InvalidAssets(f"clip {name!r} has {size} bytes, more than {_MOST_BYTES}; {REMEDY}")
    with path.open("rb") as file:
        start = file.read(12)
    kind = "mov" if start[4:8] == b"ftyp" else "matroska" if start.startswith(b"\x1aE\xdf\xa3") else None
    if kind is None:
        raise InvalidAssets(f"clip {name!r} is neither MP4 nor WebM; {REMEDY}")
    only = {"codec_whitelist": ",".join(sorted(CODECS | {"aac", "opus", "vorbis", "mp3", "mp3float"}))}
    return av.open(f"file:{path}", "r", format=kind, container_options={**only, "protocol_whitelist": "file"})


def _demand_bearable(container: "InputContainer", stream: "VideoStream", name: str) -> None:
    context = stream.codec_context
    if context.name not in CODECS:
        raise InvalidAssets(f"clip {name!r} is coded as {context.name!r}; {REMEDY}")
    if min(context.width, context.height) < 16 or context.width * context.height > _MOST_PIXELS:
        raise InvalidAssets(f"clip {name!r} has {context.width} x {context.height} pixels; {REMEDY}")
    seconds = (container.duration or 0) / 1_000_000
    if seconds > _MOST_S:
        raise InvalidAssets(f"clip {name!r} is {seconds:.0f} s long, more than {_MOST_S}; {REMEDY}")

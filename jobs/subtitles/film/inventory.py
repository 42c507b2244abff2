"""What is in a film's file, by its container's word; decodes a single picture."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from jobs.subtitles.film.rhythm import Rhythm, rhythm_of
from jobs.subtitles.job.documents import Track
from shared.errors import InvalidAssets
from shared.video.encoding.film_files import FORMATS

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

Kind = Literal["video", "audio", "subtitle", "attachment", "data"]
_KINDS: Final[Mapping[str, Kind]] = {
    "video": "video",
    "audio": "audio",
    "subtitle": "subtitle",
    "attachment": "attachment",
}
_PICTURES_ASIDE: Final = frozenset({"attached_pic", "timed_thumbnails", "still_image"})
"""Dispositions of covers and the like, which are streams of pictures but not the film's."""
_USUAL_CHANNELS: Final[Mapping[int, str]] = {
    1: "FC",
    2: "FL FR",
    6: "FL FR FC LFE BL BR",
    8: "FL FR FC LFE BL BR SL SR",
}
"""By their number, for sound that doesn't name them (PCM), as ffmpeg guesses them too."""
_TIME_BASE: Final = 1_000_000
"""libav's, of a container's own times."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """The film's picture."""

    index: int
    width: int
    """As it is shown: turned, and with square pixels."""
    height: int
    rotation: int
    """In degrees anticlockwise."""
    rhythm: Rhythm


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """What is in a film's file."""

    container: str
    """The demuxer's name, e.g. `mov,mp4,m4a,3gp,3g2,mj2`."""
    brand: str
    """An MP4's major brand, `qt  ` for QuickTime; empty for others."""
    duration_s: float
    """As the container says; some estimate it."""
    tracks: tuple[Track, ...]
    picture: Picture | None
    """None for sound alone, with or without a cover."""
    channels: Mapping[int, tuple[str, ...]]
    """By index of a track of sound, the names of its channels, e.g. `FL`, `FR`."""

    def of_kind(self, kind: Kind) -> tuple[Track, ...]:
        return tuple(track for track in self.tracks if track.kind == kind)


def inventory_of(path: Path, *, name: str) -> Inventory:
    """Raises `InvalidAssets`, naming `name`, for a file that is not a complete film or recording."""
    with opened_film(path, name) as container:
        start_s = (container.start_time or 0) / _TIME_BASE
        tracks = tuple(_track(stream, start_s) for stream in container.streams)
        channels = {
            stream.index: _channels([channel.name for channel in stream.codec_context.layout.channels])
            for stream in container.streams.audio
        }
        return Inventory(
            container=container.format.name,
            brand=container.metadata.get("major_brand", ""),
            duration_s=max(0.0, (container.duration or 0) / _TIME_BASE),
            tracks=tracks,
            picture=_picture(container, tracks),
            channels=channels,
        )


@contextmanager
def opened_film(path: Path, name: str) -> "Iterator[InputContainer]":
    """The film, read from its file and nowhere else; libav's errors in the block are the film's fault."""
    import av

    if not path.stat().st_size:
        raise InvalidAssets(f"{name}: is empty; put the whole film there")
    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(FORMATS)}
    with ExitStack() as stack:
        try:
            yield stack.enter_context(av.open(f"file:{path}", "r", container_options=options))
        except (av.FFmpegError, EOFError) as error:
            reason = error.strerror if isinstance(error, av.FFmpegError) else str(error)
            remedy = "it is incomplete, or not a film or recording; put the whole file there, as MP4 or MKV"
            raise InvalidAssets(f"{name}: can't be read ({reason}): {remedy}") from error


def _track(stream: Any, start_s: float) -> Track:
    kind = _KINDS.get(stream.type, "data")
    context = stream.codec_context
    said = [flag.name.lower() for flag in type(stream.disposition) if flag in stream.disposition]
    starts = stream.start_time is not None and stream.time_base is not None
    return Track(
        index=stream.index,
        kind=kind,
        codec=_codec(stream),
        language=stream.metadata.get("language", "und"),
        title=stream.metadata.get("title", ""),
        channels=context.channels if kind == "audio" else None,
        start=round(float(stream.start_time * stream.time_base) - start_s, 6) if starts else 0,
        is_default="default" in said,
        dispositions=tuple(flag for flag in said if flag != "default"),
    )


def _channels(names: Sequence[str]) -> tuple[str, ...]:
    unnamed = "NONE" in names
    return tuple(_USUAL_CHANNELS.get(len(names), "").split()) if unnamed else tuple(names)


def _codec(stream: Any) -> str:
    """The format's name, not the decoder's (`av1`, not `libdav1d`); `none` if it is unknown."""
    context = stream.codec_context
    if context is None:
        return str(stream.metadata.get("mimetype", "none"))
    return str(context.codec.canonical_name)


def _picture(container: "InputContainer", tracks: tuple[Track, ...]) -> Picture | None:
    stream = next(
        (one for one in container.streams.video if not _PICTURES_ASIDE & {*tracks[one.index].dispositions}),
        None,
    )
    if stream is None or not stream.codec_context.width:
        return None
    rhythm = rhythm_of(container, stream)
    rotation = _rotation(container, stream)
    pixel = stream.sample_aspect_ratio or Fraction(1)
    width, height = round(stream.codec_context.width * pixel), stream.codec_context.height
    if rotation in (90, 270):
        width, height = height, width
    return Picture(index=stream.index, width=width, height=height, rotation=rotation, rhythm=rhythm)


def _rotation(container: "InputContainer", stream: "VideoStream") -> int:
    """From the first picture; 0 where none can be decoded, which is for the decoder to report."""
    import av

    try:
        container.seek(0)
        frame = next(container.decode(stream), None)
    except (av.FFmpegError, EOFError):
        return 0
    return frame.rotation % 360 if frame else 0

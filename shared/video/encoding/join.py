"""Joins segments without encoding them again, exact to the frame."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.text.language import iso_639_2
from shared.video.captions.subtitle_text import as_written
from shared.video.encoding.x264 import LEAD_FRAMES, timescale
from shared.video.sound.mix import RATE_HZ

if TYPE_CHECKING:
    from av import Packet
    from av.container import InputContainer, OutputContainer
    from av.container.core import Chapter as _Mark
    from av.stream import Stream
    from av.subtitles.stream import SubtitleStream


def join_segments(segments: Iterable[tuple[Path, int]], target: Path, frame_rate: Fraction) -> None:
    """Copy the packets of all segments (path, frames) into one mp4, each moved by whole frames.

    ffmpeg's own concat demuxer rounds at every joint and leaves an average rate of 29.999; adding an integer
    to the packets' times keeps every step the same and the rate exact. Decode times are counted on, since
    those of a very short segment would come before its predecessor's last.
    """
    import av

    ticks, step = timescale(frame_rate)
    options = {"video_track_timescale": str(ticks), "fflags": "+bitexact"}
    base = 0
    decode_times = count(-LEAD_FRAMES * step, step)
    with av.open(str(target), "w", format="mp4", options=options) as joined:
        out = None
        for path, frames in segments:
            with av.open(str(path)) as segment:
                stream = segment.streams.video[0]
                out = out or joined.add_stream_from_template(stream)
                for packet in segment.demux(stream):
                    if packet.pts is None or packet.dts is None:
                        continue  # the demuxer's flush packet
                    packet.pts += base
                    packet.dts = next(decode_times)
                    packet.stream = out
                    joined.mux(packet)
            base += frames * step


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A part of a film that players list and jump to; it ends where the next one starts."""

    start_ms: int
    title: str


def mux(
    video: Path,
    audio: Path,
    captions: Path | None,
    target: Path,
    *,
    language: str,
    chapters: Sequence[Chapter] = (),
) -> None:
    """Put picture, sound and a soft caption track (mov_text) into one mp4 that starts to play at once.

    `captions` is SubRip as `to_srt` writes it. Chapters are written in both usual ways: as a QuickTime text
    track, and as Nero's list, which holds the first 255 only.

    The order of packets from the ffmpeg program depends on its threads; here they are always in order of
    time.
    """
    import av

    with ExitStack() as stack:
        picture, sound = (stack.enter_context(av.open(str(path))) for path in (video, audio))
        base = picture.streams.video[0].time_base
        assert base is not None
        options = {
            "movflags": "+faststart",
            "fflags": "+bitexact",
            "video_track_timescale": str(base.denominator),
            "movie_timescale": str(RATE_HZ),
        }
        film = stack.enter_context(av.open(str(target), "w", format="mp4", options=options))
        packets = [_copied(picture, film), _copied(sound, film)]
        film.streams.audio[0].metadata["language"] = iso_639_2(language)
        if captions:
            packets.append(_soft_track(captions.read_text(encoding="utf-8"), film, language))
        if chapters:
            film.set_chapters(list(_marks(chapters, end_ms=_length_ms(picture))))
        for packet in heapq.merge(*packets, key=_decode_time):
            film.mux(packet)


def _length_ms(picture: "InputContainer") -> int:
    stream = picture.streams.video[0]
    assert stream.duration is not None
    assert stream.time_base is not None
    return round(stream.duration * stream.time_base * 1000)


def _marks(chapters: Sequence[Chapter], *, end_ms: int) -> "Iterator[_Mark]":
    starts = [chapter.start_ms for chapter in chapters]
    ends = [*starts[1:], end_ms]
    if any(start >= end for start, end in zip(starts, ends, strict=True)):
        raise ValueError(f"chapters at {starts} ms of {end_ms}: each must start after the one before it")
    for number, (chapter, end) in enumerate(zip(chapters, ends, strict=True)):
        yield {
            "id": number,
            "start": chapter.start_ms,
            "end": end,
            "time_base": Fraction(1, 1000),
            "metadata": {"title": _one_line(chapter.title)},
        }


def _one_line(title: str) -> str:
    """At most the 255 bytes that Nero's list holds, which ffmpeg would cut within a character."""
    return " ".join(title.split()).encode()[:255].decode(errors="ignore")


def _copied(source: "InputContainer", film: "OutputContainer") -> "Iterator[Packet[Stream]]":
    """The packets of a file with one track."""
    target = film.add_stream_from_template(source.streams[0])
    return (_moved(packet, target) for packet in source.demux() if packet.dts is not None)


def _moved(packet: "Packet[Stream]", target: "Stream") -> "Packet[Stream]":
    packet.stream = target
    return packet


def _decode_time(packet: "Packet[Stream]") -> Fraction:
    assert packet.dts is not None
    return packet.dts * packet.time_base


def _soft_track(captions: str, film: "OutputContainer", language: str) -> "Iterator[Packet[Stream]]":
    """SubRip as mov_text (3GPP TS 26.245: two bytes of length, then the text), character by character.

    ffmpeg's own conversion takes tags and braces in the text for markup, and lines with times for cues.
    """
    track = film.add_stream("mov_text")
    track.codec_context.subtitle_header = _PLAIN
    track.time_base = track.codec_context.time_base = Fraction(1, _TICKS * 1000)
    track.metadata["language"] = iso_639_2(language)
    return (_caption(track, *cue) for cue in _cues(captions))


def _caption(track: "SubtitleStream", start_ms: int, end_ms: int, text: str) -> "Packet[Stream]":
    import av

    data = text.encode()
    packet = av.Packet(len(data).to_bytes(2, "big") + data)
    packet.stream, packet.time_base = track, Fraction(1, _TICKS * 1000)
    packet.pts = packet.dts = start_ms * _TICKS
    packet.duration = (end_ms - start_ms) * _TICKS
    return packet


def _cues(captions: str) -> Iterator[tuple[int, int, str]]:
    """Start and end in ms, and the text; a text has no empty lines, so empty lines separate the cues."""
    for block in captions.strip("\n").split("\n\n"):
        _, times, text = block.split("\n", 2)
        start, end = times.split(" --> ")
        yield _ms(start), _ms(end), as_written(text)


def _ms(clock: str) -> int:
    hours, minutes, seconds = clock.replace(",", ".").split(":")
    return (int(hours) * 60 + int(minutes)) * 60_000 + round(float(seconds) * 1000)


_TICKS: Final = 90
"""A millisecond in the soft track: finer than the other tracks' ticks, whose counts ffmpeg compares with
these unconverted (it would see a gap after every caption); coarse enough for a gap of six hours."""
_PLAIN: Final = b"""[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, BackColour, Alignment
Style: Default,Arial,16,&Hffffff,&H0,&H0,2
"""
"""The source of the track's description in ffmpeg."""

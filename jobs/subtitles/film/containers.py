"""Which container the new film gets, and what of the old one fits into it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jobs.subtitles.film.inventory import Inventory
from jobs.subtitles.job.documents import Track

_TEXTS: Final = frozenset({"mov_text", "subrip", "srt", "webvtt", "ass", "ssa", "text"})
"""Subtitles that ffmpeg can write in another format."""


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container that films with soft subtitles are written in."""

    muxer: str
    """ffmpeg's name."""
    suffix: str
    soft: str
    """The codec of its soft subtitles."""
    subtitles: frozenset[str]
    """The codecs of subtitles that it holds."""
    has_attachments: bool = False
    holds_h264: bool = True
    is_bibliographic: bool = False
    """Of the two kinds of ISO 639-2 codes it has `ger`, not `deu`."""
    options: tuple[str, ...] = ()


_IN_MOV: Final = frozenset({"mov_text", "dvd_subtitle", "eia_608"})
_FAST_START: Final = ("-movflags", "+faststart")
MP4: Final = Container(muxer="mp4", suffix=".mp4", soft="mov_text", subtitles=_IN_MOV, options=_FAST_START)
MOV: Final = Container(
    muxer="mov",
    suffix=".mov",
    soft="mov_text",
    subtitles=_IN_MOV,
    options=_FAST_START,
    is_bibliographic=True,
)
WEBM: Final = Container(
    muxer="webm", suffix=".webm", soft="webvtt", subtitles=frozenset({"webvtt"}), holds_h264=False
)
MKV: Final = Container(
    muxer="matroska",
    suffix=".mkv",
    soft="srt",
    subtitles=frozenset(
        {
            *("subrip", "ass", "ssa", "webvtt", "text"),
            *("hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle", "hdmv_text_subtitle"),
        }
    ),
    has_attachments=True,
    is_bibliographic=True,
)
_IN_WEBM: Final = frozenset({"vp8", "vp9", "av1", "opus", "vorbis"})


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How the streams of a film go into a container."""

    container: Container
    copied: tuple[Track, ...]
    """In order; of subtitles these include the ones that are rewritten."""
    rewritten: frozenset[int]
    """Indices of subtitles that get the container's own format."""
    left_out: tuple[Track, ...]


def container_of(film: Inventory, name: str) -> Container:
    """The film's own if it can hold soft subtitles, else Matroska, which holds all that films are made of."""
    if film.container.startswith("mov"):
        return MOV if film.brand == "qt  " else MP4
    codecs = {track.codec for track in film.tracks if track.kind in ("video", "audio")}
    is_webm = film.container.startswith("matroska") and name.lower().endswith(WEBM.suffix)
    return WEBM if is_webm and codecs <= _IN_WEBM else MKV


def fitted(film: Inventory, container: Container) -> Fit:
    """What is copied into the container, rewritten, and left out."""
    by_fate: Mapping[str, list[Track]] = {"copied": [], "rewritten": [], "left out": []}
    for track in film.tracks:
        by_fate[_fate(track, container)].append(track)
    kept = [*by_fate["copied"], *by_fate["rewritten"]]
    return Fit(
        container=container,
        copied=tuple(sorted(kept, key=lambda track: track.index)),
        rewritten=frozenset(track.index for track in by_fate["rewritten"]),
        left_out=tuple(by_fate["left out"]),
    )


def _fate(track: Track, container: Container) -> str:
    if track.kind in ("video", "audio"):
        return "left out" if track.codec == "none" else "copied"
    if track.kind == "subtitle":
        fits = track.codec in container.subtitles
        return "copied" if fits else "rewritten" if track.codec in _TEXTS else "left out"
    return "copied" if track.kind == "attachment" and container.has_attachments else "left out"

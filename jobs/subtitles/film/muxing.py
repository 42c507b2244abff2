"""A film with soft subtitles: every stream is copied, and tracks of subtitles are added.

Times stay as they are: ffmpeg counts those of the film from its earliest stream, which is time 0 of the
subtitles too, so that delayed sound stays delayed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jobs.subtitles.film.containers import Fit
from jobs.subtitles.job.documents import Track
from shared.machine.ffmpeg import run_watched
from shared.text.language import iso_639_2, iso_639_2b
from shared.video.encoding.film_files import ONLY

OnTime = Callable[[float], None]


@dataclass(frozen=True, kw_only=True)
class SoftTrack:
    """Subtitles that are added."""

    path: Path
    """SubRip."""
    language: str
    """BCP 47."""
    title: str
    is_default: bool


def mux_film(film: Path, fit: Fit, added: Sequence[SoftTrack], target: Path, *, on_time: OnTime) -> None:
    """Write the film with `added` to `target`; raises `ToolFailed` for what the container can't hold."""
    arguments = ["-fflags", "+genpts", *ONLY, "-i", f"file:{film}"]
    for track in added:
        arguments += ["-f", "srt", "-i", f"file:{track.path}"]
    run_watched(
        [*arguments, *_maps(fit, len(added)), *marks_of(fit, added), *_end(fit, target)], on_time=on_time
    )


def copied_subtitles(fit: Fit) -> list[Track]:
    """Those of the film, in order."""
    return [track for track in fit.copied if track.kind == "subtitle"]


def marks_of(fit: Fit, added: Sequence[SoftTrack] = (), *, steps_back: bool = True) -> list[str]:
    """Codecs, names and dispositions of the subtitles. Of the film's own ones only the default steps back, if
    it is to, and never a forced one."""
    old = copied_subtitles(fit)
    arguments: list[str] = []
    for number, track in enumerate(old):
        if track.index in fit.rewritten:
            arguments += [f"-c:s:{number}", fit.container.soft]
        if steps_back and track.is_default and "forced" not in track.dispositions:
            arguments += [f"-disposition:s:{number}", "-default"]
    for number, soft in enumerate(added, len(old)):
        arguments += [f"-c:s:{number}", fit.container.soft, *_names(number, soft, fit)]
    return [*arguments, *_mimetypes(fit)]


def _maps(fit: Fit, added: int) -> Iterator[str]:
    for track in fit.copied:
        yield from ("-map", f"0:{track.index}")
    for number in range(1, added + 1):
        yield from ("-map", f"{number}:s:0")
    yield from ("-map_metadata", "0", "-map_chapters", "0", "-c", "copy")


def _names(number: int, soft: SoftTrack, fit: Fit) -> Iterator[str]:
    meta = f"-metadata:s:s:{number}"
    code = (iso_639_2b if fit.container.is_bibliographic else iso_639_2)(soft.language)
    for key, value in (
        ("language", code),
        ("title", soft.title),
        ("handler_name", soft.title),
    ):
        yield from (meta, f"{key}={value}")
    yield from (f"-disposition:s:{number}", "default" if soft.is_default else "0")


def _mimetypes(fit: Fit) -> Iterator[str]:
    """Matroska demands one of every attachment."""
    attached = [track for track in fit.copied if track.kind == "attachment"]
    for number, track in enumerate(attached):
        if track.codec == "none":
            yield from (f"-metadata:s:t:{number}", "mimetype=application/octet-stream")


def _end(fit: Fit, target: Path) -> list[str]:
    return [*fit.container.options, "-f", fit.container.muxer, "-y", f"file:{target}"]

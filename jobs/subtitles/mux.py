"""mux: puts the subtitles into the film, as a track of their own or into its picture."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

from jobs.subtitles.entry import main
from jobs.subtitles.film.burning import burn_film, draw_strip, subtitle_fonts
from jobs.subtitles.film.containers import MKV, Container, Fit, container_of, fitted
from jobs.subtitles.film.inventory import Inventory, Picture, inventory_of
from jobs.subtitles.film.muxing import SoftTrack, copied_subtitles, mux_film
from jobs.subtitles.job.documents import Cues, Transcript, read_document
from jobs.subtitles.job.input import film_names, read_given
from jobs.subtitles.job.names import CUES, FINAL_STEM, SOURCE_TRANSCRIPT, subtitles_name
from jobs.subtitles.job.options import options_read
from shared.errors import ToolFailed
from shared.machine.process import usable_cores
from shared.records.creation import Creation
from shared.records.names import ASSETS
from shared.stages.stage import Context, Output, Result, Stage

_TITLE: Final = "Subtitles"
_SOURCE_TITLE: Final = "Subtitles, as spoken"
_Made = tuple[Path, Fit, dict[str, Any], tuple[str, ...]]
"""The film, what is in it, facts for the metadata, and warnings."""


def run(context: Context) -> Result:
    """The stage's work."""
    given = read_given(context.creation, context.parameters)
    context.progress.update(0.01, "fetching the film")
    path = context.creation.download(given.film, context.scratch / f"film{PurePosixPath(given.film).suffix}")
    film = inventory_of(path, name=given.film)
    if film.picture is None:
        return Result(metadata={"film": f"none: {given.film} is sound alone; its subtitles are files"})
    make = _burnt if given.options.burn else _soft
    target, fit, facts, warnings = make(context, film, film.picture, path, given.film)
    return _result(target, fit, facts, warnings)


def _soft(context: Context, film: Inventory, _picture: Picture, path: Path, name: str) -> _Made:
    added = _added(context)
    watch = _clock(context, film)

    def write(container: Container) -> tuple[Path, Fit]:
        fit, target = fitted(film, container), context.scratch / f"{FINAL_STEM}{container.suffix}"
        mux_film(path, fit, added, target, on_time=watch)
        return target, fit

    target, fit, doubts = _written(container_of(film, name), write)
    described = [{"language": track.language, "title": track.title} for track in added]
    return target, fit, {"added_subtitles": described}, doubts


def _burnt(context: Context, film: Inventory, picture: Picture, path: Path, name: str) -> _Made:
    context.progress.update(0.05, "drawing the subtitles")
    cues = read_document(context.creation, CUES, Cues)
    fonts, doubts = subtitle_fonts(cues, name=CUES)
    strip = draw_strip(cues, picture, fonts, context.scratch / "strip")
    threads, watch = context.settings.cores or usable_cores(), _clock(context, film)

    def write(container: Container) -> tuple[Path, Fit]:
        fit, target = fitted(film, container), context.scratch / f"{FINAL_STEM}{container.suffix}"
        burn_film(path, fit, picture, strip, target, threads=threads, on_time=watch)
        return target, fit

    own = container_of(film, name)
    target, fit, more = _written(own if own.holds_h264 else MKV, write)
    return target, fit, {"burnt_cues": len(cues.cues)}, (*doubts, *more)


def _written(
    own: Container, write: Callable[[Container], tuple[Path, Fit]]
) -> tuple[Path, Fit, tuple[str, ...]]:
    """In its own container, or where that can't be written, in Matroska."""
    try:
        return (*write(own), ())
    except ToolFailed:
        if own is MKV:
            raise
    changed = f"the film's streams can't be written as {own.suffix}: it is {MKV.suffix}"
    return (*write(MKV), (changed,))


def _added(context: Context) -> list[SoftTrack]:
    """The subtitles, and if they are a translation, those in the film's own language; none without cues."""
    creation, added = context.creation, list[SoftTrack]()
    language = read_document(creation, CUES, Cues).language
    for is_source in (False, True):
        name = subtitles_name("srt", source=is_source)
        info = creation.stat(name)
        if info is None or not creation.read(name)[0].strip():
            continue
        if is_source:
            language = read_document(creation, SOURCE_TRANSCRIPT, Transcript).language
        path = creation.download(name, context.scratch / PurePosixPath(name).name)
        title = _SOURCE_TITLE if is_source else _TITLE
        added.append(SoftTrack(path=path, language=language, title=title, is_default=not added))
    return added


def _clock(context: Context, film: Inventory) -> Callable[[float], None]:
    whole_s = film.duration_s

    def on_time(done_s: float) -> None:
        part = done_s / whole_s if whole_s else 0
        context.progress.update(0.1 + 0.85 * min(1, part), f"{done_s:.0f} of {whole_s:.0f} s written")

    return on_time


def _result(target: Path, fit: Fit, facts: dict[str, Any], warnings: Sequence[str]) -> Result:
    name = f"{ASSETS}{FINAL_STEM}{fit.container.suffix}"
    left_out = tuple(
        f"{name}: track {track.index} ({track.kind}, {track.codec}) is left out: the container can't hold it"
        for track in fit.left_out
    )
    return Result(
        outputs={"video": Output(name=name, path=target, description="the film with its subtitles")},
        metadata={
            "container": fit.container.muxer,
            "streams": len(fit.copied),
            "kept_subtitles": len(copied_subtitles(fit)),
            **facts,
            "size_bytes": target.stat().st_size,
        },
        warnings=(*warnings, *left_out),
        keep={f"{ASSETS}{FINAL_STEM}.": frozenset({name})},
    )


def _inputs(creation: Creation) -> list[str]:
    sources = [subtitles_name("srt"), subtitles_name("srt", source=True), SOURCE_TRANSCRIPT]
    return [*film_names(creation), CUES, *sources]


STAGE: Final = Stage(
    pipeline="subtitles",
    name="mux",
    version=1,
    inputs=_inputs,
    run=run,
    facts=options_read("burn"),
)

if __name__ == "__main__":
    sys.exit(main(STAGE))

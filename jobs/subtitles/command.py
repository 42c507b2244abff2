"""`reelwright run subtitles`: subtitles a film, or goes on with a job."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError
from rich.console import Console

from jobs.desk import Desk
from jobs.subtitles.cues.qc import Report, table
from jobs.subtitles.job.documents import read_document
from jobs.subtitles.job.making import Files, MadeJob, check_files, make_job, put, reopen_job, summary_of
from jobs.subtitles.job.names import QC, QC_PAGE
from jobs.subtitles.job.options import JobOptions
from jobs.subtitles.job.taking import film_of, take
from shared.errors import BadRequest
from shared.pipelines.definition import load_pipeline, named
from shared.pipelines.installed import installed_pipelines
from shared.records.creation import Creation, is_creation_id
from shared.records.removal import forget_stages
from shared.storage import open_store

PIPELINE: Final = "subtitles"
_FLAGS: Final = {"translate_to": "to", "speaker_labels": "labels", "whisper_model": "model"}
"""By option, its flag where that has another name."""


@dataclass(frozen=True, kw_only=True)
class Again:
    """What is done although it was done before."""

    start: str | None = None
    """This stage and all that follow from it."""
    only: tuple[str, ...] = ()
    """These stages and no others."""


def run_subtitles(  # noqa: PLR0917 - each is an option
    context: typer.Context,
    film: Annotated[
        str | None,
        typer.Argument(help="The film or the sound; or the creation ID of assets that are in the store."),
    ] = None,
    user: Annotated[int | None, typer.Option(help="Whose job it is: a whole number; 1 if left out.")] = None,
    language: Annotated[
        str | None, typer.Option(help="What is spoken, e.g. en or pt-BR; auto, or left out: detected.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="The language of the subtitles, if another.")] = None,
    profile: Annotated[str | None, typer.Option(help="The rules of cues: netflix, bbc or social.")] = None,
    script: Annotated[Path | None, typer.Option(help="What is said, as text: then it is only timed.")] = None,
    facts: Annotated[
        Path | None, typer.Option(help="Facts about the film in TMDB's format, instead of a key.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="The film's title, if its file name misleads.")] = None,
    year: Annotated[int | None, typer.Option(help="The film's year.")] = None,
    speakers: Annotated[
        int | None, typer.Option(help="How many people speak; found out if left out.")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="Of speakers: dashes, names or off; dashes if left out.")
    ] = None,
    sdh: Annotated[
        bool | None, typer.Option("--sdh/--no-sdh", help="For people who don't hear: speakers are named.")
    ] = None,
    burn: Annotated[
        bool | None,
        typer.Option("--burn/--no-burn", help="Draw the subtitles into the picture, instead of a track."),
    ] = None,
    audio_language: Annotated[
        str | None, typer.Option(help="Which track of sound is taken, by its language.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Of Whisper: base, large-v3 …, or a folder with its weights.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="The file of settings; config/.env if left out.")
    ] = None,
    resume: Annotated[
        str | None, typer.Option(metavar="JOB", help="Go on with this job, e.g. 20251030-001.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="STAGE", help="Do this stage and all after it again.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="STAGE", help="Do only this stage; may be repeated.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 if the subtitles break a rule of the profile.")
    ] = False,
    assets_dir: Annotated[
        Path | None,
        typer.Option("--assets-dir", help="A folder with film.mp4, film.json …, instead of a film."),
    ] = None,
    of: Annotated[
        str | None, typer.Option(metavar="CREATION", help="Subtitle the film that this creation made.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the other folder that has this creation ID.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show everything that the stages log.")
    ] = False,
) -> None:
    desk: Desk = context.obj
    given = {
        "title": title, "year": year, "language": language, "translate_to": to, "speakers": speakers,
        "audio_language": audio_language, "whisper_model": model, "profile": profile,
        "speaker_labels": labels, "sdh": sdh, "burn": burn,
    }  # fmt: skip
    options = checked({name: value for name, value in given.items() if value is not None})
    again = Again(start=start, only=tuple(only or ()))
    if assets_dir is not None or (film is not None and _is_stored(desk, film)):
        others = {
            "--user": user, "--script": script, "--facts": facts, "--of": of, "--config": config,
            "--resume": resume, "--from": start, "--only": only, "--strict": strict,
        }  # fmt: skip
        _check_alone([*map(_flag, options), *(flag for flag, value in others.items() if value)])
        desk.make_of_folder(PIPELINE, film, assets_dir, replace=replace, verbose=verbose)
        return
    files = Files(film=Path(film) if film is not None else None, of=of, script=script, facts=facts)
    job = subtitle(
        desk, files, options, user=user, config=config, resume=resume, again=again, verbose=verbose
    )
    if not only and not _reported(desk, job) and strict:
        raise typer.Exit(1)


def subtitle(
    desk: Desk,
    files: Files,
    options: Mapping[str, Any],
    *,
    user: int | None = None,
    config: Path | None = None,
    resume: str | None = None,
    again: Again = Again(),
    verbose: bool = False,
) -> MadeJob:
    """Make a job of the film, or go on with the job `resume`, and show its progress.

    Raises `StageFailed` or `BadRequest` if it fails.
    """
    check_files(files)
    if resume is not None and user is not None:
        raise BadRequest("--user: a job keeps its user; leave it out with --resume")
    store = open_store(desk.settings.store_url, desk.settings)
    taken = film_of(store, files.of, installed_pipelines()) if files.of else None
    if files.film is None and taken is None and resume is None:
        raise BadRequest("name the film: reelwright run subtitles film.mp4; or a job: --resume 20251030-001")
    redone = _redone(again)
    console = Console(stderr=True)
    job = reopen_job(desk.settings, resume, config) if resume else make_job(desk.settings, user, config)
    creation = Creation(store, job.creation_id)
    _announce(console, job, creation, is_old=resume is not None)

    def bring(creation: Creation) -> None:
        if taken:
            take(creation, *taken)
        put(creation, files, options)
        forget_stages(creation, redone)

    with job.at_work() as log_file:
        if again.only:
            bring(creation)
            _do_alone(job, again.only)
        else:
            words = ["--resume", job.job_id, *(["--config", str(config)] if config else [])]
            source = files.film if resume is None else None
            desk.make(
                PIPELINE,
                job.creation_id,
                source,
                bring,
                again=shlex.join(words),
                replace=False,
                verbose=verbose,
                log_file=log_file,
            )
    return job


def checked(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, `auto` as None; raises `BadRequest` naming the flag of each that can't be used."""
    plain = {name: None if value == "auto" else value for name, value in options.items()}
    try:
        JobOptions.model_validate(plain)
    except ValidationError as error:
        found = [(_flag(str(each["loc"][0])), _said(each["type"], each["msg"])) for each in error.errors()]
        raise BadRequest(*(f"{flag}: {message}" for flag, message in found)) from None
    return plain


def _said(kind: str, message: str) -> str:
    """A problem in people's words; only languages have a pattern."""
    return "use a language code such as en or pt-BR" if kind == "string_pattern_mismatch" else message


def _flag(option: str) -> str:
    return f"--{_FLAGS.get(option, option).replace('_', '-')}"


def _check_alone(flags: list[str]) -> None:
    """Raise `BadRequest` for options that a film in a folder or in the store would not follow."""
    if flags:
        raise BadRequest(
            f"{', '.join(flags)}: can't be said of assets that are complete; name the film itself, or edit "
            "film.json"
        )


def _is_stored(desk: Desk, name: str) -> bool:
    """Whether it is a creation that was put into the store, and no file."""
    if Path(name).exists() or not is_creation_id(name):
        return False
    return Creation(open_store(desk.settings.store_url, desk.settings), name).has_assets()


def _redone(again: Again) -> tuple[str, ...]:
    """The stages whose records are forgotten; raises `BadRequest` for unknown ones."""
    pipeline = load_pipeline(Path(__file__).with_name("pipeline.yaml"))
    if again.start and again.only:
        raise BadRequest("--from and --only: use one of them")
    for name in again.only:
        pipeline.from_stage(name)
    return pipeline.from_stage(again.start) if again.start else again.only


def _announce(console: Console, job: MadeJob, creation: Creation, *, is_old: bool) -> None:
    if is_old and (summary := summary_of(creation)):
        console.print(summary, highlight=False)
    if job.manager:
        places = f"in {job.manager.get_job_output_dir()}, log in {job.manager.get_job_log_dir()}"
        console.print(f"job {job.job_id}: {places}", style="dim", highlight=False)


def _do_alone(job: MadeJob, stages: tuple[str, ...]) -> None:
    """Do the stages in this process, one after the other; raises `typer.Exit` with the code of a failure."""
    for name in stages:
        main, stage = named(f"jobs.{PIPELINE}.{name}.main"), named(f"jobs.{PIPELINE}.{name}.STAGE")
        code = main(stage, [job.creation_id], {"LOG_FORMAT": "text", **os.environ})
        if code:
            raise typer.Exit(code)


def _reported(desk: Desk, job: MadeJob) -> bool:
    """Whether the subtitles keep the rules, which are shown."""
    creation = Creation(open_store(desk.settings.store_url, desk.settings), job.creation_id)
    report = read_document(creation, QC, Report)
    console = Console(stderr=True)
    page = f"{creation.store.url}/{creation.key(QC_PAGE)}"
    console.print(f"\n{table(report)}\nas a page: {page}", highlight=False)
    return report.passed

"""`reelwright run`: makes a film from assets and shows the progress."""

import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from scripts.folders import assets_in, bring_assets
from scripts.follow import LogPanel, follow
from scripts.report import print_next, program, show_run
from scripts.source import claim_creation, source_of_folder
from scripts.wiring import make_trigger
from shared.errors import BadRequest, RunFailed, StageFailed
from shared.machine.temporary import remove_abandoned
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation
from shared.records.documents import Source
from shared.records.naming import creation_id_for
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from shared.settings import Settings


@dataclass(frozen=True, kw_only=True)
class RunDesk:
    """The `jobs.desk.Desk` of the command line; prints a run's result on stdout."""

    settings: Settings
    called: str = ""
    """How this program is called, where `reelwright` alone would not find the creation again."""

    def make(
        self,
        pipeline: str,
        creation_id: str,
        source: Source | Path | None,
        bring: Callable[[Creation], None],
        *,
        again: str,
        replace: bool,
        verbose: bool,
        log_file: Path | None = None,
    ) -> None:
        console = Console(stderr=True)
        trigger = make_trigger(self.settings, on_log=LogPanel(console, verbose=verbose, copy_to=log_file))
        creation = Creation(trigger.store, creation_id)
        if source is not None:
            found = source_of_folder(source, creation) if isinstance(source, Path) else source
            claim_creation(creation, found, pipeline, replace=replace)
        bring(creation)
        start = partial(trigger.start, pipeline, creation_id)
        words = f"run {pipeline} {again}"
        print_film(follow_run(trigger, creation_id, console, start, again=words, call=self.called))

    def make_of_folder(
        self, pipeline: str, creation_id: str | None, folder: Path | None, *, replace: bool, verbose: bool
    ) -> None:
        print_film(run(self.settings, pipeline, creation_id, folder, replace=replace, verbose=verbose))


def run(
    settings: Settings,
    pipeline: str,
    creation_id: str | None,
    assets_dir: Path | None,
    *,
    replace: bool = False,
    verbose: bool,
) -> RunStatus:
    """Run a pipeline on a folder, or on a creation's present assets, and show it.

    With `replace` the folder may replace another one that the creation was made from. Raises
    `StageFailed` or `BadRequest` if the run fails.
    """
    if creation_id is None and assets_dir is None:
        raise BadRequest("name a creation ID, or a folder with --assets-dir")
    console = Console(stderr=True)
    trigger = make_trigger(settings, on_log=LogPanel(console, verbose=verbose))
    creation_id = creation_id or creation_id_for(assets_dir or Path(), pipeline)
    if assets_dir is not None:
        creation = Creation(trigger.store, creation_id)
        count = _import(assets_dir, creation, trigger.pipelines[pipeline], replace=replace)
        console.print(f"{count} assets in {creation_id}", style="dim", highlight=False)
    source = f" --assets-dir {shlex.quote(str(assets_dir))}" if assets_dir else ""
    start = partial(trigger.start, pipeline, creation_id)
    return follow_run(trigger, creation_id, console, start, again=f"run {pipeline} {creation_id}{source}")


def _import(folder: Path, creation: Creation, pipeline: Pipeline, *, replace: bool) -> int:
    """Make the folder's files the creation's assets and return their number.

    Raises `BadRequest` if the creation was made from another folder.
    """
    wanted = assets_in(folder, creation, pipeline.makes)
    claim_creation(creation, source_of_folder(folder, creation), pipeline.name, replace=replace)
    bring_assets(creation, wanted, pipeline.makes)
    return len(wanted)


def print_film(status: RunStatus) -> None:
    """Print the result on stdout: the film's key, or all outputs of a pipeline that makes no film."""
    film = status.outputs.get("video")
    for output in [film] if film else status.outputs.values():
        sys.stdout.write(f"{status.creation_id}/{output.key}\n")


def follow_run(
    trigger: Trigger,
    creation_id: str,
    console: Console,
    start: Callable[[], RunStatus],
    *,
    again: str,
    call: str = "",
) -> RunStatus:
    """Start a run, show it to its end and report the result; `again` is the command that resumes it, and
    `call` how this program is called, if not as usual."""
    call = call or program()
    remove_abandoned(trigger.store.url)
    status = follow(trigger, creation_id, console, start=start)
    show_run(console, trigger, status)
    if status.status == "failed":
        print_next(console, [f"{call} {again}"])
        failed = status.failed_stage or next((s for s in status.stages.values() if s.error), None)
        if failed and failed.error and failed.error.permanent:
            raise BadRequest(failed.error.message)
        if failed and failed.error:
            raise StageFailed(failed.name, failed.error.message)
        raise RunFailed(creation_id, status.error)
    examples = trigger.pipelines[status.request.pipeline].examples
    another = [examples.command] if examples else []
    commands = (*another, f"status {creation_id}", "serve", "--help")
    print_next(console, [f"{call} {command}" for command in commands])
    return status

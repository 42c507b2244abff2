"""`reelwright run`: from assets to a finished video, watched."""

import shlex
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console

from jobs import ad
from jobs.story import layout
from scripts.folders import assets_in, bring_assets
from scripts.follow import LogPanel, follow
from scripts.naming import creation_id_for
from scripts.report import program, tell, tell_next
from scripts.source import claim_creation, source_of_folder
from scripts.wiring import make_trigger
from shared.errors import BadRequest, RunFailed, StageFailed, UnknownName
from shared.machine.temporary import remove_abandoned
from shared.records.creation import Creation
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from shared.settings import Settings

_OUTPUTS: Final = {"story": layout.OUTPUTS, "ad": ad.OUTPUTS}
_ANOTHER: Final = {
    "story": "run story --assets-dir <your folder>",
    "ad": 'run ad --product-name "<your product>" --style bold --cta "<what to do>" --image <its picture>',
}
"""What to type for a film of one's own."""


def run(
    settings: Settings,
    pipeline: str,
    creation_id: str | None,
    assets_dir: Path | None,
    *,
    replace: bool = False,
    verbose: bool,
) -> RunStatus:
    """Run a pipeline and show it; raises `StageFailed` or `BadRequest` when it failed.

    With `replace` the folder may take the place of another that the creation was made from.
    """
    console = Console(stderr=True)
    trigger = make_trigger(settings, on_log=LogPanel(console, verbose=verbose))
    if pipeline not in trigger.pipelines:
        raise UnknownName("pipeline", pipeline, list(trigger.pipelines))
    if creation_id is None and assets_dir is None:
        raise BadRequest("name a creation ID, or a folder with --assets-dir")
    creation_id = creation_id or creation_id_for(assets_dir or Path())
    if assets_dir is not None:
        count = _import(assets_dir, Creation(trigger.store, creation_id), pipeline, replace=replace)
        console.print(f"{count} assets in {creation_id}", style="dim", highlight=False)
    source = f" --assets-dir {shlex.quote(str(assets_dir))}" if assets_dir else ""
    start = partial(trigger.start, pipeline, creation_id)
    return watch(trigger, creation_id, console, start, again=f"run {pipeline} {creation_id}{source}")


def _import(folder: Path, creation: Creation, pipeline: str, *, replace: bool) -> int:
    """Make the creation's assets those of the folder, if it is that folder's; returns how many there are."""
    outputs = _OUTPUTS[pipeline]
    wanted = assets_in(folder, creation, outputs)
    claim_creation(creation, source_of_folder(folder, creation), pipeline, replace=replace)
    bring_assets(creation, wanted, outputs)
    return len(wanted)


def watch(
    trigger: Trigger, creation_id: str, console: Console, start: Callable[[], RunStatus], *, again: str
) -> RunStatus:
    """Start a run, show it to its end and tell what came of it; `again` is the command that goes on."""
    remove_abandoned(trigger.store.url)
    status = follow(trigger, creation_id, console, start=start)
    tell(console, trigger, status)
    if status.status == "failed":
        tell_next(console, [f"{program()} {again}"])
        failed = status.failed_stage or next((s for s in status.stages.values() if s.error), None)
        if failed and failed.error and failed.error.permanent:
            raise BadRequest(failed.error.message)
        if failed and failed.error:
            raise StageFailed(failed.name, failed.error.message)
        raise RunFailed(creation_id, status.error)
    another = _ANOTHER[status.request.pipeline]
    commands = (another, f"status {creation_id}", "serve", "--help")
    tell_next(console, [f"{program()} {command}" for command in commands])
    return status

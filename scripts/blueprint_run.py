"""`reelwright blueprint run`: drives an export and shows each node's progress."""

import json
import shlex
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import Progress

from scripts.follow import COLUMNS, Bars
from scripts.report import print_next, program, stage_table
from shared.blueprints.folders import read_export
from shared.driving.addresses import composed_ports, services_of
from shared.driving.calling import Manner
from shared.driving.running import Drive, prepare
from shared.errors import BadRequest, ReelwrightError, RunFailed, StageFailed
from shared.records.creation import Creation
from shared.records.names import BLUEPRINTS
from shared.records.naming import creation_id_for
from shared.runs.status import RunStatus
from shared.settings import Settings
from shared.storage import open_store

_LOOK_EVERY_S: Final = 0.3


def run_export(
    settings: Settings,
    folder: Path,
    *,
    creation_id: str,
    said: Mapping[str, Any],
    addresses: Mapping[str, str],
    base_port: int,
    manner: Manner,
    fresh: bool,
    rounds: int = 1,
) -> None:
    """Run an export, and print what its last RPCs answered as JSON.

    Raises `StageFailed` or `BadRequest`, naming the node, if one fails.
    """
    export = read_export(folder, "ai-effect")  # what only AI4EU's editor demands does not matter here
    store = open_store(settings.store_url, settings)
    store.check()
    services = services_of(export, addresses, composed_ports(folder), base_port)
    creation = Creation(store, creation_id or creation_id_for(folder, BLUEPRINTS))
    drive = prepare(export, creation, services, said, settings, manner, fresh=fresh, rounds=rounds)
    console = Console(stderr=True)
    with _shown(drive, console):
        status = drive.run()
    console.print(stage_table(status, console))
    for warning in status.warnings:
        console.print(f"warning: {warning}", style="yellow", markup=False, highlight=False)
    name = creation.creation_id
    if status.status != "completed":
        again = f"blueprint run {shlex.quote(str(folder))} --id {shlex.quote(name)}"
        print_next(console, [f"{program()} {again} …   (with the same input it goes on from here)"])
        raise _failure(status)
    ends = [
        stage
        for stage in status.stages
        if not any(stage in each.needs for each in drive.pipeline.stages.values())
    ]
    answers = {stage: status.stages[stage].metadata.get("response", {}) for stage in ends}
    sys.stdout.write(json.dumps(answers, indent=2, ensure_ascii=False) + "\n")
    print_next(console, [f"{program()} status {name}"])


def _failure(status: RunStatus) -> ReelwrightError:
    failed = status.failed_stage or next((stage for stage in status.stages.values() if stage.error), None)
    if failed is None or failed.error is None:
        return RunFailed(status.creation_id, status.error)
    if failed.error.permanent:
        return BadRequest(f"{failed.name}: {failed.error.message}")
    return StageFailed(failed.name, failed.error.message)


@contextmanager
def _shown(drive: Drive, console: Console) -> Iterator[None]:
    """A bar for each node while the block runs."""
    done = threading.Event()
    with Progress(*COLUMNS, console=console) as progress:
        bars = Bars(progress)

        def look() -> None:
            with suppress(ReelwrightError):  # it has not started yet
                bars.show(drive.trigger.status(drive.creation.creation_id))

        def watch() -> None:
            while not done.wait(_LOOK_EVERY_S):
                look()

        watcher = threading.Thread(target=watch, name="bars", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
            look()

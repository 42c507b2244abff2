"""`reelwright blueprint run`: drives an export and shows each node's progress."""

import json
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import Progress

from scripts.follow import COLUMNS, Bars
from scripts.report import print_next, program, resuming, stage_table
from shared.blueprints.folders import read_export
from shared.driving.addresses import composed_ports, services_of
from shared.driving.calling import Manner
from shared.driving.running import Drive, prepare, take_up
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
    _finish(prepare(export, creation, services, said, settings, manner, fresh=fresh, rounds=rounds))


def resume_export(settings: Settings, creation_id: str) -> None:
    """Go on with a creation's run as it was asked for, and print what its last RPCs answered as JSON.

    Raises `BadRequest` or `StageFailed`, naming the node, if one fails.
    """
    store = open_store(settings.store_url, settings)
    store.check()
    _finish(take_up(Creation(store, creation_id), settings))


def _finish(drive: Drive) -> None:
    """Run it, shown, to its end."""
    console = Console(stderr=True)
    with _shown(drive, console):
        status = drive.run()
    console.print(stage_table(status, console))
    for warning in status.warnings:
        console.print(f"warning: {warning}", style="yellow", markup=False, highlight=False)
    if status.status != "completed":
        print_next(console, [resuming(status)])
        raise _failure(status)
    answers = {stage: status.stages[stage].metadata.get("response", {}) for stage in drive.pipeline.ends}
    sys.stdout.write(json.dumps(answers, indent=2, ensure_ascii=False) + "\n")
    print_next(console, [f"{program()} status {status.creation_id}"])


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

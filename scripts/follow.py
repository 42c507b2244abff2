"""Shows a run: a progress bar for each stage, until the run ends or Ctrl-C is pressed."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from shared.errors import Stopped
from shared.runs.status import RunStatus, StageStatus
from shared.runs.trigger import Trigger

_LOOK_EVERY_S: Final = 0.2
_LOOK_FAR_EVERY_S: Final = 2.0
"""On platforms where each look is a dozen requests over a network."""
COLUMNS: Final = (
    TextColumn("[bold]{task.description:<9}"),
    BarColumn(bar_width=28),
    TextColumn("{task.percentage:>3.0f}%"),
    TimeElapsedColumn(),
    TextColumn("{task.fields[note]}", markup=False),
)
"""Of a stage's bar."""
_QUEUED: Final = "a run is under way and its inputs have changed: another run is queued behind it"


class LogPanel:
    """Takes the lines that tasks log and shows warnings above the bars; errors are shown at the end."""

    def __init__(self, console: Console, *, verbose: bool, copy_to: Path | None = None) -> None:
        """`copy_to` is a file to whose end all lines are written."""
        self._console = console
        self._verbose = verbose
        self._copy_to = copy_to
        self._said: set[str] = set()

    def __call__(self, line: str) -> None:
        if self._copy_to:
            descriptor = os.open(self._copy_to, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        try:
            entry = json.loads(line)
        except ValueError:
            self._console.print(line, markup=False, highlight=False)
            return
        warns = entry.get("severity") == "WARNING"
        if entry.get("action") == "reports_unsaid" and not self._is_new(str(entry.get("sink"))):
            return  # each stage's process reports it again
        if self._verbose or warns:
            style = "yellow" if warns else "dim"
            self._console.print(str(entry.get("message", line)), style=style, markup=False, highlight=False)

    def _is_new(self, what: str) -> bool:
        is_new = what not in self._said
        self._said.add(what)
        return is_new


def follow(
    trigger: Trigger, creation_id: str, console: Console, *, start: Callable[[], RunStatus]
) -> RunStatus:
    """Start the run and show it to its end, with any run queued behind it; Ctrl-C and SIGTERM stop its
    tasks cleanly and raise `Stopped`."""
    with Progress(*COLUMNS, console=console, transient=False) as progress, _stoppable(trigger):
        if start().request.queued:
            console.print(_QUEUED, style="yellow", highlight=False)
        bars = Bars(progress)
        look_every_s = _LOOK_EVERY_S if trigger.platform.is_here else _LOOK_FAR_EVERY_S
        while True:
            status = trigger.advance(creation_id)
            bars.show(status)
            if status.status != "pending":
                status = _settled(trigger, creation_id, status)
            if status.status != "pending":
                return status
            time.sleep(look_every_s)


class Bars:
    """A bar for each stage of the latest run."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._run = 0
        self._bars: dict[str, TaskID] = {}

    def show(self, status: RunStatus) -> None:
        if self._run != status.request.run:
            self._run = status.request.run
            for bar in self._bars.values():
                self._progress.reset(bar, start=False, note="")
        for name, stage in status.stages.items():
            if name not in self._bars:
                self._bars[name] = self._progress.add_task(name, total=1.0, start=False, note="")
            _show(self._progress, self._bars[name], stage)


def _settled(trigger: Trigger, creation_id: str, status: RunStatus) -> RunStatus:
    """The run's status after its local tasks have ended: those of a failed run may still be stopping."""
    if status.status == "completed" or not trigger.platform.is_here:
        return status
    trigger.platform.wait()
    return trigger.advance(creation_id)


def _show(progress: Progress, bar: TaskID, stage: StageStatus) -> None:
    if stage.state != "waiting" and not progress.tasks[bar].started:
        progress.start_task(bar)
    note = stage.message if stage.state == "running" else stage.state
    if stage.state == "success":
        note = f"done in {max(record.cost.duration_ms for record in stage.records) / 1000:.1f} s"
    if stage.records and all(record.reused for record in stage.records):
        note = "unchanged since the last run"
    progress.update(bar, completed=stage.progress, note=note)
    if stage.state in ("success", "failed"):
        progress.stop_task(bar)


@contextmanager
def _stoppable(trigger: Trigger) -> Iterator[None]:
    """Turn SIGTERM into Ctrl-C, and either into a clean stop of the local tasks."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        trigger.follows_up = False
        trigger.platform.stop()
        raise Stopped("Ctrl-C or SIGTERM") from None
    finally:
        signal.signal(signal.SIGTERM, before)

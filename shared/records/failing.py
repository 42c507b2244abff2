"""Writes a permanent failure into the record of a task that can't do so itself."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.errors import PreconditionFailed
from shared.logs import log
from shared.records.creation import Creation
from shared.records.documents import Failure, Record, load, load_request, save
from shared.records.names import record_name


@dataclass(frozen=True, kw_only=True)
class RunTask:
    """One task of a stage in one run."""

    pipeline: str
    run: int
    stage: str
    index: int = 0
    fans_out: bool = False

    @property
    def record(self) -> str:
        """The name of its record."""
        return record_name(self.stage, self.index if self.fans_out else None)


def fail_record(
    creation: Creation,
    task: RunTask,
    failure: Failure,
    *,
    by: Literal["trigger", "platform"],
    at: datetime,
    execution: str | None = None,
    keeps_error: bool = False,
    overrules: bool = False,
) -> None:
    """Record the failure, unless the record already says how the task ended or the run is not the latest any
    more.

    A record that another `execution` works on is left alone. With `keeps_error` a record keeps the error that
    it has, if any; with `overrules` even a record that says how the task failed is overwritten.
    """
    request, _ = load_request(creation)
    if request is None or request.run != task.run:
        return
    found, generation = load(creation, task.record, Record)
    before = found if found and found.run >= task.run else None
    if before and (before.run > task.run or _says_its_end(before, execution, overrules=overrules)):
        return
    record = before or Record(
        pipeline=task.pipeline, stage=task.stage, index=task.index, run=task.run, owner="",
        status="failed", started_at=at, heartbeat_at=at,
    )  # fmt: skip
    error = record.error if keeps_error and record.error else failure
    end = {"owner": by, "status": "failed", "final": True, "completed_at": at, "error": error}
    try:
        save(creation, task.record, record.model_copy(update=end), expect=generation)
    except PreconditionFailed:
        log(logging.WARNING, "end_unrecorded", f"{task.stage}: failed, but another process works on it")


def _says_its_end(record: Record, execution: str | None, *, overrules: bool) -> bool:
    """Whether to leave the record as it is, since it has ended or another execution works on it."""
    if record.status == "running":
        return execution not in (None, record.execution)
    return record.status == "success" or (record.final and not overrules)

"""Reports a stage's progress, whenever it writes its record."""

import time
from collections.abc import Callable
from typing import Final

from shared.errors import StoreError
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation
from shared.records.documents import Claim, Record, Request, load, records_of
from shared.records.names import claim_name
from shared.reports.sink import Audience
from shared.runs.report import overall_of, report_of_stage, run_of
from shared.runs.status import StageStatus, stage_of, verdict_of

_READ_EVERY_S: Final = 1.0


class RecordReporter:
    """Gets each record that a task of a reported pipeline writes, and reports what is new in it.

    The other stages' records are read at most once a second, for the run's overall progress; while the store
    fails, their last values count.
    """

    def __init__(
        self,
        creation: Creation,
        pipeline: Pipeline,
        request: Request,
        publisher: Audience,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # A view of its own: this traffic is not the stage's.
        self._creation = Creation(creation.store, creation.creation_id)
        self._pipeline = pipeline
        self._publisher = publisher
        self._clock = clock
        self._run = run_of(self._creation, pipeline, request)
        self._found: dict[str, list[Record | None]] = {name: [None] for name in pipeline.stages}
        self._read_at: float | None = None
        self._overall = 0
        self._told: tuple[object, ...] = ()

    def __call__(self, record: Record) -> None:
        self._look()
        own = self._found[record.stage]
        own += [None] * (record.index + 1 - len(own))
        own[record.index] = record
        stages = {name: _status(name, records) for name, records in self._found.items()}
        fractions = {name: stage.progress for name, stage in stages.items()}
        self._overall = max(self._overall, overall_of(self._pipeline, fractions))
        report = report_of_stage(self._run, stages, stages[record.stage], overall=self._overall)
        news = report.status, report.progress, report.message, report.overall, report.started_at
        if news != self._told:
            self._told = news
            self._publisher.publish(report)

    def _look(self) -> None:
        if self._read_at is not None and self._clock() < self._read_at + _READ_EVERY_S:
            return
        self._read_at = self._clock()
        for name, records in self._found.items():
            if not all(record and record.status == "success" for record in records):
                self._found[name] = self._read(name, records)

    def _read(self, stage: str, before: list[Record | None]) -> list[Record | None]:
        """The stage's records of this run, by task."""
        run = self._run.request.run
        fans_out = self._pipeline.stages[stage].fan_out is not None
        try:
            claim = load(self._creation, claim_name(run, stage), Claim)[0] if fans_out else None
            tasks = claim.tasks if claim else 1
            found = list(records_of(self._creation, stage, fans_out=fans_out, tasks=tasks))
        except StoreError:
            return before
        return [record if record and record.run == run else None for record in found]


def _status(name: str, records: list[Record | None]) -> StageStatus:
    """A stage's status from its records alone."""
    if not any(records):
        return StageStatus(name=name, state="waiting", tasks=len(records))
    return stage_of(name, records, [verdict_of(record) for record in records])

"""Reports of a run, derived from its records: the same for every reader, at any time."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

from shared.errors import StoreError
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation
from shared.records.documents import Request
from shared.runs.status import RunStatus, StageStatus

State = Literal["pending", "processing", "completed", "failed"]
ERROR: Final = "error"
"""Takes the place of a stage's name in the report that the whole run failed."""
PIPELINE: Final = "pipeline"
"""Takes the place of a stage's name in reports that the whole run was asked for, or is done."""

_FILM: Final = "video"
"""The label of the output that is the film."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """One update on one run."""

    job_id: str
    """The creation ID."""
    pipeline: str
    run: int
    stage: str
    """Or `ERROR`, or `PIPELINE`."""
    status: State
    """Of the stage; of the run where the stage is `ERROR` or `PIPELINE`."""
    progress: int
    """0 to 100, of the stage; 0 in errors."""
    overall: int
    """0 to 100, of the run."""
    message: str
    """A sentence for people; the error's text after a failure."""
    at: datetime
    started_at: datetime | None = None
    """Of the stage."""
    completed_at: datetime | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    """Of the run: the fields of its brief that its pipeline reports, video_url once it is made, created_at (a
    datetime), stages (the names of all that it has)."""

    def fields(self) -> dict[str, Any]:
        """What is published: job_id, stage, progress, message, timestamp; also overall, status, run."""
        at = self.at.astimezone(UTC).isoformat(timespec="milliseconds")
        return {
            "job_id": self.job_id,
            "stage": self.stage,
            "progress": self.progress,
            "message": self.message,
            "timestamp": at.replace("+00:00", "Z"),
            "overall": self.overall,
            "status": self.status,
            "run": self.run,
        }


@dataclass(frozen=True, kw_only=True)
class Run:
    """What all reports of a run have in common."""

    creation_id: str
    pipeline: Pipeline
    request: Request
    details: Mapping[str, Any] = field(default_factory=dict)

    def report(self, stage: str, status: State, *, at: datetime, message: str, **facts: Any) -> Report:
        values: dict[str, Any] = {"progress": 0, "overall": 0, "details": self.details, **facts}
        return Report(
            job_id=self.creation_id,
            pipeline=self.pipeline.name,
            run=self.request.run,
            stage=stage,
            status=status,
            at=at,
            message=message,
            **values,
        )


def run_of(creation: Creation, pipeline: Pipeline, request: Request) -> Run:
    """The run with what its brief says, as far as that can be read."""
    details: dict[str, Any] = {}
    if pipeline.reported:
        asked = {**_brief(creation, pipeline.reported.brief), **request.parameters}
        fields = pipeline.reported.fields
        details = {name: asked[name] for name in fields if isinstance(asked.get(name), str)}
    return Run(
        creation_id=creation.creation_id,
        pipeline=pipeline,
        request=request,
        details={**details, "created_at": request.created_at, "stages": tuple(pipeline.stages)},
    )


def _brief(creation: Creation, name: str) -> dict[str, Any]:
    try:
        brief = json.loads(creation.read(name)[0])
    except (StoreError, ValueError):
        return {}  # the stage that reads it reports what is wrong with it
    return brief if isinstance(brief, dict) else {}


def reports_of(creation: Creation, pipeline: Pipeline, request: Request, status: RunStatus) -> list[Report]:
    """All reports of the run so far, in the order in which it happened.

    First that it was asked for (`PIPELINE`, pending); then for each stage that has begun, its start and its
    present state or end; last, once the run has ended, `PIPELINE`, completed, or `ERROR`. `overall` never
    falls.
    """
    run = run_of(creation, pipeline, request)
    reports = [_asked(run)]
    fractions: dict[str, float] = {}
    found = [
        each for stage in status.stages.values() for each in _reports_of_stage(run, status.stages, stage)
    ]
    for report, fraction in sorted(found, key=lambda each: each[0].at):
        fractions[report.stage] = max(fraction, fractions.get(report.stage, 0.0))
        overall = max(reports[-1].overall, overall_of(pipeline, fractions))
        reports.append(replace(report, overall=overall))
    if status.status != "pending":
        reports.append(_end(run, status, reports))
    return reports


def overall_of(pipeline: Pipeline, fractions: Mapping[str, float]) -> int:
    """0 to 100, from how far each stage is (0 to 1): the stages' shares, rounded down."""
    done = sum(pipeline.stages[name].share * fraction for name, fraction in fractions.items())
    return min(100, int(100 * done + 1e-6))


def report_of_stage(
    run: Run, stages: Mapping[str, StageStatus], stage: StageStatus, *, overall: int
) -> Report:
    """The present state of a stage that has a record, or that failed before it had one."""
    started_at = min((record.started_at for record in stage.records), default=None)
    at = _heard_at(run, stage)
    status = _state(run, stages, stage)
    return run.report(
        stage.name,
        status,
        at=at,
        message=_message(run, stage, status),
        progress=int(100 * min(1.0, stage.progress) + 1e-6),
        overall=overall,
        started_at=started_at or at,
        completed_at=at if status in ("completed", "failed") else None,
    )


def _reports_of_stage(
    run: Run, stages: Mapping[str, StageStatus], stage: StageStatus
) -> list[tuple[Report, float]]:
    """The stage's reports, each with how far it was."""
    if not stage.records and stage.state != "failed":
        return []
    now = report_of_stage(run, stages, stage, overall=0)
    begun = replace(
        now,
        status="processing",
        progress=0,
        message=run.pipeline.stages[stage.name].description,
        at=now.started_at or now.at,
        completed_at=None,
    )
    is_the_first = now.status == "processing" and (now.progress, now.message) == (0, begun.message)
    return [(begun, 0.0)] if is_the_first else [(begun, 0.0), (now, stage.progress)]


def _state(run: Run, stages: Mapping[str, StageStatus], stage: StageStatus) -> State:
    """A stage that was stopped for another's failure, or that died while it was being stopped, has not failed
    itself: a resume continues it."""
    if stage.state == "success":
        return "completed"
    if stage.state != "failed":
        return "processing"
    others = [other for other in stages.values() if other.state == "failed" and not other.was_stopped]
    died = stage.error is not None and stage.error.has_died
    for_another = run.request.given_up and run.request.given_up.stage != stage.name
    return "pending" if (stage.was_stopped and others) or (died and for_another) else "failed"


def _heard_at(run: Run, stage: StageStatus) -> datetime:
    return max(
        (record.completed_at or record.heartbeat_at for record in stage.records),
        default=run.request.cancelled_at or run.request.requested_at,
    )


def _message(run: Run, stage: StageStatus, status: State) -> str:
    if status == "completed":
        reused = all(record.reused for record in stage.records)
        return f"{stage.name}: " + ("reused an earlier result" if reused else "done")
    if stage.state == "failed":
        return stage.error.message if stage.error else f"{stage.name}: failed"
    failed = [record.error.message for record in stage.records if record.error]
    if stage.state == "retrying" and failed:
        return f"{failed[0]}; it is tried again"
    return stage.message or run.pipeline.stages[stage.name].description


def _asked(run: Run) -> Report:
    message = f"{run.pipeline.name}: run {run.request.run} was asked for"
    return run.report(PIPELINE, "pending", at=run.request.requested_at, message=message)


def film_made(pipeline: Pipeline, status: RunStatus) -> str | None:
    """The name of the film that a run made, in whichever container it is; None if it made none."""
    if pipeline.film is None:
        return None
    names = {label: output.key for label, output in status.outputs.items()}
    return pipeline.film if pipeline.film in names.values() else names.get(_FILM)


def _end(run: Run, status: RunStatus, reports: list[Report]) -> Report:
    at = max(report.at for report in reports)
    if status.status == "completed":
        film = film_made(run.pipeline, status)
        made = {"video_url": f"{run.creation_id}/{film}"} if film else {}
        details = {**run.details, **made}
        return run.report(
            PIPELINE,
            "completed",
            at=at,
            message=f"{run.pipeline.name}: the film is made" if film else f"{run.pipeline.name}: done",
            progress=100,
            overall=100,
            completed_at=at,
            details=details,
        )
    ended_at = max(at, run.request.cancelled_at or at)
    return run.report(
        ERROR,
        "failed",
        at=ended_at,
        message=_reason(run, status),
        overall=reports[-1].overall,
        completed_at=ended_at,
    )


def _reason(run: Run, status: RunStatus) -> str:
    """Why the run failed: the phase of the stage that failed, and its error."""
    stage = status.failed_stage
    if stage is None or stage.error is None or run.pipeline.reported is None:
        return status.error
    return f"{run.pipeline.reported.phases[stage.name]} failed: {stage.error.message}"

"""The status of a run, as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from shared.errors import OutOfTime
from shared.records.documents import Failure, GivenUp, OutputFile, Record, Request, RunFailureKind

RunState = Literal["pending", "completed", "failed"]
StageState = Literal["waiting", "starting", "running", "retrying", "success", "failed"]
_WORST_FIRST: Final[tuple[StageState, ...]] = ("failed", "running", "retrying", "starting")
BUSY: Final = ("starting", "running", "retrying")


@dataclass(frozen=True, kw_only=True)
class StageStatus:
    """The status of one stage."""

    name: str
    state: StageState
    tasks: int = 1
    tasks_done: int = 0
    progress: float = 0.0
    message: str = ""
    error: Failure | None = None
    records: tuple[Record, ...] = ()
    """Of this run, in task order."""
    ends: Mapping[int, Failure] = field(default_factory=dict)
    """By task, failures that the platform knows of and the records don't show yet."""
    frozen: frozenset[str] = frozenset()
    """Executions that the platform reports as running, though one of their tasks was silent for too long."""
    is_lost: bool = False
    """Claimed, but it is unknown whether it was launched: its launcher died or was turned away."""

    @property
    def was_stopped(self) -> bool:
        """Whether it failed only because it was stopped."""
        return self.error is not None and self.error.was_stopped

    def is_left_by(self, execution: str) -> bool:
        """Whether this execution worked on it and left it unfinished, without a permanent failure."""
        mine = any(record.execution == execution for record in self.records)
        left = len(self.records) < self.tasks or any(record.is_unfinished for record in self.records)
        return mine and left and not any(record.has_failed for record in self.records)

    @property
    def metadata(self) -> Mapping[str, Any]:
        return self.records[0].metadata if self.records else {}


Verdict: TypeAlias = tuple[StageState, Failure | None]
"""The state of one task, and its error if it failed."""


def verdict_of(record: Record | None) -> Verdict:
    """What the task's record says; None without a record."""
    if record is None:
        return "starting", None
    if record.status == "failed":
        return ("failed", record.error) if record.final else ("retrying", None)
    return record.status, None


def stage_of(
    name: str, records: Sequence[Record | None], verdicts: Sequence[Verdict], **facts: Any
) -> StageStatus:
    """The status of a stage that was launched, from its tasks' records and verdicts: that of the worst task,
    else of the busiest."""
    present = tuple(record for record in records if record)
    states = [state for state, _ in verdicts]
    return StageStatus(
        name=name,
        state=next((state for state in _WORST_FIRST if state in states), "success"),
        tasks=len(records),
        tasks_done=states.count("success"),
        progress=sum(record.progress for record in present) / len(records),
        message=next((record.message for record in present if record.status == "running"), ""),
        error=next((error for _, error in verdicts if error), None),
        records=present,
        **facts,
    )


@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """The status of a run: `pending` covers not started, running and retrying."""

    creation_id: str
    request: Request
    status: RunState
    stages: Mapping[str, StageStatus]
    ready: tuple[str, ...] = ()
    """Stages that are unclaimed and whose needs are met."""
    lost: tuple[str, ...] = ()
    """Stages, or `FUSED`, whose launch must be looked up, and repeated if there was none."""
    progress: float = 0.0
    message: str = ""
    error: str = ""
    failure_kind: RunFailureKind | None = None
    """Why it has failed; None for a run that is under way or completed."""
    failed_stage: StageStatus | None = None
    """The stage whose failure stopped the others; None for a run that failed for another reason."""
    is_over: bool = False
    """Pending only because the run that is queued behind it has yet to begin."""
    outdated: bool = False
    """Completed, but inputs changed after it was asked for: its outputs are older than its inputs."""

    @property
    def is_deserted(self) -> bool:
        """Pending, without workers, after an optional stage's worker died: a new run repeats that stage."""
        found = {stage.state for stage in self.stages.values()}
        died = any(stage.error and stage.error.has_died for stage in self.stages.values())
        return self.status == "pending" and died and found <= {"waiting", "success", "failed"}

    @property
    def is_busy(self) -> bool:
        return any(stage.state in BUSY for stage in self.stages.values())

    @property
    def given_up(self) -> GivenUp | None:
        """What the request says of a run that has failed, to stop the stages still at work on it."""
        if self.failure_kind is None:
            return None
        stage = self.failed_stage.name if self.failed_stage else ""
        return GivenUp(kind=self.failure_kind, stage=stage, message=self.error)

    @property
    def may_be_followed(self) -> bool:
        """Whether the next run may begin."""
        return self.status != "pending" or self.is_deserted

    @property
    def metadata(self) -> dict[str, dict[str, Any]]:
        return {name: dict(stage.metadata) for name, stage in self.stages.items()}

    @property
    def records(self) -> list[Record]:
        return [record for stage in self.stages.values() for record in stage.records]

    @property
    def outputs(self) -> dict[str, OutputFile]:
        return {label: output for record in self.records for label, output in record.outputs.items()}

    @property
    def warnings(self) -> list[str]:
        return [warning for record in self.records for warning in record.warnings]

    @property
    def completed_at(self) -> datetime | None:
        if self.status == "pending":
            return None
        return max((record.completed_at for record in self.records if record.completed_at), default=None)


@dataclass(frozen=True, kw_only=True)
class RunFailure:
    """Why a run has failed."""

    kind: RunFailureKind
    error: str
    stage: StageStatus | None = None
    """The stage whose failure stopped the others; None if no stage failed itself."""


def failure_of(
    request: Request, stages: Mapping[str, StageStatus], failed: Sequence[StageStatus], now: datetime
) -> RunFailure | None:
    """Why the run has failed, if it has; `failed` are the failed stages that it needs."""
    if request.cancelled_at:
        return RunFailure(kind="cancelled", error="cancelled; run it again to resume")
    if request.given_up:
        given_up = request.given_up
        return RunFailure(
            kind=given_up.kind, error=given_up.message, stage=_itself(stages.get(given_up.stage))
        )
    if failed:
        stage = next((stage for stage in failed if not stage.was_stopped), failed[0])
        return RunFailure(
            kind="time_limit" if stage.error and stage.error.is_out_of_time else "stage",
            error=f"{stage.name}: {stage.error.message if stage.error else 'failed'}",
            stage=_itself(stage),
        )
    if request.outcome:
        text = f"its workflow ended ({request.outcome}) before its stages did; run it again to resume"
        return RunFailure(kind="workflow", error=text)
    if request.time_limit_s and request.is_out_of_time(now):
        return RunFailure(kind="time_limit", error=str(OutOfTime(request.pipeline, request.time_limit_s)))
    return None


def _itself(stage: StageStatus | None) -> StageStatus | None:
    """The stage if it failed itself. After one stage fails, those that had not begun are stopped too."""
    return stage if stage and stage.state == "failed" and not stage.was_stopped else None

"""How a run stands, derived from the records each time: nothing here is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from shared.creation import Creation
from shared.errors import Stopped
from shared.ownership import is_dead
from shared.pipeline import Pipeline, StageDefinition
from shared.platforms import Platform
from shared.process import process_is_gone
from shared.record import Claim, Failure, OutputFile, Record, Request, load, records_of

StageState = Literal["waiting", "starting", "running", "retrying", "success", "failed"]
DIED: Final = "Died"
"""The kind of failure of a worker that ended without a word."""
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class StageStatus:
    """How one stage stands."""

    name: str
    state: StageState
    tasks: int = 1
    tasks_done: int = 0
    progress: float = 0.0
    message: str = ""
    error: Failure | None = None
    records: tuple[Record, ...] = ()
    """Of this run, in task order."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        return self.records[0].metadata if self.records else {}


@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """How a run stands: `pending` covers not started, running and retrying."""

    creation_id: str
    request: Request
    status: Literal["pending", "completed", "failed"]
    stages: Mapping[str, StageStatus]
    ready: tuple[str, ...] = ()
    """Stages whose needs are met and that nobody has claimed."""
    progress: float = 0.0
    message: str = ""
    error: str = ""

    @property
    def is_deserted(self) -> bool:
        """Pending, but nobody is at work and an optional stage's worker died: a new run does that again."""
        found = {stage.state for stage in self.stages.values()}
        died = any(stage.error and stage.error.kind == DIED for stage in self.stages.values())
        return self.status == "pending" and died and found <= {"waiting", "success", "failed"}

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


def observe(
    creation: Creation,
    request: Request,
    pipeline: Pipeline,
    platform: Platform,
    *,
    now: datetime,
    stale_after_s: float,
) -> RunStatus:
    """Read the claims and records of the request's run and derive its status."""
    judge = _Judge(creation, request, platform, now=now, stale_after_s=stale_after_s)
    stages: dict[str, StageStatus] = {}
    for name, definition in pipeline.stages.items():
        stages[name] = judge.stage(name, definition)
    over = {
        name
        for name, stage in stages.items()
        if stage.state == "success" or (stage.state == "failed" and pipeline.stages[name].optional)
    }
    ready = tuple(
        name
        for name, stage in stages.items()
        if stage.state == "waiting" and over.issuperset(pipeline.stages[name].needs)
    )
    failed = [stage for name, stage in stages.items() if stage.state == "failed" and name not in over]
    status, error = _verdict(request, len(over) == len(stages), failed)
    return RunStatus(
        creation_id=creation.creation_id,
        request=request,
        status=status,
        stages=stages,
        ready=ready if status == "pending" else (),
        progress=1.0 if status == "completed" else _overall(pipeline, stages),
        message=_message(stages, status),
        error=error,
    )


def _verdict(
    request: Request, all_over: bool, failed: list[StageStatus]
) -> tuple[Literal["pending", "completed", "failed"], str]:
    if all_over:
        return "completed", ""
    if request.cancelled_at:
        return "failed", "cancelled; run it again to resume"
    if failed:
        stage = failed[0]
        return "failed", f"{stage.name}: {stage.error.message if stage.error else 'failed'}"
    return "pending", ""


def _overall(pipeline: Pipeline, stages: Mapping[str, StageStatus]) -> float:
    done = sum(pipeline.stages[name].share * stage.progress for name, stage in stages.items())
    return min(1.0, round(done, 4))


def _message(stages: Mapping[str, StageStatus], status: str) -> str:
    if status != "pending":
        return status
    busy = [stage for stage in stages.values() if stage.state in ("starting", "running", "retrying")]
    return "; ".join(f"{stage.name}: {stage.message or stage.state}" for stage in busy) or "not started"


class _Judge:
    """Decides what a claim and its records mean."""

    def __init__(
        self,
        creation: Creation,
        request: Request,
        platform: Platform,
        *,
        now: datetime,
        stale_after_s: float,
    ) -> None:
        self._creation = creation
        self._request = request
        self._platform = platform
        self._now = now
        self._stale_after_s = stale_after_s

    def stage(self, name: str, definition: StageDefinition) -> StageStatus:
        claim, _ = load(self._creation, f"claims/{self._request.run}/{name}", Claim)
        if claim is None:
            return StageStatus(name=name, state="waiting")
        found = records_of(self._creation, name, fans_out=definition.fan_out is not None, tasks=claim.tasks)
        records = [record if record and record.run == self._request.run else None for record in found]
        present = tuple(record for record in records if record)
        heard_at = max([claim.claimed_at, *(record.heartbeat_at for record in present)])
        verdicts = [self._task(claim, record, heard_at) for record in records]
        states = [state for state, _ in verdicts]
        working = [record for record in present if record.status == "running"]
        return StageStatus(
            name=name,
            state=_combine(states),
            tasks=claim.tasks,
            tasks_done=states.count("success"),
            progress=sum(record.progress for record in present) / claim.tasks,
            message=working[0].message if working else "",
            error=next((error for _, error in verdicts if error), None),
            records=present,
        )

    def _task(
        self, claim: Claim, record: Record | None, heard_at: datetime
    ) -> tuple[StageState, Failure | None]:
        """The task's state; `heard_at` is when it or a task beside it was last heard of."""
        if record is None:
            may_start = self._goes_on(claim, heard_at)
            return ("starting", None) if may_start else ("failed", _died("before it began"))
        if record.status == "success":
            return "success", None
        if record.status == "failed":
            return ("retrying", None) if self._is_retried(claim, record) else ("failed", record.error)
        dead = is_dead(record, now=self._now, stale_after_s=self._stale_after_s)
        if not dead or self._execution(claim) == "running":
            return "running", None
        return "failed", _died(f"its last heartbeat was at {record.heartbeat_at:%H:%M:%S} UTC")

    def _is_retried(self, claim: Claim, record: Record) -> bool:
        """Whether another attempt at a failed task is to come. One that was told to stop, nobody but a
        platform that says so tries again."""
        if record.final:
            return False
        stopped = record.error is not None and record.error.kind == Stopped.__name__
        return self._goes_on(claim, _LONG_AGO if stopped else record.heartbeat_at)

    def _goes_on(self, claim: Claim, heard_at: datetime) -> bool:
        """Whether more is to come of the launch: the platform says so, or can't tell and it isn't stale."""
        state = self._execution(claim)
        fresh = self._now - heard_at < timedelta(seconds=self._stale_after_s)
        return state == "running" or (state == "unknown" and fresh)

    def _execution(self, claim: Claim) -> Literal["running", "ended", "unknown"]:
        """How the launch stands; before its answer is in the claim, as far as the launcher's life tells."""
        if claim.execution:
            return self._platform.state(claim.execution).status
        return "ended" if process_is_gone(claim.process) else "unknown"


def _combine(states: list[StageState]) -> StageState:
    """The stage's state from its tasks': the worst, else the busiest."""
    order: tuple[StageState, ...] = ("failed", "running", "retrying", "starting")
    return next((state for state in order if state in states), "success")


def _died(detail: str) -> Failure:
    message = f"died without a word ({detail}); run it again to resume"
    return Failure(kind=DIED, message=message, permanent=False)

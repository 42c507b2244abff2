"""How a run stands, derived from the records each time: nothing here is stored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final, Literal

from shared.creation import Creation
from shared.errors import Stopped
from shared.ownership import is_dead
from shared.pipeline import FUSED, Pipeline, StageDefinition
from shared.platforms import ExecutionState, Platform
from shared.process import process_is_gone
from shared.record import Claim, Failure, OutputFile, Record, Request, load, records_of
from shared.verdict import failure_of

RunState = Literal["pending", "completed", "failed"]
StageState = Literal["waiting", "starting", "running", "retrying", "success", "failed"]
DIED: Final = "Died"
"""The kind of failure of a worker that ended without a word."""
_LAUNCH_WITHIN: Final = timedelta(hours=1)
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
    ends: Mapping[int, Failure] = field(default_factory=dict)
    """By task, failures that the platform knows of and the records don't tell yet."""
    is_lost: bool = False
    """Claimed, but whether it was launched is not known: its launcher died or was turned away."""

    @property
    def was_stopped(self) -> bool:
        """Whether it failed only because it was told to."""
        return self.error is not None and self.error.kind == Stopped.__name__

    @property
    def metadata(self) -> Mapping[str, Any]:
        return self.records[0].metadata if self.records else {}


@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """How a run stands: `pending` covers not started, running and retrying."""

    creation_id: str
    request: Request
    status: RunState
    stages: Mapping[str, StageStatus]
    ready: tuple[str, ...] = ()
    """Stages whose needs are met and that nobody has claimed."""
    lost: tuple[str, ...] = ()
    """Stages, or `FUSED`, whose launch is to be looked up, and made again if there was none."""
    progress: float = 0.0
    message: str = ""
    error: str = ""
    is_over: bool = False
    """Pending only because the run that is queued behind it has yet to begin."""
    outdated: bool = False
    """Completed, but inputs changed since it was asked for: what it made is older than they are."""

    @property
    def is_deserted(self) -> bool:
        """Pending, but nobody is at work and an optional stage's worker died: a new run does that again."""
        found = {stage.state for stage in self.stages.values()}
        died = any(stage.error and stage.error.kind == DIED for stage in self.stages.values())
        return self.status == "pending" and died and found <= {"waiting", "success", "failed"}

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


def observe(
    creation: Creation,
    request: Request,
    pipeline: Pipeline,
    platform: Platform,
    *,
    now: datetime,
    stale_after_s: float,
    holding: str = "",
    doubt: bool = False,
) -> RunStatus:
    """Read the claims and records of the request's run and derive its status.

    `holding` is the token under which this process itself runs all stages, so that what is ready is its own
    to do. With `doubt` the platform is asked anew even about stages that were heard of a moment ago.
    """
    judge = _Judge(creation, request, platform, now=now, stale_after_s=stale_after_s, doubt=doubt)
    stages, fused = judge.stages(pipeline, holding)
    if any(stages[name].ends for name in fused):  # it may have come to them before it ended
        stages, fused = judge.stages(pipeline, holding)
    over = _over(pipeline, stages)
    failed = [stage for name, stage in stages.items() if stage.state == "failed" and name not in over]
    completed = len(over) == len(stages)
    error = "" if completed else failure_of(request, failed, now)
    status: RunState = "completed" if completed else "failed" if error else "pending"
    return RunStatus(
        creation_id=creation.creation_id,
        request=request,
        status=status,
        stages=stages,
        ready=_ours(request, status, _ready(pipeline, stages)),
        lost=_ours(request, status, _lost(stages, fused)),
        progress=1.0 if status == "completed" else _overall(pipeline, stages),
        message=_message(stages, status),
        error=error,
    )


def _over(pipeline: Pipeline, stages: Mapping[str, StageStatus]) -> set[str]:
    """The stages that those after them need not wait for any more."""
    return {
        name
        for name, stage in stages.items()
        if stage.state == "success" or (stage.state == "failed" and pipeline.stages[name].optional)
    }


def _ready(pipeline: Pipeline, stages: Mapping[str, StageStatus]) -> list[str]:
    """The stages that nobody has claimed and whose needs are met."""
    over = _over(pipeline, stages)
    return [
        name
        for name, stage in stages.items()
        if stage.state == "waiting" and over.issuperset(pipeline.stages[name].needs)
    ]


def _lost(stages: Mapping[str, StageStatus], fused: Sequence[str]) -> list[str]:
    """What to launch again: a stage that waits for the container with all stages in it means that one."""
    found = [FUSED if name in fused else name for name, stage in stages.items() if stage.is_lost]
    return list(dict.fromkeys(found))


def _ours(request: Request, status: str, names: list[str]) -> tuple[str, ...]:
    """Of the stages that could be launched, those that the trigger is to launch."""
    return tuple(names) if status == "pending" and not request.opened_by else ()


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
        doubt: bool,
    ) -> None:
        self._doubt = doubt
        self._states: dict[str, ExecutionState] = {}
        self._creation = creation
        self._request = request
        self._platform = platform
        self._now = now
        self._stale_after_s = stale_after_s

    def stages(self, pipeline: Pipeline, holding: str) -> tuple[dict[str, StageStatus], list[str]]:
        """All stages, and which of them wait for another process that has all stages in it."""
        found = {name: self.stage(name, definition) for name, definition in pipeline.stages.items()}
        ready = _ready(pipeline, found)
        fused = self.claim(FUSED) if pipeline.fused and ready else None
        if fused is None or fused.token == holding:
            return found, []
        theirs = {name: self.fused(name, pipeline.stages[name], fused, found) for name in ready}
        return found | theirs, ready

    def claim(self, name: str) -> Claim | None:
        return load(self._creation, f"claims/{self._request.run}/{name}", Claim)[0]

    def stage(self, name: str, definition: StageDefinition, *, again: bool = False) -> StageStatus:
        """Reads the records once more, `again`, when the platform says that it has ended: now they can't
        change any more."""
        claim = self.claim(name)
        if claim is None:
            return StageStatus(name=name, state="waiting")
        found = records_of(self._creation, name, fans_out=definition.fan_out is not None, tasks=claim.tasks)
        records = [record if record and record.run == self._request.run else None for record in found]
        present = tuple(record for record in records if record)
        if not present and self._is_lost(claim):
            return self._lost(name, claim)
        launch = self._launch(claim, present)
        launches = [launch.of(record) for record in records]
        verdicts = [self._task(*each) for each in zip(launches, range(claim.tasks), records, strict=True)]
        ends = _ends(launches, records, verdicts)
        if ends and not again:
            return self.stage(name, definition, again=True)
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
            ends=ends,
        )

    def fused(
        self, name: str, definition: StageDefinition, claim: Claim, stages: Mapping[str, StageStatus]
    ) -> StageStatus:
        """A stage that a container with all stages in it has not come to yet, or was refused for."""
        refused = next(records_of(self._creation, name, fans_out=definition.fan_out is not None, tasks=1))
        if refused and refused.run == self._request.run and refused.status == "failed":
            return StageStatus(name=name, state="failed", error=refused.error, records=(refused,))
        records = [record for stage in stages.values() for record in stage.records]
        if not records and self._is_lost(claim):
            return self._lost(name, claim)
        launch = self._launch(claim, records)
        verdict = self._task(launch, 0, None)
        ends = _ends([launch], [None], [verdict])
        return StageStatus(name=name, state=verdict[0], error=verdict[1], ends=ends)

    def _launch(self, claim: Claim, records: Sequence[Record]) -> "_Launch":
        return _Launch(
            claim=claim,
            execution=claim.execution or next((r.execution for r in records if r.execution), ""),
            heard_at=max([_tried_at(claim), *(record.heartbeat_at for record in records)]),
            ask=self._ask,
            stale_at=self._now - timedelta(seconds=self._stale_after_s),
            outcome=self._request.outcome,
            doubt=self._doubt,
        )

    def _ask(self, execution: str) -> ExecutionState:
        if execution not in self._states:
            self._states[execution] = self._platform.state(execution, anew=self._doubt)
        return self._states[execution]

    def _is_lost(self, claim: Claim) -> bool:
        retry_at = claim.retry_at or _tried_at(claim) + timedelta(seconds=self._stale_after_s)
        return not claim.execution and (self._now >= retry_at or process_is_gone(claim.process))

    def _lost(self, name: str, claim: Claim) -> StageStatus:
        tried = claim.retried_at or self._request.cancelled_at
        if tried and self._now - claim.claimed_at > _LAUNCH_WITHIN:
            error = _died(f"the platform did not take it within {_LAUNCH_WITHIN}")
            return StageStatus(name=name, state="failed", error=error)
        return StageStatus(name=name, state="starting", is_lost=True)

    def _task(
        self, launch: "_Launch", index: int, record: Record | None
    ) -> tuple[StageState, Failure | None]:
        if record is None:
            if launch.goes_on(launch.heard_at):
                return "starting", None
            return "failed", _died(launch.reason(index) or "it ended before it began")
        if record.status == "success":
            return "success", None
        if record.status == "failed":
            return ("retrying", None) if _is_retried(launch, record) else ("failed", record.error)
        dead = is_dead(record, now=self._now, stale_after_s=self._stale_after_s)
        dead = dead or (launch.doubt and launch.has_ended)
        if not dead or launch.is_running:
            return "running", None
        silence = f"its last heartbeat was at {record.heartbeat_at:%H:%M:%S} UTC"
        return "failed", _died(launch.reason(index) or silence)


@dataclass(frozen=True, kw_only=True)
class _Launch:
    """What is known of a stage's execution; the platform is asked when it matters, and once."""

    claim: Claim
    execution: str
    heard_at: datetime
    """When any of its tasks was last heard of."""
    ask: Callable[[str], ExecutionState]
    stale_at: datetime
    """Silence since then means death, unless the platform says that it runs."""
    outcome: str
    doubt: bool

    def of(self, record: Record | None) -> "_Launch":
        """The launch that the record's holder came from: a launch may have started twice."""
        if record is None or record.execution in ("", self.execution):
            return self
        return replace(self, execution=record.execution)

    @cached_property
    def state(self) -> ExecutionState:
        """Before its answer is in the claim, as far as the launcher's life tells."""
        if self.outcome:
            return ExecutionState(status="ended", reason=self.outcome)
        if self.execution:
            return self.ask(self.execution)
        return ExecutionState(status="ended" if process_is_gone(self.claim.process) else "unknown")

    @property
    def is_running(self) -> bool:
        return self.state.status == "running"

    @property
    def has_ended(self) -> bool:
        return self.state.status == "ended"

    def goes_on(self, heard_at: datetime) -> bool:
        """Whether more is to come: the platform says so, or can't tell and it isn't stale."""
        return self.is_running or (self.state.status == "unknown" and heard_at > self.stale_at)

    def reason(self, index: int) -> str:
        return self.state.task_reasons.get(index) or self.state.reason


def _tried_at(claim: Claim) -> datetime:
    return claim.retried_at or claim.claimed_at


def _is_retried(launch: _Launch, record: Record) -> bool:
    """Whether another attempt at a failed task is to come. One that was told to stop, nobody but a platform
    that says so tries again."""
    if record.final:
        return False
    stopped = record.error is not None and record.error.kind == Stopped.__name__
    return launch.goes_on(_LONG_AGO if stopped else record.heartbeat_at)


def _ends(
    launches: Sequence[_Launch],
    records: Sequence[Record | None],
    verdicts: Sequence[tuple[StageState, Failure | None]],
) -> dict[int, Failure]:
    """What became of the failed tasks whose records are silent about it although the execution has ended."""
    return {
        index: error
        for index, (launch, record, (_, error)) in enumerate(zip(launches, records, verdicts, strict=True))
        if error and not (record and record.status == "failed" and record.final) and launch.has_ended
    }


def _combine(states: list[StageState]) -> StageState:
    """The stage's state from its tasks': the worst, else the busiest."""
    order: tuple[StageState, ...] = ("failed", "running", "retrying", "starting")
    return next((state for state in order if state in states), "success")


def _died(detail: str) -> Failure:
    message = f"died without a word ({detail}); run it again to resume"
    return Failure(kind=DIED, message=message, permanent=False)

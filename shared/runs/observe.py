"""Observes a run: its status is derived from its claims and records each time; nothing is stored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final

from shared.machine.process import process_is_gone
from shared.pipelines.definition import FUSED, Pipeline, StageDefinition
from shared.platforms import ExecutionState, Platform
from shared.records.creation import Creation
from shared.records.documents import DIED, Claim, Failure, Record, Request, is_dead, load, records_of
from shared.records.names import claim_name
from shared.runs.status import (
    BUSY,
    RunState,
    RunStatus,
    StageStatus,
    Verdict,
    failure_of,
    stage_of,
    verdict_of,
)

_LAUNCH_WITHIN: Final = timedelta(hours=1)
_RESTART_TAKES: Final = timedelta(minutes=5)
"""How long a platform may need to restart a dead task; meanwhile it reports the task as running."""
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


def observe(
    creation: Creation,
    request: Request,
    pipeline: Pipeline,
    platform: Platform,
    *,
    now: datetime,
    stale_after_s: float,
    held_token: str = "",
    ask_again: bool = False,
) -> RunStatus:
    """Read the claims and records of the request's run and derive its status.

    `held_token` is the token under which this process itself runs all stages, so that ready stages are its
    own to run. With `ask_again` the platform is asked even about stages that reported a moment ago.
    """
    judge = _TaskVerdicts(
        creation, request, platform, now=now, stale_after_s=stale_after_s, ask_again=ask_again
    )
    stages, fused = judge.stages(pipeline, held_token)
    if any(stages[name].ends for name in fused):  # it may have run them before it ended
        stages, fused = judge.stages(pipeline, held_token)
    over = _over(pipeline, stages)
    failed = [stage for name, stage in stages.items() if stage.state == "failed" and name not in over]
    completed = len(over) == len(stages)
    failure = None if completed else failure_of(request, stages, failed, now)
    status: RunState = "completed" if completed else "failed" if failure else "pending"
    return RunStatus(
        creation_id=creation.creation_id,
        request=request,
        status=status,
        stages=stages,
        ready=_ours(request, status, _ready(pipeline, stages)),
        lost=_ours(request, status, _lost(stages, fused)),
        progress=1.0 if status == "completed" else _overall(pipeline, stages),
        message=_message(stages, status),
        error=failure.error if failure else "",
        failure_kind=failure.kind if failure else None,
        failed_stage=failure.stage if failure else None,
    )


def _over(pipeline: Pipeline, stages: Mapping[str, StageStatus]) -> set[str]:
    """The stages that later stages need not wait for any more."""
    return {
        name
        for name, stage in stages.items()
        if stage.state == "success" or (stage.state == "failed" and pipeline.stages[name].optional)
    }


def _ready(pipeline: Pipeline, stages: Mapping[str, StageStatus]) -> list[str]:
    """The stages that are unclaimed and whose needs are met."""
    over = _over(pipeline, stages)
    return [
        name
        for name, stage in stages.items()
        if stage.state == "waiting" and over.issuperset(pipeline.stages[name].needs)
    ]


def _lost(stages: Mapping[str, StageStatus], fused: Sequence[str]) -> list[str]:
    """What to launch again. For a stage that waits for the fused container, that is the container."""
    found = [FUSED if name in fused else name for name, stage in stages.items() if stage.is_lost]
    return list(dict.fromkeys(found))


def _ours(request: Request, status: str, names: list[str]) -> tuple[str, ...]:
    """Of the stages that could be launched, those that the trigger must launch."""
    return tuple(names) if status == "pending" and not request.opened_by else ()


def _overall(pipeline: Pipeline, stages: Mapping[str, StageStatus]) -> float:
    done = sum(pipeline.stages[name].share * stage.progress for name, stage in stages.items())
    return min(1.0, round(done, 4))


def _message(stages: Mapping[str, StageStatus], status: str) -> str:
    if status != "pending":
        return status
    busy = [stage for stage in stages.values() if stage.state in BUSY]
    return "; ".join(f"{stage.name}: {stage.message or stage.state}" for stage in busy) or "not started"


class _TaskVerdicts:
    """Decides what a claim and its records mean."""

    def __init__(
        self,
        creation: Creation,
        request: Request,
        platform: Platform,
        *,
        now: datetime,
        stale_after_s: float,
        ask_again: bool,
    ) -> None:
        self._ask_again = ask_again
        self._states: dict[str, ExecutionState] = {}
        self._creation = creation
        self._request = request
        self._platform = platform
        self._now = now
        self._stale_after_s = stale_after_s

    def stages(self, pipeline: Pipeline, held_token: str) -> tuple[dict[str, StageStatus], list[str]]:
        """All stages, and which of them wait for another process that runs all stages."""
        found = {name: self.stage(name, definition) for name, definition in pipeline.stages.items()}
        ready = _ready(pipeline, found)
        fused = self.claim(FUSED) if pipeline.fused and ready else None
        if fused is None or fused.token == held_token:
            return found, []
        theirs = {name: self.fused(name, pipeline.stages[name], fused, found) for name in ready}
        return found | theirs, ready

    def claim(self, name: str) -> Claim | None:
        return load(self._creation, claim_name(self._request.run, name), Claim)[0]

    def stage(self, name: str, definition: StageDefinition, *, again: bool = False) -> StageStatus:
        """With `again`, the records are read once more after the platform reported the end: now they can't
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
        frozen = frozenset(launches[index].execution for index in ends if launches[index].is_running)
        return stage_of(name, records, verdicts, ends=ends, frozen=frozen)

    def fused(
        self, name: str, definition: StageDefinition, claim: Claim, stages: Mapping[str, StageStatus]
    ) -> StageStatus:
        """A stage that a fused container has not started yet, or whose launch in one was refused."""
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
            ask_again=self._ask_again,
        )

    def _ask(self, execution: str) -> ExecutionState:
        if execution not in self._states:
            self._states[execution] = self._platform.state(execution, ask_again=self._ask_again)
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

    def _task(self, launch: "_Launch", index: int, record: Record | None) -> Verdict:
        """What the record says, unless more is known about the worker that should write it."""
        if record is None:
            if launch.goes_on(launch.heard_at):
                return verdict_of(record)
            return "failed", _died(launch.reason(index) or "it ended before it began")
        if record.status == "failed" and not _is_retried(launch, record):
            return "failed", record.error
        if record.status != "running":
            return verdict_of(record)
        dead = is_dead(record, now=self._now, stale_after_s=self._stale_after_s)
        dead = dead or (launch.ask_again and launch.has_ended)
        if not dead or (launch.is_running and not self._is_frozen(launch, record)):
            return verdict_of(record)
        silence = f"its last heartbeat was at {record.heartbeat_at:%H:%M:%S} UTC"
        if launch.is_running:
            silence += ", though the platform says that it runs, so it was ended"
        return "failed", _died(launch.reason(index) or silence)

    def _is_frozen(self, launch: "_Launch", record: Record) -> bool:
        limit = timedelta(seconds=self._stale_after_s) + _RESTART_TAKES
        return not launch.state.is_watched and self._now - record.heartbeat_at > limit


@dataclass(frozen=True, kw_only=True)
class _Launch:
    """What is known of a stage's execution; the platform is asked when it matters, and once."""

    claim: Claim
    execution: str
    heard_at: datetime
    """The latest sign of life of any of its tasks."""
    ask: Callable[[str], ExecutionState]
    stale_at: datetime
    """Silence since then means death, unless the platform reports that it runs."""
    outcome: str
    ask_again: bool

    def of(self, record: Record | None) -> "_Launch":
        """The launch that the record's writer came from: a launch may have started twice."""
        if record is None or record.execution in ("", self.execution):
            return self
        return replace(self, execution=record.execution)

    @cached_property
    def state(self) -> ExecutionState:
        """Before the platform's answer is in the claim, judged by whether the launcher lives."""
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
        """Whether more will come: the platform says so, or it can't say and the task isn't stale."""
        return self.is_running or (self.state.status == "unknown" and heard_at > self.stale_at)

    def reason(self, index: int) -> str:
        return self.state.task_reasons.get(index) or self.state.reason


def _tried_at(claim: Claim) -> datetime:
    return claim.retried_at or claim.claimed_at


def _is_retried(launch: _Launch, record: Record) -> bool:
    """Whether a failed task will get another attempt. After a task was stopped, only a platform that reports
    another attempt makes one."""
    if record.final:
        return False
    stopped = record.error is not None and record.error.was_stopped
    return launch.goes_on(_LONG_AGO if stopped else record.heartbeat_at)


def _ends(
    launches: Sequence[_Launch],
    records: Sequence[Record | None],
    verdicts: Sequence[Verdict],
) -> dict[int, Failure]:
    """Errors of the failed tasks whose records lack them although the execution has ended, or will be ended
    because it can't succeed any more."""
    return {
        index: error
        for index, (launch, record, (_, error)) in enumerate(zip(launches, records, verdicts, strict=True))
        if error
        and not (record and record.status == "failed" and record.final)
        and launch.state.status != "unknown"
    }


def _died(detail: str) -> Failure:
    message = f"died without a word ({detail}); run it again to resume"
    return Failure(kind=DIED, message=message, permanent=False)

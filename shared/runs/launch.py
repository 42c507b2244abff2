"""Launching: claim first, then ask the platform. Look up a launch of unknown outcome; never launch twice."""

import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, TypeAlias

from shared.errors import (
    PlatformBusy,
    PlatformError,
    PreconditionFailed,
    ReelwrightError,
    StaleAttempt,
    Stopped,
    StoreError,
)
from shared.logs import log
from shared.machine.process import this_process
from shared.pipelines.definition import FUSED, Pipeline
from shared.platforms import LaunchOrder, Platform
from shared.records.creation import Creation
from shared.records.documents import Claim, Failure, Request, load, save
from shared.records.failing import RunTask, fail_record
from shared.records.names import ASSETS, claim_name, claims_of
from shared.runs.status import RunStatus
from shared.settings import Settings
from shared.storage import ABSENT

_LAUNCH_TAKES: Final = timedelta(minutes=4)
"""A launch that waits for quotas and looks up lost answers has ended by then."""
_PAUSE: Final = timedelta(seconds=30)
"""Pause before a busy platform is asked again."""
Fuses: TypeAlias = Callable[[Pipeline, Creation], bool]
"""Whether all of a run's stages go into one container."""


def never_fuses(_pipeline: Pipeline, _creation: Creation) -> bool:
    """Every stage has a container of its own."""
    return False


def always_fuses(pipeline: Pipeline, _creation: Creation) -> bool:
    """All stages run in one container, where the pipeline has such a job."""
    return pipeline.fused is not None


def fuses_short_work(pipeline: Pipeline, creation: Creation) -> bool:
    """All stages run in one container as long as there is little to do."""
    if pipeline.fused is None:
        return False
    most = pipeline.fused.most_assets
    return sum(1 for _ in islice(creation.list(ASSETS), most + 1)) <= most


def fusing(settings: Settings, *, in_cloud: bool) -> Fuses:
    """What the setting FUSED means: `auto` fuses on platforms where starting a container takes seconds."""
    choices = {"always": always_fuses, "never": never_fuses}
    return choices.get(settings.fused, fuses_short_work if in_cloud else never_fuses)


def jobs_of(pipelines: Mapping[str, Pipeline]) -> list[str]:
    """All jobs that a platform may be asked to run."""
    return [job for pipeline in pipelines.values() for job in pipeline.jobs.values()]


class Launcher:
    """Launches what a run's status says is ready, or lost, on one platform."""

    def __init__(
        self,
        platform: Platform,
        pipelines: Mapping[str, Pipeline],
        *,
        fuses: Fuses,
        now: Callable[[], datetime],
    ) -> None:
        self._platform = platform
        self._pipelines = pipelines
        self._fuses = fuses
        self._now = now

    def launch_all(self, creation: Creation, request: Request, status: RunStatus) -> bool:
        """Launch what is not launched yet; True if that changed the status."""
        pipeline = self._pipelines[request.pipeline]
        launched = [self._launch_again(creation, request, name) for name in status.lost]
        names = status.ready
        is_fresh = all(stage.state == "waiting" for stage in status.stages.values())
        if names and is_fresh and self._fuses(pipeline, creation):
            names = (FUSED,)
        for name in names:
            tasks = 1 if name == FUSED else pipeline.tasks_of(name, status.metadata)
            launched.append(self._launch(creation, request, name, tasks))
        return any(launched)

    def _launch(self, creation: Creation, request: Request, stage: str, tasks: int) -> bool:
        """Claim the stage, then launch it; False when another process has claimed it."""
        now = self._now()
        claim = Claim(
            token=secrets.token_hex(8),
            tasks=tasks,
            claimed_at=now,
            retry_at=now + _LAUNCH_TAKES,
            process=this_process(),
        )
        try:
            generation = save(creation, claim_name(request.run, stage), claim, expect=ABSENT)
        except PreconditionFailed:
            return False
        order = self._order(creation, request, stage, claim)
        return self._submit(creation, order, claim, generation, self._platform.launch)

    def _launch_again(self, creation: Creation, request: Request, stage: str) -> bool:
        """Find the execution of a launch whose outcome is unknown; launch again if there is none.

        The claim is taken over first, so that only one launcher does so. The token stays the same, so that an
        execution that the first launch may still start is valid too.
        """
        claim, generation = load(creation, claim_name(request.run, stage), Claim)
        if claim is None or claim.execution:
            return False
        now = self._now()
        taken = claim.model_copy(
            update={"retried_at": now, "retry_at": now + _LAUNCH_TAKES, "process": this_process()}
        )
        try:
            generation = save(creation, claim_name(request.run, stage), taken, expect=generation)
        except PreconditionFailed:
            return False
        log(
            logging.WARNING,
            "launch_lost",
            f"{creation.creation_id}: it is unknown whether {stage} was launched",
        )
        order = self._order(creation, request, stage, taken)
        return self._submit(creation, order, taken, generation, self._found_or_launched)

    def launch_claimed(self, creation: Creation, request: Request, stage: str) -> None:
        """Launch a stage once more under the claim that it has."""
        claim, generation = load(creation, claim_name(request.run, stage), Claim)
        if claim:
            order = self._order(creation, request, stage, claim)
            self._submit(creation, order, claim, generation, self._platform.launch)

    def _found_or_launched(self, order: LaunchOrder) -> str:
        try:
            found = self._platform.find(order)
        except PlatformError as error:
            raise PlatformBusy(*error.args) from error  # unknown: neither launch nor give up
        return found or self._platform.launch(order)

    def _order(self, creation: Creation, request: Request, stage: str, claim: Claim) -> LaunchOrder:
        pipeline = self._pipelines[request.pipeline]
        return LaunchOrder(
            pipeline=request.pipeline,
            stage=stage,
            job=pipeline.jobs[stage],
            definition=pipeline.definition_of(stage),
            creation_id=creation.creation_id,
            run=request.run,
            token=claim.token,
            tasks=claim.tasks,
        )

    def _submit(
        self,
        creation: Creation,
        order: LaunchOrder,
        claim: Claim,
        generation: str,
        launch: Callable[[LaunchOrder], str],
    ) -> bool:
        """Launch under the claim and note the execution in it; True if that changed the status."""
        try:
            execution = launch(order)
        except (Stopped, StaleAttempt):
            raise  # an inline stage ended this process's work, not the stage
        except PlatformBusy as error:  # the claim stays without an execution: a later advance tries again
            log(logging.WARNING, "launch_postponed", f"{creation.creation_id}: {order.stage}: {error}")
            self._note(
                creation, order, claim.model_copy(update={"retry_at": self._now() + _PAUSE}), generation
            )
            return False
        except ReelwrightError as error:
            self._record_refusal(creation, order, error)
            return True
        self._note(creation, order, claim.model_copy(update={"execution": execution}), generation)
        log(
            logging.DEBUG,
            "stage_launched",
            f"{creation.creation_id}: launched {order.stage}",
            tasks=order.tasks,
            execution=execution,
        )
        return True

    def _note(self, creation: Creation, order: LaunchOrder, claim: Claim, generation: str) -> None:
        """Write the launch's outcome into its claim; without it the launch is looked up if it seems lost."""
        try:
            save(creation, claim_name(order.run, order.stage), claim, expect=generation)
        except StoreError as error:
            log(
                logging.WARNING,
                "launch_unnoted",
                f"{order.stage}: its claim can't be brought up to date: {error}",
            )

    def release(self, creation: Creation, request: Request, status: RunStatus) -> None:
        """Let the platform forget the executions of the stages that are done."""
        for name, stage in status.stages.items():
            if stage.state == "success":
                self._release_claimed(creation, claim_name(request.run, name))

    def release_all(self, creation: Creation, run: int) -> bool:
        """Let the platform forget a run's executions; False if one has yet to end."""
        names = [name for name, _ in creation.list(claims_of(run))]
        return all([self._release_claimed(creation, name) for name in names])

    def is_at_work(self, creation: Creation, request: Request, stage: str) -> bool:
        """Whether the platform says that the stage's execution has yet to end."""
        claim, _ = load(creation, claim_name(request.run, stage), Claim)
        execution = claim.execution if claim else ""
        return bool(execution) and self._platform.state(execution, ask_again=True).status == "running"

    def _release_claimed(self, creation: Creation, name: str) -> bool:
        claim, _ = load(creation, name, Claim)
        return claim is None or not claim.execution or self._platform.release(claim.execution)

    def stop_all(self, creation: Creation, request: Request) -> list[ReelwrightError]:
        """Ask the platform to stop all of a run's executions; returns the errors."""
        stages = self._pipelines[request.pipeline].jobs
        return [error for stage in stages if (error := self._stop(creation, request, stage))]

    def _stop(self, creation: Creation, request: Request, stage: str) -> ReelwrightError | None:
        """Stop one execution; returns the error, so that the others are stopped all the same."""
        try:
            claim, _ = load(creation, claim_name(request.run, stage), Claim)
            if claim and claim.execution:
                self._platform.cancel(claim.execution)
        except (PlatformError, StoreError) as error:
            return error
        return None

    def stop_frozen(self, creation: Creation, status: RunStatus) -> None:
        """Stop the silent executions, so that they cost no more."""
        for execution in {each for stage in status.stages.values() for each in stage.frozen}:
            text = f"{creation.creation_id}: ended {execution}: {status.error}"
            log(logging.WARNING, "execution_silent", text)
            try:
                self._platform.cancel(execution)
            except PlatformError as error:
                text = f"{creation.creation_id}: could not be stopped: {error}"
                log(logging.WARNING, "stop_refused", text)

    def record_ends(self, creation: Creation, request: Request, status: RunStatus) -> None:
        """Record what only the platform knows of tasks that failed, before it forgets that."""
        for name, stage in status.stages.items():
            for index, error in stage.ends.items():
                self._record_end(creation, request.pipeline, request.run, name, index, error)

    def _record_refusal(self, creation: Creation, order: LaunchOrder, error: ReelwrightError) -> None:
        """The platform refused the launch: that is the stage's failure, and the record says so."""
        stages = self._pipelines[order.pipeline].stages
        stage = next(iter(stages)) if order.stage == FUSED else order.stage
        failure = Failure(
            kind=type(error).__name__, message=f"could not be launched: {error}", permanent=False
        )
        self._record_end(creation, order.pipeline, order.run, stage, 0, failure)

    def _record_end(
        self, creation: Creation, pipeline: str, run: int, stage: str, index: int, error: Failure
    ) -> None:
        fans_out = self._pipelines[pipeline].stages[stage].fan_out is not None
        task = RunTask(pipeline=pipeline, run=run, stage=stage, index=index, fans_out=fans_out)
        fail_record(creation, task, error, by="trigger", at=self._now())

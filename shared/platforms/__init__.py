"""Where jobs run.

To add a platform:
1. write a class with `Platform`'s methods: here when it needs nothing but this machine, in a folder of its
   own (`cloudrun/platform.py`) when it needs a vendor's SDK,
2. add it to `KINDS` in `scripts/platforms.py`,
3. if its containers have variables of their own for which task they are, add them to
   `shared/platforms/task.py`; if they cost money, add their price to `shared/worker/meter.py`,
4. let `tests/support/clouds.py` deploy to it, or to a stand-in in `tests/emulators/`, and add it to
   `tests/test_conformance.py`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from shared.errors import PlatformError
from shared.pipelines.definition import ExtraJob, JobDefinition, StageDefinition
from shared.records.failing import RunTask


@dataclass(frozen=True, kw_only=True)
class LaunchOrder:
    """An order to launch one stage."""

    pipeline: str
    stage: str
    """Or `FUSED`: all stages in one container, `python -m jobs <pipeline> <creation_id>`."""
    job: str
    """The platforms' name of this job, without their prefix, e.g. `story-render` or `video-generator`."""
    definition: JobDefinition
    creation_id: str
    run: int
    token: str
    """The claim's token: every task gets it as `REELWRIGHT_CLAIM`."""
    tasks: int

    def task(self, index: int) -> RunTask | None:
        """One of the stage's tasks; None for a fused container, in which each stage has its own."""
        if not isinstance(self.definition, StageDefinition):
            return None
        return RunTask(
            pipeline=self.pipeline,
            run=self.run,
            stage=self.stage,
            index=index,
            fans_out=self.definition.fan_out is not None,
        )


@dataclass(frozen=True, kw_only=True)
class JobOrder:
    """An order to start a job that is not a stage."""

    pipeline: str
    job: str
    """The platforms' name of it, which has no prefix."""
    definition: ExtraJob
    creation_id: str
    token: str
    """8 to 16 of a-f and 0-9. Where names of executions are unique, no token starts two."""
    environ: Mapping[str, str]
    """Variables for this execution alone."""


@dataclass(frozen=True, kw_only=True)
class ExecutionState:
    """The state of an execution."""

    status: Literal["running", "ended", "unknown"]
    """`ended` while the record is unfinished means that it died; `unknown` that the platform can't say."""
    reason: str = ""
    """Why it ended without recording an error, e.g. `killed by SIGKILL, as when memory runs out`."""
    task_reasons: Mapping[int, str] = field(default_factory=dict)
    """By task index, where the platform reports it for each task."""
    is_watched: bool = False
    """Its launcher ends it when its heartbeat is stale, so that no other process has to."""


class Platform(Protocol):
    """Starts jobs and reports their state. The store, not the platform, knows their results."""

    name: str
    is_here: bool
    """Whether its jobs run on this machine, so that reading their state costs nothing."""
    on_end: Callable[[str], object]
    """Called with the creation ID when a stage has ended, by a platform that sees this."""

    def check(self, jobs: Collection[str]) -> None:
        """Raise `InvalidSettings`, naming the variable, unless the platform answers and gives access; `jobs`
        are the possible values of `LaunchOrder.job`, of which some must be deployed."""

    def launch(self, order: LaunchOrder) -> str:
        """Start the stage and return the execution's name without waiting for it.

        If an answer was lost, the launch is looked up before it is sent again. Raises `PlatformBusy` when a
        later attempt can help (call `find` first then), `PlatformError` when the launch is refused.
        """

    def start_job(self, order: JobOrder) -> str:
        """Start a job that is not a stage and return the execution's name without waiting for it.

        Raises as `launch` does.
        """

    def find(self, order: LaunchOrder) -> str | None:
        """The execution that an earlier `launch` under this token started, or None if there is none.

        Used when the launcher may have died before it noted the name. Raises `PlatformError` when the answer
        can't be known.
        """

    def state(self, execution: str, *, ask_again: bool = False) -> ExecutionState:
        """The execution's state, a few seconds old unless `ask_again`; never raises for an unknown one."""

    def cancel(self, execution: str) -> None:
        """Ask it to stop; no error if it has ended already."""

    def release(self, execution: str) -> bool:
        """Release an execution whose results are in the store; False while it has yet to end."""

    def wait(self) -> None:
        """Wait until all work that would end with this process has ended and its end is handled."""

    def stop(self) -> None:
        """Stop all work that would end with this process, and launch no more."""


class Unattended:
    """For a platform whose work doesn't depend on this process after `launch` has returned, and that isn't
    notified of ends: events and sweeps advance its runs. It runs stages only, unless it overrides
    `start_job`."""

    name: str
    is_here = False
    on_end: Callable[[str], object] = staticmethod(lambda _creation_id: None)

    def start_job(self, order: JobOrder) -> str:
        reason = "it runs no jobs beside stages; use one that does: PLATFORM=local or PLATFORM=codeengine"
        raise PlatformError(self.name, f"start {order.job}", reason)

    def wait(self) -> None:
        """There is nothing to wait for."""

    def stop(self) -> None:
        """There is nothing to stop."""

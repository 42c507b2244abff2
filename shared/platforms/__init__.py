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

from shared.pipelines.definition import JobDefinition, StageDefinition
from shared.records.failing import RunTask


@dataclass(frozen=True, kw_only=True)
class LaunchOrder:
    """What a platform is asked to run."""

    pipeline: str
    stage: str
    """Or `FUSED`: all stages in one container, `python -m jobs <pipeline> <creation_id>`."""
    job: str
    """What the platforms call this job, without their prefix, e.g. `story-render` or `video-generator`."""
    definition: JobDefinition
    creation_id: str
    run: int
    token: str
    """The claim's: handed to every task as `REELWRIGHT_CLAIM`."""
    tasks: int

    def task(self, index: int) -> RunTask | None:
        """One of the stage's tasks; None where all stages are in one container, each with its own."""
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
class ExecutionState:
    """How an execution stands."""

    status: Literal["running", "ended", "unknown"]
    """`ended` with the record unfinished means that it died; `unknown` that this platform can't tell."""
    reason: str = ""
    """Why it ended without a word, for a person, e.g. `killed by SIGKILL, as when memory runs out`."""
    task_reasons: Mapping[int, str] = field(default_factory=dict)
    """By task index, where the platform says it of each task."""
    is_watched: bool = False
    """The one who launched it ends it when its heartbeat is stale: nobody else need do so."""


class Platform(Protocol):
    """Starts jobs and says how they stand. The store, not the platform, knows what they did."""

    name: str
    is_here: bool
    """Whether its jobs run on this machine, so that looking at them costs nothing."""
    on_end: Callable[[str], object]
    """Called with the creation ID when a stage has ended, by a platform that sees that."""

    def check(self, jobs: Collection[str]) -> None:
        """Raise `InvalidSettings`, naming the variable, unless the platform is there and lets us in; `jobs`
        are what `LaunchOrder.job` may name, of which some must be deployed."""

    def launch(self, order: LaunchOrder) -> str:
        """Start the stage and return the execution's name without waiting for it.

        An answer that was lost is looked up before anything is sent again. Raises `PlatformBusy` when asking
        later can help (whoever asks then calls `find` first), `PlatformError` when it is refused.
        """

    def find(self, order: LaunchOrder) -> str | None:
        """The execution that an earlier `launch` under this token started, or None if there is none.

        Asked when the launcher may have died before it noted the name. Raises `PlatformError` when it can't
        be known.
        """

    def state(self, execution: str, *, ask_again: bool = False) -> ExecutionState:
        """How the execution stands; never raises for one that it doesn't know. An answer of a few seconds ago
        may be given again, unless it is to be `ask_again`."""

    def cancel(self, execution: str) -> None:
        """Ask it to stop; fine when it has ended already."""

    def release(self, execution: str) -> bool:
        """Let go of an execution whose results are in the store; False while it has yet to end."""

    def wait(self) -> None:
        """Until all work that would end with this process has ended, what came of its ends too."""

    def stop(self) -> None:
        """Stop all work that would end with this process, and launch nothing more."""


class Unattended:
    """For a platform whose work doesn't depend on this process once `launch` has returned, and that sees no
    ends: events and sweeps advance its runs."""

    is_here = False
    on_end: Callable[[str], object] = staticmethod(lambda _creation_id: None)

    def wait(self) -> None:
        """There is nothing to wait for."""

    def stop(self) -> None:
        """There is nothing to stop."""

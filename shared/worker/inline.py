"""Stages as function calls in this process: the fused mode, a whole pipeline inside one container."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from shared.errors import BadRequest, StaleAttempt, Stopped, StoreError
from shared.logs import log
from shared.machine.process import process_is_gone, this_process
from shared.pipelines.definition import Pipeline
from shared.platforms import ExecutionState, LaunchOrder, Unattended
from shared.platforms.task import Task
from shared.records.creation import Creation
from shared.settings import Settings
from shared.stages.stage import Stage
from shared.storage import ObjectStore
from shared.worker.box import run_task

if TYPE_CHECKING:
    from shared.reports.sink import Audience


class InlinePlatform(Unattended):
    """Runs each stage to its end before `launch` returns, task after task, with retries."""

    name = "inline"
    is_here = True

    def __init__(
        self,
        store: ObjectStore,
        settings: Settings,
        pipelines: Mapping[str, Pipeline],
        stages: Mapping[tuple[str, str], Callable[[], Stage]],
        *,
        outer: Task | None = None,
        publisher: "Audience | None" = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`outer` is the task as which a platform runs this whole process, if any; `publisher` receives
        reports of the stages' progress."""
        self._publisher = publisher
        self._ending = threading.Event()
        self.is_ending = self._ending.is_set
        self._outer = outer or Task()
        self._execution = self._outer.execution or f"inline|{this_process()}"
        self._store = store
        self._settings = settings
        self._pipelines = pipelines
        self._stages = stages
        self._sleep = sleep

    def end(self) -> None:
        """Make the stages in other threads of this process stop soon."""
        self._ending.set()

    def reopen(self) -> None:
        """Accept work again, once everything that had to stop has stopped."""
        self._ending.clear()

    def check(self, jobs: Collection[str]) -> None:
        """Nothing to check: this process runs already."""

    def launch(self, order: LaunchOrder) -> str:
        for index in range(order.tasks):
            if not self._run_with_retries(order, index):
                break
        return self._execution

    def find(self, order: LaunchOrder) -> str | None:  # noqa: ARG002 - an execution dies with its process
        return None

    def state(self, execution: str, *, ask_again: bool = False) -> ExecutionState:  # noqa: ARG002 - always is
        if process_is_gone(execution.removeprefix("inline|")):
            return ExecutionState(status="ended", reason="the process that ran it is gone")
        return ExecutionState(status="unknown")

    def cancel(self, execution: str) -> None:
        """Nothing to do: the heartbeat finds the cancelled request."""

    def release(self, execution: str) -> bool:
        """A call leaves nothing behind; the execution that this whole process is gets released elsewhere."""
        return not self._outer.execution or execution != self._outer.execution

    def _run_with_retries(self, order: LaunchOrder, index: int) -> bool:
        stage = self._stages[order.pipeline, order.stage]()
        failed: Exception | None = None
        tries = order.definition.retries + 1
        for attempt in range(tries):
            if attempt:
                self._sleep(0.5 * 2 ** (attempt - 1))
            task = Task(
                index=index,
                attempt=self._outer.attempt * tries + attempt,
                execution=self._execution,
                claim=order.token,
            )
            try:
                run_task(
                    stage,
                    self._pipelines[order.pipeline],
                    Creation(self._store, order.creation_id),
                    task,
                    self._settings,
                    publisher=self._publisher,
                    ending=self.is_ending,
                )
                return True
            except (Stopped, StaleAttempt):
                raise
            except BadRequest:
                return False  # the record says why; trying again can't help
            except Exception as error:  # noqa: BLE001 - any failure of a stage is retried; the record has it
                log(logging.DEBUG, "attempt_failed", repr(error), stage=order.stage, attempt=attempt)
                failed = error
        if isinstance(failed, StoreError):
            raise failed  # the store may have refused the record too: then only this reports it
        return False

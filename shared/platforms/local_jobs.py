"""Jobs that are not stages, as processes on this machine: `python -m jobs.<pipeline>.<module>`.

They get the variables that Code Engine gives a job run for its attempts, and as many attempts.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from shared.logs import log
from shared.platforms import ExecutionState, JobOrder
from shared.platforms.ends import last_words
from shared.platforms.slots import Slots
from shared.platforms.task import CREATION_VARIABLE

_BAD_REQUEST: Final = 2


@dataclass(kw_only=True)
class _Run:
    order: JobOrder
    process: "subprocess.Popen[bytes] | None" = None
    stopping: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    handled: threading.Event = field(default_factory=threading.Event)
    """Its end was reported."""
    reason: str = ""
    began_at: float | None = None
    """When its first attempt began, which may have waited for a free core."""

    @property
    def left_s(self) -> float:
        limit_s = self.order.definition.time_limit_s
        return limit_s if self.began_at is None else self.began_at + limit_s - time.monotonic()


class LocalJobs:
    """Starts jobs beside the stages, on the same cores."""

    def __init__(
        self,
        store_url: str,
        slots: Slots,
        *,
        environ: Mapping[str, str],
        on_end: Callable[[str, str], object],
        grace_s: float,
        sleep: Callable[[float], None] = time.sleep,
        command: Callable[[JobOrder], list[str]] | None = None,
    ) -> None:
        """`on_end` gets the creation ID and the execution; `grace_s` is the time between SIGTERM and
        SIGKILL."""
        self._store_url = store_url
        self._slots = slots
        self._environ = environ
        self._on_end = on_end
        self._grace_s = grace_s
        self._sleep = sleep
        self._command = command or _entrypoint
        self._runs: dict[str, _Run] = {}
        self._closed = threading.Event()

    def start(self, order: JobOrder, execution: str) -> None:
        run = self._runs[execution] = _Run(order=order)
        if self._closed.is_set():
            run.stopping.set()
        work = threading.Thread(target=self._work, args=(run, execution), name=order.job, daemon=True)
        work.start()

    def state(self, execution: str) -> ExecutionState | None:
        """None for an execution that is not one of these."""
        run = self._runs.get(execution)
        if run is None:
            return None
        return ExecutionState(status="ended" if run.ended.is_set() else "running", reason=run.reason)

    def release(self, execution: str) -> bool:
        """Forget it if it has ended; False while it has yet to end."""
        run = self._runs.get(execution)
        if run and run.ended.is_set():
            del self._runs[execution]
        return run is None or run.ended.is_set()

    def wait(self) -> None:
        """Wait until all have ended and their ends are handled."""
        for run in list(self._runs.values()):
            run.handled.wait()

    def stop(self) -> None:
        """End all and start no more."""
        self._closed.set()
        for run in list(self._runs.values()):
            run.stopping.set()
            _signal(run, signal.SIGTERM)
        for run in list(self._runs.values()):
            if not run.ended.wait(self._grace_s):
                _signal(run, signal.SIGKILL)
                run.ended.wait(self._grace_s)

    def _work(self, run: _Run, execution: str) -> None:
        try:
            for attempt in range(run.order.definition.retries + 1):
                if attempt:
                    self._sleep(0.5 * 2 ** (attempt - 1))
                with self._slots.taken(run.order.creation_id):
                    code = self._attempt(run, execution, attempt)
                if code in (0, _BAD_REQUEST) or run.stopping.is_set() or run.left_s <= 0:
                    break
        except OSError as error:
            run.reason = f"could not be started: {error.strerror}"
            log(logging.ERROR, "job_lost", f"{run.order.job}: {run.reason}")
        finally:
            run.ended.set()
            try:
                self._on_end(run.order.creation_id, execution)
            finally:
                run.handled.set()

    def _attempt(self, run: _Run, execution: str, number: int) -> int:
        """Run one process to its end and return its exit code."""
        if run.stopping.is_set():
            run.reason = "it was stopped"
            return 1
        run.began_at = run.began_at or time.monotonic()
        run.process = subprocess.Popen(
            self._command(run.order),
            env={**os.environ, **self._environ, **self._variables(run.order, execution, number)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # our own belongs to the caller
            start_new_session=True,  # Ctrl-C reaches us alone, and we pass it on
        )
        if run.stopping.is_set():
            _signal(run, signal.SIGTERM)
        code = self._await(run, run.process)
        run.reason = last_words(code) if code else ""
        return code

    def _await(self, run: _Run, process: "subprocess.Popen[bytes]") -> int:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(max(0.0, run.left_s))
        _signal(run, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            return process.wait(self._grace_s)
        _signal(run, signal.SIGKILL)
        return process.wait()

    def _variables(self, order: JobOrder, execution: str, attempt: int) -> dict[str, str]:
        return {
            "STORE_URL": self._store_url,
            "TASK_EXECUTION": execution,
            "TASK_ATTEMPT": str(attempt),
            "JOB_INDEX": "0",
            "JOB_INDEX_RETRY_COUNT": str(attempt),
            "JOB_RETRY_LIMIT": str(order.definition.retries),
            CREATION_VARIABLE: order.creation_id,
            **order.environ,
        }


def _entrypoint(order: JobOrder) -> list[str]:
    return [sys.executable, "-m", f"jobs.{order.pipeline}.{order.definition.module}"]


def _signal(run: _Run, number: signal.Signals) -> None:
    """Signal the process and its tools."""
    if run.process and run.process.poll() is None:
        with suppress(ProcessLookupError):  # it ended meanwhile
            os.killpg(run.process.pid, number)

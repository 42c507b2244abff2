"""Stages as processes on this machine: the same entrypoints, variables and retries as in the clouds."""

import logging
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from shared.errors import ReelwrightError
from shared.logs import log
from shared.machine.process import (
    process_is_alive,
    process_is_gone,
    process_is_stopped,
    this_process,
    usable_cores,
)
from shared.pipelines.definition import FUSED
from shared.platforms import ExecutionState, JobOrder, LaunchOrder
from shared.platforms.ends import End, last_words, record_end
from shared.platforms.local_jobs import LocalJobs
from shared.platforms.pulse import USUAL, Patience, Pulse
from shared.platforms.slots import Slots
from shared.platforms.task import CLAIM_VARIABLE, CREATION_VARIABLE
from shared.records.creation import Creation
from shared.records.documents import DIED, TIME_LIMIT
from shared.storage import ObjectStore

_BAD_REQUEST: Final = 2


@dataclass(frozen=True, eq=False, kw_only=True)
class ProcessAttempt:
    """One attempt at a task."""

    process: "subprocess.Popen[bytes]"
    variables: Mapping[str, str]
    """Its own variables, which differ from every other attempt's."""
    ending: threading.Lock = field(default_factory=threading.Lock)
    """Acquired for good by the thread that ends it: a second SIGTERM would disturb its shutdown."""

    def ends_within(self, wait_s: float) -> bool:
        try:
            self.process.wait(timeout=wait_s)
        except subprocess.TimeoutExpired:
            return False
        return True


@dataclass(kw_only=True)
class _Execution:
    """A launched stage: its attempts, and whether it must stop."""

    order: LaunchOrder
    name: str
    attempts: set[ProcessAttempt] = field(default_factory=set)
    stopping: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    reason: str = ""
    """Why it ended, for a stage whose record doesn't say so."""


_at_work_here: Final[set[str]] = set()
"""Executions of all platforms in this process that have yet to end."""


class LocalPlatform:
    """Runs each task as `python -m jobs.<pipeline>.<stage> <creation_id>`, at most one a core at once.

    A platform whose processes stand in for work elsewhere on this machine overrides `_signal` and `_clear`.
    """

    name = "local"
    is_here = True

    def __init__(
        self,
        store: ObjectStore,
        *,
        on_end: Callable[[str], object] = lambda _creation_id: None,
        on_log: Callable[[str], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        command: Callable[[LaunchOrder, Mapping[str, str]], list[str]] | None = None,
        environ: Mapping[str, str] = MappingProxyType({}),
        grace_s: float = 10.0,
        patience: Patience = USUAL,
    ) -> None:
        """`command` gets an order and the variables of its process, beside those in `environ`; `on_end` gets
        the creation ID when a stage has ended (this is what chains the next one); `on_log` gets each line
        that a task writes to stderr, which is otherwise inherited; `grace_s` is the time between SIGTERM and
        SIGKILL; `patience` says how long an attempt may be silent before it is ended."""
        self.on_end = on_end
        self._store = store
        self._on_log = on_log
        self._sleep = sleep
        self._command = command or _entrypoint
        self._environ = environ
        self._grace_s = grace_s
        self._patience = patience
        self._slots = Slots(usable_cores())
        self._jobs = LocalJobs(
            store.url, self._slots, environ=environ, on_end=self._job_ended, grace_s=grace_s, sleep=sleep
        )
        self._executions: dict[str, _Execution] = {}
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closed = False

    def check(self, jobs: Collection[str]) -> None:
        """Nothing to check: the constructor has checked what it needs."""

    def launch(self, order: LaunchOrder) -> str:
        name = f"local|{this_process()}|{secrets.token_hex(6)}"
        execution = _Execution(order=order, name=name)
        thread = threading.Thread(target=self._run, args=(execution,), name=f"run-{order.stage}", daemon=True)
        with self._lock:
            self._executions[name] = execution
            if self._closed:
                execution.stopping.set()
            self._threads = [each for each in self._threads if each.is_alive()] + [thread]
            _at_work_here.add(name)
            thread.start()
        return name

    def start_job(self, order: JobOrder) -> str:
        """Always beside this process: a compose file has services for stages only."""
        name = f"local|{this_process()}|{secrets.token_hex(6)}"
        _at_work_here.add(name)
        self._jobs.start(order, name)
        return name

    def _job_ended(self, creation_id: str, execution: str) -> None:
        _at_work_here.discard(execution)
        if not self._closed:
            self._announce(creation_id)

    def state(self, execution: str, *, ask_again: bool = False) -> ExecutionState:  # noqa: ARG002 - always is
        return self._jobs.state(execution) or self._state(execution)

    def _state(self, execution: str) -> ExecutionState:
        mine = self._executions.get(execution)
        if mine:
            if not mine.ended.is_set():
                return ExecutionState(status="running", is_watched=True)
            return ExecutionState(status="ended", reason=mine.reason)
        if not execution.startswith("local|"):
            return ExecutionState(status="unknown")
        launcher = execution.removeprefix("local|").rpartition("|")[0]
        if launcher == this_process() and execution not in _at_work_here:
            return ExecutionState(status="ended")  # and was released, or it would be known
        if process_is_gone(launcher):
            return ExecutionState(status="ended", reason="the process that launched it is gone")
        at_work = process_is_alive(launcher) and not process_is_stopped(launcher)
        return ExecutionState(status="running" if at_work else "unknown", is_watched=at_work)

    def cancel(self, execution: str) -> None:
        """SIGTERM now, SIGKILL after a while for processes that are still alive."""
        mine = self._executions.get(execution)
        if mine:
            mine.stopping.set()
            for attempt in list(mine.attempts):
                self._end_beside(attempt)

    def find(self, order: LaunchOrder) -> str | None:
        with self._lock:
            mine = [each.name for each in self._executions.values() if each.order.token == order.token]
        return mine[0] if mine else None

    def release(self, execution: str) -> bool:
        """Forget an execution that has ended."""
        with self._lock:
            mine = self._executions.get(execution)
            if mine and mine.ended.is_set():
                del self._executions[execution]
        return self._jobs.release(execution) and (mine is None or mine.ended.is_set())

    def wait(self) -> None:
        """Wait until all launched stages, and those that they started, have ended."""
        self._jobs.wait()
        while running := [each for each in self._threads if each.is_alive()]:
            running[0].join()

    def stop(self) -> None:
        """Stop every task, wait for them to end and launch no more; their results stay for a resume."""
        with self._lock:
            self._closed = True
            self._jobs.stop()
        executions = list(self._executions.values())
        for execution in executions:
            self.cancel(execution.name)
        for execution in executions:
            execution.ended.wait(self._grace_s * 3)

    def _run(self, execution: _Execution) -> None:
        tasks = execution.order.tasks
        try:
            with ThreadPoolExecutor(max_workers=tasks, thread_name_prefix="task") as pool:
                list(pool.map(lambda index: self._run_task(execution, index), range(tasks)))
        except (ReelwrightError, OSError) as error:
            log(logging.ERROR, "stage_lost", f"{execution.order.stage}: {error}")
        finally:
            execution.ended.set()
            _at_work_here.discard(execution.name)
            self._announce(execution.order.creation_id)

    def _announce(self, creation_id: str) -> None:
        try:
            self.on_end(creation_id)
        except ReelwrightError as error:
            level = logging.DEBUG if self._is_deleted(creation_id) else logging.ERROR
            log(level, "advance_failed", f"{creation_id}: could not go on: {error}")

    def _is_deleted(self, creation_id: str) -> bool:
        try:
            return not Creation(self._store, creation_id).has_request()
        except ReelwrightError:
            return False

    def _run_task(self, execution: _Execution, index: int) -> None:
        end = End(exit_code=1, reason="it had yet to begin")
        for attempt in range(execution.order.definition.retries + 1):
            if attempt:
                self._sleep(0.5 * 2 ** (attempt - 1))
            with self._slots.taken(f"{execution.order.creation_id}/{execution.order.run}"):
                if execution.stopping.is_set():
                    break
                end = self._attempt(execution, index, attempt)
            if end.exit_code in (0, _BAD_REQUEST) or execution.stopping.is_set():
                break
        self._record_end(execution, index, end)

    def _attempt(self, execution: _Execution, index: int, number: int) -> End:
        """Run one process, from start to end."""
        order = execution.order
        variables = _variables(execution, index, number, self._store.url)
        pulse = self._pulse(execution, index)
        pulse.silence()  # what is there before this attempt
        process = subprocess.Popen(
            self._command(order, variables),
            env={**os.environ, **self._environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # the result is in the record; our own stdout belongs to the caller
            stderr=subprocess.PIPE if self._on_log else None,
            start_new_session=True,  # Ctrl-C reaches us alone, and we pass it on
        )
        attempt = ProcessAttempt(process=process, variables=variables)
        execution.attempts.add(attempt)
        if execution.stopping.is_set():
            self._end_beside(attempt)
        reader = self._start_reading(process)
        end = self._wait(attempt, pulse, order.definition.time_limit_s)
        self._clear(attempt, end.exit_code)
        execution.attempts.discard(attempt)
        if reader:
            reader.join(timeout=self._grace_s)
        return end

    def _pulse(self, execution: _Execution, index: int) -> Pulse:
        creation = Creation(self._store, execution.order.creation_id)
        order, name = execution.order, execution.name
        return Pulse(creation=creation, order=order, execution=name, index=index, patience=self._patience)

    def _wait(self, attempt: ProcessAttempt, pulse: Pulse, time_limit_s: float) -> End:
        """Wait until the attempt ends by itself, falls silent, or takes too long."""
        over_at = time.monotonic() + time_limit_s
        silence = ""
        while not silence and (left_s := over_at - time.monotonic()) > 0:
            if attempt.ends_within(min(left_s, self._patience.look_every_s)):
                exit_code = attempt.process.wait()
                return End(exit_code=exit_code, reason=last_words(exit_code))
            silence = pulse.silence()
        if silence:
            log(logging.WARNING, "attempt_silent", f"{pulse.order.stage}: {silence}")
        self._end(attempt)
        attempt.process.wait()
        if silence:
            return End(exit_code=1, reason=silence, kind=DIED)
        reason = f"took longer than its time limit of {time_limit_s:g} s (time_limit_s in pipeline.yaml)"
        return End(exit_code=1, reason=reason, kind=TIME_LIMIT)

    def _end_beside(self, attempt: ProcessAttempt) -> None:
        threading.Thread(target=self._end, args=(attempt,), name="end", daemon=True).start()

    def _end(self, attempt: ProcessAttempt) -> None:
        """Send SIGTERM, and SIGKILL if it is still alive after a while."""
        if not attempt.ending.acquire(blocking=False):
            return
        self._signal(attempt, signal.SIGTERM)
        if not attempt.ends_within(self._grace_s):
            self._signal(attempt, signal.SIGKILL)

    def _signal(self, attempt: ProcessAttempt, number: signal.Signals) -> None:
        """Signal the task and its tools; a stopped process is woken up to handle it."""
        if attempt.process.poll() is None:
            with suppress(ProcessLookupError):  # it ended meanwhile
                os.killpg(attempt.process.pid, number)
                os.killpg(attempt.process.pid, signal.SIGCONT)

    def _clear(self, attempt: ProcessAttempt, exit_code: int) -> None:
        """Kill the tools that a failed attempt left running."""
        if exit_code:
            with suppress(ProcessLookupError):
                os.killpg(attempt.process.pid, signal.SIGKILL)

    def _start_reading(self, process: "subprocess.Popen[bytes]") -> threading.Thread | None:
        if self._on_log is None or process.stderr is None:
            return None
        on_log, stderr = self._on_log, process.stderr

        def read() -> None:
            with stderr:
                for line in stderr:
                    on_log(line.decode("utf-8", "replace").rstrip("\n"))

        thread = threading.Thread(target=read, name="log", daemon=True)
        thread.start()
        return thread

    def _record_end(self, execution: _Execution, index: int, end: End) -> None:
        """A task that ended without recording its end is recorded as failed, with what is known."""
        execution.reason = end.reason
        creation = Creation(self._store, execution.order.creation_id)
        record_end(creation, execution.order, execution.name, index, end, stopped=execution.stopping.is_set())


def _entrypoint(order: LaunchOrder, _variables: Mapping[str, str]) -> list[str]:
    if order.stage == FUSED:
        return [sys.executable, "-m", "jobs", order.pipeline, order.creation_id]
    return [sys.executable, "-m", f"jobs.{order.pipeline}.{order.stage}", order.creation_id]


def _cores_each(tasks: int) -> int:
    """The cores, divided among the tasks that run at once, so that memory doesn't grow with the tasks."""
    asked = os.environ.get("CORES", "")
    cores = int(asked) if asked.isdigit() and int(asked) else usable_cores()
    return max(1, cores // min(tasks, usable_cores()))


def _variables(execution: _Execution, index: int, attempt: int, store_url: str) -> dict[str, str]:
    return {
        "STORE_URL": store_url,
        "TASK_EXECUTION": execution.name,
        "TASK_INDEX": str(index),
        "TASK_ATTEMPT": str(attempt),
        "CORES": str(_cores_each(execution.order.tasks)),
        CLAIM_VARIABLE: execution.order.token,
        CREATION_VARIABLE: execution.order.creation_id,
    }


@dataclass(frozen=True, kw_only=True)
class Called:
    """How a program ended."""

    worked: bool
    complaint: str
    """The last line of its stderr, or why it could not be run."""
    lines: tuple[str, ...] = ()
    """The lines of its stdout."""


def call(
    command: Sequence[str], *, environ: Mapping[str, str] = MappingProxyType({}), timeout_s: float = 30.0
) -> Called:
    """Run a program to its end."""
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            start_new_session=True,  # Ctrl-C reaches us alone
            timeout=timeout_s,
            check=False,
        )
    except OSError as error:
        return Called(worked=False, complaint=error.strerror or str(error))
    except subprocess.TimeoutExpired:
        return Called(worked=False, complaint=f"no end after {timeout_s:g} s")
    said, told = (text.decode("utf-8", "replace").strip().splitlines() for text in (done.stdout, done.stderr))
    complaint = told[-1].strip() if told else f"exit code {done.returncode}"
    return Called(worked=done.returncode == 0, complaint=complaint, lines=tuple(said))

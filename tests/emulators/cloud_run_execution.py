"""One execution in the stand-in for Cloud Run: its tasks as processes, what it tells of them, how it ends.

It keeps to what Cloud Run does where that surprises: all tasks are tried even after one has failed for good,
the conditions come in an order that helps nobody, `ResourcesAvailable` has succeeded whatever happened, and
the exit code of an attempt that was killed is 0, its status telling why.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from google.cloud import run_v2

from tests.support.patience import until

Entrypoint = Callable[[str], Sequence[str]]
"""What an image runs; raises `LookupError` for one that can't be pulled."""
_ROOT: Final = Path(__file__).parent.parent.parent
_ABORTED: Final = 10
"""google.rpc.Code of failed executions in audit entries."""
_MOST_AT_ONCE: Final = 8
_FAILED: Final = run_v2.Condition.State.CONDITION_FAILED
_SUCCEEDED: Final = run_v2.Condition.State.CONDITION_SUCCEEDED
_RECONCILING: Final = run_v2.Condition.State.CONDITION_RECONCILING
_Reasons = run_v2.Condition.ExecutionReason


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What containers run on."""

    entrypoint: Entrypoint
    environ: Mapping[str, str]
    """Wins over the Job's own variables, e.g. to put a folder in the bucket's place."""
    grace_s: float
    """Between SIGTERM and SIGKILL."""


@dataclass(kw_only=True)
class Attempts:
    """A task's process, and what is to be said of its end that its exit code doesn't tell."""

    process: "subprocess.Popen[bytes] | None" = None
    message: str = ""
    ended: bool = False


@dataclass(kw_only=True)
class Running:
    """An execution and its tasks. Its messages are only read and written under `lock`."""

    execution: run_v2.Execution
    tasks: list[run_v2.Task]
    lock: threading.RLock
    attempts: list[Attempts] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    lists_to_miss: int = 0
    """Answers to lists in which it doesn't show yet."""

    @property
    def short_name(self) -> str:
        return str(self.execution.name.rpartition("/")[2])

    def kill(self, index: int, *, message: str = "Container terminated on signal 9.") -> None:
        """SIGKILL a task's processes, as when memory runs out or a machine dies."""
        attempt = self.attempts[index]
        until(lambda: attempt.process or self.tasks[index].completion_time)  # it may just have been started
        if attempt.process:
            attempt.message = message
            _signal(attempt.process, signal.SIGKILL)

    def cancel(self, grace_s: float) -> None:
        self.cancelled.set()
        for attempt in self.attempts:
            if attempt.process:
                _signal(attempt.process, signal.SIGTERM)
                last_word = threading.Timer(grace_s, _signal, (attempt.process, signal.SIGKILL))
                last_word.daemon = True
                last_word.start()


def started(job: run_v2.Job, name: str, overrides: run_v2.RunJobRequest.Overrides, **more: Any) -> Running:
    """A new execution of the Job, with the overrides: args replace the Job's, env is merged into it."""
    template = run_v2.TaskTemplate.deserialize(run_v2.TaskTemplate.serialize(job.template.template))
    for container, override in zip(template.containers, overrides.container_overrides, strict=False):
        if override.args or override.clear_args:
            container.args = list(override.args)
        names = {variable.name for variable in override.env}
        kept = [variable for variable in container.env if variable.name not in names]
        container.env = [*kept, *override.env]
    if "timeout" in overrides:
        template.timeout = overrides.timeout
    count = overrides.task_count or job.template.task_count or 1
    now = datetime.now(UTC)
    full_name = f"{job.name}/executions/{name}"
    execution = run_v2.Execution(
        name=full_name,
        job=job.name,
        create_time=now,
        start_time=now,
        parallelism=job.template.parallelism,
        task_count=count,
        template=template,
        reconciling=True,
        conditions=_conditions(run_v2.Condition(type_="Completed", state=_RECONCILING)),
    )
    tasks = [
        run_v2.Task(name=f"{full_name}/tasks/{name}-task{index}", job=job.name, execution=name, index=index)
        for index in range(count)
    ]
    attempts = [Attempts() for _ in tasks]
    return Running(execution=execution, tasks=tasks, attempts=attempts, **more)


def run(running: Running, machine: Machine) -> None:
    """All tasks to their ends, then the execution's."""
    container = running.execution.template.containers[0]
    try:
        image = machine.entrypoint(container.image)
    except LookupError:
        _end(
            running, run_v2.Condition.CommonReason.CONTAINER_MISSING, f"Image '{container.image}' not found."
        )
        return
    command = [*(container.command or image), *container.args]
    count = running.execution.task_count
    at_once = min(running.execution.parallelism or count, count, _MOST_AT_ONCE)
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        list(pool.map(lambda index: _run_task(running, machine, command, index), range(count)))
    _end(running, *_outcome(running))


def _run_task(running: Running, machine: Machine, command: Sequence[str], index: int) -> None:
    task = running.tasks[index]
    template = running.execution.template
    result = run_v2.TaskAttemptResult()
    for attempt in range(template.max_retries + 1):
        if running.cancelled.is_set():
            break
        with running.lock:
            task.retried = attempt
            running.execution.running_count += 1
            running.execution.retried_count += attempt == 1
        result = _attempt(running, machine, command, index, attempt)
        with running.lock:
            running.execution.running_count -= 1
            task.last_attempt_result = result
        if not result.status.code:
            break
    _settle_task(running, task, result)


def _settle_task(running: Running, task: run_v2.Task, result: run_v2.TaskAttemptResult) -> None:
    execution = running.execution
    with running.lock:
        task.completion_time = datetime.now(UTC)
        if running.cancelled.is_set() and (result.status.code or "last_attempt_result" not in task):
            execution.cancelled_count += 1
        elif result.status.code:
            execution.failed_count += 1
        else:
            execution.succeeded_count += 1


def _attempt(
    running: Running, machine: Machine, command: Sequence[str], index: int, attempt: int
) -> run_v2.TaskAttemptResult:
    """One process, from start to end."""
    mine = running.attempts[index]
    mine.message = ""
    process = subprocess.Popen(
        command,
        cwd=_ROOT,
        env=_environ(running, machine, index, attempt),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    mine.process = process
    if running.cancelled.is_set():  # before there was a process to signal
        _stop(process, machine.grace_s)
    timeout_s = running.execution.template.timeout.total_seconds() or 600.0
    try:
        process.wait(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        mine.message = "The configured timeout was reached."
        _stop(process, machine.grace_s)
    mine.process = None
    return _result(process.returncode, mine.message)


def _result(exit_code: int, message: str) -> run_v2.TaskAttemptResult:
    if message:
        killed = "terminated on signal" in message or "memory" in message
        status = {"code": _ABORTED, "message": message}
        return run_v2.TaskAttemptResult(status=status, term_signal=signal.SIGKILL if killed else 0)
    if exit_code < 0:
        status = {"code": _ABORTED, "message": f"Container terminated on signal {-exit_code}."}
        return run_v2.TaskAttemptResult(status=status, term_signal=-exit_code)
    if exit_code:
        status = {"code": _ABORTED, "message": "The container exited with an error."}
        return run_v2.TaskAttemptResult(status=status, exit_code=exit_code)
    return run_v2.TaskAttemptResult()


def _environ(running: Running, machine: Machine, index: int, attempt: int) -> dict[str, str]:
    container = running.execution.template.containers[0]
    return {
        "PATH": os.environ.get("PATH", ""),
        **{variable.name: variable.value for variable in container.env},
        **machine.environ,
        "CLOUD_RUN_JOB": running.execution.job.rpartition("/")[2],
        "CLOUD_RUN_EXECUTION": running.short_name,
        "CLOUD_RUN_TASK_INDEX": str(index),
        "CLOUD_RUN_TASK_ATTEMPT": str(attempt),
        "CLOUD_RUN_TASK_COUNT": str(running.execution.task_count),
    }


def _outcome(running: Running) -> tuple[Any, str]:
    """The reason (0 for a success) and the message of the end."""
    execution = running.execution
    if running.cancelled.is_set() and execution.cancelled_count:
        return _Reasons.CANCELLED, "The execution was cancelled."
    for task in running.tasks:
        result = task.last_attempt_result
        if result.status.code:
            code, message = result.exit_code, result.status.message
            name = task.name.rpartition("/")[2]
            words = f"Task {name} failed with exit code: {code} and message: {message}"
            return _Reasons.NON_ZERO_EXIT_CODE, words
    return _Reasons.EXECUTION_REASON_UNDEFINED, ""


def _end(running: Running, reason: Any, message: str) -> None:
    execution = running.execution
    condition = run_v2.Condition(type_="Completed", state=_FAILED if reason else _SUCCEEDED, message=message)
    if isinstance(reason, _Reasons):
        condition.execution_reason = reason
    else:
        condition.reason = reason
    with running.lock:
        execution.conditions = _conditions(condition)
        execution.completion_time = datetime.now(UTC)
        execution.reconciling = False
        running.ended.set()


def _conditions(completed: run_v2.Condition) -> list[run_v2.Condition]:
    others = [run_v2.Condition(type_=name, state=_SUCCEEDED) for name in ("Started", "ResourcesAvailable")]
    return [others[0], completed, run_v2.Condition(type_="Retry", state=_SUCCEEDED), others[1]]


def audit_entry(running: Running) -> dict[str, Any]:
    """The log entry with which Cloud Audit Logs tells of the end: v1 names, as in the field."""
    execution = running.execution
    _, project, _, location, _, job = execution.job.split("/")
    failed = any(c.type_ == "Completed" and c.state == _FAILED for c in execution.conditions)
    name, done, count = running.short_name, execution.succeeded_count, execution.task_count
    happened = (
        f"failed to complete, {done}/{count} tasks were a success" if failed else "completed successfully"
    )
    containers = [
        {"image": c.image, "env": [{"name": v.name, "value": v.value} for v in c.env]}
        for c in execution.template.containers
    ]
    labels = {"project_id": project, "location": location, "job_name": job}
    return {
        "insertId": name,
        "logName": f"projects/{project}/logs/cloudaudit.googleapis.com%2Fsystem_event",
        "timestamp": execution.completion_time.isoformat(),
        "severity": "ERROR" if failed else "INFO",
        "resource": {"type": "cloud_run_job", "labels": labels},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": "run.googleapis.com",
            "methodName": "/Jobs.RunJob",
            "resourceName": f"namespaces/{project}/executions/{name}",
            "status": {"message": f"Execution {name} has {happened}."}
            | ({"code": _ABORTED} if failed else {}),
            "response": {
                "metadata": {"name": name, "namespace": project, "labels": {"run.googleapis.com/job": job}},
                "spec": {"template": {"spec": {"containers": containers}}},
            },
        },
    }


def _stop(process: "subprocess.Popen[bytes]", grace_s: float) -> None:
    _signal(process, signal.SIGTERM)
    try:
        process.wait(timeout=grace_s)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """Signal the container: the process and all that it has started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):  # it ended in between
            os.killpg(process.pid, number)

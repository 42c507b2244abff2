"""A stand-in for the Cloud Run Admin API v2, over gRPC, whose executions are processes of this machine.

What is served has the paths and messages of the real client's transports; a test compares them. Mishaps are
ordered with `fail` (of a call), `lists_lag` (of what lists show), `Running.kill` (of a container), `retain`
(how many executions are remembered) and `writes_per_minute` (the quota).
"""

import itertools
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar, cast

import grpc  # type: ignore[import-untyped]  # grpcio ships no types
from google.cloud import run_v2
from google.longrunning import operations_pb2  # type: ignore[import-untyped]  # generated without types

from tests.emulators.cloud_run_execution import Entrypoint, Machine, Running, audit_entry, run, started
from tests.support.patience import HANGS_AFTER_S

LOCATION: Final = "projects/film/locations/us-central1"
_JOB_ID: Final = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_MOST_TASKS: Final = 10_000
_T = TypeVar("_T")
Method = tuple[str, Any, Any]
"""Path, request type, response type."""
METHODS: Final[tuple[Method, ...]] = (
    ("/google.cloud.run.v2.Jobs/CreateJob", run_v2.CreateJobRequest, operations_pb2.Operation),
    ("/google.cloud.run.v2.Jobs/GetJob", run_v2.GetJobRequest, run_v2.Job),
    ("/google.cloud.run.v2.Jobs/ListJobs", run_v2.ListJobsRequest, run_v2.ListJobsResponse),
    ("/google.cloud.run.v2.Jobs/UpdateJob", run_v2.UpdateJobRequest, operations_pb2.Operation),
    ("/google.cloud.run.v2.Jobs/DeleteJob", run_v2.DeleteJobRequest, operations_pb2.Operation),
    ("/google.cloud.run.v2.Jobs/RunJob", run_v2.RunJobRequest, operations_pb2.Operation),
    ("/google.cloud.run.v2.Executions/GetExecution", run_v2.GetExecutionRequest, run_v2.Execution),
    (
        "/google.cloud.run.v2.Executions/ListExecutions",
        run_v2.ListExecutionsRequest,
        run_v2.ListExecutionsResponse,
    ),
    (
        "/google.cloud.run.v2.Executions/DeleteExecution",
        run_v2.DeleteExecutionRequest,
        operations_pb2.Operation,
    ),
    (
        "/google.cloud.run.v2.Executions/CancelExecution",
        run_v2.CancelExecutionRequest,
        operations_pb2.Operation,
    ),
    ("/google.cloud.run.v2.Tasks/GetTask", run_v2.GetTaskRequest, run_v2.Task),
    ("/google.cloud.run.v2.Tasks/ListTasks", run_v2.ListTasksRequest, run_v2.ListTasksResponse),
    (
        "/google.longrunning.Operations/GetOperation",
        operations_pb2.GetOperationRequest,
        operations_pb2.Operation,
    ),
)
_WRITES: Final = frozenset(
    {"CreateJob", "UpdateJob", "DeleteJob", "RunJob", "DeleteExecution", "CancelExecution"}
)


class _Refusal(Exception):
    """Ends a call with a status."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(code, message)


@dataclass(frozen=True, kw_only=True)
class _Mishap:
    code: grpc.StatusCode
    message: str
    done: bool


class CloudRunEmulator:
    """Serves on a free port of loopback while it is entered; leaving kills what still runs."""

    def __init__(
        self,
        entrypoint: Entrypoint,
        *,
        environ: Mapping[str, str] | None = None,
        on_end: Callable[[dict[str, Any]], object] = lambda _entry: None,
        retain: int = 1000,
        writes_per_minute: int | None = None,
        most_a_page: int = 100,
        grace_s: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`entrypoint` gives the command of an image (`LookupError`: it can't be pulled); `environ` is added
        to each container's; `on_end` gets the audit log entry of each execution that ends; `retain` is how
        many ended executions of a Job are remembered."""
        self.lists_lag = 0
        """Lists from which each execution started from now on is still missing."""
        self.calls: list[str] = []
        """Names of the methods that were called."""
        self._machine = Machine(entrypoint=entrypoint, environ=dict(environ or {}), grace_s=grace_s)
        self._on_end = on_end
        self._retain = retain
        self._writes_per_minute = writes_per_minute
        self._most_a_page = most_a_page
        self._clock = clock
        self._lock = threading.RLock()
        self._jobs: dict[str, run_v2.Job] = {}
        self._executions: dict[str, Running] = {}
        self._mishaps: dict[str, deque[_Mishap]] = {}
        self._written_at: deque[float] = deque()
        self._threads: list[threading.Thread] = []
        self._server = grpc.server(ThreadPoolExecutor(max_workers=8, thread_name_prefix="cloud-run"))
        self._server.add_generic_rpc_handlers((_Handlers(self),))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        for running in list(self._executions.values()):
            running.cancel(grace_s=0.1)
        for thread in list(self._threads):
            thread.join(timeout=10)
        self._server.stop(grace=None).wait()

    def deploy(self, job: str, image: str, **facts: Any) -> str:
        """Create a Job as `gcloud run jobs replace` would; returns its full name.

        Facts: `command`, `args`, `env` (a dict), `max_retries`, `timeout`, `task_count`, `parallelism`.
        """
        variables = [run_v2.EnvVar(name=name, value=value) for name, value in facts.get("env", {}).items()]
        container = run_v2.Container(
            image=image, command=facts.get("command", []), args=facts.get("args", []), env=variables
        )
        template = run_v2.TaskTemplate(
            containers=[container], max_retries=facts.get("max_retries", 0), timeout=facts.get("timeout")
        )
        execution = run_v2.ExecutionTemplate(
            template=template,
            task_count=facts.get("task_count", 1),
            parallelism=facts.get("parallelism", 0),
        )
        name = f"{LOCATION}/jobs/{job}"
        self._jobs[name] = run_v2.Job(name=name, template=execution)
        return name

    def fail(
        self, method: str, code: grpc.StatusCode, *, done: bool = False, times: int = 1, message: str = ""
    ) -> None:
        """Let the next calls of a method end with this status; `done` when they were carried out all the
        same and only the answer is lost."""
        mishap = _Mishap(code=code, message=message or code.name.lower(), done=done)
        self._mishaps.setdefault(method, deque()).extend([mishap] * times)

    @property
    def executions(self) -> list[Running]:
        """In the order in which they were started."""
        with self._lock:
            return list(self._executions.values())

    def wait(self, within_s: float = HANGS_AFTER_S) -> None:
        """Until all executions have ended and their ends were told."""
        for thread in list(self._threads):
            thread.join(timeout=within_s)
            assert not thread.is_alive(), "an execution goes on"

    def serve(self, method: str, request: Any) -> Any:
        """Answer a call; raises `_Refusal`."""
        self.calls.append(method)
        if method in _WRITES:
            self._count_write()
        mishaps = self._mishaps.get(method)
        mishap = mishaps.popleft() if mishaps else None
        if mishap is None or mishap.done:
            answer = getattr(self, method)(request)
        if mishap:
            raise _Refusal(mishap.code, mishap.message)
        return answer

    def CreateJob(self, request: run_v2.CreateJobRequest) -> operations_pb2.Operation:
        if not _JOB_ID.fullmatch(request.job_id):
            raise _Refusal(grpc.StatusCode.INVALID_ARGUMENT, f"bad job ID {request.job_id!r}")
        name = f"{request.parent}/jobs/{request.job_id}"
        with self._lock:
            if name in self._jobs:
                raise _Refusal(grpc.StatusCode.ALREADY_EXISTS, f"Job {name} exists.")
            return self._save(name, request.job)

    def GetJob(self, request: run_v2.GetJobRequest) -> run_v2.Job:
        return _known(self._jobs, request.name)

    def ListJobs(self, request: run_v2.ListJobsRequest) -> run_v2.ListJobsResponse:
        jobs = [job for name, job in self._jobs.items() if name.startswith(f"{request.parent}/jobs/")]
        page, token = self._page(jobs, request)
        return run_v2.ListJobsResponse(jobs=page, next_page_token=token)

    def UpdateJob(self, request: run_v2.UpdateJobRequest) -> operations_pb2.Operation:
        if not request.allow_missing:
            _known(self._jobs, request.job.name)
        return self._save(request.job.name, request.job)

    def DeleteJob(self, request: run_v2.DeleteJobRequest) -> operations_pb2.Operation:
        job = _known(self._jobs, request.name)
        with self._lock:
            del self._jobs[request.name]
        return _operation(job, job)

    def RunJob(self, request: run_v2.RunJobRequest) -> operations_pb2.Operation:
        job = _known(self._jobs, request.name)
        if not 0 <= request.overrides.task_count <= _MOST_TASKS:
            raise _Refusal(grpc.StatusCode.INVALID_ARGUMENT, "overrides.task_count: must be at most 10000")
        short = f"{request.name.rpartition('/')[2]}-{secrets.token_hex(3)[:5]}"
        running = started(job, short, request.overrides, lock=self._lock, lists_to_miss=self.lists_lag)
        thread = threading.Thread(target=self._run, args=(running,), name=short, daemon=True)
        with self._lock:
            self._executions[running.execution.name] = running
            answer = _operation(running.execution)
            thread.start()
            self._threads.append(thread)
        return answer

    def GetExecution(self, request: run_v2.GetExecutionRequest) -> run_v2.Execution:
        with self._lock:
            return _copy(self._running(request.name).execution)

    def ListExecutions(self, request: run_v2.ListExecutionsRequest) -> run_v2.ListExecutionsResponse:
        _known(self._jobs, request.parent)
        with self._lock:
            mine = [known for known in self._executions.values() if known.execution.job == request.parent]
            shown = [_copy(known.execution) for known in reversed(mine) if known.lists_to_miss <= 0]
            for known in mine:
                known.lists_to_miss -= 1
        page, token = self._page(shown, request)
        return run_v2.ListExecutionsResponse(executions=page, next_page_token=token)

    def DeleteExecution(self, request: run_v2.DeleteExecutionRequest) -> operations_pb2.Operation:
        running = self._running(request.name)
        running.cancel(self._machine.grace_s)
        with self._lock:
            del self._executions[request.name]
        return _operation(running.execution)

    def CancelExecution(self, request: run_v2.CancelExecutionRequest) -> operations_pb2.Operation:
        running = self._running(request.name)
        if running.ended.is_set():
            raise _Refusal(grpc.StatusCode.FAILED_PRECONDITION, "The execution has completed already.")
        running.cancel(self._machine.grace_s)
        with self._lock:
            return _operation(running.execution)

    def GetTask(self, request: run_v2.GetTaskRequest) -> run_v2.Task:
        tasks = self._tasks(request.name.rpartition("/tasks/")[0])
        return _known({task.name: task for task in tasks}, request.name)

    def ListTasks(self, request: run_v2.ListTasksRequest) -> run_v2.ListTasksResponse:
        page, token = self._page(self._tasks(request.parent), request)
        return run_v2.ListTasksResponse(tasks=page, next_page_token=token)

    def GetOperation(self, request: operations_pb2.GetOperationRequest) -> operations_pb2.Operation:
        name = request.name.replace("/operations/", "/executions/", 1)
        with self._lock:
            running = self._running(name)
            result = running.execution if running.ended.is_set() else None
            return _operation(running.execution, result)

    def _tasks(self, execution: str) -> list[run_v2.Task]:
        with self._lock:
            return [_copy(task) for task in self._running(execution).tasks]

    def _running(self, name: str) -> Running:
        return _known(self._executions, name)

    def _save(self, name: str, job: run_v2.Job) -> operations_pb2.Operation:
        job.name = name
        with self._lock:
            self._jobs[name] = job
        return _operation(job, job)

    def _page(self, found: list[_T], request: Any) -> tuple[list[_T], str]:
        """A page of the results; its size is not more than asked for, and may be less."""
        start = int(request.page_token or 0)
        end = start + min(request.page_size or self._most_a_page, self._most_a_page)
        return found[start:end], str(end) if end < len(found) else ""

    def _run(self, running: Running) -> None:
        run(running, self._machine)
        self._forget_old(running.execution.job)
        self._on_end(audit_entry(running))

    def _forget_old(self, job: str) -> None:
        with self._lock:
            ended = [
                name
                for name, known in self._executions.items()
                if known.execution.job == job and known.ended.is_set()
            ]
            for name in itertools.islice(ended, max(0, len(ended) - self._retain)):
                del self._executions[name]

    def _count_write(self) -> None:
        if self._writes_per_minute is None:
            return
        now = self._clock()
        with self._lock:
            while self._written_at and self._written_at[0] <= now - 60:
                self._written_at.popleft()
            if len(self._written_at) >= self._writes_per_minute:
                words = "Quota exceeded for quota metric 'Write requests' of service 'run.googleapis.com'"
                raise _Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, words)
            self._written_at.append(now)


class _Handlers(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpcio ships no types
    """Leads each path to the emulator's method of that name."""

    def __init__(self, emulator: CloudRunEmulator) -> None:
        self._methods = {path: _handler(emulator, *method) for path, *method in _by_path()}

    def service(self, details: Any) -> Any:
        return self._methods.get(details.method)


def _by_path() -> list[tuple[str, str, Any, Any]]:
    return [(path, path.rpartition("/")[2], request, response) for path, request, response in METHODS]


def _handler(emulator: CloudRunEmulator, name: str, request: Any, response: Any) -> Any:
    def answer(message: Any, context: Any) -> Any:
        try:
            return emulator.serve(name, message)
        except _Refusal as refusal:
            return context.abort(*refusal.args)

    return grpc.unary_unary_rpc_method_handler(
        answer, request_deserializer=reader_of(request), response_serializer=writer_of(response)
    )


def reader_of(message: Any) -> Any:
    """Bytes to a message: proto-plus and plain protobuf name it differently."""
    return getattr(message, "deserialize", None) or message.FromString


def writer_of(message: Any) -> Any:
    return getattr(message, "serialize", None) or message.SerializeToString


def _known(found: Mapping[str, _T], name: str) -> _T:
    if name not in found:
        raise _Refusal(grpc.StatusCode.NOT_FOUND, f"Resource '{name}' was not found.")
    return found[name]


def _copy(message: _T) -> _T:
    kind: Any = type(message)
    return cast("_T", kind.deserialize(kind.serialize(message)))


def _operation(message: Any, result: Any = None) -> operations_pb2.Operation:
    """Long-running; its metadata is the resource as it is now."""
    name = message.name.replace("/executions/", "/operations/", 1)
    operation = operations_pb2.Operation(name=name, done=result is not None)
    operation.metadata.Pack(type(message).pb(message))
    if result is not None:
        operation.response.Pack(type(result).pb(result))
    return operation

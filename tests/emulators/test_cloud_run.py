"""The stand-in for Cloud Run: it serves what the real client calls, and behaves as Cloud Run does."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]  # grpcio ships no types
import pytest
from google.api_core.exceptions import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    ServiceUnavailable,
)
from google.cloud import run_v2
from google.cloud.run_v2.services.executions.transports import ExecutionsGrpcTransport
from google.cloud.run_v2.services.jobs.transports import JobsGrpcTransport
from google.cloud.run_v2.services.tasks.transports import TasksGrpcTransport

from cloudrun.platform import Clients, connect
from tests.emulators.cloud_run import LOCATION, METHODS, CloudRunEmulator, reader_of, writer_of
from tests.emulators.cloud_run_execution import Running
from tests.support.patience import until

SCRIPTS = {
    "note": 'env > "$NOTES/$CLOUD_RUN_TASK_INDEX-$CLOUD_RUN_TASK_ATTEMPT"; echo "$@" > "$NOTES/args"',
    "fail once": '[ "$CLOUD_RUN_TASK_ATTEMPT" = 1 ] || exit 3',
    "fail first task": '[ "$CLOUD_RUN_TASK_INDEX" != 0 ] || exit 4; touch "$NOTES/$CLOUD_RUN_TASK_INDEX"',
    "one at a time": 'mkdir "$NOTES/lock" || exit 9; sleep 0.02; rmdir "$NOTES/lock"',
    "wait": 'touch "$NOTES/here"; exec sleep 60',
    "wait deaf": 'trap "" TERM; touch "$NOTES/here"; while :; do sleep 0.05; done',
    "done": "exit 0",
}


def image(name: str) -> list[str]:
    return ["sh", "-c", SCRIPTS[name], "sh"]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


@pytest.fixture
def emulator(notes: Path) -> Iterator[CloudRunEmulator]:
    with CloudRunEmulator(image, environ={"NOTES": str(notes)}, grace_s=0.2) as running:
        yield running


@pytest.fixture
def clients(emulator: CloudRunEmulator) -> Clients:
    return connect(emulator.address)


def run_job(clients: Clients, job: str, **overrides: Any) -> str:
    request = run_v2.RunJobRequest(name=job, overrides=run_v2.RunJobRequest.Overrides(**overrides))
    return str(clients.jobs.run_job(request, timeout=10).metadata.name)


def completed(execution: run_v2.Execution) -> run_v2.Condition:
    return next(condition for condition in execution.conditions if condition.type_ == "Completed")


def run_to_its_end(emulator: CloudRunEmulator, image_name: str, **facts: Any) -> Running:
    run_job(connect(emulator.address), emulator.deploy("job", image_name, **facts))
    emulator.wait()
    return emulator.executions[-1]


class _Recorder:
    """Stands for a channel, to see what the real transports call."""

    def __init__(self) -> None:
        self.calls: dict[str, tuple[Any, Any]] = {}

    def unary_unary(self, path: str, **how: Any) -> None:
        self.calls[path] = (how["request_serializer"], how["response_deserializer"])


def test_every_method_has_the_path_and_the_messages_of_the_real_client() -> None:
    recorder = _Recorder()
    for kind in (JobsGrpcTransport, ExecutionsGrpcTransport, TasksGrpcTransport):
        transport: Any = kind(channel=grpc.insecure_channel("127.0.0.1:1"))
        transport._logged_channel, transport._stubs = recorder, {}
        for path, _, _ in METHODS:
            name = "".join(f"_{c.lower()}" if c.isupper() else c for c in path.rpartition("/")[2]).lstrip("_")
            getattr(transport, name, None)
    served = {path: (writer_of(request), reader_of(response)) for path, request, response in METHODS}
    assert {path: recorder.calls.get(path) for path in served} == served


def test_a_container_gets_the_variables_of_cloud_run(emulator: CloudRunEmulator, notes: Path) -> None:
    running = run_to_its_end(emulator, "note", task_count=2)
    variables = dict(line.split("=", 1) for line in (notes / "1-0").read_text().splitlines() if "=" in line)
    assert {name: value for name, value in variables.items() if name.startswith("CLOUD_RUN_")} == {
        "CLOUD_RUN_JOB": "job",
        "CLOUD_RUN_EXECUTION": running.execution.name.rpartition("/")[2],
        "CLOUD_RUN_TASK_INDEX": "1",
        "CLOUD_RUN_TASK_ATTEMPT": "0",
        "CLOUD_RUN_TASK_COUNT": "2",
    }


def test_overridden_args_replace_and_overridden_variables_are_merged(
    emulator: CloudRunEmulator, clients: Clients, notes: Path
) -> None:
    job = emulator.deploy("job", "note", args=["unset"], env={"KEPT": "1", "CHANGED": "1"})
    override = {"args": ["toy"], "env": [{"name": "CHANGED", "value": "2"}, {"name": "NEW", "value": "3"}]}
    run_job(clients, job, container_overrides=[override])
    emulator.wait()
    assert (notes / "args").read_text() == "toy\n"
    assert {"KEPT=1", "CHANGED=2", "NEW=3"} <= set((notes / "0-0").read_text().splitlines())
    run_job(clients, job)
    emulator.wait()
    assert (notes / "args").read_text() == "unset\n"


def test_a_failed_attempt_is_followed_by_the_next(emulator: CloudRunEmulator) -> None:
    running = run_to_its_end(emulator, "fail once", max_retries=3)
    assert (running.execution.succeeded_count, running.execution.retried_count) == (1, 1)
    assert (running.tasks[0].retried, running.tasks[0].last_attempt_result.exit_code) == (1, 0)


def test_all_tasks_are_tried_even_after_one_has_failed_for_good(
    emulator: CloudRunEmulator, notes: Path
) -> None:
    running = run_to_its_end(emulator, "fail first task", task_count=3, parallelism=1)
    assert sorted(path.name for path in notes.iterdir()) == ["1", "2"]
    assert (running.execution.succeeded_count, running.execution.failed_count) == (2, 1)
    assert completed(running.execution).state == run_v2.Condition.State.CONDITION_FAILED


def test_no_more_tasks_run_at_once_than_the_job_allows(emulator: CloudRunEmulator) -> None:
    running = run_to_its_end(emulator, "one at a time", task_count=3, parallelism=1)
    assert running.execution.succeeded_count == 3


def test_what_outlives_its_time_limit_is_told_and_then_killed(emulator: CloudRunEmulator) -> None:
    running = run_to_its_end(emulator, "wait deaf", timeout=timedelta(seconds=0.2))
    result = running.tasks[0].last_attempt_result
    assert (result.exit_code, result.status.message) == (0, "The configured timeout was reached.")


def test_an_image_that_is_missing_fails_the_execution_and_starts_nothing(emulator: CloudRunEmulator) -> None:
    running = run_to_its_end(emulator, "nowhere")
    assert completed(running.execution).reason == run_v2.Condition.CommonReason.CONTAINER_MISSING
    assert "last_attempt_result" not in running.tasks[0]


def test_the_last_condition_is_no_help(emulator: CloudRunEmulator, clients: Clients, notes: Path) -> None:
    name = run_job(clients, emulator.deploy("job", "wait"))
    until((notes / "here").exists)
    emulator.executions[0].kill(0)
    emulator.wait()
    last = clients.executions.get_execution(name=name).conditions[-1]
    assert (last.type_, last.state) == ("ResourcesAvailable", run_v2.Condition.State.CONDITION_SUCCEEDED)


def test_the_operation_tells_the_execution_at_once_and_its_end_in_time(
    emulator: CloudRunEmulator, clients: Clients
) -> None:
    job = emulator.deploy("job", "done")
    operation: Any = clients.jobs.run_job(name=job)
    assert operation.metadata.name.startswith(f"{job}/executions/job-")
    emulator.wait()
    assert operation.result(timeout=10).succeeded_count == 1


def test_an_execution_that_was_cancelled_says_so(
    emulator: CloudRunEmulator, clients: Clients, notes: Path
) -> None:
    name = run_job(clients, emulator.deploy("job", "wait deaf", max_retries=3, task_count=2, parallelism=1))
    until((notes / "here").exists)
    clients.executions.cancel_execution(name=name)
    emulator.wait()
    execution = clients.executions.get_execution(name=name)
    assert completed(execution).execution_reason == run_v2.Condition.ExecutionReason.CANCELLED
    assert execution.cancelled_count == 2
    with pytest.raises(FailedPrecondition):
        clients.executions.cancel_execution(name=name)


def test_an_execution_that_was_deleted_is_gone(emulator: CloudRunEmulator, clients: Clients) -> None:
    name = run_job(clients, emulator.deploy("job", "done"))
    clients.executions.delete_execution(name=name)
    with pytest.raises(NotFound):
        clients.executions.get_execution(name=name)


def test_the_end_is_told_as_audit_logs_tell_it(notes: Path) -> None:
    entries: list[dict[str, Any]] = []
    with CloudRunEmulator(image, on_end=entries.append) as emulator:
        running = run_to_its_end(emulator, "done", env={"WHO": "toy"})
        run_to_its_end(emulator, "nowhere")
    payload = entries[0]["protoPayload"]
    assert (entries[0]["severity"], payload["methodName"]) == ("INFO", "/Jobs.RunJob")
    assert payload["resourceName"].endswith(f"/executions/{running.short_name}")
    variables = payload["response"]["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "WHO", "value": "toy"} in variables
    assert (entries[1]["severity"], entries[1]["protoPayload"]["status"]["code"]) == ("ERROR", 10)


def test_executions_come_newest_first_and_in_pages() -> None:
    with CloudRunEmulator(image, most_a_page=2) as emulator:
        clients = connect(emulator.address)
        job = emulator.deploy("job", "done")
        names = [run_job(clients, job) for _ in range(5)]
        assert [found.name for found in clients.executions.list_executions(parent=job)] == names[::-1]
        assert emulator.calls.count("ListExecutions") == 3


def test_a_new_execution_may_be_late_in_lists(emulator: CloudRunEmulator, clients: Clients) -> None:
    job = emulator.deploy("job", "done")
    emulator.lists_lag = 1
    run_job(clients, job)
    found = [len(list(clients.executions.list_executions(parent=job))) for _ in range(2)]
    assert found == [0, 1]


def test_only_the_newest_executions_are_remembered() -> None:
    with CloudRunEmulator(image, retain=1) as emulator:
        clients = connect(emulator.address)
        job = emulator.deploy("job", "done")
        names = []
        for _ in range(2):
            names.append(run_job(clients, job))
            emulator.wait()
        with pytest.raises(NotFound):
            clients.executions.get_execution(name=names[0])
        assert clients.executions.get_execution(name=names[1]).succeeded_count == 1


def test_writes_beyond_the_quota_are_turned_away_until_a_minute_has_passed() -> None:
    now = [0.0]
    with CloudRunEmulator(image, writes_per_minute=1, clock=lambda: now[0]) as emulator:
        clients = connect(emulator.address)
        job = emulator.deploy("job", "done")
        run_job(clients, job)
        with pytest.raises(ResourceExhausted):
            run_job(clients, job)
        now[0] = 61.0
        run_job(clients, job)
        assert len(emulator.executions) == 2


@pytest.mark.parametrize(("done", "executions"), [(True, 1), (False, 0)])
def test_a_call_that_fails_may_have_been_carried_out(
    emulator: CloudRunEmulator, clients: Clients, done: bool, executions: int
) -> None:
    job = emulator.deploy("job", "done")
    emulator.fail("RunJob", grpc.StatusCode.UNAVAILABLE, done=done)
    with pytest.raises(ServiceUnavailable):
        run_job(clients, job)
    assert len(emulator.executions) == executions


def test_jobs_are_created_replaced_listed_and_deleted(clients: Clients) -> None:
    jobs: Any = clients.jobs
    template = {"template": {"containers": [{"image": "done"}]}}
    created = jobs.create_job(parent=LOCATION, job={"template": template}, job_id="job").result()
    assert created.name == f"{LOCATION}/jobs/job"
    with pytest.raises(AlreadyExists):
        jobs.create_job(parent=LOCATION, job={"template": template}, job_id="job")
    with pytest.raises(InvalidArgument):
        jobs.create_job(parent=LOCATION, job={"template": template}, job_id="No Job")
    created.template.task_count = 7
    jobs.update_job(job=created)
    assert jobs.get_job(name=created.name).template.task_count == 7
    assert [job.name for job in jobs.list_jobs(parent=LOCATION)] == [created.name]
    jobs.delete_job(name=created.name)
    with pytest.raises(NotFound):
        jobs.get_job(name=created.name)


def test_each_task_can_be_asked_for(emulator: CloudRunEmulator, clients: Clients) -> None:
    name = run_job(clients, emulator.deploy("job", "done"), task_count=2)
    tasks = list(clients.tasks.list_tasks(parent=name))
    assert [task.index for task in tasks] == [0, 1]
    assert clients.tasks.get_task(name=tasks[1].name).index == 1


def test_leaving_it_leaves_nothing_running(notes: Path) -> None:
    with CloudRunEmulator(image, environ={"NOTES": str(notes)}) as emulator:
        run_job(connect(emulator.address), emulator.deploy("job", "wait deaf"))
        until((notes / "here").exists)
        running = emulator.executions[0]
    assert running.ended.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name == running.short_name]

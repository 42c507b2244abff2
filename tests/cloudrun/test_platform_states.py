"""How executions on Cloud Run stand, why they ended, and how they are cancelled."""

import logging
from pathlib import Path

import grpc  # type: ignore[import-untyped]  # grpcio ships no types
import pytest

from cloudrun.platform import CloudRunPlatform
from shared.errors import PlatformBusy, PlatformError
from shared.pipelines.definition import JobDefinition
from tests.cloudrun.launches import Clock, deploy, image, launch_to_its_end, order, platform_at
from tests.emulators.cloud_run import CloudRunEmulator
from tests.support.patience import until


def test_what_has_succeeded_has_ended_without_a_reason(
    emulator: CloudRunEmulator, platform: CloudRunPlatform
) -> None:
    state = platform.state(launch_to_its_end(emulator, platform, "done"))
    assert (state.status, state.reason, state.task_reasons) == ("ended", "", {})


def test_resources_being_available_does_not_mean_that_it_has_ended(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, notes: Path
) -> None:
    deploy(emulator, "wait")
    execution = platform.launch(order())
    until((notes / "here").exists)
    assert emulator.executions[0].execution.conditions[-1].type_ == "ResourcesAvailable"
    assert platform.state(execution).status == "running"


@pytest.mark.parametrize(("code", "reason"), [("3", "exit code 3"), ("137", "signal 9")])
def test_an_exit_code_is_told(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, code: str, reason: str
) -> None:
    state = platform.state(launch_to_its_end(emulator, platform, "exit", creation_id=code))
    assert state.status == "ended"
    assert reason in state.reason
    assert state.task_reasons == {0: state.reason}


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("The configured memory limit was reached.", "memory"),
        ("Container terminated on signal 9.", "killed by signal 9"),
    ],
)
def test_a_container_that_was_killed_says_so(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, notes: Path, message: str, reason: str
) -> None:
    deploy(emulator, "wait")
    execution = platform.launch(order())
    until((notes / "here").exists)
    emulator.executions[0].kill(0, message=message)
    emulator.wait()
    assert reason in platform.state(execution).reason


def test_a_time_limit_is_told(emulator: CloudRunEmulator, platform: CloudRunPlatform) -> None:
    state = platform.state(
        launch_to_its_end(emulator, platform, "wait", definition=JobDefinition(time_limit_s=1))
    )
    assert "time limit" in state.reason


def test_an_image_that_could_not_be_pulled_is_told(
    emulator: CloudRunEmulator, platform: CloudRunPlatform
) -> None:
    state = platform.state(launch_to_its_end(emulator, platform, "nowhere"))
    assert "image could not be pulled" in state.reason
    assert "nowhere" in state.reason


def test_only_the_tasks_that_failed_have_reasons(
    emulator: CloudRunEmulator, platform: CloudRunPlatform
) -> None:
    state = platform.state(launch_to_its_end(emulator, platform, "fail second task", tasks=3))
    assert state.task_reasons == {1: "exit code 3"}


def test_an_execution_that_is_forgotten_is_unknown(notes: Path, clock: Clock) -> None:
    with CloudRunEmulator(image, retain=0) as emulator:
        platform = platform_at(emulator, clock)
        assert platform.state(launch_to_its_end(emulator, platform, "done")).status == "unknown"


@pytest.mark.parametrize(
    ("code", "status"),
    [("UNAVAILABLE", "running"), ("RESOURCE_EXHAUSTED", "running"), ("PERMISSION_DENIED", "unknown")],
)
def test_a_state_that_is_not_told_is_a_warning_and_nothing_is_taken_for_dead_while_it_may_yet_be(
    emulator: CloudRunEmulator,
    platform: CloudRunPlatform,
    caplog: pytest.LogCaptureFixture,
    code: str,
    status: str,
) -> None:
    execution = launch_to_its_end(emulator, platform, "done")
    emulator.fail("GetExecution", grpc.StatusCode[code], times=50)
    assert platform.state(execution).status == status
    warned = [record for record in caplog.records if getattr(record, "action", "") == "state_unknown"]
    assert [record.levelno for record in warned] == [logging.WARNING]


def test_without_its_tasks_an_end_is_still_told(
    emulator: CloudRunEmulator, platform: CloudRunPlatform
) -> None:
    execution = launch_to_its_end(emulator, platform, "exit", creation_id="3")
    emulator.fail("ListTasks", grpc.StatusCode.PERMISSION_DENIED)
    state = platform.state(execution)
    assert (state.status, dict(state.task_reasons)) == ("ended", {})
    assert "exit code: 3" in state.reason


@pytest.mark.parametrize("name", ["", "local|1|2", "inline|1", "narrate-toy-r1", "reelwright", "fake"])
def test_names_of_other_platforms_are_unknown_without_asking(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, name: str
) -> None:
    assert platform.state(name).status == "unknown"
    platform.cancel(name)
    assert emulator.calls == []


def test_the_name_that_the_containers_know_is_as_good(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, notes: Path
) -> None:
    execution = launch_to_its_end(emulator, platform, "note")
    variables = dict(line.split("=", 1) for line in (notes / "env").read_text().splitlines() if "=" in line)
    short = variables["CLOUD_RUN_EXECUTION"]
    assert platform.state(short) == platform.state(execution)
    assert emulator.calls.count("GetExecution") == 1


def test_a_state_is_asked_for_once_in_a_few_seconds(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, clock: Clock, notes: Path
) -> None:
    deploy(emulator, "wait")
    execution = platform.launch(order())
    for _ in range(10):
        platform.state(execution)
    assert emulator.calls.count("GetExecution") == 1
    clock.sleep(10)
    platform.state(execution)
    assert emulator.calls.count("GetExecution") == 2


def test_a_state_is_asked_for_anew_when_something_is_said_to_have_ended(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, notes: Path
) -> None:
    deploy(emulator, "wait")
    execution = platform.launch(order())
    until((notes / "here").exists)
    assert platform.state(execution).status == "running"
    emulator.executions[0].kill(0)
    emulator.wait()
    assert platform.state(execution).status == "running"
    assert platform.state(execution, ask_again=True).status == "ended"


@pytest.mark.parametrize("by_short_name", [False, True])
def test_a_cancelled_execution_stops_and_says_so(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, notes: Path, by_short_name: bool
) -> None:
    deploy(emulator, "wait", max_retries=3)
    execution = platform.launch(order())
    until((notes / "here").exists)
    assert platform.state(execution).status == "running"
    platform.cancel(emulator.executions[0].short_name if by_short_name else execution)
    emulator.wait()
    state = platform.state(execution)
    assert (state.status, state.reason) == ("ended", "it was cancelled")


def test_cancelling_what_has_ended_or_is_forgotten_is_fine(
    emulator: CloudRunEmulator, platform: CloudRunPlatform
) -> None:
    execution = launch_to_its_end(emulator, platform, "done")
    platform.cancel(execution)
    platform.cancel(f"{execution}x")
    assert platform.release(execution)


@pytest.mark.parametrize(
    ("code", "error", "calls"),
    [("PERMISSION_DENIED", PlatformError, 1), ("UNAVAILABLE", PlatformBusy, 3)],
)
def test_a_cancel_that_is_refused_is_an_error(
    emulator: CloudRunEmulator,
    platform: CloudRunPlatform,
    code: str,
    error: type[PlatformError],
    calls: int,
) -> None:
    execution = launch_to_its_end(emulator, platform, "done")
    emulator.fail("CancelExecution", grpc.StatusCode[code], times=50)
    with pytest.raises(error):
        platform.cancel(execution)
    assert emulator.calls.count("CancelExecution") == calls

"""Launching on Cloud Run: what is lost is looked up, and nothing starts twice."""

from dataclasses import replace
from pathlib import Path

import grpc  # type: ignore[import-untyped]  # grpcio ships no types
import pytest

from cloudrun.platform import CloudRunPlatform, connect, open_platform
from shared.errors import InvalidSettings, PlatformBusy, PlatformError
from shared.pipelines.definition import JobDefinition
from shared.platforms.task import CLAIM_VARIABLE, CREATION_VARIABLE
from shared.records.documents import utc_now
from shared.settings import Settings
from tests.cloudrun.launches import Clock, deploy, image, launch_to_its_end, order, platform_at
from tests.emulators.cloud_run import LOCATION, CloudRunEmulator
from tests.support.patience import until

UNANSWERED = ["UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "UNKNOWN", "CANCELLED", "ABORTED", "DATA_LOSS"]


def test_everything_that_is_missing_in_the_settings_is_named_at_once() -> None:
    with pytest.raises(InvalidSettings) as caught:
        open_platform(Settings())
    named = [problem.split()[0] for problem in caught.value.problems]
    assert named == ["GOOGLE_CLOUD_PROJECT", "CLOUD_RUN_REGION"]


def test_the_settings_lead_to_the_job_of_the_stage(emulator: CloudRunEmulator) -> None:
    job = deploy(emulator, "done", "loud-shout")
    settings = Settings(
        google_project="film", cloud_run_region="us-central1", cloud_run_emulator=emulator.address
    )
    assert open_platform(settings).launch(order()).startswith(f"{job}/executions/reelwright-loud-shout-")


def test_a_launch_hands_over_the_creation_the_claim_and_the_limits(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, notes: Path
) -> None:
    deploy(emulator, "note", args=["unset"], env={"KEPT": "1"})
    platform.launch(order(tasks=2, definition=JobDefinition(time_limit_s=77)))
    emulator.wait()
    execution = emulator.executions[0].execution
    assert (notes / "args").read_text() == "toy\n"
    variables = set((notes / "env").read_text().splitlines())
    assert {"KEPT=1", f"{CLAIM_VARIABLE}=secret", f"{CREATION_VARIABLE}=toy"} <= variables
    assert (execution.task_count, execution.template.timeout.total_seconds()) == (2, 77)


def test_a_launch_does_not_wait_for_the_end(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, notes: Path
) -> None:
    deploy(emulator, "wait")
    execution = platform.launch(order())
    until((notes / "here").exists)
    assert execution == emulator.executions[0].execution.name
    assert platform.state(execution).status == "running"


@pytest.mark.parametrize("code", UNANSWERED)
def test_a_launch_whose_answer_was_lost_starts_once(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, code: str
) -> None:
    deploy(emulator, "done")
    emulator.fail("RunJob", grpc.StatusCode[code], done=True)
    execution = platform.launch(order())
    assert [running.execution.name for running in emulator.executions] == [execution]


def test_a_launch_that_lists_show_late_starts_once(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, clock: Clock
) -> None:
    deploy(emulator, "done")
    emulator.lists_lag = 3
    emulator.fail("RunJob", grpc.StatusCode.UNAVAILABLE, done=True)
    execution = platform.launch(order())
    assert [running.execution.name for running in emulator.executions] == [execution]
    assert clock() > 0


@pytest.mark.parametrize("code", UNANSWERED)
def test_a_launch_that_started_nothing_is_sent_again(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, code: str
) -> None:
    deploy(emulator, "done")
    emulator.fail("RunJob", grpc.StatusCode[code])
    execution = platform.launch(order())
    assert [running.execution.name for running in emulator.executions] == [execution]
    first, last = emulator.calls.index("RunJob"), len(emulator.calls) - emulator.calls[::-1].index("RunJob")
    assert "ListExecutions" in emulator.calls[first:last]


def test_a_launch_that_is_never_answered_is_given_up(
    emulator: CloudRunEmulator, platform: CloudRunPlatform
) -> None:
    deploy(emulator, "done")
    emulator.fail("RunJob", grpc.StatusCode.UNAVAILABLE, times=50)
    with pytest.raises(PlatformBusy):
        platform.launch(order())
    assert emulator.calls.count("RunJob") == 3
    assert emulator.executions == []


@pytest.mark.parametrize("code", ["UNAVAILABLE", "RESOURCE_EXHAUSTED"])
def test_a_launch_that_can_not_be_looked_up_is_not_sent_again(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, code: str
) -> None:
    deploy(emulator, "done")
    emulator.fail("RunJob", grpc.StatusCode.UNAVAILABLE, done=True)
    emulator.fail("ListExecutions", grpc.StatusCode[code], times=50)
    with pytest.raises(PlatformBusy):
        platform.launch(order())
    assert emulator.calls.count("RunJob") == 1


def test_a_used_up_quota_is_waited_out(notes: Path, clock: Clock) -> None:
    with CloudRunEmulator(image, writes_per_minute=1, clock=clock) as emulator:
        platform = platform_at(emulator, clock)
        deploy(emulator, "done")
        platform.launch(order(token="first"))
        clock.sleep(30)
        platform.launch(order(token="second"))
        assert len(emulator.executions) == 2
        assert clock() >= 60


def test_a_quota_that_stays_used_up_is_busy_and_starts_nothing(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, clock: Clock
) -> None:
    deploy(emulator, "done")
    emulator.fail("RunJob", grpc.StatusCode.RESOURCE_EXHAUSTED, times=100)
    with pytest.raises(PlatformBusy):
        platform.launch(order())
    assert emulator.executions == []
    assert 30 < clock() <= 60


def test_a_job_that_is_not_there_names_the_command_that_deploys_it(platform: CloudRunPlatform) -> None:
    with pytest.raises(PlatformError) as caught:
        platform.launch(order())
    assert not isinstance(caught.value, PlatformBusy)
    command = "gcloud run jobs replace cloudrun/jobs/loud-shout.yaml --region us-central1"
    assert command in caught.value.args[2]


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("PERMISSION_DENIED", "roles/run.jobsExecutorWithOverrides"),
        ("INVALID_ARGUMENT", "cloudrun/jobs/loud-shout.yaml"),
    ],
)
def test_a_refusal_is_not_repeated_and_names_the_remedy(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, code: str, remedy: str
) -> None:
    deploy(emulator, "done")
    emulator.fail("RunJob", grpc.StatusCode[code])
    with pytest.raises(PlatformError) as caught:
        platform.launch(order())
    assert not isinstance(caught.value, PlatformBusy)
    assert remedy in caught.value.args[2]
    assert emulator.calls == ["RunJob"]


def test_an_execution_is_found_by_its_token_among_all_others(clock: Clock) -> None:
    with CloudRunEmulator(image, most_a_page=2) as emulator:
        platform = platform_at(emulator, clock)
        deploy(emulator, "done")
        launched = {token: platform.launch(order(token=token)) for token in ("a", "b", "c", "d", "e")}
        assert {token: platform.find(order(token=token)) for token in launched} == launched
        assert platform.find(order(token="f")) is None
        assert emulator.calls.count("RunJob") == 5


def test_of_two_executions_under_one_token_the_one_that_runs_is_found(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, notes: Path
) -> None:
    deploy(emulator, "wait")
    running = platform.launch(order())
    until((notes / "here").exists)
    deploy(emulator, "done")
    platform.launch(order())
    until(emulator.executions[1].ended.is_set)
    assert platform.find(order()) == running


def test_a_search_does_not_go_back_further_than_a_launch_can_lie(emulator: CloudRunEmulator) -> None:
    deploy(emulator, "done")
    platform = CloudRunPlatform(connect(emulator.address), location=LOCATION, job_prefix="reelwright")
    platform.launch(order())
    emulator.wait()
    created_at = emulator.executions[0].execution.create_time
    emulator.executions[0].execution.create_time = created_at.replace(year=utc_now().year - 1)
    assert platform.find(order()) is None


@pytest.mark.parametrize(
    ("code", "error"), [("UNAVAILABLE", PlatformBusy), ("RESOURCE_EXHAUSTED", PlatformBusy)]
)
def test_a_search_that_is_not_answered_is_no_answer(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, code: str, error: type[PlatformError]
) -> None:
    deploy(emulator, "done")
    emulator.fail("ListExecutions", grpc.StatusCode[code], times=50)
    with pytest.raises(error):
        platform.find(order())


def test_a_search_in_a_job_that_is_not_there_is_an_error(platform: CloudRunPlatform) -> None:
    with pytest.raises(PlatformError):
        platform.find(order())


def test_a_short_outage_of_a_search_goes_unnoticed(
    emulator: CloudRunEmulator, platform: CloudRunPlatform
) -> None:
    execution = launch_to_its_end(emulator, platform, "done")
    emulator.fail("ListExecutions", grpc.StatusCode.UNAVAILABLE)
    assert platform.find(order()) == execution


def test_an_order_of_another_job_is_looked_for_in_that_job(
    emulator: CloudRunEmulator, platform: CloudRunPlatform
) -> None:
    deploy(emulator, "done")
    deploy(emulator, "done", "loud-whisper")
    platform.launch(order())
    assert platform.find(replace(order(), job="loud-whisper")) is None


@pytest.mark.parametrize("code", ["PERMISSION_DENIED", "UNAUTHENTICATED"])
def test_a_launch_that_is_not_answered_and_may_not_be_looked_up_is_not_given_up(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, code: str
) -> None:
    deploy(emulator, "done")
    emulator.fail("RunJob", grpc.StatusCode.UNAVAILABLE, done=True)
    emulator.fail("ListExecutions", grpc.StatusCode[code], times=50)
    with pytest.raises(PlatformBusy):
        platform.launch(order())
    assert len(emulator.executions) == 1


def test_a_check_finds_the_jobs_that_are_deployed(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    job = deploy(emulator, "done").rpartition("/reelwright-")[2]
    platform.check([job, "missing"])
    assert [record.__dict__["action"] for record in caplog.records] == ["job_missing"]
    emulator.fail("GetJob", grpc.StatusCode.UNAVAILABLE, times=99)
    platform.check([job])


@pytest.mark.parametrize("code", ["NOT_FOUND", "PERMISSION_DENIED", "UNAUTHENTICATED"])
def test_a_place_without_jobs_or_without_access_is_a_bad_setting(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, code: str
) -> None:
    emulator.fail("GetJob", grpc.StatusCode[code], times=99)
    with pytest.raises(InvalidSettings) as caught:
        platform.check(["loud-shout"])
    assert "GOOGLE_CLOUD_PROJECT" in str(caught.value)


@pytest.mark.parametrize(
    "execution",
    [
        "projects/other/locations/us-central1/jobs/reelwright-x/executions/reelwright-x-1",
        "projects/film/locations/us-central1/jobs/theirs/executions/theirs-1",
    ],
)
def test_executions_that_are_not_of_our_jobs_are_left_alone(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, execution: str
) -> None:
    assert platform.state(execution).status == "unknown"
    platform.cancel(execution)
    assert emulator.calls == []

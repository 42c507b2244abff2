import http.client
import logging
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pytest

from codeengine.client import open_client
from codeengine.job_file import run_limit_s
from codeengine.platform import CodeEnginePlatform, open_platform, run_name
from shared.errors import InvalidSettings, PlatformBusy, PlatformError
from shared.pipelines.definition import FUSED, ExtraJob, JobDefinition
from shared.platforms import JobOrder, LaunchOrder, Platform
from shared.records.creation import Creation
from shared.records.documents import Record, load
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.file import FileStore
from tests.emulators.code_engine import API_KEY, CodeEngine
from tests.emulators.code_engine_http import Kind
from tests.emulators.code_engine_runs import Fate, wait_for
from tests.support.patience import until
from tests.support.toys import contents, fill, states, toys

TOKEN = "0123456789abcdef"
NAME = f"reelwright-toys-right-{TOKEN}"
WAITS = """
import os, time
while not os.path.exists(os.environ["GATE"]):
    time.sleep(0.01)
"""
ENDS = {"ends": "", "exits": "raise SystemExit(3)", "waits": WAITS}


class Times:
    """A clock that goes on when somebody sleeps, or when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[CodeEngine]:
    environ = {"GATE": str(tmp_path / "go")}
    with CodeEngine(
        lambda image: [sys.executable, "-S", "-c", ENDS[image]], environ=environ, most_runs=2
    ) as engine:
        engine.deploy("reelwright-toys-right", "ends")
        yield engine


@pytest.fixture
def times() -> Times:
    return Times()


@pytest.fixture
def platform(engine: CodeEngine, times: Times) -> CodeEnginePlatform:
    return make(engine, times)


def make(engine: CodeEngine, times: Times, **settings: Any) -> CodeEnginePlatform:
    known = engine.settings(**settings)
    return CodeEnginePlatform(
        open_client(known, read_timeout_s=0.3, sleep=times.sleep),
        job_prefix=known.job_prefix,
        sleep=times.sleep,
        clock=lambda: times.now_s,
    )


def order(**others: Any) -> LaunchOrder:
    facts: dict[str, Any] = {
        "pipeline": "toys",
        "stage": "right",
        "job": "toys-right",
        "definition": JobDefinition(retries=0, time_limit_s=30),
        "creation_id": "toy/1",
        "run": 1,
        "token": TOKEN,
        "tasks": 1,
    }
    return LaunchOrder(**(facts | others))


def posts(engine: CodeEngine) -> int:
    return [method for method, _ in engine.calls].count("POST")


def image(engine: CodeEngine, what: Literal["ends", "exits", "waits"]) -> None:
    engine.jobs["reelwright-toys-right"]["image_reference"] = what


def test_it_is_a_platform(platform: CodeEnginePlatform) -> None:
    contract: Platform = platform
    assert contract.name == "codeengine"


def test_every_missing_setting_is_named_at_once() -> None:
    with pytest.raises(InvalidSettings) as caught:
        open_platform(Settings())
    named = [problem.split()[0] for problem in caught.value.problems]
    assert named == ["CE_PROJECT_ID", "CE_REGION", "IBMCLOUD_API_KEY"]


@pytest.mark.parametrize(
    ("others", "url"),
    [
        ({"ce_region": "eu-gb"}, "https://api.eu-gb.codeengine.cloud.ibm.com/v2"),
        ({"code_engine_url": "https://api.private.example"}, "https://api.private.example/v2"),
        ({"ce_region": "eu-gb", "code_engine_url": "https://here.example/v2"}, "https://here.example/v2"),
    ],
)
def test_the_api_is_the_region_s_or_the_one_named(others: dict[str, Any], url: str) -> None:
    platform = open_platform(Settings(ce_project_id="p", ibm_api_key="k", **others))
    assert platform._client._open().service_url == url


def test_every_call_has_a_time_limit_and_iam_s_have_it_too() -> None:
    service = open_client(Settings(ce_project_id="p", ce_region="r", ibm_api_key="k"))._open()
    assert service.http_config["timeout"] == service.authenticator.token_manager.http_config["timeout"]
    assert all(0 < seconds <= 20 for seconds in service.http_config["timeout"])
    assert service.retry_config is None  # it would repeat every POST


def test_a_key_in_quotes_is_refused_before_it_is_used() -> None:
    with pytest.raises(InvalidSettings) as caught:
        open_platform(Settings(ce_project_id="p", ce_region="r", ibm_api_key='"k"'))
    assert [problem.split()[0] for problem in caught.value.problems] == ["IBMCLOUD_API_KEY"]


# Launching.


def test_a_launch_is_a_job_run_named_after_the_claim(
    engine: CodeEngine, platform: CodeEnginePlatform
) -> None:
    assert platform.launch(order(tasks=3, definition=JobDefinition(retries=1, time_limit_s=50))) == NAME
    assert engine.bodies == [
        {
            "name": NAME,
            "job_name": "reelwright-toys-right",
            "run_arguments": ["toy/1"],
            "run_env_variables": [
                {"type": "literal", "name": "REELWRIGHT_CLAIM", "value": TOKEN},
                {"type": "literal", "name": "REELWRIGHT_CREATION", "value": "toy/1"},
            ],
            "scale_array_spec": "0-2",
            "scale_max_execution_time": 100,
            "scale_retry_limit": 1,
        }
    ]
    assert sorted(engine.runs[NAME].indices) == [0, 1, 2]
    environ = engine.wait(NAME) and engine.runs[NAME].environments[2, 0]
    assert (environ["CE_JOBRUN"], environ["REELWRIGHT_CLAIM"]) == (NAME, TOKEN)


@pytest.mark.parametrize(("time_limit_s", "limit_s"), [(60, 180), (50_000, 86_400)])
def test_a_run_may_take_as_long_as_all_attempts_of_a_task(time_limit_s: int, limit_s: int) -> None:
    assert run_limit_s(JobDefinition(retries=2, time_limit_s=time_limit_s)) == limit_s


def test_a_long_job_name_is_cut_and_the_claim_is_not() -> None:
    name = run_name("prefix-of-24-characters-a-pipeline-with-a-very-long-name-and-a-long-stage", TOKEN)
    assert (len(name) <= 53, name.endswith(f"-{TOKEN}"), "--" in name) == (True, True, False)


def test_any_claim_makes_a_name_that_code_engine_takes(
    engine: CodeEngine, platform: CodeEnginePlatform
) -> None:
    names = [platform.launch(order(token=token)) for token in ("Not / a name", "not / a name")]
    assert sorted(engine.runs) == sorted(names)
    assert platform.find(order(token="Not / a name")) == names[0]


@pytest.mark.parametrize("kind", ["refused", "refused after", "reset", "reset after", "silent after"])
def test_a_lost_answer_is_made_up_for_and_starts_once(
    engine: CodeEngine, platform: CodeEnginePlatform, kind: Kind
) -> None:
    engine.fail(kind)
    assert platform.launch(order()) == NAME
    assert (list(engine.runs), posts(engine)) == ([NAME], 2)


def test_a_launch_again_under_the_same_claim_starts_nothing(
    engine: CodeEngine, platform: CodeEnginePlatform, times: Times
) -> None:
    assert platform.launch(order()) == platform.launch(order()) == NAME
    assert (list(engine.runs), times.slept) == ([NAME], [])


def test_a_launch_whose_every_answer_is_lost_is_found_afterwards(
    engine: CodeEngine, platform: CodeEnginePlatform, times: Times
) -> None:
    engine.fail("reset after", times=99)
    assert platform.launch(order()) == NAME
    assert list(engine.runs) == [NAME]
    assert all(0 < pause <= 10 for pause in times.slept)


def test_an_api_that_is_down_is_busy_for_now(engine: CodeEngine, platform: CodeEnginePlatform) -> None:
    for method in ("POST", "GET"):
        engine.fail("refused", method, times=99)
    with pytest.raises(PlatformBusy):
        platform.launch(order())
    assert (engine.runs, posts(engine)) == ({}, 6)


def test_a_run_of_that_name_that_is_someone_else_s_is_an_error(
    engine: CodeEngine, platform: CodeEnginePlatform
) -> None:
    engine.create_run({"name": NAME, "job_name": "reelwright-toys-right"})
    for call in (platform.launch, platform.find):
        with pytest.raises(PlatformError, match="delete it") as caught:
            call(order())
        assert not isinstance(caught.value, PlatformBusy)


def test_a_conflict_with_a_run_that_is_vanishing_is_busy_for_now(
    engine: CodeEngine, platform: CodeEnginePlatform
) -> None:
    engine.fail("refused", status=409, code="conflict", message="it is being deleted")
    with pytest.raises(PlatformBusy):
        platform.launch(order())


@pytest.mark.parametrize(
    "quota",
    [
        (403, "forbidden", "job_runs is forbidden: exceeded quota, used: {0}, limited: {0}"),
        (429, "too_many_requests", "wait"),
        (400, "quota", "The limit of {0} job runs is reached"),
        (409, "conflict", "quota"),
    ],
)
def test_a_full_project_is_busy_and_loses_no_run(
    engine: CodeEngine, platform: CodeEnginePlatform, quota: tuple[int, str, str]
) -> None:
    engine.quota_answer = quota
    names = [platform.launch(order(token=token)) for token in ("aa", "bb")]
    with pytest.raises(PlatformBusy):
        platform.launch(order(token="cc"))
    assert sorted(engine.runs) == names


def test_a_project_that_gets_room_in_time_takes_the_run(
    engine: CodeEngine, platform: CodeEnginePlatform, times: Times
) -> None:
    first = platform.launch(order(token="aa"))
    platform.launch(order(token="bb"))
    slept = platform._sleep

    def sleep(seconds: float) -> None:
        slept(seconds)
        engine.runs.pop(first, None)

    platform._sleep = sleep
    assert platform.launch(order(token="cc")) in engine.runs
    assert len(times.slept) == 1


def test_a_rate_limit_is_waited_out_as_long_as_it_says(
    engine: CodeEngine, platform: CodeEnginePlatform, times: Times
) -> None:
    engine.fail("refused", status=429, headers={"Retry-After": "7"}, times=2)
    engine.fail("refused", status=429, headers={"Retry-After": "9999"})
    platform.launch(order())
    assert times.slept == [7, 7, 20]


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (401, "IBMCLOUD_API_KEY"),
        (403, "Writer"),
        (404, "codeengine.apply"),
        (400, "said so"),
        (422, "said so"),
    ],
)
def test_a_refusal_is_an_error_with_a_remedy(
    engine: CodeEngine, platform: CodeEnginePlatform, status: int, remedy: str
) -> None:
    engine.fail("refused", status=status, message="it said so")
    with pytest.raises(PlatformError) as caught:
        platform.launch(order())
    assert not isinstance(caught.value, PlatformBusy)
    assert remedy in caught.value.args[2]
    assert "it said so" in caught.value.args[2]
    assert posts(engine) == 1


def test_a_job_that_is_not_deployed_is_named_with_the_command_that_deploys_it(
    platform: CodeEnginePlatform,
) -> None:
    with pytest.raises(PlatformError) as caught:
        platform.launch(order(stage=FUSED, job="video-generator"))
    assert "python -m codeengine.apply -f codeengine/jobs/video-generator.yaml" in caught.value.args[2]
    assert "reelwright-video-generator" in caught.value.args[2]


def test_a_wrong_key_is_an_error_and_the_next_call_is_made_at_once(
    engine: CodeEngine, platform: CodeEnginePlatform, times: Times
) -> None:
    platform._client._api_key = "another"
    for _ in range(2):
        with pytest.raises(PlatformError, match="could not be found") as caught:
            platform.launch(order())
        assert "IBMCLOUD_API_KEY" in caught.value.args[2]
    assert (engine.calls, times.slept) == ([], [])


@pytest.mark.parametrize("answer", [(503, {}), (200, {"access_token": "garbage"}), (200, {})])
def test_an_iam_that_is_out_of_order_says_nothing_about_the_key(
    engine: CodeEngine, platform: CodeEnginePlatform, answer: tuple[int, dict[str, str]]
) -> None:
    engine.iam_answer = answer
    with pytest.raises(PlatformBusy) as caught:
        platform.launch(order())
    assert "IBMCLOUD_API_KEY" not in caught.value.args[2]
    engine.iam_answer = None
    assert platform.launch(order()) == NAME


@pytest.fixture
def _traces_end() -> Iterator[None]:
    """Opened while logs are at DEBUG, the SDK has all HTTP of this process logged, and never stops that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http.client.HTTPConnection, "debuglevel", 0)
        patch.setattr(http.client, "print", print, raising=False)
        yield


@pytest.mark.usefixtures("_traces_end")
def test_the_key_is_in_no_message_and_no_log(
    engine: CodeEngine, platform: CodeEnginePlatform, caplog: pytest.LogCaptureFixture
) -> None:
    engine.fail("refused", status=401, times=9)
    engine.fail("reset", "GET", times=9)
    with pytest.raises(PlatformError) as caught, caplog.at_level(logging.DEBUG):
        platform.launch(order())
    platform.state(NAME)
    said = [str(caught.value), caplog.text]
    assert [text for text in said if API_KEY in text or any(token in text for token in engine.tokens)] == []


# Finding.


def test_only_what_was_launched_under_the_claim_is_found(
    engine: CodeEngine, platform: CodeEnginePlatform, times: Times
) -> None:
    assert platform.find(order()) is None
    platform.launch(order())
    assert make(engine, times).find(order()) == NAME
    assert platform.find(order(token="fedcba9876543210")) is None
    assert posts(engine) == 1


@pytest.mark.parametrize("status", [401, 503])
def test_what_cannot_be_known_is_an_error(
    engine: CodeEngine, platform: CodeEnginePlatform, status: int
) -> None:
    engine.fail("refused", "GET", status=status, times=99)
    with pytest.raises(PlatformError):
        platform.find(order())


# How it stands.


def test_a_run_runs_and_then_has_ended(
    engine: CodeEngine, platform: CodeEnginePlatform, times: Times, tmp_path: Path
) -> None:
    image(engine, "waits")
    platform.launch(order(tasks=2))
    assert platform.state(NAME).status == "running"
    (tmp_path / "go").touch()
    engine.wait(NAME)
    assert platform.state(NAME).status == "running"  # as it was a moment ago
    times.now_s += 6
    ended = platform.state(NAME)
    assert (ended.status, ended.reason, dict(ended.task_reasons)) == ("ended", "", {})


def test_looking_often_asks_seldom(engine: CodeEngine, platform: CodeEnginePlatform, times: Times) -> None:
    platform.launch(order())
    engine.wait(NAME)
    before = len(engine.calls)
    for _ in range(50):
        platform.state(NAME)
        times.now_s += 1
    assert len(engine.calls) - before == 1


@pytest.mark.parametrize(
    ("fate", "words"),
    [
        ("oom", "memory_mib"),
        ("evicted", "scale_ephemeral_storage_limit"),
        ("image_pull", "image_reference"),
        ("killed", "signal 9"),
    ],
)
def test_what_killed_one_task_is_said_of_it_alone(
    engine: CodeEngine, platform: CodeEnginePlatform, fate: Fate, words: str
) -> None:
    engine.strike(fate, index=1)
    platform.launch(order(tasks=3))
    engine.wait(NAME)
    state = platform.state(NAME)
    assert state.status == "ended"
    assert list(state.task_reasons) == [1]
    assert words in state.task_reasons[1]
    assert state.reason == state.task_reasons[1]


def test_a_task_that_a_retry_mended_has_no_reason(engine: CodeEngine, platform: CodeEnginePlatform) -> None:
    engine.strike("oom", attempts=1)
    platform.launch(order(definition=JobDefinition(retries=1)))
    assert engine.wait(NAME)["status_details"]["indices_details"]["0"]["last_failure_reason"] == "OOMKilled"
    state = platform.state(NAME)
    assert (state.status, state.reason, dict(state.task_reasons)) == ("ended", "", {})


def test_an_exit_code_and_the_time_limit_are_said(
    engine: CodeEngine, platform: CodeEnginePlatform, times: Times
) -> None:
    image(engine, "exits")
    platform.launch(order())
    engine.wait(NAME)
    assert platform.state(NAME).task_reasons == {0: "exit code 3"}
    engine.strike("image_pull_hangs")
    late = platform.launch(order(token="aa", definition=JobDefinition(retries=0, time_limit_s=1)))
    engine.wait(late)
    assert "time_limit_s" in platform.state(late).task_reasons[0]


@pytest.mark.parametrize(
    "execution", ["", "local|1|2", "projects/p/locations/r/jobs/j/executions/e", "other-run"]
)
def test_names_of_other_platforms_are_not_asked_for(
    engine: CodeEngine, platform: CodeEnginePlatform, execution: str
) -> None:
    assert platform.state(execution).status == "unknown"
    platform.cancel(execution)
    assert platform.release(execution)
    assert engine.calls == []


def test_a_run_that_was_forgotten_is_unknown(engine: CodeEngine, platform: CodeEnginePlatform) -> None:
    platform.launch(order())
    engine.wait(NAME)
    engine.forget(NAME)
    assert platform.state(NAME).status == "unknown"


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [("refused", 503, "running"), ("reset", 0, "running"), ("refused", 403, "unknown")],
)
def test_a_state_that_is_not_told_is_a_warning_and_nothing_is_taken_for_dead_while_it_may_yet_be(
    engine: CodeEngine,
    platform: CodeEnginePlatform,
    caplog: pytest.LogCaptureFixture,
    kind: Kind,
    code: int,
    status: str,
) -> None:
    platform.launch(order())
    engine.fail(kind, "GET", times=99, status=code)
    with caplog.at_level(logging.WARNING):
        assert platform.state(NAME).status == status
    assert [record.__dict__["action"] for record in caplog.records] == ["state_unknown"]


def test_reads_are_repeated(engine: CodeEngine, platform: CodeEnginePlatform) -> None:
    platform.launch(order())
    engine.fail("reset", "GET")
    engine.fail("refused", "GET", status=429)
    engine.fail("silent after", "GET")
    engine.wait(NAME)
    assert platform.state(NAME).status == "ended"


# Ending.


def test_cancelling_stops_the_containers_and_can_be_done_twice(
    engine: CodeEngine, platform: CodeEnginePlatform
) -> None:
    image(engine, "waits")
    platform.launch(order())
    run = engine.runs[NAME]
    wait_for(lambda: bool(run.processes))
    platform.state(NAME)
    platform.cancel(NAME)
    platform.cancel(NAME)
    wait_for(run.ended.is_set)
    assert (engine.runs, platform.state(NAME).status) == ({}, "unknown")


def test_a_cancel_whose_answer_was_lost_is_repeated(engine: CodeEngine, platform: CodeEnginePlatform) -> None:
    platform.launch(order())
    engine.fail("reset after", "DELETE")
    platform.cancel(NAME)
    assert engine.runs == {}


def test_a_cancel_that_is_refused_is_an_error(engine: CodeEngine, platform: CodeEnginePlatform) -> None:
    platform.launch(order())
    engine.fail("refused", "DELETE", status=403)
    with pytest.raises(PlatformError, match="Writer"):
        platform.cancel(NAME)


def test_only_a_run_that_has_ended_is_released(
    engine: CodeEngine, platform: CodeEnginePlatform, tmp_path: Path
) -> None:
    image(engine, "waits")
    platform.launch(order())
    assert not platform.release(NAME)
    assert list(engine.runs) == [NAME]
    (tmp_path / "go").touch()
    engine.wait(NAME)
    assert platform.release(NAME)
    assert engine.runs == {}
    assert platform.release(NAME)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_release_that_fails_is_left_for_later(
    engine: CodeEngine, platform: CodeEnginePlatform, method: str
) -> None:
    platform.launch(order())
    engine.wait(NAME)
    engine.fail("refused", method, times=4)
    assert not platform.release(NAME)
    assert platform.release(NAME)
    assert engine.runs == {}


# All of it, with the real entrypoints.


def test_a_pipeline_runs_on_code_engine_from_start_to_end(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    fill(store)

    def command(image: str) -> list[str]:
        return [sys.executable, "-m", "tests.support.toys", image]

    with CodeEngine(command, environ={"STORE_URL": f"file://{tmp_path}", "HEARTBEAT_S": "30"}) as engine:
        for stage, job in toys().jobs.items():
            engine.deploy(f"reelwright-{job}", stage)
        engine.strike("oom", index=2, attempts=1)
        engine.fail("reset after")
        times = Times()
        platform = CodeEnginePlatform(
            open_client(engine.settings(), read_timeout_s=0.3, sleep=times.sleep),
            job_prefix="reelwright",
            sleep=times.sleep,
            clock=count(0, 10).__next__,  # nothing is remembered
        )
        trigger = Trigger(store, platform, {"toys": toys()}, stale_after_s=90)
        trigger.start("toys", "toy")
        until(lambda: trigger.advance("toy").status != "pending")
        status = trigger.status("toy")
        assert (status.status, status.error) == ("completed", "")
        assert set(states(status).values()) == {"success"}
        record, _ = load(Creation(store, "toy"), "stages/right/2.json", Record)
        assert record is not None
        assert (record.attempt, record.execution in [body["name"] for body in engine.bodies]) == (1, True)
        assert len(engine.bodies) == 5
    assert contents(store)["toy/assets/last.txt"].startswith(b"eno-owt")


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_after_a_lost_answer_says_nothing_of_what_the_first_try_started(
    engine: CodeEngine, platform: CodeEnginePlatform, status: int
) -> None:
    engine.fail("reset after")
    engine.fail("refused", status=status)
    assert platform.launch(order()) == NAME
    assert list(engine.runs) == [NAME]


def test_a_launch_that_is_not_answered_and_may_not_be_looked_up_is_not_given_up(
    engine: CodeEngine, platform: CodeEnginePlatform
) -> None:
    engine.fail("reset after", times=99)
    engine.fail("refused", "GET", status=403, times=99)
    with pytest.raises(PlatformBusy):
        platform.launch(order())


def test_a_check_finds_the_jobs_that_are_deployed(
    engine: CodeEngine, platform: CodeEnginePlatform, caplog: pytest.LogCaptureFixture
) -> None:
    job = order().job
    with caplog.at_level(logging.WARNING):
        platform.check([job, "missing"])
    assert [record.__dict__["action"] for record in caplog.records] == ["job_missing"]
    engine.fail("refused", "GET", path="/jobs", times=99)
    platform.check([job])


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_place_without_jobs_or_without_access_is_a_bad_setting(
    engine: CodeEngine, platform: CodeEnginePlatform, status: int
) -> None:
    engine.fail("refused", "GET", path="/jobs", status=status, times=99)
    with pytest.raises(InvalidSettings) as caught:
        platform.check(["loud-shout"])
    assert "CE_PROJECT_ID" in str(caught.value)


def job_order(**others: Any) -> JobOrder:
    job = ExtraJob(module="fold", description="Folds.", retries=2, time_limit_s=300)
    facts: dict[str, Any] = {
        "pipeline": "toys",
        "job": "fold-paper",
        "definition": job,
        "creation_id": "toy/1",
        "token": TOKEN,
        "environ": {"PAPER": "A4"},
    }
    return JobOrder(**(facts | others))


def test_a_job_that_is_no_stage_has_its_own_name_and_limits(
    engine: CodeEngine, platform: CodeEnginePlatform
) -> None:
    engine.deploy("fold-paper", "ends", scale_retry_limit=0)
    name = platform.start_job(job_order())
    assert name == f"reelwright-fold-paper-{TOKEN}"
    (body,) = engine.bodies
    assert (body["job_name"], body["scale_max_execution_time"], body["scale_retry_limit"]) == (
        "fold-paper",
        300,
        2,
    )
    engine.wait(name)
    assert engine.runs[name].environments[0, 0]["PAPER"] == "A4"
    assert (platform.state(name, ask_again=True).status, platform.release(name)) == ("ended", True)


def test_the_same_start_twice_is_one_run(engine: CodeEngine, platform: CodeEnginePlatform) -> None:
    engine.deploy("fold-paper", "waits")
    assert platform.start_job(job_order()) == platform.start_job(job_order())
    assert len(engine.runs) == 1


def test_a_job_that_is_not_deployed_says_how_to_deploy_it(platform: CodeEnginePlatform) -> None:
    with pytest.raises(PlatformError, match=r"apply -f codeengine/fold-paper\.yaml"):
        platform.start_job(job_order())

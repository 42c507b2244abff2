"""The job that composes: what it reads, writes and publishes, and what its record says."""

import json
from pathlib import Path
from typing import Any

import pytest

from jobs.presenter.compose_job import main
from jobs.presenter.draft import Composed
from jobs.presenter.messages.video_job import read_message
from jobs.presenter.talk import Talk
from shared.errors import ProviderBusy, ProviderDenied
from shared.preparing.record import Preparation, load_preparation
from shared.providers.account import Account
from shared.records.creation import Creation
from shared.settings import Settings
from shared.storage import open_store
from tests.support.brokers import MemoryBroker, quick_talk

SENT = {"text": "Hello there.", "avatarId": "Ada", "voice": "ada", "campaign": 7}


class Job:
    """The job over a store on disk, as a platform starts it."""

    def __init__(self, folder: Path) -> None:
        self.environ = {"STORE_URL": folder.as_uri(), "KAFKA_BROKERS": "b:9092", "KAFKA_TIMEOUT_S": "0.01"}
        self.broker = MemoryBroker()
        self.composed = 0
        self.fails: list[Exception] = []

    def __call__(self, payload: object = None, **environ: str) -> int:
        sent = {} if payload is None else {"INPUT_PAYLOAD": json.dumps(payload)}
        return main(
            {**self.environ, **sent, **environ}, composer=self.compose, open_broker=lambda _: self.broker
        )

    def compose(self, talk: Talk, settings: Settings, account: Account) -> Composed:
        self.composed += 1
        if self.fails:
            raise self.fails.pop(0)
        return quick_talk(talk, settings, account)

    def creation(self, job_id: str = "talk") -> Creation:
        return Creation(open_store(self.environ["STORE_URL"]), job_id)

    def record(self, job_id: str = "talk") -> Preparation:
        found, _ = load_preparation(self.creation(job_id))
        assert found
        return found


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def attempt(number: int) -> dict[str, str]:
    return {
        "CE_JOBRUN": "run-1",
        "JOB_INDEX": "0",
        "JOB_INDEX_RETRY_COUNT": str(number),
        "JOB_RETRY_LIMIT": "2",
    }


def test_it_composes_and_publishes_one_message_with_every_key(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    assert job({"jobId": "talk", **SENT}) == 0
    assert json.loads(capsys.readouterr().out) == {"jobId": "talk"}
    ((key, value),) = (each for log in job.broker.logs for each in log)
    message = json.loads(value)
    assert (key, message["jobId"], message["schemaVersion"]) == ("talk", "talk", 1)
    assert {name: message[name] for name in ("text", "avatar", "voice", "campaign")} == {
        "text": "Hello there.", "avatar": "Ada", "voice": "ada", "campaign": 7,
    }  # fmt: skip
    assert job.creation().read("assets/script.txt")[0].decode() == message["script"] == "Hello there."
    slides = json.loads(job.creation().read("assets/slides.json")[0])["slides"]
    assert slides == message["slides"]
    assert read_message(value).job_id == "talk"
    assert (job.record().state, job.record().message) == ("sent", "waits on videoJob for a renderer")


def test_another_attempt_does_nothing_again(job: Job) -> None:
    assert [job({"jobId": "talk", **SENT}), job({"jobId": "talk"})] == [0, 0]
    assert (job.composed, job.broker.keys) == (1, ["talk"])


def test_without_kafka_the_message_lies_in_the_store_and_the_log_says_so(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    assert job({"jobId": "talk", **SENT}, KAFKA_BROKERS="") == 0
    assert "KAFKA_BROKERS is unset: the message lies in the store as talk/claims/" in capsys.readouterr().err
    assert (job.record().state, job.broker.keys) == ("ready", [])


def test_attempts_of_one_job_run_without_an_id_share_one(job: Job) -> None:
    job.fails = [ProviderBusy("claude", "overloaded")]
    assert [job(SENT, **attempt(0)), job(SENT, **attempt(1))] == [1, 0]
    assert len(job.broker.keys) == 1
    assert job(SENT, **{**attempt(0), "CE_JOBRUN": "run-2"}) == 0
    assert len(set(job.broker.keys)) == 2


@pytest.mark.logs_errors
def test_it_has_failed_when_its_last_attempt_has(job: Job) -> None:
    job.fails = [ProviderBusy("claude", "overloaded")] * 3
    said = []
    for number in range(3):
        assert job({"jobId": "talk", **SENT}, **attempt(number)) == 1
        said.append((job.record().state, job.record().attempt))
    assert said == [("working", 0), ("working", 1), ("failed", 2)]
    assert job.record().error == "claude: overloaded"


@pytest.mark.logs_errors
def test_what_no_attempt_can_do_has_failed_at_once_and_a_new_job_may_try_again(job: Job) -> None:
    job.fails = [ProviderDenied("claude", "the key is wrong")]
    assert [job({"jobId": "talk", **SENT}, **attempt(number)) for number in (0, 1)] == [2, 2]
    assert (job.record().state, job.composed) == ("failed", 1)
    assert job({"jobId": "talk"}, **attempt(0)) == 0
    assert (job.record().state, job.broker.keys) == ("sent", ["talk"])


@pytest.mark.logs_errors
def test_a_broker_that_stays_down_fails_and_the_next_run_sends_without_composing_again(job: Job) -> None:
    job.broker.is_down = True
    assert job({"jobId": "talk", **SENT}) == 1
    assert "KAFKA_TIMEOUT_S" in job.record().error
    job.broker.is_down = False
    assert job({"jobId": "talk"}) == 0
    assert (job.composed, job.broker.keys) == (1, ["talk"])


@pytest.mark.logs_errors
@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (None, "INPUT_PAYLOAD is unset"),
        ([1], "must be a JSON object"),
        ({"jobId": 7, **SENT}, "jobId: must be text"),
        ({"jobId": "../x", **SENT}, "creation ID '../x'"),
        ({"jobId": "talk"}, "was never posted"),
        ({"jobId": "talk", "avatar": "Ada"}, "text: is missing"),
    ],
)
def test_a_payload_that_can_not_be_used_is_a_bad_request(
    job: Job, payload: Any, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert job(payload) == 2
    assert said in capsys.readouterr().err


@pytest.mark.logs_errors
def test_an_id_that_another_request_has_is_refused(job: Job) -> None:
    assert [job({"jobId": "talk", **SENT}), job({"jobId": "talk", "text": "Something else."})] == [0, 2]
    assert job.broker.keys == ["talk"]

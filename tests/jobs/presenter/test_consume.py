"""The consumer: one message, one run; nothing lost and nothing twice wherever it is killed."""

import base64
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from jobs.presenter import PIPELINE_FILE
from jobs.presenter.compose_job import ComposeJob
from jobs.presenter.consume import keep_message, main, take_one
from jobs.presenter.draft import composed_before
from jobs.presenter.messages.broker import BrokerFailed
from jobs.presenter.messages.waiting import StoreInbox
from jobs.presenter.talk import read_talk
from shared.errors import BadRequest, Stopped
from shared.pipelines.definition import load_pipeline
from shared.preparing.posting import post
from shared.preparing.record import load_preparation
from shared.records.creation import Creation
from shared.records.documents import load_request
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ObjectStore, open_store
from shared.storage.memory import MemoryStore
from tests.support.brokers import Killed, MemoryBroker, MemoryInbox, quick_talk
from tests.support.toys import FakePlatform, When, watched

PIPELINE = load_pipeline(PIPELINE_FILE)
AT = "2026-01-01T00:00:00Z"
WITH_KAFKA = Settings(kafka_brokers="b:9092", kafka_timeout_s=0.01)
FOREIGN: dict[str, Any] = {
    "schemaVersion": 1, "jobId": "far", "avatar": "assets/avatar.png", "script": "Hi.", "theme": "ink",
    "slides": [{"title": "All", "notes": "Hi."}],
}  # fmt: skip
"""A message of another sender than ours."""


def compose(store: ObjectStore, broker: MemoryBroker, job_id: str, settings: Settings = WITH_KAFKA) -> None:
    job = ComposeJob(settings, composer=quick_talk, open_broker=lambda _: broker)
    job.run(Creation(store, job_id), {"jobId": job_id, "text": f"This is {job_id}."})


def trigger_of(store: ObjectStore, platform: FakePlatform | None = None) -> Trigger:
    return Trigger(store, platform or FakePlatform("running"), {"presenter": PIPELINE})


def consume(store: ObjectStore, broker: MemoryBroker) -> str | None:
    return take_one(trigger_of(store), PIPELINE, MemoryInbox(broker), 0)


def lag(broker: MemoryBroker) -> int:
    return sum(map(len, broker.logs)) - sum(broker.committed)


def run_of(store: ObjectStore, job_id: str) -> int:
    request, _ = load_request(Creation(store, job_id))
    return request.run if request else 0


def test_it_takes_one_message_and_starts_its_run() -> None:
    store, broker = MemoryStore(), MemoryBroker()
    for job_id in ("a", "b"):
        compose(store, broker, job_id)
    first = consume(store, broker)
    assert (first in ("a", "b"), lag(broker)) == (True, 1)
    assert {first, consume(store, broker)} == {"a", "b"}
    assert (consume(store, broker), lag(broker)) == (None, 0)
    assert [run_of(store, job_id) for job_id in ("a", "b")] == [1, 1]


def test_a_duplicate_is_skipped_and_committed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    store, broker = MemoryStore(), MemoryBroker()
    compose(store, broker, "a")
    broker.append("a", next(value for log in broker.logs for _, value in log))
    assert [consume(store, broker), consume(store, broker)] == ["a", None]
    assert (lag(broker), run_of(store, "a")) == (0, 1)
    assert "a has begun, and its message is committed" in caplog.text
    assert "a is a duplicate" in caplog.text


@pytest.mark.parametrize(
    "value", [b"", b"{", b'{"schemaVersion": 9}', b'{"schemaVersion": 1, "jobId": "a/assets"}']
)
def test_a_poison_message_goes_to_the_dead_letters_and_does_not_block(value: bytes) -> None:
    store, broker = MemoryStore(), MemoryBroker()
    broker.append("x", value)
    assert consume(store, broker) is None
    ((buried, reason),) = broker.dead
    assert (buried, bool(reason), lag(broker)) == (value, True, 0)


def test_a_message_for_somebody_elses_creation_is_poison() -> None:
    store, broker = MemoryStore(), MemoryBroker()
    compose(store, broker, "a")
    request = {"pipeline": "story", "requested_at": AT, "created_at": AT}
    Creation(store, "a").write("request.json", json.dumps(request).encode())
    assert consume(store, broker) is None
    assert "belongs to pipeline 'story'" in broker.dead[0][1]


def test_dead_letters_that_can_not_be_written_leave_the_message_where_it_is() -> None:
    store, broker = MemoryStore(), MemoryBroker()
    broker.append("x", b"{")

    def fail(when: When, name: str) -> None:
        if name == "bury":
            raise BrokerFailed(name, "no such topic")

    broker.on_call = fail
    with pytest.raises(BrokerFailed):
        consume(store, broker)
    assert lag(broker) == 1


@pytest.mark.parametrize("is_ours", [True, False])
def test_a_consumer_that_ends_anywhere_loses_nothing_and_starts_nothing_twice(is_ours: bool) -> None:
    """By SIGKILL, or by SIGTERM, which raises `Stopped`; each at every other call."""
    at, was_reached = 0, True
    while was_reached:
        at += 1
        store, broker = MemoryStore(), MemoryBroker()
        if is_ours:
            compose(store, broker, "far")
        else:
            broker.append("far", json.dumps(FOREIGN).encode())
        was_reached = consume_ended(at, store, broker, Killed if at % 2 else Stopped)
        consume(store, broker)
        assert (lag(broker), run_of(store, "far"), broker.dead) == (0, 1, []), at
        creation = Creation(store, "far")
        talk = read_talk(creation, {})
        assert (composed_before(creation, talk) is not None, talk.options.theme) == (
            True, "paper" if is_ours else "ink",
        )  # fmt: skip
    assert at > 20


def consume_ended(at: int, store: MemoryStore, broker: MemoryBroker, death: type[BaseException]) -> bool:
    """Whether the nth call of store or broker, before or after it, was reached, and ended the consumer."""
    calls = 0

    def hook(*_: object) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise death("SIGTERM")

    broker.on_call = hook
    with suppress(death):
        take_one(trigger_of(watched(store, hook)), PIPELINE, MemoryInbox(broker), 0)
    broker.on_call = lambda _when, _name: None
    return calls >= at


def test_a_message_from_elsewhere_becomes_a_creation() -> None:
    store, broker = MemoryStore(), MemoryBroker()
    broker.append("far", json.dumps(FOREIGN).encode())
    assert consume(store, broker) == "far"
    creation = Creation(store, "far")
    assert creation.read("assets/talk.md")[0] == b"Hi."
    composed = composed_before(creation, read_talk(creation, {}))
    assert composed
    assert (composed.script, [slide.title for slide in composed.slides.slides]) == ("Hi.", ["All"])


def kept(store: ObjectStore, message: Any, creation_id: str = "far") -> None:
    keep_message(Creation(store, creation_id), PIPELINE, base64.b64encode(json.dumps(message).encode()))


def test_a_workflow_keeps_its_message_before_it_renders() -> None:
    store = MemoryStore()
    kept(store, FOREIGN)
    kept(store, {**FOREIGN, "script": "It came twice."})
    creation = Creation(store, "far")
    composed = composed_before(creation, read_talk(creation, {}))
    assert composed
    assert (composed.script, run_of(store, "far")) == ("Hi.", 0)


@pytest.mark.parametrize(
    ("changes", "creation_id", "said"),
    [
        ({}, "near", "the message is for 'far', and not for 'near'"),
        ({"schemaVersion": 2}, "far", "schemaVersion 2 is unknown"),
        ({"slides": []}, "far", "slides"),
    ],
)
def test_a_workflow_refuses_what_can_not_be_rendered(
    changes: dict[str, Any], creation_id: str, said: str
) -> None:
    store = MemoryStore()
    with pytest.raises(BadRequest, match=said):
        kept(store, {**FOREIGN, **changes}, creation_id)
    assert list(store.list("")) == []


def test_a_workflow_does_not_touch_a_creation_of_another_pipeline() -> None:
    store = MemoryStore()
    request = {"pipeline": "story", "requested_at": AT, "created_at": AT}
    Creation(store, "far").write("request.json", json.dumps(request).encode())
    with pytest.raises(BadRequest, match="belongs to pipeline 'story'"):
        kept(store, FOREIGN)


@pytest.mark.logs_errors
def test_a_message_file_that_is_not_base64_is_a_bad_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "message").write_text('{"jobId": "far"}')
    environ = {"STORE_URL": (tmp_path / "store").as_uri()}
    assert main(["--keep", str(tmp_path / "message"), "--", "far"], environ) == 2
    assert "not base64" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--keep", str(tmp_path / "message")], environ)


def test_without_a_broker_messages_wait_in_the_store() -> None:
    store, broker = MemoryStore(), MemoryBroker()
    assert StoreInbox(store).take(0) is None
    for job_id in ("a", "b"):
        compose(store, broker, job_id, Settings())
    post(Creation(store, "c"), PIPELINE, "orchestrate-service", {"text": "Not composed yet."})
    taken = [take_one(trigger_of(store), PIPELINE, StoreInbox(store), 0) for _ in range(3)]
    assert taken == ["a", "b", None]


def test_a_poison_message_in_the_store_is_that_creations_failure() -> None:
    store, broker = MemoryStore(), MemoryBroker()
    compose(store, broker, "a", Settings())
    Creation(store, "a").write("claims/message.json", b"{")
    assert take_one(trigger_of(store), PIPELINE, StoreInbox(store), 0) is None
    found, _ = load_preparation(Creation(store, "a"))
    assert found
    assert (found.state, "not JSON" in found.error) == ("failed", True)


def test_nothing_to_do_is_no_failure_and_another_platform_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {"STORE_URL": tmp_path.as_uri()}
    assert main(["--wait-s", "0"], environ) == 0
    assert "KAFKA_BROKERS is unset" in capsys.readouterr().err
    assert list(open_store(environ["STORE_URL"]).list("")) == []


@pytest.mark.logs_errors
def test_a_consumer_renders_in_its_own_container(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], {"STORE_URL": tmp_path.as_uri(), "PLATFORM": "codeengine"}) == 2
    assert "renders in its own container" in capsys.readouterr().err


def test_runs_of_other_pipelines_in_the_store_are_none_of_its_business(tmp_path: Path) -> None:
    environ = {"STORE_URL": tmp_path.as_uri()}
    creation = Creation(open_store(environ["STORE_URL"]), "tale")
    creation.mark(1)
    request = {"pipeline": "story", "requested_at": AT, "created_at": AT}
    creation.write("request.json", json.dumps(request).encode())
    assert main(["--wait-s", "0"], environ) == 0  # and logs no error

"""Events as the clouds send them, over a real trigger and the toy pipeline."""

import asyncio
import base64
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from shared.api.app import create_app
from shared.api.routes.events import MAX_EVENT_BYTES
from shared.errors import StoreError
from shared.records.creation import Creation
from shared.records.documents import Record, save
from shared.records.names import record_name
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ObjectStore
from shared.storage.memory import MemoryStore
from tests.support.api import TOKEN
from tests.support.client import TestClient, local_client
from tests.support.toys import FakePlatform, at_once, failing, fill, toys, watched

BUCKET = "films"
GOOGLE = "google.cloud.storage.object.v1.finalized"
IBM = "com.ibm.cloud.cos.document.write"
AUDIT = "google.cloud.audit.log.v1.written"
MESSAGE = "google.cloud.pubsub.topic.v1.messagePublished"
PING = "dev.knative.sources.ping"
FIRST = "toy/stages/first.json"
Event = tuple[dict[str, str], bytes]


def binary(kind: str, data: object, **attributes: str) -> Event:
    found = {"specversion": "1.0", "id": "1", "source": "//test", "type": kind, **attributes}
    headers = {f"ce-{name}": quote(value, safe="/:", errors="replace") for name, value in found.items()}
    return headers | {"content-type": "application/json"}, json.dumps(data).encode()


def structured(kind: str, data: object, **attributes: str) -> Event:
    found = {"specversion": "1.0", "id": "1", "source": "//test", "type": kind, **attributes}
    headers = {"content-type": "application/cloudevents+json; charset=utf-8"}
    return headers, json.dumps(found | {"data": data}).encode()


def finalized(key: str = FIRST, bucket: str = BUCKET, mode: Callable[..., Event] = binary) -> Event:
    data = {"bucket": bucket, "name": key, "generation": "1", "contentType": "application/json"}
    source = f"//storage.googleapis.com/projects/_/buckets/{bucket}"
    return mode(GOOGLE, data, subject=f"objects/{key}", source=source, time="2025-10-30T12:00:00Z")


def written(key: str = FIRST, bucket: str = BUCKET, mode: Callable[..., Event] = binary) -> Event:
    notification = {"bucket_name": bucket, "object_name": key, "event_type": "Object:Write"}
    data = {"bucket": bucket, "endpoint": "", "key": key, "operation": "Object:Write"}
    return mode(IBM, data | {"notification": notification}, subject=key)


def entry(
    *containers: object, method: str = "/Jobs.RunJob", resource: str = "cloud_run_job"
) -> dict[str, Any]:
    task = {"spec": {"template": {"spec": {"containers": list(containers)}}}}
    return {
        "resource": {"type": resource, "labels": {"job_name": "reelwright-toys-first"}},
        "protoPayload": {"methodName": method, "status": {"code": 10}, "response": task},
        "severity": "ERROR",
    }


def container(*args: str, **env: str) -> dict[str, Any]:
    secret = {"name": "API_KEY", "valueFrom": {"secretKeyRef": {"name": "key", "key": "latest"}}}
    return {"args": list(args), "env": [secret, *({"name": n, "value": v} for n, v in env.items())]}


def message(data: object) -> dict[str, Any]:
    encoded = base64.b64encode(json.dumps(data).encode()).decode()
    return {"message": {"data": encoded, "messageId": "1"}, "subscription": "projects/p/subscriptions/s"}


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(f"gs://{BUCKET}")


@pytest.fixture
def toy_platform() -> FakePlatform:
    return FakePlatform("running")


@pytest.fixture
def toy(store: MemoryStore, toy_platform: FakePlatform) -> Creation:
    """A creation whose first stage was launched."""
    creation = fill(store)
    Trigger(store, toy_platform, {"toys": toys()}).start("toys", "toy")
    return creation


@pytest.fixture
def send(store: MemoryStore, toy_platform: FakePlatform) -> Callable[[Event], int]:
    return sender(store, toy_platform)


def sender(store: ObjectStore, platform: FakePlatform) -> Callable[[Event], int]:
    client = client_of(store, platform)
    return lambda event: client.post("/events", headers=event[0], content=event[1]).status_code


def client_of(store: ObjectStore, platform: FakePlatform, settings: Settings | None = None) -> TestClient:
    trigger = Trigger(store, platform, {"toys": toys()})
    return local_client(create_app(trigger, settings=settings or Settings()))


def leave(creation: Creation, stage: str, status: str = "success", index: int | None = None) -> None:
    """A record as the stage's box would leave it."""
    now = datetime.now(UTC)
    record = Record.model_validate(
        {
            "pipeline": "toys",
            "stage": stage,
            "index": index or 0,
            "run": 1,
            "owner": "test",
            "status": status,
            "started_at": now,
            "heartbeat_at": now,
            "completed_at": None if status == "running" else now,
            "metadata": {"items": 5},
        }
    )
    save(creation, record_name(stage, index), record, expect=None)


def launched(platform: FakePlatform) -> list[str]:
    return [order.stage for order in platform.orders]


@pytest.mark.parametrize("mode", [binary, structured])
@pytest.mark.parametrize("event", [finalized, written])
def test_a_finished_record_chains_the_next_stages(
    send: Callable[[Event], int], toy: Creation, toy_platform: FakePlatform, event: Any, mode: Any
) -> None:
    leave(toy, "first")
    assert send(event(mode=mode)) == 204
    assert launched(toy_platform) == ["first", "left", "right", "extra"]
    assert toy_platform.orders[2].tasks == 3


def test_the_last_task_of_a_fan_out_chains_the_next_stage(
    send: Callable[[Event], int], toy: Creation, toy_platform: FakePlatform
) -> None:
    leave(toy, "first")
    send(finalized())
    leave(toy, "left")
    for index in range(3):
        assert "last" not in launched(toy_platform)
        leave(toy, "right", index=index)
        assert send(finalized(f"toy/stages/right/{index}.json")) == 204
    assert launched(toy_platform).count("last") == 1


def test_a_failed_record_is_taken_to_the_manifest(send: Callable[[Event], int], toy: Creation) -> None:
    leave(toy, "first", "failed")
    assert send(finalized()) == 204
    assert json.loads(toy.read("manifest.json")[0])["pipeline"]["status"] == "failed"


def test_a_heartbeat_costs_one_read(store: MemoryStore, toy: Creation, toy_platform: FakePlatform) -> None:
    leave(toy, "first", "running")
    calls: list[tuple[str, str]] = []
    seen = watched(store, lambda _n, side, name, key: calls.append((name, key)) if side == "before" else None)
    assert sender(seen, toy_platform)(finalized()) == 204
    assert calls == [("read", FIRST)]


def test_doubled_and_late_events_launch_nothing_twice(
    send: Callable[[Event], int], toy: Creation, toy_platform: FakePlatform
) -> None:
    leave(toy, "first")
    at_once(lambda: send(finalized()), threads=8)
    leave(toy, "left")
    leave(toy, "extra")
    for event in (
        finalized(),
        written("toy/stages/extra.json"),
        finalized("toy/stages/left.json"),
        finalized(),
    ):
        assert send(event) == 204
    assert sorted(launched(toy_platform)) == ["extra", "first", "left", "right"]


@pytest.mark.parametrize("how", ["sweep", "ping"])
def test_a_lost_event_is_made_up_for(
    store: MemoryStore, toy: Creation, toy_platform: FakePlatform, how: str
) -> None:
    leave(toy, "first")
    client = client_of(store, toy_platform)
    if how == "sweep":
        counts = {"advanced": 1, "ended": 0, "removed": 0, "failed": []}
        assert client.post("/sweep").json() == {**counts, "launched": 1}
        assert client.post("/sweep").json() == {**counts, "launched": 0}
    else:
        headers, body = binary(PING, {"any": "thing"}, source="/apis/v1/namespaces/p/pingsources/sweep")
        assert client.post("/events", headers=headers, content=body).status_code == 204
    assert launched(toy_platform) == ["first", "left", "right", "extra"]


@pytest.mark.logs_errors
def test_a_sweep_names_what_it_could_not_advance(
    store: MemoryStore, toy: Creation, toy_platform: FakePlatform
) -> None:
    toy.write("request.json", b"broken")
    assert client_of(store, toy_platform).post("/sweep").json()["failed"] == ["toy"]


@pytest.mark.parametrize("kind", [AUDIT, MESSAGE])
@pytest.mark.parametrize(
    "containers",
    [
        [container(REELWRIGHT_CREATION="toy")],
        [container("other", REELWRIGHT_CREATION="toy")],
        [container("toy")],
        [container("../toy", REELWRIGHT_CREATION="toy")],
        [container("toy", REELWRIGHT_CREATION="")],
        [container(), container("toy")],
    ],
)
def test_the_end_of_an_execution_advances_its_creation(
    send: Callable[[Event], int], toy: Creation, toy_platform: FakePlatform, kind: str, containers: list[Any]
) -> None:
    leave(toy, "first")
    data = entry(*containers)
    assert send(binary(kind, message(data) if kind == MESSAGE else data)) == 204
    assert launched(toy_platform) == ["first", "left", "right", "extra"]


def test_an_execution_that_died_without_a_word_is_a_failure(
    send: Callable[[Event], int], toy: Creation, toy_platform: FakePlatform
) -> None:
    toy_platform.answer = "ended"
    assert send(binary(AUDIT, entry(container("toy")))) == 204
    assert json.loads(toy.read("manifest.json")[0])["pipeline"]["status"] == "failed"


def _meaningless() -> Iterator[Event]:
    yield finalized(bucket="others")
    yield written(bucket="others")
    for key in (
        "toy/manifest.json",
        "toy/assets/stages/first.json",
        "toy/stages/first.txt",
        "toy/stages/right/one.json",
        "toy/stages/right/0/0.json",
        "toy/stages/right/٣.json",
        "toy/stages/../first.json",
        "toy/stages/left.json",
        "stages/first.json",
        "../toy/stages/first.json",
        "assets/stages/first.json",
        "strange/stages/first.json",
        "lonely/stages/first.json",
        "toy/stages/broken.json",
        "\ud800/stages/first.json",
        "a" * 200 + "/stages/first.json",
    ):
        yield finalized(key)
        yield written(key)
    strange: tuple[Any, ...] = (None, "text", [], 3, {}, {"bucket": BUCKET}, {"bucket": 1, "name": FIRST})
    for data in strange:
        for kind in (GOOGLE, IBM, AUDIT, MESSAGE):
            yield binary(kind, data)
    for log_entry in (
        entry(container("toy"), method="google.cloud.run.v1.Jobs.RunJob"),
        entry(container("toy"), resource="cloud_run_revision"),
        entry(container("strange")),
        entry(container("never-heard-of")),
        entry(container("../toy")),
        entry(container(REELWRIGHT_CREATION="stages")),
        entry(container()),
        entry(),
        entry() | {"protoPayload": {"methodName": "/Jobs.RunJob", "response": []}},
    ):
        yield binary(AUDIT, log_entry)
        yield binary(MESSAGE, message(log_entry))
    yield binary(MESSAGE, {"message": {"data": "no base64!"}})
    yield binary(MESSAGE, {"message": {"attributes": {}}})
    yield binary("com.example.unheard.of", {"bucket": BUCKET, "name": FIRST})
    yield binary("com.ibm.cloud.cos.document.delete", {"bucket": BUCKET, "key": FIRST})


def test_an_event_that_means_nothing_is_answered_and_forgotten(
    send: Callable[[Event], int], store: MemoryStore, toy: Creation, toy_platform: FakePlatform
) -> None:
    leave(toy, "first")
    toy.write("stages/broken.json", b"{")
    strange = Creation(store, "strange")
    strange.write("request.json", toy.read("request.json")[0].replace(b"toys", b"unknown"))
    for creation in (strange, Creation(store, "lonely")):
        leave(creation, "first")
    before = {info.key: info.generation for info in store.list("")}
    assert [event for event in _meaningless() if send(event) != 204] == []
    assert {info.key: info.generation for info in store.list("")} == before
    assert launched(toy_platform) == ["first"]


def _malformed() -> Iterator[Event]:
    for name in ("id", "source", "type", "specversion"):
        headers, body = finalized()
        yield {key: value for key, value in headers.items() if key != f"ce-{name}"}, body
        yield finalized()[0] | {f"ce-{name}": ""}, body
        headers, body = finalized(mode=structured)
        yield headers, json.dumps({k: v for k, v in json.loads(body).items() if k != name}).encode()
        yield headers, json.dumps(json.loads(body) | {name: 1}).encode()
    yield finalized()[0] | {"ce-specversion": "0.3"}, b"{}"
    yield finalized()[0] | {"ce-time": "yesterday"}, b"{}"
    yield finalized()[0] | {"ce-time": "2025-10-30T12:00:00"}, b"{}"
    yield finalized()[0] | {"ce-no-such-name": "x"}, b"{}"
    yield {"content-type": "application/json"}, b"{}"
    yield {}, b""
    headers, _ = finalized(mode=structured)
    for body in (b"", b"{", b"[]", b"3", b"null", b"\xff", b"[" * 100_000, b'{"data":' * 50_000):
        yield headers, body
    yield structured(GOOGLE, None, data_base64="abcde")
    yield {"content-type": "application/cloudevents-batch+json"}, b"[]"


def test_what_is_no_cloudevent_is_refused(
    send: Callable[[Event], int], toy: Creation, toy_platform: FakePlatform
) -> None:
    leave(toy, "first")
    assert [event for event in _malformed() if send(event) != 400] == []
    assert launched(toy_platform) == ["first"]


@pytest.mark.logs_errors
@pytest.mark.parametrize(("call", "key"), [("read", FIRST), ("read", "toy/request.json")])
def test_while_the_store_fails_the_sender_is_asked_to_repeat(
    store: MemoryStore, toy: Creation, toy_platform: FakePlatform, call: str, key: str
) -> None:
    leave(toy, "first")
    send = sender(failing(store, StoreError("read", key, "no network"), call=call, key=key), toy_platform)
    assert [send(finalized()), send(finalized())] == [503, 204]
    assert launched(toy_platform) == ["first", "left", "right", "extra"]


def test_an_event_may_be_as_large_as_its_limit(store: MemoryStore, toy_platform: FakePlatform) -> None:
    client = client_of(store, toy_platform)
    headers, _ = binary("com.example.large", {})
    for size, status in ((MAX_EVENT_BYTES, 204), (MAX_EVENT_BYTES + 1, 413)):
        assert client.post("/events", headers=headers, content=b" " * size).status_code == status


def test_an_endless_event_is_given_up_at_its_limit(store: MemoryStore, toy_platform: FakePlatform) -> None:
    app = client_of(store, toy_platform).app
    taken: list[int] = []
    answers: list[Any] = []

    async def receive() -> dict[str, Any]:
        taken.append(1 << 16)
        return {"type": "http.request", "body": b" " * taken[-1], "more_body": True}

    async def send(message: Any) -> None:
        answers.append(message)

    headers = [(name.encode(), value.encode()) for name, value in binary("com.example.large", {})[0].items()]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/events",
        "raw_path": b"/events",
        "query_string": b"",
        "headers": [*headers, (b"host", b"localhost"), (b"transfer-encoding", b"chunked")],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "scheme": "http",
    }

    async def serve() -> None:
        await app(scope, receive, send)

    asyncio.run(serve())
    assert answers[0]["status"] == 413
    assert sum(taken) <= MAX_EVENT_BYTES + (1 << 16)


def test_no_token_shows_in_any_log(
    store: MemoryStore, toy: Creation, toy_platform: FakePlatform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    leave(toy, "first")
    client = client_of(store, toy_platform, Settings(api_token=TOKEN))
    for kind in (GOOGLE, "com.example.unheard.of"):
        headers, body = binary(kind, {"bucket": BUCKET, "name": FIRST}, token=TOKEN)
        assert client.post("/events", headers=headers, content=body).status_code == 204
        assert client.post("/events", headers={**headers, "ce-id": ""}, content=body).status_code == 400
    headers, body = structured(GOOGLE, {"bucket": BUCKET, "name": FIRST}, token=TOKEN)
    bearer = {"authorization": f"Bearer {TOKEN}"}
    assert client.post("/events", headers=headers | bearer, content=body).status_code == 204
    assert {"event_taken", "event_ignored", "http_request"} <= {
        getattr(r, "action", "") for r in caplog.records
    }
    assert TOKEN not in str([line.__dict__ for line in caplog.records])

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from shared.errors import StoreError
from shared.records.creation import Creation
from shared.records.documents import Request, load
from shared.reports import webhooks
from shared.reports.webhooks import Webhooks
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.jobs.ad.http.ads import fail, finish, start
from tests.support.api import AD, STORY, NotingPlatform
from tests.support.servers import free_port
from tests.support.toys import watched

SECRET = "a very quiet secret"


@dataclass
class Receiver:
    """Answers with `status`, remembers what came."""

    url: str = ""
    status: int = 200
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    drips: bool = False
    """Sends headers without end until it is stopped."""
    stopped: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event | None = None
    """Holds answers back until it is set."""


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.came.append(({name.lower(): text for name, text in self.headers.items()}, body))
            if found.gate:
                found.gate.wait(10)
            self.send_response(found.status)
            if 300 <= found.status < 400:
                self.send_header("Location", f"{found.url}/elsewhere")
            while found.drips and not found.stopped.wait(0.01):
                self.wfile.write(b"H")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.stopped.set()
    server.shutdown()
    thread.join()
    server.server_close()


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2025, 10, 30, 13, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def add(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass
class Ended:
    """A run that has ended, and who tells of it."""

    creation: Creation
    request: Request
    status: RunStatus
    hooks: Webhooks
    counted: list[str]

    def deliver(self) -> bool:
        return self.hooks.deliver(self.creation, self.request, self.status)

    def note(self) -> dict[str, Any]:
        return dict(json.loads(self.creation.read("webhooks/1.json")[0]))


def ended(
    store: Any, url: str | None, clock: Clock, *, failure: str = "", secret: str | None = SECRET
) -> Ended:
    trigger = Trigger(store, NotingPlatform(), {"ad": AD})
    creation = start(trigger)
    status = finish(trigger, creation, *(["script_gen"] if failure else []))
    if failure:
        fail(creation, "video_gen", failure, at_s=20)
        status = trigger.status("job-123")
    request, _ = load(creation, "request.json", Request)
    assert request
    counted: list[str] = []
    settings = Settings(webhook_url=url, webhook_secret=secret)
    hooks = Webhooks(settings, {"ad": AD}, now=clock, count=counted.append)
    return Ended(creation, request, status, hooks, counted)


def test_a_completed_ad_is_told_once(store: MemoryStore, receiver: Receiver, clock: Clock) -> None:
    run = ended(store, receiver.url, clock)
    assert [run.deliver(), run.deliver()] == [True, True]
    ((headers, body),) = receiver.came
    told = json.loads(body)
    assert told == {
        **{"event": "job.completed", "job_id": "job-123", "run": 1, "status": "completed", "error": None},
        **{"video_url": "/me/creation/job-123/assets/video.mp4", "failed_stage": None},
        **{"timestamp": told["timestamp"], "delivery_id": run.note()["delivery_id"]},
    }
    assert headers["content-type"] == "application/json"
    assert headers["x-reelwright-event"] == "job.completed"
    assert headers["x-reelwright-delivery"] == told["delivery_id"]
    assert run.note()["delivered_at"] == "2025-10-30T13:00:00Z"
    assert run.counted == ["delivered"]


def test_a_failed_ad_is_told_with_its_reason(store: MemoryStore, receiver: Receiver, clock: Clock) -> None:
    run = ended(store, receiver.url, clock, failure="replicate: out of credit (/srv/secret/log)")
    assert run.deliver()
    told = json.loads(receiver.came[0][1])
    assert (told["event"], told["failed_stage"], told["video_url"]) == ("job.failed", "video_gen", None)
    assert told["error"] == "Asset generation failed: replicate: out of credit (log)"


def test_the_signature_covers_the_time_and_the_body(
    store: MemoryStore, receiver: Receiver, clock: Clock
) -> None:
    ended(store, receiver.url, clock).deliver()
    headers, body = receiver.came[0]
    assert int(headers["x-reelwright-timestamp"]) == clock.now.timestamp()
    signed = headers["x-reelwright-timestamp"].encode() + b"." + body
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["x-reelwright-signature"] == f"sha256={digest}"


def test_without_a_secret_nothing_is_signed(store: MemoryStore, receiver: Receiver, clock: Clock) -> None:
    ended(store, receiver.url, clock, secret=None).deliver()
    assert "x-reelwright-signature" not in receiver.came[0][0]


@pytest.mark.parametrize("status", [302, 400, 404, 410, 500, 503])
def test_what_is_not_taken_comes_again_later(
    store: MemoryStore, receiver: Receiver, clock: Clock, status: int
) -> None:
    run = ended(store, receiver.url, clock)
    receiver.status = status
    assert [run.deliver(), run.deliver()] == [False, False]
    assert len(receiver.came) == 1
    clock.add(9)
    assert not run.deliver()
    assert len(receiver.came) == 1
    clock.add(1)
    receiver.status = 204
    assert run.deliver()
    first, second = receiver.came
    assert first[1] == second[1]
    assert first[0]["x-reelwright-delivery"] == second[0]["x-reelwright-delivery"]
    assert first[0]["x-reelwright-timestamp"] != second[0]["x-reelwright-timestamp"]
    assert [each["status_code"] for each in run.note()["attempts"]] == [status, 204]
    assert run.counted == ["failed", "delivered"]


def test_after_a_day_it_is_given_up(store: MemoryStore, clock: Clock) -> None:
    run = ended(store, f"http://127.0.0.1:{free_port()}/hook", clock)
    began = clock.now
    pauses = []
    while not run.deliver():
        due = datetime.fromisoformat(run.note()["next_at"])
        pauses.append((due - clock.now).total_seconds())
        clock.now = due
    assert pauses[:6] == [10, 30, 120, 600, 3600, 3600]
    assert timedelta(hours=22) < clock.now - began <= timedelta(hours=24)
    assert run.note()["given_up_at"]
    assert {each["error"] for each in run.note()["attempts"]} == {"ConnectionError"}
    assert run.counted == ["failed"] * (len(pauses)) + ["given_up"]
    assert run.deliver()


def test_of_two_triggers_one_tells(store: MemoryStore, receiver: Receiver, clock: Clock) -> None:
    run = ended(store, receiver.url, clock)
    receiver.gate = threading.Event()
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(run.deliver) for _ in range(8)]
        while sum(each.done() for each in asked) < 7:
            pass
        receiver.gate.set()
        assert sorted(each.result() for each in asked) == [False] * 7 + [True]
    assert len(receiver.came) == 1


def test_a_receiver_that_drips_is_too_slow(
    store: MemoryStore, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "_DEADLINE_S", 0.1)
    receiver.drips = True
    run = ended(store, receiver.url, clock)
    assert not run.deliver()
    assert [each["error"] for each in run.note()["attempts"]] == ["too slow"]
    assert run.counted == ["failed"]


@pytest.mark.parametrize("call", [1, 2])
def test_what_can_not_be_noted_is_told_at_least_once(receiver: Receiver, clock: Clock, call: int) -> None:
    """Before the attempt nothing is sent; after it, it is sent again."""
    run = ended(_store_that_fails_at(call), receiver.url, clock)
    assert not run.deliver()
    clock.add(10)
    assert run.deliver()
    ids = {json.loads(body)["delivery_id"] for _, body in receiver.came}
    assert len(ids) == 1
    assert len(receiver.came) == call


def _store_that_fails_at(number: int) -> Any:
    """This write of what was tried fails, once."""
    left = [number]

    def on_call(_number: int, side: str, call: str, key: str) -> None:
        if (side, call) == ("before", "write") and key.endswith("webhooks/1.json"):
            left[0] -= 1
            if left[0] == 0:
                raise StoreError("write", key, "no")

    return watched(MemoryStore(), on_call)


def test_without_an_address_there_is_nothing_to_do(store: MemoryStore, clock: Clock) -> None:
    run = ended(store, None, clock)
    assert run.deliver()
    assert run.creation.stat("webhooks/1.json") is None


def test_only_reported_pipelines_are_told_of(store: MemoryStore, receiver: Receiver, clock: Clock) -> None:
    Creation(store, "spring").write("assets/1/1.txt", b"x")
    trigger = Trigger(store, NotingPlatform(), {"story": STORY})
    status = trigger.start("story", "spring")
    status = trigger.cancel("spring")
    hooks = Webhooks(Settings(webhook_url=receiver.url), {"story": STORY}, now=clock)
    assert hooks.deliver(Creation(store, "spring"), status.request, status)
    assert receiver.came == []


def test_the_log_tells_neither_the_address_nor_the_secret(
    store: MemoryStore, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="reelwright")
    run = ended(store, f"http://127.0.0.1:{free_port()}/hook-with-a-token", clock)
    assert not run.deliver()
    said = [str(vars(entry)) for entry in caplog.records if entry.name == "reelwright"]
    assert any("webhook_failed" in text for text in said)
    assert not any("hook-with-a-token" in text or SECRET in text for text in said)

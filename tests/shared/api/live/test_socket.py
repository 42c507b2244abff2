"""A real client watches over a real server; what happens to the job is written into its store by hand."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from shared.api.app import create_app
from shared.api.guard.serve import make_server, open_socket, url_of
from shared.api.live.viewers import Viewers
from shared.errors import StoreError
from shared.records.creation import Creation
from shared.records.documents import load_request
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.jobs.ad.http.ads import fail, finish, leave, start
from tests.support.api import AD, STORY, TOKEN, NotingPlatform
from tests.support.patience import until
from tests.support.servers import RedisServer, free_port, redis_server

__all__ = ["redis_server"]

Serve = Callable[..., AbstractContextManager[str]]
Message = dict[str, Any]


@pytest.fixture
def trigger(store: MemoryStore, platform: NotingPlatform) -> Trigger:
    return Trigger(store, platform, {"story": STORY, "ad": AD}, stale_after_s=1e9)  # records tell of 2025


@pytest.fixture
def serve(trigger: Trigger) -> Serve:
    """Serves at the address it gives; `look_every_s` is how often the store is looked at."""

    @contextmanager
    def serving(*, look_every_s: float = 0.02, **settings: Any) -> Iterator[str]:
        given = Settings(store_url="memory://ads", **settings)
        app = create_app(trigger, settings=given)
        app.state.viewers = Viewers(trigger, given.redis_url, look_every_s=look_every_s)
        server = make_server(app)
        with open_socket("127.0.0.1", 0) as listener:
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                yield "ws" + url_of(listener).removeprefix("http")
            finally:
                server.should_exit = True
                thread.join()
        assert app.state.viewers._watched == {}
        assert app.state.viewers._listening is None

    return serving


def watch(url: str, job_id: str = "job-123", **options: Any) -> ClientConnection:
    found: ClientConnection = connect(f"{url}/ws/job/{job_id}", open_timeout=10, proxy=None, **options)
    return found


def read(client: ClientConnection) -> Message:
    return dict(json.loads(client.recv(timeout=10)))


def all_of(client: ClientConnection) -> list[Message]:
    """What comes up to the close, which must be a good one."""
    found = []
    with suppress(ConnectionClosed):
        while True:
            found.append(read(client))
    assert client.close_code == 1000
    return found


def closed(client: ClientConnection) -> int:
    """The code that it is closed with, without a message before."""
    with pytest.raises(ConnectionClosed):
        client.recv(timeout=10)
    assert client.close_code
    return client.close_code


def gist(messages: list[Message]) -> list[tuple[str, str, int]]:
    return [(each["stage"], each["status"], each["overall"]) for each in messages]


WHOLE = [
    ("pipeline", "pending", 0),
    ("script_gen", "processing", 0),
    ("script_gen", "completed", 25),
    ("voice_gen", "completed", 40),
    ("video_gen", "completed", 70),
    ("cta_gen", "completed", 75),
    ("compositing", "completed", 100),
    ("pipeline", "completed", 100),
]


def without_beginnings(messages: list[Message]) -> list[tuple[str, str, int]]:
    """Those of the first stage are enough: when the others began nobody has written."""
    return [
        each for each in gist(messages) if each[:2] == ("script_gen", "processing") or each[1] != "processing"
    ]


def test_a_job_is_watched_from_the_first_message_to_the_last(serve: Serve, trigger: Trigger) -> None:
    creation = start(trigger)
    with serve() as url, watch(url) as client:
        first = read(client)
        assert first.items() >= {"job_id": "job-123", "stage": "pipeline", "status": "pending"}.items()
        leave(creation, "script_gen", "running", at_s=2, progress=0.5, message="Analyzing product image...")
        begun, half = read(client), read(client)
        assert (begun["progress"], half["progress"], half["overall"]) == (0, 50, 12)
        assert half["message"] == "Analyzing product image..."
        assert half["timestamp"] == "2025-10-30T12:00:02.000Z"
        finish(trigger, creation)
        rest = all_of(client)
    assert without_beginnings([first, begun, *rest]) == WHOLE
    assert set(first) == {"job_id", "stage", "progress", "message", "timestamp", "overall", "status", "run"}


def test_who_comes_late_or_comes_back_is_told_the_whole_story(serve: Serve, trigger: Trigger) -> None:
    creation = start(trigger)
    finish(trigger, creation, "script_gen")
    with serve() as url:
        with watch(url) as client:
            early = [read(client) for _ in range(3)]
        with watch(url) as client, watch(url) as other:
            assert [read(client) for _ in range(3)] == early
            finish(trigger, creation)
            told = [*early, *all_of(client)]
            assert all_of(other) == told
        with watch(url) as client:
            late = all_of(client)
        with watch(url) as client:
            assert all_of(client) == late
    assert without_beginnings(told) == without_beginnings(late) == WHOLE
    assert [each["overall"] for each in late] == sorted(each["overall"] for each in late)


def test_nothing_is_told_twice(serve: Serve, trigger: Trigger) -> None:
    creation = start(trigger)
    with serve(look_every_s=0.005) as url, watch(url) as client:
        told = [read(client)]
        for number, stage in enumerate(AD.stages, 1):
            for percent in (0, 10, 20):
                leave(creation, stage, "running", at_s=10 * number + percent / 20, progress=percent / 100)
                told.append(read(client))
            leave(creation, stage, "success", at_s=10 * number + 5)
            trigger.advance("job-123")
            told.append(read(client))
        told += all_of(client)
    contents = [(each["stage"], each["status"], each["progress"], each["message"]) for each in told]
    assert len(set(contents)) == len(contents)
    assert [each["overall"] for each in told] == sorted(each["overall"] for each in told)


def test_a_failure_is_the_last_message(serve: Serve, trigger: Trigger) -> None:
    creation = start(trigger)
    finish(trigger, creation, "script_gen")
    with serve() as url, watch(url) as client:
        fail(creation, "video_gen", "replicate: out of credit (/srv/secret/log)", at_s=20)
        told = all_of(client)
    last = told[-1]
    assert (last["stage"], last["status"], last["progress"]) == ("error", "failed", 0)
    assert last["message"] == "Asset generation failed: replicate: out of credit (log)"
    assert ("video_gen", "failed") in [(each["stage"], each["status"]) for each in told]


def test_a_job_that_is_none_is_closed_with_1008(serve: Serve, spring: Creation) -> None:
    with serve() as url:
        for job_id in ("nobody", "spring", "a b", "..%2f..", "x" * 200):
            with watch(url, quote(job_id, safe="%")) as client:
                assert closed(client) == 1008
                assert client.close_reason


def test_a_run_that_is_reported_nowhere_else_is_watched(
    serve: Serve, trigger: Trigger, spring: Creation
) -> None:
    trigger.start("story", "spring")
    with serve() as url, watch(url, "spring") as client:
        first = read(client)
    assert (first["job_id"], first["stage"], first["status"]) == ("spring", "pipeline", "pending")


def test_a_job_that_is_deleted_is_closed_with_1008(serve: Serve, trigger: Trigger) -> None:
    creation = start(trigger)
    with serve() as url, watch(url) as client:
        read(client)
        creation.delete("request.json")
        assert closed(client) == 1008


def test_the_next_run_is_watched_too(serve: Serve, trigger: Trigger) -> None:
    creation = start(trigger)
    trigger.cancel("job-123")
    trigger.start("ad", "job-123")
    with serve() as url, watch(url) as client:
        assert read(client)["run"] == 2
        finish(trigger, creation)
        assert all_of(client)[-1].items() >= {"run": 2, "status": "completed"}.items()


def test_a_store_that_fails_for_a_while_is_waited_for(
    serve: Serve, trigger: Trigger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    creation = start(trigger)
    looks = 0

    def refuse(*given: Any) -> Any:
        nonlocal looks
        looks += 1
        raise StoreError("read", "x", "no network")

    with serve() as url, watch(url) as client:
        read(client)
        monkeypatch.setattr("shared.api.live.viewers.load_request", refuse)
        until(lambda: looks >= 3)
        with watch(url) as other:
            assert closed(other) == 1013
        monkeypatch.setattr("shared.api.live.viewers.load_request", load_request)
        finish(trigger, creation)
        assert all_of(client)[-1]["status"] == "completed"
    warned = [entry.action for entry in caplog.records if entry.levelname == "WARNING"]  # type: ignore[attr-defined]
    assert sorted(warned) == ["watch_interrupted", "watch_refused"]


def test_all_clients_of_a_job_share_one_look(
    serve: Serve, trigger: Trigger, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(trigger)
    looks = 0
    look = Viewers._look

    def counted(self: Viewers, job_id: str) -> Any:
        nonlocal looks
        looks += 1
        return look(self, job_id)

    monkeypatch.setattr(Viewers, "_look", counted)
    with serve(look_every_s=600) as url, ExitStack() as stack:
        for client in [stack.enter_context(watch(url)) for _ in range(5)]:
            read(client)
        assert looks == 5  # each when it came, none since


def test_a_server_that_ends_does_not_wait_for_those_who_watch(serve: Serve, trigger: Trigger) -> None:
    start(trigger)
    with ExitStack() as stack:
        with serve() as url:
            client = stack.enter_context(watch(url))
            read(client)
        assert closed(client) == 1012


def test_what_a_client_says_is_not_read(serve: Serve, trigger: Trigger) -> None:
    creation = start(trigger)
    with serve() as url, watch(url) as client, watch(url) as talker:
        client.send("x" * 4096)
        client.send(b"\0")
        read(client)
        read(talker)
        talker.send("x" * 5000)
        assert closed(talker) == 1009
        finish(trigger, creation)
        assert all_of(client)[-1]["status"] == "completed"


def test_the_token_opens_the_socket(serve: Serve, trigger: Trigger) -> None:
    start(trigger)
    bearer, encoded = f"bearer.{TOKEN}", f"bearer.{TOKEN.replace('-', '%2D')}"
    options: list[tuple[dict[str, Any], str | None]] = [
        ({"additional_headers": {"Authorization": f"Bearer {TOKEN}"}}, None),
        ({"subprotocols": ["reelwright", bearer], "origin": "https://films.example"}, "reelwright"),
        ({"subprotocols": [bearer, "reelwright"]}, "reelwright"),
        ({"subprotocols": [bearer]}, bearer),
        ({"subprotocols": [encoded]}, encoded),
    ]
    with serve(api_token=TOKEN) as url:
        for given, chosen in options:
            with watch(url, **given) as client:
                assert read(client)["stage"] == "pipeline"
                assert client.subprotocol == chosen


def test_without_the_token_the_socket_stays_shut(serve: Serve, trigger: Trigger) -> None:
    start(trigger)
    bearer, other = f"bearer.{TOKEN}", {"Authorization": "Bearer other"}
    options: list[dict[str, Any]] = [
        {},
        {"job_id": f"job-123?token={TOKEN}"},
        {"additional_headers": other},
        {"additional_headers": other, "subprotocols": [bearer]},
        {"additional_headers": {"ce-token": TOKEN}},
        {"subprotocols": ["bearer.other"]},
        {"subprotocols": [bearer, "bearer.other"]},
        {"subprotocols": [TOKEN]},
        {"subprotocols": ["bearer."]},
    ]
    with serve(api_token=TOKEN) as url:
        for given in options:
            with pytest.raises(InvalidStatus) as refused, watch(url, **given):
                pass
            assert refused.value.response.status_code == 401
            assert TOKEN.encode() not in refused.value.response.body


def test_a_page_of_another_site_may_not_watch(serve: Serve, trigger: Trigger) -> None:
    start(trigger)
    with serve() as url:
        for origin in ("https://films.example", "null", "http://localhost.films.example"):
            with pytest.raises(InvalidStatus) as refused, watch(url, origin=origin):
                pass
            assert refused.value.response.status_code == 403
        with pytest.raises(InvalidStatus) as refused, watch_as("films.example", url):
            pass
        assert refused.value.response.status_code == 403
        with watch(url, origin="http://localhost:3000") as client:
            assert read(client)["stage"] == "pipeline"


def watch_as(host: str, url: str) -> ClientConnection:
    """Listeners by another name of this machine, as after DNS rebinding."""
    port = urlsplit(url).port
    return watch(f"ws://{host}:{port}", address=("127.0.0.1", port))


def published(creation: Creation, stage: str, progress: int, **fields: Any) -> str:
    usual = {
        **{"job_id": creation.creation_id, "stage": stage, "progress": progress, "message": "from Redis"},
        **{"timestamp": "2025-10-30T12:00:09.000Z", "overall": 20, "status": "processing", "run": 1},
    }
    return json.dumps(usual | fields)


def publish(server: RedisServer, message: str) -> int:
    """How many heard it."""
    from redis import Redis

    with Redis.from_url(server.url) as client:
        return int(client.publish("job_progress_updates", message))


def publish_heard(server: RedisServer, message: str) -> None:
    until(lambda: publish(server, message) > 0)


def test_redis_brings_news_at_once(serve: Serve, trigger: Trigger, redis_server: RedisServer) -> None:
    creation = start(trigger)
    with serve(redis_url=redis_server.url, look_every_s=600) as url, watch(url) as client:
        assert read(client)["stage"] == "pipeline"
        publish_heard(redis_server, published(creation, "script_gen", 80))
        assert read(client).items() >= {"progress": 80, "overall": 20, "message": "from Redis"}.items()
        for other in ("", "{}", published(creation, "script_gen", 70, timestamp="2025-10-30T12:00:08.000Z")):
            publish(redis_server, other)
        publish(redis_server, published(Creation(creation.store, "job-9"), "script_gen", 90))
        publish(redis_server, published(creation, "script_gen", 85, overall=3))
        assert read(client).items() >= {"progress": 85, "overall": 20}.items()
        finish(trigger, creation)
        publish(redis_server, published(creation, "pipeline", 100, status="completed"))
        rest = all_of(client)
    assert [each["stage"] for each in rest if each["status"] == "completed"] == [*AD.stages, "pipeline"]


def test_an_end_that_only_redis_tells_is_no_end(
    serve: Serve, trigger: Trigger, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.api.live.viewers._LOOK_SLOWLY_EVERY_S", 0.05)
    creation = start(trigger)
    with serve(redis_url=redis_server.url) as url, watch(url) as client:
        read(client)
        publish_heard(redis_server, published(creation, "error", 0, status="failed"))
        finish(trigger, creation)
        assert gist(all_of(client))[-1] == ("pipeline", "completed", 100)


def test_without_redis_the_store_is_enough(
    serve: Serve, trigger: Trigger, caplog: pytest.LogCaptureFixture
) -> None:
    creation = start(trigger)
    secret = f"redis://:hunter2@127.0.0.1:{free_port()}/0"
    with serve(redis_url=secret) as url, watch(url) as client:
        read(client)
        until(lambda: "Redis can't be reached" in caplog.text)
        finish(trigger, creation)
        assert all_of(client)[-1]["status"] == "completed"
    warned = [entry.getMessage() for entry in caplog.records if entry.levelname == "WARNING"]
    assert len(warned) == 1
    assert "hunter2" not in caplog.text


def test_redis_may_die_and_come_back(
    serve: Serve,
    trigger: Trigger,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("shared.api.live.redis_news._AGAIN_AFTER_S", 0.05)
    creation = start(trigger)
    with serve(redis_url=redis_server.url) as url, watch(url) as client:
        read(client)
        publish_heard(
            redis_server, published(creation, "script_gen", 10, timestamp="2025-10-30T12:00:00.500Z")
        )
        read(client)
        redis_server.kill()
        until(lambda: "Redis can't be reached" in caplog.text)
        leave(creation, "script_gen", "running", at_s=8, progress=0.5, message="from the store")
        while read(client)["message"] != "from the store":
            pass
        time.sleep(0.2)
        redis_server.start()
        publish_heard(redis_server, published(creation, "script_gen", 80))
        while read(client)["message"] != "from Redis":
            pass
    actions = [getattr(entry, "action", "") for entry in caplog.records]
    assert (actions.count("redis_unheard"), actions.count("redis_heard_again")) == (1, 1)


def test_a_watch_is_one_line_in_the_log(
    serve: Serve, trigger: Trigger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="reelwright")
    finish(trigger, start(trigger))
    with serve() as url, watch(url) as client:
        all_of(client)
        with pytest.raises(InvalidStatus), watch(url, origin="https://films.example"):
            pass
    lines = [entry.data for entry in caplog.records if getattr(entry, "action", "") == "http_request"]  # type: ignore[attr-defined]
    seen = [(line["method"], line["path"], line["status"]) for line in lines]
    assert sorted(seen) == [("WEBSOCKET", "/ws/job/job-123", 101), ("WEBSOCKET", "/ws/job/job-123", 403)]

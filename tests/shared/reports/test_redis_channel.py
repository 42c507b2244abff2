import json
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis
from redis.connection import Connection
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import TimeoutError as NoAnswer

from shared.reports.publisher import Publisher
from shared.reports.redis_channel import CHANNEL, RedisChannel, connect, get_redis
from shared.runs.report import ERROR
from shared.settings import Settings
from tests.shared.reports.made import Said, report
from tests.support.patience import until
from tests.support.servers import RedisServer


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[Redis]:
    with connect(redis_server.url) as client:
        yield client


@pytest.fixture
def channel(redis_server: RedisServer) -> Iterator[RedisChannel]:
    channel = RedisChannel(redis_server.url)
    yield channel
    channel.close()


def listening(client: Any, **how: Any) -> Any:
    """Its pubsub, which has no types."""
    return client.pubsub(**how)


def heard(client: Redis, channel: RedisChannel, *reports: Any) -> list[dict[str, Any]]:
    """What a subscriber gets of these reports."""
    with listening(client, ignore_subscribe_messages=True) as pubsub:
        pubsub.subscribe(CHANNEL)
        pubsub.get_message(timeout=2)
        for each in reports:
            channel.publish(each)
        found = [pubsub.get_message(timeout=2) for _ in reports]
    return [json.loads(message["data"]) for message in found if message]


def test_a_message_is_json_with_the_seed_s_fields_and_ours(client: Redis, channel: RedisChannel) -> None:
    assert heard(client, channel, report(progress=50)) == [
        {
            "job_id": "job-123",
            "stage": "script_gen",
            "progress": 50,
            "message": "Analyzing product image...",
            "timestamp": "2025-01-15T12:00:00.123Z",
            "overall": 12,
            "status": "processing",
            "run": 1,
        }
    ]


def test_an_error_has_the_stage_error_and_no_progress(client: Redis, channel: RedisChannel) -> None:
    failed = report(ERROR, 0, status="failed", message="Asset generation failed: größer")
    (message,) = heard(client, channel, failed)
    assert (message["stage"], message["progress"]) == ("error", 0)
    assert message["message"] == "Asset generation failed: größer"


def test_the_last_message_of_a_job_is_kept_for_a_day(client: Redis, channel: RedisChannel) -> None:
    for progress in (10, 20):
        channel.publish(report(progress=progress))
    assert json.loads(str(client.hget("job:job-123", "last")))["progress"] == 20
    assert 86_000 < int(str(client.ttl("job:job-123"))) <= 86_400


def test_the_seed_s_monitor_hears_a_job_to_its_end(redis_server: RedisServer, channel: RedisChannel) -> None:
    redis = get_redis(Settings(redis_url=redis_server.url))
    pubsub = listening(redis)
    pubsub.subscribe("job_progress_updates")
    lines: list[str] = []

    def monitor(job_id: str) -> None:
        for message in pubsub.listen():
            if message["type"] == "message":
                data = json.loads(message["data"])
                if data["job_id"] == job_id:
                    lines.append(f"{data['stage']}: {data['progress']}% - {data['message']}")
                if data["progress"] == 100:
                    break

    thread = threading.Thread(target=monitor, args=("job-123",))
    thread.start()
    for each in (report(progress=50), report(progress=60, job_id="other"), report("compositing", 100)):
        channel.publish(each)
    thread.join(10)
    pubsub.close()
    redis.close()
    assert lines == [
        "script_gen: 50% - Analyzing product image...",
        "compositing: 100% - Analyzing product image...",
    ]


def test_listening_outlasts_a_silence_that_is_longer_than_answers_may_take(
    redis_server: RedisServer, channel: RedisChannel
) -> None:
    with connect(redis_server.url, answer_s=0.05) as client, listening(client) as pubsub:
        pubsub.subscribe(CHANNEL)
        late = threading.Timer(0.2, channel.publish, [report()])
        late.start()
        kinds = [message["type"] for _, message in zip(range(2), pubsub.listen(), strict=False)]
        late.join()
    assert kinds == ["subscribe", "message"]


def test_a_restart_between_two_reports_goes_unnoticed(redis_server: RedisServer) -> None:
    said = Said()
    channel = RedisChannel(redis_server.url)
    publisher = Publisher([channel], log=said)

    def last() -> str:
        with connect(redis_server.url) as client:
            return str(client.hget("job:job-123", "last"))

    publisher.publish(report(progress=10))
    until(lambda: '"progress": 10' in last())
    redis_server.kill()
    redis_server.start()
    publisher.publish(report(progress=20))
    publisher.close()
    assert '"progress": 20' in last()
    assert said.of("reports_unsaid") == []


def test_a_connection_that_breaks_in_use_is_made_again(
    client: Redis, channel: RedisChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.publish(report(progress=10))
    faults = iter([Broken("reset by peer")])
    send: Any = Connection.send_packed_command

    def break_once(self: Any, *arguments: Any, **how: Any) -> Any:
        for fault in faults:
            self.disconnect()
            raise fault
        return send(self, *arguments, **how)

    monkeypatch.setattr(Connection, "send_packed_command", break_once)
    channel.publish(report(progress=20))
    assert '"progress": 20' in str(client.hget("job:job-123", "last"))


def test_a_redis_that_does_not_answer_is_an_error_soon(redis_server: RedisServer) -> None:
    with connect(redis_server.url, answer_s=0.05) as client:
        assert client.ping()
        redis_server.signal(signal.SIGSTOP)
        try:
            with pytest.raises(NoAnswer):
                client.ping()
        finally:
            redis_server.signal(signal.SIGCONT)


def test_clients_are_shared_by_url_and_made_for_this_machine_when_none_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:secret@redis.example:6380/2")
    assert get_redis() is get_redis()
    assert get_redis().get_connection_kwargs()["host"] == "redis.example"
    assert get_redis(Settings()).get_connection_kwargs()["host"] == "localhost"

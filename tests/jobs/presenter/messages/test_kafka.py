"""Kafka, on librdkafka's mock cluster, which fails on request."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from jobs.presenter.messages.broker import BrokerFailed, BrokerRefused
from jobs.presenter.messages.kafka import KafkaBroker, KafkaInbox, client_settings
from jobs.presenter.messages.outbox import SENDING_NAME, Outbox
from shared.errors import InvalidSettings, Stopped
from shared.records.creation import Creation
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.emulators import kafka
from tests.emulators.kafka import KafkaCluster

TOPIC = "videoJob"


@pytest.fixture
def cluster() -> Iterator[KafkaCluster]:
    with KafkaCluster(TOPIC, f"{TOPIC}.dead", partitions=2) as made:
        yield made


@pytest.fixture
def client(cluster: KafkaCluster) -> dict[str, Any]:
    return client_settings(Settings(kafka_brokers=cluster.brokers))


@pytest.fixture
def broker(client: dict[str, Any]) -> KafkaBroker:
    return KafkaBroker(client, answers_s=5)


def inbox(client: dict[str, Any], *, topic: str = TOPIC, group: str = "renderer-scaler") -> KafkaInbox:
    return KafkaInbox(client, topic=topic, group=group, dead=f"{TOPIC}.dead")


def publish(broker: KafkaBroker, job_id: str, store: MemoryStore | None = None) -> int:
    outbox = Outbox(Creation(store or MemoryStore(), job_id), sleep=lambda _s: None)
    return outbox.publish(broker, TOPIC, json.dumps({"jobId": job_id}).encode(), within_s=20)


def test_a_message_is_found_from_the_end_that_was_noted_and_not_before(broker: KafkaBroker) -> None:
    before = broker.place(TOPIC, "a")
    assert broker.find(before, "a") is None
    offset = broker.send(before, "a", b"x" * 400_000, timeout_s=10)
    assert broker.find(before, "a") == offset
    assert broker.find(before, "b") is None
    after = broker.place(TOPIC, "a")
    assert (after.partition, after.end) == (before.partition, offset + 1)
    assert broker.find(after, "a") is None


@pytest.mark.parametrize("error", [kafka.NOT_LEADER, kafka.NOT_ENOUGH_REPLICAS, kafka.TIMED_OUT])
def test_an_error_that_passes_is_passed_over_and_the_message_is_there_once(
    cluster: KafkaCluster, broker: KafkaBroker, error: int
) -> None:
    before = broker.place(TOPIC, "a")
    cluster.fail(kafka.PRODUCE, error)
    offset = publish(broker, "a")
    assert (offset, broker.place(TOPIC, "a").end) == (before.end, before.end + 1)


def test_a_lost_answer_sends_the_message_once(cluster: KafkaCluster, broker: KafkaBroker) -> None:
    before = broker.place(TOPIC, "a")
    cluster.lose_answers(kafka.PRODUCE, 2)
    publish(broker, "a")
    assert broker.place(TOPIC, "a").end == before.end + 1


def test_a_message_that_is_too_large_names_the_setting(cluster: KafkaCluster, broker: KafkaBroker) -> None:
    cluster.fail(kafka.PRODUCE, kafka.MESSAGE_TOO_LARGE)
    with pytest.raises(BrokerRefused, match=r"max\.message\.bytes of topic videoJob"):
        publish(broker, "a")


def test_a_broker_that_is_down_is_no_answer(cluster: KafkaCluster, client: dict[str, Any]) -> None:
    cluster.go_down()
    quick = KafkaBroker(client, answers_s=0.5)
    with pytest.raises(BrokerFailed):
        quick.place(TOPIC, "a")
    cluster.come_up()
    assert publish(KafkaBroker(client), "a") == 0


def test_a_broker_that_goes_down_while_sending_leaves_the_outcome_to_the_next_attempt(
    cluster: KafkaCluster, broker: KafkaBroker
) -> None:
    place = broker.place(TOPIC, "a")
    cluster.go_down()
    with pytest.raises(BrokerFailed):
        broker.send(place, "a", b"{}", timeout_s=1)
    cluster.come_up()
    assert broker.find(place, "a") is None
    broker.send(place, "a", b"{}", timeout_s=10)
    assert broker.place(TOPIC, "a").end == place.end + 1


def test_sigterm_while_sending_is_heard_at_once(cluster: KafkaCluster, broker: KafkaBroker) -> None:
    place = broker.place(TOPIC, "a")
    cluster.go_down()

    def stop(_number: int, _frame: object) -> None:
        raise Stopped("SIGTERM")

    before = signal.signal(signal.SIGTERM, stop)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    try:
        with pytest.raises(Stopped):
            broker.send(place, "a", b"{}", timeout_s=600)
    finally:
        signal.signal(signal.SIGTERM, before)
        timer.join()


def test_an_attempt_that_finds_a_sent_message_notes_it(broker: KafkaBroker) -> None:
    store = MemoryStore()
    first = publish(broker, "a", store)
    creation = Creation(store, "a")
    record = json.loads(creation.read(SENDING_NAME)[0])
    lost = {**record, "state": "sending", "offset": None, "settled_at": "2026-01-01T00:00:00Z"}
    creation.write(SENDING_NAME, json.dumps(lost).encode())
    assert publish(broker, "a", store) == first
    assert json.loads(creation.read(SENDING_NAME)[0])["state"] == "sent"
    assert broker.place(TOPIC, "a").end == first + 1


def test_a_consumer_takes_one_message_and_the_next_consumer_the_next(
    broker: KafkaBroker, client: dict[str, Any]
) -> None:
    for job_id in ("a", "b"):
        publish(broker, job_id)
    taken = []
    for _ in range(2):
        one = inbox(client)
        delivery = one.take(20)
        assert delivery is not None
        taken.append(json.loads(delivery.value or b"")["jobId"])
        one.commit(delivery)
        one.close()
    assert sorted(taken) == ["a", "b"]


def test_what_was_not_committed_comes_again_and_a_failed_commit_is_no_failure(
    cluster: KafkaCluster, broker: KafkaBroker, client: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    publish(broker, "a")
    one = inbox(client)
    delivery = one.take(20)
    assert delivery is not None
    cluster.fail(kafka.OFFSET_COMMIT, kafka.ILLEGAL_GENERATION)
    one.commit(delivery)
    one.close()
    assert "it will come again" in caplog.text
    other = inbox(client)
    again = other.take(20)
    assert again is not None
    assert replace(again, handle=None) == replace(delivery, handle=None)
    other.close()


def test_an_unreadable_message_goes_to_the_dead_letters_with_the_reason(
    broker: KafkaBroker, client: dict[str, Any]
) -> None:
    place = broker.place(TOPIC, "a")
    offset = broker.send(place, "a", b"not JSON", timeout_s=10)
    one = inbox(client)
    delivery = one.take(20)
    assert delivery is not None
    one.bury(delivery, "not JSON: expected value")
    one.commit(delivery)
    one.close()
    graves = inbox(client, topic=f"{TOPIC}.dead", group="people")
    buried = graves.take(20)
    assert buried is not None
    assert buried.value == b"not JSON"
    handle: Any = buried.handle
    assert dict(handle.headers()) == {
        "reason": b"not JSON: expected value",
        "topic": TOPIC.encode(),
        "partition": str(place.partition).encode(),
        "offset": str(offset).encode(),
    }
    graves.close()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(kafka_brokers="b:9"), {"security.protocol": "plaintext"}),
        (
            Settings(kafka_brokers="b:9", kafka_password="key"),
            {
                "security.protocol": "sasl_ssl",
                "sasl.mechanism": "PLAIN",
                "sasl.username": "token",
                "sasl.password": "key",
            },
        ),
        (
            Settings(
                kafka_brokers="b:9", kafka_password="p", kafka_user="u", kafka_ca_file="/ca.pem",
                kafka_security="sasl_plaintext", kafka_sasl_mechanism="SCRAM-SHA-512",
            ),
            {"sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "u", "ssl.ca.location": "/ca.pem"},
        ),
    ],
)  # fmt: skip
def test_the_settings_are_those_of_the_client(settings: Settings, expected: dict[str, Any]) -> None:
    made = client_settings(settings)
    assert {key: made.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(), "KAFKA_BROKERS is unset"),
        (Settings(kafka_brokers="b:9", kafka_security="sasl_ssl"), "KAFKA_PASSWORD is unset"),
    ],
)
def test_missing_settings_are_named(settings: Settings, said: str) -> None:
    with pytest.raises(InvalidSettings, match=said):
        client_settings(settings)

"""Kafka behind the outbox and the inbox, by librdkafka (https://docs.confluent.io/platform/current/clients/
confluent-kafka-python/html/index.html; its settings: https://github.com/confluentinc/librdkafka/blob/master/
CONFIGURATION.md)."""

import logging
import time
import zlib
from collections.abc import Mapping
from typing import Any, Final

from jobs.presenter.messages.broker import BrokerFailed, BrokerRefused, Delivery, Place
from shared.errors import InvalidSettings
from shared.logs import log
from shared.settings import Settings

_ANSWERS_S: Final = 10.0
_POLL_S: Final = 0.5
_MOST_BYTES: Final = 8 << 20
"""What the client lets through: the broker's own limit decides."""
_TOO_LARGE: Final = (
    "the message has {} bytes, more than the topic takes: raise max.message.bytes of topic {} (and "
    "message.max.bytes of the broker), or shorten the text"
)


def client_settings(settings: Settings) -> dict[str, Any]:
    """How a client reaches the brokers that the settings name."""
    if not settings.kafka_brokers:
        raise InvalidSettings("KAFKA_BROKERS is unset: set it to host:port of one broker or more")
    known: dict[str, Any] = {
        "bootstrap.servers": settings.kafka_brokers,
        "client.id": "reelwright",
        "socket.timeout.ms": int(_ANSWERS_S * 1000),
        "log.connection.close": False,
    }
    secured = settings.kafka_security or ("sasl_ssl" if settings.kafka_password else "plaintext")
    known["security.protocol"] = secured
    if secured.startswith("sasl"):
        if not settings.kafka_password:
            raise InvalidSettings(f"KAFKA_PASSWORD is unset: KAFKA_SECURITY={secured!r} needs it")
        known |= {
            "sasl.mechanism": settings.kafka_sasl_mechanism,
            "sasl.username": settings.kafka_user,
            "sasl.password": settings.kafka_password,
        }
    if settings.kafka_ca_file:
        known["ssl.ca.location"] = settings.kafka_ca_file
    return known


class KafkaBroker:
    """Sends messages, each to the partition of its key."""

    def __init__(self, client: Mapping[str, Any], *, answers_s: float = _ANSWERS_S) -> None:
        """`client` are librdkafka's settings that reach the brokers."""
        self._client = client
        self._answers_s = answers_s

    def place(self, topic: str, key: str) -> Place:
        consumer = self._looker()
        try:
            partitions = self._partitions(consumer, topic)
            partition = zlib.crc32(key.encode()) % partitions
            _, end = self._ends(consumer, topic, partition)
        finally:
            consumer.close()
        return Place(topic=topic, partition=partition, end=end)

    def send(self, place: Place, key: str, value: bytes, *, timeout_s: float) -> int:
        from confluent_kafka import KafkaError, KafkaException, Producer

        answers: list[tuple[Any, Any]] = []
        producer = Producer(
            {
                **self._client,
                "acks": "all",
                "enable.idempotence": True,
                "compression.type": "gzip",
                "message.max.bytes": _MOST_BYTES,
                "message.timeout.ms": int(timeout_s * 1000),
                "linger.ms": 0,
                "logger": logging.getLogger("kafka"),
            }
        )
        try:
            producer.produce(
                place.topic,
                value,
                key=key.encode(),
                partition=place.partition,
                on_delivery=lambda error, message: answers.append((error, message)),
            )
            over_at = time.monotonic() + timeout_s + 1
            while not answers and time.monotonic() < over_at:
                producer.poll(0.05)  # in pieces, so that a signal is heard
        except KafkaException as error:
            raise _failure(f"send to {place.topic}", error.args[0], place.topic, len(value)) from error
        if not answers:
            producer.purge(in_queue=True, in_flight=True, blocking=False)
            raise BrokerFailed(f"send to {place.topic}", f"no answer within {timeout_s:g} s")
        refusal, message = answers[0]
        if isinstance(refusal, KafkaError):
            raise _failure(f"send to {place.topic}", refusal, place.topic, len(value))
        return int(message.offset())

    def find(self, place: Place, key: str) -> int | None:
        from confluent_kafka import KafkaException, TopicPartition

        consumer = self._looker()
        try:
            first, end = self._ends(consumer, place.topic, place.partition)
            at = max(place.end, first)
            if at >= end:
                return None
            consumer.assign([TopicPartition(place.topic, place.partition, at)])
            return self._search(consumer, place, key, end)
        except KafkaException as error:
            raise _failure(f"look into {place.topic}", error.args[0], place.topic) from error
        finally:
            consumer.close()

    def _search(self, consumer: Any, place: Place, key: str, end: int) -> int | None:
        quiet_until = time.monotonic() + self._answers_s
        while time.monotonic() < quiet_until:
            message = consumer.poll(_POLL_S)
            if message is None:
                continue
            if message.error():
                if message.error().code() == message.error()._PARTITION_EOF:
                    return None
                continue  # librdkafka repeats what can be repeated
            quiet_until = time.monotonic() + self._answers_s
            if message.key() == key.encode():
                return int(message.offset())
            if message.offset() >= end - 1:
                return None
        raise BrokerFailed(f"look into {place.topic}", f"no answer within {self._answers_s:g} s")

    def _looker(self) -> Any:
        """A consumer outside of all groups that are counted: it never commits."""
        from confluent_kafka import Consumer

        return Consumer(
            {
                **self._client,
                "group.id": "reelwright-outbox",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "fetch.message.max.bytes": _MOST_BYTES,
                "allow.auto.create.topics": True,
                "logger": logging.getLogger("kafka"),
            }
        )

    def _partitions(self, consumer: Any, topic: str) -> int:
        from confluent_kafka import KafkaException

        try:
            found = consumer.list_topics(topic, timeout=self._answers_s).topics[topic]
        except KafkaException as error:
            raise _failure(f"find topic {topic}", error.args[0], topic) from error
        if found.error is not None:
            raise _failure(f"find topic {topic}", found.error, topic)
        return max(1, len(found.partitions))

    def _ends(self, consumer: Any, topic: str, partition: int) -> tuple[int, int]:
        from confluent_kafka import KafkaException, TopicPartition

        try:
            found = consumer.get_watermark_offsets(
                TopicPartition(topic, partition), timeout=self._answers_s, cached=False
            )
        except KafkaException as error:
            raise _failure(f"find the end of {topic}[{partition}]", error.args[0], topic) from error
        if found is None:
            raise BrokerFailed(f"find the end of {topic}[{partition}]", "no answer")
        return int(found[0]), int(found[1])


class KafkaInbox:
    """Takes messages as a member of a consumer group, one at a time."""

    def __init__(self, client: Mapping[str, Any], *, topic: str, group: str, dead: str) -> None:
        from confluent_kafka import Consumer

        self._dead = dead
        self._broker = KafkaBroker(client)
        self._consumer = Consumer(
            {
                **client,
                "group.id": group,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",  # or the first messages of a new group would be skipped
                "session.timeout.ms": 6000,  # a killed consumer's partitions are free again after that
                "heartbeat.interval.ms": 1500,
                "queued.min.messages": 1,
                "fetch.message.max.bytes": _MOST_BYTES,
                "logger": logging.getLogger("kafka"),
            }
        )
        self._consumer.subscribe([topic], on_revoke=_tell_revoked)

    def take(self, within_s: float) -> Delivery | None:
        over_at = time.monotonic() + within_s
        reason = ""
        while (left_s := over_at - time.monotonic()) > 0:
            message = self._consumer.poll(min(left_s, _POLL_S))
            if message is None:
                continue
            error = message.error()
            if error is None:
                return Delivery(
                    value=message.value(),
                    topic=message.topic() or "",
                    partition=message.partition() or 0,
                    offset=message.offset() or 0,
                    handle=message,
                )
            if not error.retriable() and error.code() != error._ALL_BROKERS_DOWN:
                log(logging.WARNING, "broker_error", f"Kafka: {error.str()}")
            reason = error.str()
        if reason:
            raise BrokerFailed("take a message", f"{reason}; none came within {within_s:g} s")
        return None

    def commit(self, delivery: Delivery) -> None:
        from confluent_kafka import KafkaException, TopicPartition

        done = TopicPartition(delivery.topic, delivery.partition, delivery.offset + 1)
        try:
            self._consumer.commit(offsets=[done], asynchronous=False)
        except KafkaException as error:
            text = f"{delivery}: could not be committed ({error.args[0].str()}): it will come again"
            log(logging.WARNING, "commit_failed", text)

    def bury(self, delivery: Delivery, reason: str) -> None:
        from confluent_kafka import KafkaException, Message, Producer

        original = delivery.handle
        assert isinstance(original, Message)
        answers: list[Any] = []
        producer = Producer({**self._broker._client, "acks": "all", "message.timeout.ms": 20_000})
        headers = {
            "reason": reason.encode()[:4096],
            "topic": delivery.topic.encode(),
            "partition": str(delivery.partition).encode(),
            "offset": str(delivery.offset).encode(),
        }
        try:
            producer.produce(
                self._dead,
                original.value(),
                key=original.key(),
                headers=[*(original.headers() or []), *headers.items()],
                on_delivery=lambda error, _message: answers.append(error),
            )
            producer.flush(21)
        except KafkaException as error:
            raise BrokerFailed(f"send to {self._dead}", error.args[0].str()) from error
        if not answers or answers[0] is not None:
            why = answers[0].str() if answers else "no answer"
            raise BrokerFailed(f"send to {self._dead}", f"{why}; create it: it takes unreadable messages")

    def close(self) -> None:
        self._consumer.close()


def _tell_revoked(_consumer: Any, partitions: list[Any]) -> None:
    names = ", ".join(f"{each.topic}[{each.partition}]" for each in partitions)
    text = f"Kafka gave {names} to another consumer; what is not committed will be delivered there too"
    log(logging.INFO, "partitions_revoked", text)


def _failure(action: str, error: Any, topic: str, size: int = 0) -> BrokerFailed:
    """A Kafka error as one of ours."""
    code, text = error.code(), error.str()
    if code in (error.MSG_SIZE_TOO_LARGE, error.RECORD_LIST_TOO_LARGE):
        return BrokerRefused(action, _TOO_LARGE.format(size, topic))
    if code in (error.UNKNOWN_TOPIC_OR_PART, error._UNKNOWN_TOPIC, error._UNKNOWN_PARTITION):
        return BrokerRefused(action, f"{text}; create the topic {topic}, or name another in KAFKA_TOPIC")
    if code in (error.TOPIC_AUTHORIZATION_FAILED, error.GROUP_AUTHORIZATION_FAILED):
        return BrokerRefused(action, f"{text}; give this user access to topic {topic}")
    if code in (error._AUTHENTICATION, error.SASL_AUTHENTICATION_FAILED):
        return BrokerRefused(action, f"{text}; check KAFKA_USER and KAFKA_PASSWORD")
    return BrokerFailed(action, text)

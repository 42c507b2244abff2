"""One message a creation, wherever its job is killed, and however many jobs there are."""

import threading
from collections.abc import Callable

import pytest

from jobs.presenter.messages.broker import BrokerFailed, BrokerRefused, Place
from jobs.presenter.messages.outbox import SEND_S, Outbox
from shared.records.creation import Creation
from shared.storage import ObjectStore
from shared.storage.memory import MemoryStore
from tests.support.brokers import Clock, Killed, MemoryBroker
from tests.support.toys import When, watched

ID = "talk"
MESSAGE = b'{"jobId": "talk"}'


def publish(store: ObjectStore, broker: MemoryBroker, clock: Clock, *, within_s: float = 200) -> int:
    outbox = Outbox(Creation(store, ID), sleep=clock.sleep, now=clock.now)
    message = outbox.message() or outbox.put(MESSAGE)
    return outbox.publish(broker, "videoJob", message, within_s=within_s)


def killing(at: int) -> tuple[Callable[[], None], list[int]]:
    """A hook that kills at the nth call, and the number of calls so far."""
    calls = [0]

    def hook() -> None:
        calls[0] += 1
        if calls[0] == at:
            raise Killed

    return hook, calls


def publish_killed(at: int, store: MemoryStore, broker: MemoryBroker, clock: Clock) -> bool:
    """Whether the nth call of store or broker, before or after it, was reached and killed the attempt."""
    hook, calls = killing(at)
    broker.on_call = lambda _when, _name: hook()
    try:
        publish(watched(store, lambda *_: hook()), broker, clock)
    except Killed:
        return True
    finally:
        broker.on_call = lambda _when, _name: None
    assert calls[0] < at
    return False


def test_an_attempt_killed_anywhere_and_the_next_one_send_one_message() -> None:
    points = 0
    while True:
        store, broker, clock = MemoryStore(), MemoryBroker(), Clock()
        broker.append("other", b"{}")
        if not publish_killed(points + 1, store, broker, clock):
            break
        points += 1
        publish(store, broker, clock)
        publish(store, broker, clock)
        assert broker.keys.count(ID) == 1, points
    assert points > 10


def test_two_attempts_killed_anywhere_and_a_third_send_one_message() -> None:
    for first in (5, 8, 10, 11, 12, 13, 14):
        for second in range(1, 25):
            store, broker, clock = MemoryStore(), MemoryBroker(), Clock()
            publish_killed(first, store, broker, clock)
            publish_killed(second, store, broker, clock)
            publish(store, broker, clock)
            assert broker.keys.count(ID) == 1, (first, second)


def test_a_message_that_arrives_after_its_sender_has_died_is_not_sent_again() -> None:
    store, broker, clock = MemoryStore(), MemoryBroker(), Clock()
    sent_at = clock.now()

    def die(when: When, name: str) -> None:
        if (when, name) == ("before", "send"):
            raise Killed

    broker.on_call = die
    with pytest.raises(Killed):
        publish(store, broker, clock)
    broker.on_call = lambda _when, _name: None

    def arrive() -> None:
        if (clock.now() - sent_at).total_seconds() >= SEND_S and ID not in broker.keys:
            broker.append(ID, MESSAGE)

    clock.on_sleep = arrive
    publish(store, broker, clock)
    assert broker.keys == [ID]


def test_many_attempts_at_once_send_one_message() -> None:
    store, broker, failed = MemoryStore(), MemoryBroker(), list[Exception]()

    def work() -> None:
        try:
            Outbox(Creation(store, ID)).publish(broker, "videoJob", MESSAGE, within_s=60)
        except BrokerFailed as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (broker.keys, failed) == ([ID], [])


def test_a_broker_that_is_down_is_asked_until_the_time_is_up_and_the_message_stays() -> None:
    store, broker, clock = MemoryStore(), MemoryBroker(), Clock()
    broker.is_down, began = True, clock.now()
    with pytest.raises(BrokerFailed, match=r"connection refused.*KAFKA_TIMEOUT_S.*is kept"):
        publish(store, broker, clock, within_s=120)
    assert 60 < (clock.now() - began).total_seconds() <= 120
    broker.is_down = False
    publish(store, broker, clock)
    assert broker.keys == [ID]


def test_a_broker_that_comes_back_gets_the_message() -> None:
    store, broker, clock = MemoryStore(), MemoryBroker(), Clock()
    broker.is_down = True
    clock.on_sleep = lambda: setattr(broker, "is_down", False)
    publish(store, broker, clock)
    assert broker.keys == [ID]


def test_a_refusal_is_not_repeated() -> None:
    class Refusing(MemoryBroker):
        asked = 0

        def send(self, place: Place, key: str, value: bytes, *, timeout_s: float) -> int:
            self.asked += 1
            raise BrokerRefused("send", "the message is too large")

    broker = Refusing()
    with pytest.raises(BrokerRefused, match="too large"):
        publish(MemoryStore(), broker, Clock())
    assert broker.asked == 1


def test_the_first_message_is_the_one_that_all_attempts_send() -> None:
    store = MemoryStore()
    assert Outbox(Creation(store, ID)).put(b"first") == b"first"
    assert Outbox(Creation(store, ID)).put(b"second") == b"first"

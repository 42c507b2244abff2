"""A broker in memory whose calls may kill their caller, and a clock that waiting moves on."""

import threading
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from jobs.presenter.deck.slides import Slide, Slides
from jobs.presenter.draft import Composed
from jobs.presenter.messages.broker import BrokerFailed, Delivery, Place
from jobs.presenter.talk import Talk
from shared.providers.account import Account
from shared.settings import Settings
from tests.support.toys import When


class Killed(BaseException):
    """The process is gone: no code of ours handles it."""


class Clock:
    """Waiting takes no time."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, tzinfo=UTC)
        self.on_sleep: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.on_sleep()


class MemoryBroker:
    """A topic of four partitions, and the offsets that its one group has committed."""

    PARTITIONS = 4

    def __init__(self) -> None:
        self.logs: list[list[tuple[str, bytes]]] = [[] for _ in range(self.PARTITIONS)]
        self.committed = [0] * self.PARTITIONS
        self.dead: list[tuple[bytes | None, str]] = []
        self.on_call: Callable[[When, str], None] = lambda _when, _name: None
        self.is_down = False
        self._lock = threading.Lock()

    @property
    def keys(self) -> list[str]:
        return [key for log in self.logs for key, _ in log]

    def append(self, key: str, value: bytes) -> None:
        self.logs[zlib.crc32(key.encode()) % self.PARTITIONS].append((key, value))

    def place(self, topic: str, key: str) -> Place:
        self._called("before", "place")
        partition = zlib.crc32(key.encode()) % self.PARTITIONS
        found = Place(topic=topic, partition=partition, end=len(self.logs[partition]))
        self._called("after", "place")
        return found

    def send(self, place: Place, key: str, value: bytes, *, timeout_s: float) -> int:
        self._called("before", "send")
        with self._lock:
            self.logs[place.partition].append((key, value))
            offset = len(self.logs[place.partition]) - 1
        self._called("after", "send")
        return offset

    def find(self, place: Place, key: str) -> int | None:
        self._called("before", "find")
        found = [at for at, (name, _) in enumerate(self.logs[place.partition]) if name == key]
        self._called("after", "find")
        return next((at for at in found if at >= place.end), None)

    def _called(self, when: When, name: str) -> None:
        if self.is_down:
            raise BrokerFailed(name, "connection refused")
        self.on_call(when, name)


class MemoryInbox:
    """The only member of the broker's group. One that is not closed but opened again is as after a kill."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self._at = list(broker.committed)

    def take(self, within_s: float) -> Delivery | None:
        self._broker._called("before", "take")
        for partition, log in enumerate(self._broker.logs):
            at = self._at[partition]
            if at < len(log):
                self._at[partition] += 1
                self._broker._called("after", "take")
                return Delivery(value=log[at][1], topic="videoJob", partition=partition, offset=at)
        return None

    def commit(self, delivery: Delivery) -> None:
        self._broker._called("before", "commit")
        self._broker.committed[delivery.partition] = delivery.offset + 1
        self._broker._called("after", "commit")

    def bury(self, delivery: Delivery, reason: str) -> None:
        self._broker._called("before", "bury")
        self._broker.dead.append((delivery.value, reason))
        self._broker._called("after", "bury")

    def close(self) -> None:
        """Leaves nothing behind."""


def quick_talk(talk: Talk, _settings: Settings, _account: Account) -> Composed:
    """One slide that says it all."""
    slides = Slides(slides=(Slide(title="All", notes=talk.text or ""),))
    return Composed(script=talk.text or "", slides=slides)

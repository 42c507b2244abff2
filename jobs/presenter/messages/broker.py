"""What the outbox and the consumer need of a broker; Kafka is one, tests bring others."""

from dataclasses import dataclass, field
from typing import Protocol

from shared.errors import PlatformError


class BrokerFailed(PlatformError):
    """The broker does not answer, or an answer is lost; a later attempt can help."""

    def __init__(self, action: str, reason: str) -> None:
        PlatformError.__init__(self, "kafka", action, reason)

    def __reduce__(self) -> tuple[type["BrokerFailed"], tuple[str, str]]:
        return type(self), (self.args[1], self.args[2])


class BrokerRefused(BrokerFailed):
    """The broker refuses; the reason says what to change."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a message goes, and the end of that partition before it goes there."""

    topic: str
    partition: int
    end: int
    """Offset of the next message: whatever is sent from now on is at this offset or a later one."""


class Broker(Protocol):
    """Sends messages and finds them again."""

    def place(self, topic: str, key: str) -> Place:
        """Where a message with this key goes. Raises `BrokerFailed`."""

    def send(self, place: Place, key: str, value: bytes, *, timeout_s: float) -> int:
        """Send and return the offset. After `timeout_s` no try of this call can write the message any more.

        Raises `BrokerFailed` when it is unknown whether it was written, `BrokerRefused` when it was not.
        """

    def find(self, place: Place, key: str) -> int | None:
        """The offset of a message with this key, from `place.end` on; None if there is none."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A message that was received and has yet to be committed."""

    value: bytes | None
    topic: str = ""
    partition: int = 0
    offset: int = 0
    handle: object = field(default=None, repr=False)
    """The broker's own object."""

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]@{self.offset}"


class Inbox(Protocol):
    """Receives messages, one at a time."""

    def take(self, within_s: float) -> Delivery | None:
        """The next message, or None if there is none within this time. Raises `BrokerFailed`."""

    def commit(self, delivery: Delivery) -> None:
        """It is done with. If the partition went to another consumer meanwhile, that is no error: it will be
        delivered again."""

    def bury(self, delivery: Delivery, reason: str) -> None:
        """Send an unreadable message to the dead letters, with the reason. Raises `BrokerFailed`."""

    def close(self) -> None:
        """Leave the group, so that another consumer gets its partitions at once."""

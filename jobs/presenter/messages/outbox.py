"""The outbox: exactly one message a creation, however often its job is repeated or killed.

Two objects below the creation: the message, written once, so that every attempt sends the same, and a record
of its sending, written before and after under preconditions:

    sending   where it goes, the partition's end before it was sent, and the time from which on this attempt
              can't write it any more
    sent      where it is

An attempt that finds `sending` waits until that time, looks in the partition from the noted end on, and sends
again only if the message is not there. Transactions would fence an earlier attempt too, but each leaves a
marker in the partition that counts as lag, for which KEDA would start containers for ever.
"""

import logging
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import AwareDatetime, Field

from jobs.presenter.messages.broker import Broker, BrokerFailed, BrokerRefused, Place
from shared.errors import ObjectNotFound, PreconditionFailed
from shared.logs import log
from shared.records.creation import Creation
from shared.records.documents import Document, load, save, utc_now
from shared.records.names import CLAIMS
from shared.storage import ABSENT

MESSAGE_NAME: Final = f"{CLAIMS}message.json"
SENDING_NAME: Final = f"{CLAIMS}outbox.json"
SEND_S: Final = 20.0
"""How long one try to send may take."""
_MARGIN: Final = timedelta(seconds=5)
"""For a request that is still on its way to the broker, and clocks that differ."""
_PAUSE_S: Final = 1.0
_LOOK_EVERY_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 15.0


class Sending(Document):
    """How far the sending of the message is."""

    state: Literal["sending", "sent"]
    topic: str
    partition: int
    end: int
    settled_at: AwareDatetime
    """From this time on the attempt that wrote this can't write the message any more."""
    offset: int | None = None
    by: str = Field(default_factory=lambda: secrets.token_hex(8))
    """Makes each write differ from every other."""

    @property
    def place(self) -> Place:
        return Place(topic=self.topic, partition=self.partition, end=self.end)


class Outbox:
    """The outbox of one creation."""

    def __init__(
        self,
        creation: Creation,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._creation = creation
        self._sleep = sleep
        self._now = now

    def message(self) -> bytes | None:
        """The message, if an earlier attempt has written it."""
        try:
            return self._creation.read(MESSAGE_NAME)[0]
        except ObjectNotFound:
            return None

    def put(self, message: bytes) -> bytes:
        """Keep the message; returns the one to send, which is another attempt's if that was earlier."""
        try:
            self._creation.write(MESSAGE_NAME, message, expect=ABSENT)
        except PreconditionFailed:
            return self._creation.read(MESSAGE_NAME)[0]
        return message

    def publish(self, broker: Broker, topic: str, message: bytes, *, within_s: float) -> int:
        """Send the message unless it was sent, and return its offset. A broker that does not answer is asked
        again until `within_s` have passed; then, or if it refuses, raises `BrokerFailed` and keeps all as it
        is for the next attempt."""
        over_at = self._now() + timedelta(seconds=within_s)
        pause_s = _PAUSE_S
        while True:
            try:
                return self._publish_once(broker, topic, message)
            except BrokerRefused:
                raise
            except BrokerFailed as error:
                if self._now() + timedelta(seconds=pause_s) > over_at:
                    raise BrokerFailed(
                        f"publish on {topic}",
                        f"{error.args[2]}; gave up after {within_s:g} s (KAFKA_TIMEOUT_S). The message is "
                        "kept: start the job again once the broker answers",
                    ) from error
                log(logging.WARNING, "broker_again", f"{error}; trying again", attempt_in_s=pause_s)
                self._sleep(pause_s)
                pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)

    def _publish_once(self, broker: Broker, topic: str, message: bytes) -> int:
        """The offset of the message. Raises `BrokerFailed` if another attempt was at it meanwhile."""
        found, generation = load(self._creation, SENDING_NAME, Sending)
        if found and found.state == "sent":
            return found.offset or 0
        if found:
            found, generation = self._settled(found, generation)
            if found.state == "sent":
                return found.offset or 0
            offset = broker.find(found.place, self._creation.creation_id)
            if offset is not None:
                return self._note_sent(found, offset, generation)
        place = broker.place(topic, self._creation.creation_id)
        sending = Sending(
            state="sending",
            topic=place.topic,
            partition=place.partition,
            end=place.end,
            settled_at=self._now() + timedelta(seconds=SEND_S) + _MARGIN,
        )
        try:
            generation = save(self._creation, SENDING_NAME, sending, expect=generation)
        except PreconditionFailed as error:
            raise BrokerFailed(f"publish on {topic}", "another attempt of this job is sending") from error
        left_s = (sending.settled_at - _MARGIN - self._now()).total_seconds()
        if left_s < 1:
            raise BrokerFailed(f"publish on {topic}", "this process stood still for too long")
        offset = broker.send(place, self._creation.creation_id, message, timeout_s=left_s)
        return self._note_sent(sending, offset, generation)

    def _note_sent(self, sending: Sending, offset: int, generation: str) -> int:
        sent = sending.model_copy(update={"state": "sent", "offset": offset, "by": secrets.token_hex(8)})
        try:
            save(self._creation, SENDING_NAME, sent, expect=generation)
        except PreconditionFailed as error:
            text = "another attempt of this job has looked for the message meanwhile"
            raise BrokerFailed(f"publish on {sending.topic}", text) from error
        return offset

    def _settled(self, found: Sending, generation: str) -> tuple[Sending, str]:
        """The record when its attempt can't write the message any more, or has noted that it did."""
        text = "an earlier attempt may still be sending; waiting until it can't, then looking"
        log(logging.INFO, "outbox_waits", text, until=found.settled_at.isoformat())
        while found.state == "sending" and (left_s := (found.settled_at - self._now()).total_seconds()) > 0:
            self._sleep(min(left_s, _LOOK_EVERY_S))
            latest, generation = load(self._creation, SENDING_NAME, Sending)
            found = latest or found
        return found, generation

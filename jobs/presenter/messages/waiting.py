"""The inbox without a broker: messages that lie in the store until their run begins."""

from jobs.presenter.messages.broker import Delivery
from jobs.presenter.messages.outbox import MESSAGE_NAME
from shared.errors import ObjectNotFound
from shared.preparing.record import fail, load_preparation
from shared.records.creation import Creation
from shared.records.names import PREPARED
from shared.storage import ObjectStore


class StoreInbox:
    """Finds creations that are ready, by their marks; starting the run is what commits a message."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def take(self, within_s: float) -> Delivery | None:  # noqa: ARG002 - what is there is seen at once
        for info in self._store.list(PREPARED):
            creation = Creation(self._store, info.key.removeprefix(PREPARED))
            found, _ = load_preparation(creation)
            if found and found.state == "ready" and not creation.has_request():
                try:
                    return Delivery(value=creation.read(MESSAGE_NAME)[0], topic=creation.creation_id)
                except ObjectNotFound:  # it was removed just now
                    continue
        return None

    def commit(self, delivery: Delivery) -> None:
        """The run's request is enough."""

    def bury(self, delivery: Delivery, reason: str) -> None:
        fail(Creation(self._store, delivery.topic), reason)

    def close(self) -> None:
        """There is nothing to leave."""

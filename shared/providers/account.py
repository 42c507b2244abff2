"""What a stage buys from paid providers: every result is kept by its content, all spending is added up.

Results are in the store beside the creations, which share them: `_paid/<component>/<key>.json` describes a
result and names the object with its bytes. No creation ID can be equal to `_paid`.
"""

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shared.errors import ObjectNotFound, StoreError
from shared.logs import log
from shared.records.creation import canonical_json
from shared.records.documents import utc_now
from shared.storage import ObjectStore
from shared.storage.memory import MemoryStore

PAID: Final = "_paid/"
_NAP_S: Final = 0.25


@dataclass(frozen=True, kw_only=True)
class Bought:
    """A result, from its provider or from the store."""

    data: bytes
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Facts about it beside its bytes, e.g. word times; JSON."""
    usd: float = 0.0
    """List price of making it, in US dollars."""


def key_of(what: Mapping[str, Any]) -> str:
    """Equal for equal data: 32 hex digits of its SHA-256."""
    return hashlib.sha256(canonical_json(what)).hexdigest()[:32]


class Account:
    """A stage's access to paid providers. Safe to use from several threads."""

    def __init__(
        self,
        store: ObjectStore,
        *,
        check: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`check` raises the error that ended the stage, if any; it is called often during waits."""
        self.check = check
        self._store = store
        self._sleep = sleep
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._spent: dict[str, float] = {}

    @classmethod
    def closed(cls) -> "Account":
        """For queries about a provider itself: nothing is bought or kept."""
        return cls(MemoryStore())

    @property
    def spent(self) -> dict[str, float]:
        """US dollars, list price, by component."""
        with self._lock:
            return {component: round(usd, 6) for component, usd in sorted(self._spent.items())}

    def spend(self, component: str, usd: float) -> None:
        """Add to the cost of a component, e.g. `claude`. `once` does so for its purchases."""
        with self._lock:
            self._spent[component] = self._spent.get(component, 0.0) + usd

    def sleep(self, seconds: float) -> None:
        """Wait; if the stage ends meanwhile, its error is raised soon after."""
        left = seconds
        while left > 0:
            self.check()
            self._sleep(min(left, _NAP_S))
            left -= _NAP_S
        self.check()

    def unchecked(self) -> "Account":
        """The same account for work that is necessary after the stage's end, e.g. cancelling."""
        return Account(self._store, sleep=self._sleep)

    def once(self, component: str, what: Mapping[str, Any], buy: Callable[[], Bought]) -> Bought:
        """The result for `what`, which is everything that it depends on, the provider's model and version
        included.

        Bought only if no creation has bought it before; simultaneous calls in this process buy it once.
        Raises the errors of `buy`, after which the next call tries again. If the store refuses the result, it
        is used all the same, and not kept.
        """
        key = key_of(what)
        with self._lock:
            lock = self._locks.setdefault(f"{component}/{key}", threading.Lock())
        with lock:
            kept = self._kept(component, key)
            if kept:
                return kept
            self.check()
            bought = buy()
            self.spend(component, bought.usd)
            self._keep_if_possible(component, key, what, bought)
            return bought

    def recall(self, name: str) -> dict[str, Any] | None:
        """One of our notes, e.g. a prediction's ID; `name` is below `_paid/`."""
        try:
            found = json.loads(self._store.read(PAID + name)[0])
        except (ObjectNotFound, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def remember(self, name: str, note: Mapping[str, Any]) -> None:
        """Write a note: it is in the store when this returns."""
        self._store.write(PAID + name, canonical_json(dict(note)))

    def forget(self, name: str) -> None:
        self._store.delete(PAID + name)

    def _kept(self, component: str, key: str) -> Bought | None:
        entry = self.recall(f"{component}/{key}.json")
        if entry is None or not isinstance(entry.get("data"), str):
            return None
        try:
            data, _ = self._store.read(PAID + entry["data"])
        except ObjectNotFound:
            return None  # its bytes were deleted: it is bought again
        if hashlib.sha256(data).hexdigest() != entry.get("content_hash"):
            return None
        facts = entry.get("facts")
        return Bought(data=data, facts=facts if isinstance(facts, dict) else {})

    def _keep_if_possible(self, component: str, key: str, what: Mapping[str, Any], bought: Bought) -> None:
        """It is paid for: better used once than lost."""
        try:
            self._keep(component, key, what, bought)
        except StoreError as error:
            text = f"what {component} made could not be kept ({error}); asked for again, it is paid for again"
            log(logging.WARNING, "paid_result_not_kept", text, component=component, key=key)

    def _keep(self, component: str, key: str, what: Mapping[str, Any], bought: Bought) -> None:
        digest = hashlib.sha256(bought.data).hexdigest()
        name = f"{component}/{digest[:32]}.bin"
        # Also over a damaged one: its name determines its content.
        self._store.write(PAID + name, bought.data)
        entry = {
            "what": dict(what),
            "data": name,
            "content_hash": digest,
            "facts": dict(bought.facts),
            "usd": bought.usd,
            "bought_at": utc_now().isoformat(),
        }
        self.remember(f"{component}/{key}.json", entry)

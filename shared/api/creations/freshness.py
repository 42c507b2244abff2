"""Whether a film is older than what it was made from: one listing of a creation's assets tells, mostly."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from shared.api.creations.entry import Entry
from shared.errors import ReelwrightError
from shared.logs import log
from shared.records.creation import Creation
from shared.records.documents import load_request
from shared.runs.asking import inputs_now, summary_of
from shared.runs.trigger import Trigger

_REMEMBERED: Final = 2000
_NEAR: Final = ("file", "memory")
_LASTS_S: Final = 5.0
"""How long an answer about a remote store is given again without another look at it."""


class Freshness:
    """Remembers what was found out, as long as run and inputs stay. May be used from any thread."""

    def __init__(self, trigger: Trigger, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._trigger = trigger
        self._clock = clock
        self._is_near = urlsplit(trigger.store.url).scheme in _NEAR
        self._lately: OrderedDict[tuple[str, int], tuple[float, bool]] = OrderedDict()
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, int, str], bool] = OrderedDict()

    def is_outdated(self, entry: Entry) -> bool | None:
        """Of a completed run; None where that can't be known now."""
        pipeline = self._trigger.pipelines.get(entry.pipeline or "")
        if pipeline is None or entry.status != "completed":
            return None
        creation = Creation(self._trigger.store, entry.creation_id)
        at, lately = self._lately.get((entry.creation_id, entry.run), (0.0, False))
        if at and self._clock() - at < _LASTS_S:
            return lately
        try:
            summary = summary_of(inputs_now(creation, pipeline))
            state = (entry.creation_id, entry.run, summary)
            with self._lock:
                known = self._known.get(state)
            found = known if known is not None else self._remember(state, self._look(creation, summary))
            return self._note(entry, is_outdated=found)
        except ReelwrightError as error:
            log(logging.WARNING, "creation_unread", f"{entry.creation_id}: can't be read now: {error}")
            return None

    def _look(self, creation: Creation, summary: str) -> bool:
        request, _ = load_request(creation)
        if request is None or request.inputs in ("", summary):
            return False
        return self._trigger.status(creation.creation_id).outdated

    def _remember(self, state: tuple[str, int, str], is_outdated: bool) -> bool:
        with self._lock:
            self._known[state] = is_outdated
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return is_outdated

    def _note(self, entry: Entry, *, is_outdated: bool) -> bool:
        if not self._is_near:
            with self._lock:
                self._lately[entry.creation_id, entry.run] = self._clock(), is_outdated
                while len(self._lately) > _REMEMBERED:
                    self._lately.popitem(last=False)
        return is_outdated

"""Whether a film is older than what it was made from: one listing of a creation's assets tells, mostly."""

import logging
import threading
from collections import OrderedDict
from typing import Final

from shared.api.creations.entry import Entry
from shared.errors import ReelwrightError
from shared.logs import log
from shared.records.creation import Creation
from shared.records.documents import load_request
from shared.runs.asking import inputs_now, summary_of
from shared.runs.trigger import Trigger

_REMEMBERED: Final = 2000


class Freshness:
    """Remembers what was found out, as long as run and inputs stay. May be used from any thread."""

    def __init__(self, trigger: Trigger) -> None:
        self._trigger = trigger
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, int, str], bool] = OrderedDict()

    def is_outdated(self, entry: Entry) -> bool | None:
        """Of a completed run; None where that can't be known now."""
        pipeline = self._trigger.pipelines.get(entry.pipeline or "")
        if pipeline is None or entry.status != "completed":
            return None
        creation = Creation(self._trigger.store, entry.creation_id)
        try:
            summary = summary_of(inputs_now(creation, pipeline))
            state = (entry.creation_id, entry.run, summary)
            with self._lock:
                known = self._known.get(state)
            return known if known is not None else self._remember(state, self._look(creation, summary))
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

"""Listeners: functions that the trigger notifies of a run's status."""

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from shared.records.creation import Creation
from shared.records.documents import Request
from shared.runs.status import RunStatus

_REMEMBERED: Final = 10_000
News = Callable[[Creation, Request, RunStatus], None]
"""Called with the status each time that the trigger has read it. Must not raise, and must return soon."""
Ended = Callable[[Creation, Request, RunStatus], bool]
"""Called at least once with a run that has ended; False asks the next sweep to call again."""


Overtaken = Callable[[Creation, int], bool]
"""Called with an ended, overtaken run whose end may be unreported; returns the same as `Ended`."""


class Reported:
    """Remembers the last 10,000 reports that were made. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[Hashable, None] = {}

    def is_new(self, news: Hashable) -> bool:
        """True the first time that it is called with this."""
        with self._lock:
            if news in self._seen:
                return False
            self._seen[news] = None
            while len(self._seen) > _REMEMBERED:
                del self._seen[next(iter(self._seen))]
            return True


@dataclass(frozen=True, kw_only=True)
class Listeners:
    """All listeners of a trigger."""

    on_news: Sequence[News] = ()
    on_end: Sequence[Ended] = ()
    on_overtaken: Sequence[Overtaken] = ()

    def news(self, creation: Creation, request: Request, status: RunStatus) -> None:
        for listener in self.on_news:
            listener(creation, request, status)

    def ended(self, creation: Creation, request: Request, status: RunStatus) -> bool:
        """Notify all; True when none of them wants to be called again."""
        return all([listener(creation, request, status) for listener in self.on_end])

    def overtaken(self, creation: Creation, run: int) -> bool:
        """Notify all; True when none of them wants to be called again."""
        return all([listener(creation, run) for listener in self.on_overtaken])

"""Whoever wants to know how runs go on: the trigger tells them what it sees."""

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from shared.records.creation import Creation
from shared.records.documents import Request
from shared.runs.status import RunStatus

_REMEMBERED: Final = 10_000
News = Callable[[Creation, Request, RunStatus], None]
"""Gets how a run stands, each time that the trigger has looked. Never raises, never takes long."""
Ended = Callable[[Creation, Request, RunStatus], bool]
"""Gets a run that has ended, at least once; False asks to be told again later, by the next sweep."""


Overtaken = Callable[[Creation, int], bool]
"""Gets a run that ended and that a later one has overtaken, if it may not have been told of its end; answers
as `Ended` does."""


class Told:
    """Remembers, of the last 10,000, what was told already. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: dict[Hashable, None] = {}

    def is_new(self, news: Hashable) -> bool:
        """True the first time that it is asked for this."""
        with self._lock:
            if news in self._told:
                return False
            self._told[news] = None
            while len(self._told) > _REMEMBERED:
                del self._told[next(iter(self._told))]
            return True


@dataclass(frozen=True, kw_only=True)
class Listeners:
    """Those who are told."""

    on_news: Sequence[News] = ()
    on_end: Sequence[Ended] = ()
    on_overtaken: Sequence[Overtaken] = ()

    def news(self, creation: Creation, request: Request, status: RunStatus) -> None:
        for tell in self.on_news:
            tell(creation, request, status)

    def ended(self, creation: Creation, request: Request, status: RunStatus) -> bool:
        """Tell all; True when none of them wants to hear it again."""
        return all([tell(creation, request, status) for tell in self.on_end])

    def overtaken(self, creation: Creation, run: int) -> bool:
        """Tell all; True when none of them wants to hear it again."""
        return all([tell(creation, run) for tell in self.on_overtaken])

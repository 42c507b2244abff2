"""Slots for tasks to run in, as many as there are cores."""

import heapq
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Final

_REMEMBERED: Final = 10_000


class Slots:
    """Free slots go to the oldest waiting run first, so that runs are finished one after the other, rather
    than all of them at the very end."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: list[tuple[int, int]] = []
        self._changed = threading.Condition()
        self._tickets = count()
        self._ranks: dict[str, int] = {}

    @contextmanager
    def taken(self, run: str) -> Iterator[None]:
        """Holds a slot while the block runs."""
        with self._changed:
            ticket = self._rank(run), next(self._tickets)
            heapq.heappush(self._waiting, ticket)
            self._changed.wait_for(lambda: self._free > 0 and self._waiting[0] == ticket)
            heapq.heappop(self._waiting)
            self._free -= 1
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def _rank(self, run: str) -> int:
        """A run's number in order of arrival; forgotten after very many other runs."""
        if run not in self._ranks:
            self._ranks[run] = next(self._tickets)
            while len(self._ranks) > _REMEMBERED:
                del self._ranks[next(iter(self._ranks))]
        return self._ranks[run]

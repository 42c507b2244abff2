"""Remembers the recent states of executions: polling a status must not use up a cloud's quota of reads."""

import threading
import time
from collections.abc import Callable
from typing import Final

from shared.platforms import ExecutionState

UNKNOWN: Final = ExecutionState(status="unknown")
NO_NEWS: Final = ExecutionState(status="running")
"""If an answer is only late, no task is taken for dead."""
_RUNNING_LASTS_S: Final = 5.0
_ENDED_LASTS_S: Final = 300.0


class Remembered:
    """States by execution. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._states: dict[str, tuple[float, ExecutionState]] = {}

    def state(
        self, execution: str, ask: Callable[[str], ExecutionState], *, ask_again: bool
    ) -> ExecutionState:
        """The remembered state, or what `ask` returns; with `ask_again` only an end is taken from memory."""
        known = self._get(execution)
        if known is None or (ask_again and known.status != "ended"):
            known = ask(execution)
            self._put(execution, known)
        return known

    def forget(self, execution: str) -> None:
        with self._lock:
            self._states.pop(execution, None)

    def _get(self, execution: str) -> ExecutionState | None:
        with self._lock:
            until, state = self._states.get(execution, (0.0, None))
        return state if self._clock() < until else None

    def _put(self, execution: str, state: ExecutionState) -> None:
        now = self._clock()
        lasts_s = _ENDED_LASTS_S if state.status == "ended" else _RUNNING_LASTS_S
        with self._lock:
            self._states = {key: known for key, known in self._states.items() if now < known[0]}
            self._states[execution] = (now + lasts_s, state)

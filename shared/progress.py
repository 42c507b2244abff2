"""Progress of a stage: said by the function, read by the box."""

import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Step:
    """How far a stage is."""

    fraction: float = 0.0
    message: str = ""


class Progress:
    """Safe to call from several threads; raises what `check` raises, so work ends soon after a stop."""

    def __init__(self, check: Callable[[], None] = lambda: None) -> None:
        self._check = check
        self._lock = threading.Lock()
        self._step = Step()

    @property
    def step(self) -> Step:
        return self._step

    def update(self, fraction: float, message: str) -> None:
        """Report the part done (0 to 1, never backwards) and what is being done now."""
        self._check()
        with self._lock:
            furthest = max(self._step.fraction, min(1.0, max(0.0, fraction)))
            self._step = Step(fraction=furthest, message=message)

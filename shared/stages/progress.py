"""Progress of a stage: reported by the function, read by the box."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Final

_REPORT_EVERY_FRAMES: Final = 15


@dataclass(frozen=True, kw_only=True)
class Step:
    """How far a stage is."""

    fraction: float = 0.0
    message: str = ""


class Progress:
    """Safe to call from several threads; raises what `check` raises, so that work ends soon after a stop."""

    def __init__(self, check: Callable[[], None] = lambda: None) -> None:
        self._check = check
        self._lock = threading.Lock()
        self._step = Step()

    @property
    def step(self) -> Step:
        return self._step

    def update(self, fraction: float, message: str) -> None:
        """Report the part done (0 to 1, never backwards) and the present activity."""
        self._check()
        with self._lock:
            furthest = max(self._step.fraction, min(1.0, max(0.0, fraction)))
            self._step = Step(fraction=furthest, message=message)

    def count_frames(self, frames: int, *, since: float = 0.0, until: float = 1.0) -> Callable[[], None]:
        """Returns a function to call at each frame, from any thread. It reports every half second of film,
        from the part `since` to the part `until`."""
        counted = count(1)  # its steps are atomic among threads

        def tick() -> None:
            done = next(counted)
            if done % _REPORT_EVERY_FRAMES == 0 or done == frames:
                self.update(since + (until - since) * done / frames, f"{done} of {frames} frames")

        return tick

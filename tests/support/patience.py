"""How long tests wait for events that are sure to happen."""

import time
from collections.abc import Callable
from typing import Final

HANGS_AFTER_S: Final = 300.0
"""After this it is assumed never to happen. A busy machine needs far less: no test measures time by it."""


def until(happened: Callable[[], object], *, every_s: float = 0.01, within_s: float = HANGS_AFTER_S) -> None:
    """Poll until it has happened; use a long interval if each poll is expensive."""
    give_up_at = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < give_up_at, "waited in vain"
        time.sleep(every_s)

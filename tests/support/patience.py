"""How long tests wait for what is sure to come."""

import time
from collections.abc import Callable
from typing import Final

HANGS_AFTER_S: Final = 300.0
"""Then it is taken for never coming. Far above what a busy machine needs: no test measures time by it."""


def until(happened: Callable[[], object], *, every_s: float = 0.01) -> None:
    """Look again and again until it has happened; seldom, where a look is work for the machine."""
    give_up_at = time.monotonic() + HANGS_AFTER_S
    while not happened():
        assert time.monotonic() < give_up_at, "waited in vain"
        time.sleep(every_s)

"""How long tests wait for what is sure to come."""

import time
from collections.abc import Callable
from typing import Final

HANGS_AFTER_S: Final = 300.0
"""Then it is taken for never coming. Far above what a busy machine needs: no test measures time by it."""


def wait_until(happened: Callable[[], object]) -> None:
    """Look again and again until it has happened."""
    until = time.monotonic() + HANGS_AFTER_S
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.005)

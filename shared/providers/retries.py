"""Repeated requests to a paid provider: how often, after how long, and when not."""

import logging
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, TypeVar

from shared.errors import ReelwrightError
from shared.logs import log

if TYPE_CHECKING:
    from tenacity import RetryCallState

TRIES: Final = 5
_ALL_TRIES_S: Final = 180.0
_LONGEST_WAIT_S: Final = 60.0
NOT_DONE: Final = frozenset({408, 425, 429, 503, 529})
"""Statuses after which repeating any request is safe: it had no effect."""

_T = TypeVar("_T")


class TryAgain(Exception):
    """The error of this try, and how long the provider wants us to wait."""

    def __init__(self, error: ReelwrightError, wait_s: float | None = None) -> None:
        super().__init__(error, wait_s)
        self.error = error
        self.wait_s = wait_s


class Retries:
    """Calls a function until it doesn't raise `TryAgain`; finally raises the error that this holds."""

    def __init__(self, provider: str, *, sleep: Callable[[float], None], tries: int = TRIES) -> None:
        self._provider = provider
        self._sleep = sleep
        self._tries = tries

    def __call__(self, ask: Callable[[], _T]) -> _T:
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_after_delay

        policy = Retrying(
            sleep=self._sleep,
            stop=stop_after_attempt(self._tries) | stop_after_delay(_ALL_TRIES_S),
            wait=_wait,
            retry=retry_if_exception_type(TryAgain),
            before_sleep=self._log_wait,
            reraise=True,
        )
        try:
            return policy(ask)
        except TryAgain as last:
            raise last.error from last.__cause__

    def _log_wait(self, state: "RetryCallState") -> None:
        error = _failure(state).error
        wait_s = state.next_action.sleep if state.next_action else 0.0
        text = f"{error}; asking again in {wait_s:.1f} s"
        log(logging.INFO, "provider_retry", text, provider=self._provider)


def retry_after_s(header: str) -> float | None:
    """Seconds, or an HTTP date (RFC 9110, 10.2.3); None for anything else."""
    text = header.strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text, re.ASCII):
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _failure(state: "RetryCallState") -> TryAgain:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, TryAgain)
    return error


def _wait(state: "RetryCallState") -> float:
    """As long as the provider wants, else 1, 2, 4, … s, half of it random, so that clients spread out."""
    wanted = _failure(state).wait_s
    if wanted is not None:
        return min(wanted, _LONGEST_WAIT_S) + random.uniform(0, 0.25)  # noqa: S311 - spreads load
    return float(2 ** (state.attempt_number - 1)) * random.uniform(0.5, 1.0)  # noqa: S311

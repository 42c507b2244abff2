"""Policies for repeating calls to Cloud Run. Its client has neither retries nor time limits."""

import logging
from collections.abc import Callable
from typing import Final

from google.api_core.exceptions import (
    Aborted,
    Cancelled,
    DataLoss,
    DeadlineExceeded,
    GoogleAPICallError,
    InternalServerError,
    ResourceExhausted,
    ServiceUnavailable,
    Unknown,
)
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
    wait_random_exponential,
)

from shared.logs import log

READ_TIMEOUT_S: Final = 10.0
WRITE_TIMEOUT_S: Final = 20.0
UNANSWERED: Final[tuple[type[GoogleAPICallError], ...]] = (
    Aborted, Cancelled, DataLoss, DeadlineExceeded, InternalServerError, ServiceUnavailable, Unknown,
)  # fmt: skip
"""Errors after which the call may have been carried out; a reset connection is a `ServiceUnavailable`."""
TRY_LATER: Final[tuple[type[GoogleAPICallError], ...]] = (ResourceExhausted, *UNANSWERED)
LOOK_AGAIN_AFTER_S: Final = (0.0, 1.0, 2.0, 4.0)
"""Pauses before each search for what an unanswered call may have started: lists lag behind."""
_QUOTA_WAIT_S: Final = 60.0
_REPEATS: Final = 3
_SENDS: Final = 3


class NotStarted(Exception):
    """A call was not answered, and a search found that it started no execution: it may be sent again."""


def repeating(sleep: Callable[[float], None]) -> Retrying:
    """For calls that may safely be repeated: a few times within seconds."""
    return Retrying(
        retry=retry_if_exception_type(UNANSWERED),
        wait=wait_random_exponential(multiplier=0.5, max=4),
        stop=stop_after_attempt(_REPEATS),
        sleep=sleep,
        before_sleep=_tell,
        reraise=True,
    )


def resending(sleep: Callable[[float], None]) -> Retrying:
    """For a submit that is known to have started no execution."""
    return Retrying(
        retry=retry_if_exception_type(NotStarted),
        wait=wait_random_exponential(multiplier=1, max=4),
        stop=stop_after_attempt(_SENDS),
        sleep=sleep,
        before_sleep=_tell,
        reraise=True,
    )


def waiting_for_quota(sleep: Callable[[float], None]) -> Retrying:
    """For calls that a quota turns away, before they do anything: it may be as low as 10 writes a minute."""
    return Retrying(
        retry=retry_if_exception_type(ResourceExhausted),
        wait=wait_exponential_jitter(multiplier=2, max=20, jitter=3),
        stop=_waited_enough,
        sleep=sleep,
        before_sleep=_tell,
        reraise=True,
    )


def _waited_enough(state: RetryCallState) -> bool:
    return state.idle_for + state.upcoming_sleep > _QUOTA_WAIT_S


def _tell(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    cause = error.__cause__ if isinstance(error, NotStarted) else error
    log(
        logging.WARNING,
        "cloud_run_retried",
        f"Cloud Run: {type(cause).__name__}; trying again in {state.upcoming_sleep:.1f} s",
        attempt=state.attempt_number,
    )

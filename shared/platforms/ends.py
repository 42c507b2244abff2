"""How an attempt ended, and what to record if it left no error itself."""

import signal
from dataclasses import dataclass

from shared.errors import Stopped
from shared.platforms import LaunchOrder
from shared.records.creation import Creation
from shared.records.documents import DIED, Failure, Unraised, utc_now
from shared.records.failing import fail_record


@dataclass(frozen=True, kw_only=True)
class End:
    """How one attempt of a task ended."""

    exit_code: int
    reason: str
    """The error to record if it left none."""
    kind: Unraised | None = None
    """The failure for which it was ended; it overrides the attempt's own last error."""


def record_end(
    creation: Creation, order: LaunchOrder, execution: str, index: int, end: End, *, stopped: bool
) -> None:
    """Record the task as failed unless its record says how it ended; `stopped` if it was asked to stop."""
    task = order.task(index)
    if task is None:
        return  # fused: the stages' records and claims show which of them it died in
    overrules = end.kind is not None
    fail_record(
        creation,
        task,
        _failure(end, stopped=stopped),
        by="platform",
        at=utc_now(),
        execution=execution,
        keeps_error=not overrules,
        overrules=overrules,
    )


def _failure(end: End, *, stopped: bool) -> Failure:
    if end.kind:
        return Failure(kind=end.kind, message=end.reason, permanent=False)
    if stopped:
        message = f"stopped before it could say so ({end.reason}); run again to resume"
        return Failure(kind=Stopped.__name__, message=message, permanent=False)
    return Failure(kind=DIED, message=end.reason, permanent=False)


def last_words(exit_code: int) -> str:
    """A message for a process that left none; 128 + n means a signal too, as reported by a container."""
    number = -exit_code if exit_code < 0 else exit_code - 128
    if number not in list(signal.Signals):
        return f"ended with exit code {exit_code} without a word"
    hint = ", as the system does when memory runs out" if number == signal.SIGKILL else ""
    return f"killed by {signal.Signals(number).name}{hint}"

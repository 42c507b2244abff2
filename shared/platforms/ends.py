"""How an attempt ended, and what its record is to say of it when it left no word itself."""

import logging
import signal
from dataclasses import dataclass

from shared.errors import PreconditionFailed, Stopped
from shared.logs import log
from shared.platforms import Order
from shared.records.creation import Creation
from shared.records.documents import DIED, Failure, Record, Unraised, load, load_request, save, utc_now


@dataclass(frozen=True, kw_only=True)
class End:
    """How one attempt of a task ended."""

    exit_code: int
    reason: str
    """What to say if it left no word."""
    kind: Unraised | None = None
    """The failure for which it was ended: that is what to say, whatever its own last word was."""


def settle(creation: Creation, order: Order, execution: str, index: int, end: End, *, stopped: bool) -> None:
    """Record the task as failed, with what is known, unless its record says how it ended; `stopped` when it
    was told to."""
    name = order.record_of(index)
    if name is None:
        return  # all stages in one: which of them it died in, their records and claims tell
    request, _ = load_request(creation)
    record, generation = load(creation, name, Record)
    if request is None or request.run != order.run or _needs_no_word(record, order, execution, end):
        return
    settled = _settled(record, order, index, _failure(end, stopped=stopped), overrules=bool(end.kind))
    try:
        save(creation, name, settled, expect=generation)
    except PreconditionFailed:
        log(logging.WARNING, "settled_elsewhere", f"{order.stage}: another attempt owns its record now")


def _needs_no_word(record: Record | None, order: Order, execution: str, end: End) -> bool:
    """Whether the record says how the task ended, or is in the hands of another who works on it."""
    if record is None or record.run != order.run:
        return False
    if record.status == "running":
        return record.execution != execution
    return record.status == "success" or (record.final and not end.kind)


def _failure(end: End, *, stopped: bool) -> Failure:
    if end.kind:
        return Failure(kind=end.kind, message=end.reason, permanent=False)
    if stopped:
        message = f"stopped before it could say so ({end.reason}); run again to resume"
        return Failure(kind=Stopped.__name__, message=message, permanent=False)
    return Failure(kind=DIED, message=end.reason, permanent=False)


def _settled(record: Record | None, order: Order, index: int, failure: Failure, *, overrules: bool) -> Record:
    """The record with this failure, or with its own, unless this one overrules it."""
    now = utc_now()
    if record is None or record.run != order.run:
        record = Record(
            pipeline=order.pipeline, stage=order.stage, index=index, run=order.run, owner="",
            status="failed", started_at=now, heartbeat_at=now,
        )  # fmt: skip
    if record.error and not overrules:
        failure = record.error
    last = {"owner": "platform", "status": "failed", "final": True, "completed_at": now, "error": failure}
    return record.model_copy(update=last)


def last_words(exit_code: int) -> str:
    """What to say of a process without a word of its own; 128 + n is a signal too, told by a container."""
    number = -exit_code if exit_code < 0 else exit_code - 128
    if number not in list(signal.Signals):
        return f"ended with exit code {exit_code} without a word"
    hint = ", as the system does when memory runs out" if number == signal.SIGKILL else ""
    return f"killed by {signal.Signals(number).name}{hint}"

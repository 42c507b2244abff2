"""Holding a stage's record: the stage belongs to the attempt that wrote the record's latest generation.

Every write of the record is conditional. An attempt whose write fails because another one holds the
record has been taken over: it raises `StaleAttempt` and publishes nothing.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from shared.errors import CreationRemoved, OutOfTime, PreconditionFailed, StaleAttempt, Stopped, StoreError
from shared.logs import log
from shared.records.creation import Creation
from shared.records.documents import Record, Request, load, load_request, save, utc_now
from shared.stages.progress import Step

_PROGRESS_EVERY_S = 1.0


def check_wanted(request: Request) -> None:
    """Raise `Stopped` or `OutOfTime` if this run must do no more work."""
    if request.stopped_by:
        raise Stopped(request.stopped_by)
    if request.time_limit_s and request.is_out_of_time(utc_now()):
        raise OutOfTime(request.pipeline, request.time_limit_s)


class Ownership:
    """The record of one task while this attempt holds it."""

    def __init__(
        self,
        creation: Creation,
        name: str,
        record: Record,
        *,
        replacing: str,
        report: Callable[[Record], None] = lambda _record: None,
    ) -> None:
        """Take the record over from generation `replacing`; raises `StaleAttempt` if another attempt was
        faster.

        `report` is called with the record after each write.
        """
        self._report = report
        self._creation = creation
        self._name = name
        self._lock = threading.Lock()
        self._generation = replacing
        self._record = record
        self._stop: Exception | None = None
        self.update()

    @property
    def record(self) -> Record:
        return self._record

    def update(self, **changes: Any) -> Record:
        """Write the record with these fields changed; raises `StaleAttempt` when another attempt owns it."""
        with self._lock:
            record = self._record.model_copy(update={"heartbeat_at": utc_now(), **changes})
            try:
                self._generation = self._save(record)
            except PreconditionFailed as error:
                self._stop = StaleAttempt(record.stage, record.attempt)
                raise self._stop from error
            self._record = record
            self._report(record)
            return record

    def _save(self, record: Record) -> str:
        """Write the record, also over one of our own whose write succeeded without an answer."""
        try:
            return save(self._creation, self._name, record, expect=self._generation)
        except PreconditionFailed:
            found, generation = load(self._creation, self._name, Record)
            if found is None or found.owner != record.owner:
                raise
            if found.status == "success":
                return generation  # it succeeded, although a signal came before the answer
            return save(self._creation, self._name, record, expect=generation)

    def check(self) -> None:
        """Raise what ended this attempt, if anything did."""
        if self._stop:
            raise self._stop

    def stop(self, error: Exception) -> None:
        """Make `check` raise this."""
        self._stop = self._stop or error

    def beat(self, step: Step) -> None:
        """Record that the work goes on, and check whether it still should."""
        try:
            self._look_for_stop()
            self.update(progress=step.fraction, message=step.message)
        except (StaleAttempt, Stopped, OutOfTime) as error:
            self._stop = error
        except StoreError as error:
            log(logging.WARNING, "heartbeat_missed", f"could not write a heartbeat: {error}")

    def check_stands(self) -> None:
        """Raise `CreationRemoved` if the creation's request is gone."""
        if not self._creation.has_request():
            raise CreationRemoved(self._creation.creation_id)

    def _look_for_stop(self) -> None:
        request, _ = load_request(self._creation)
        if request is None:
            raise CreationRemoved(self._creation.creation_id)
        if request.run == self._record.run:
            check_wanted(request)


class Heartbeat:
    """Beats while the `with` block runs: soon after progress, and otherwise every `every_s`."""

    def __init__(self, ownership: Ownership, step: Callable[[], Step], *, every_s: float) -> None:
        self._ownership = ownership
        self._step = step
        self._every_s = every_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _beat_on(self) -> None:
        told = self._step()
        last = time.monotonic()
        while not self._done.wait(min(_PROGRESS_EVERY_S, self._every_s)):
            step = self._step()
            if step == told and time.monotonic() - last < self._every_s:
                continue
            self._ownership.beat(step)
            told, last = step, time.monotonic()

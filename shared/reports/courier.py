"""Delivers reports to one sink in a thread of its own, so that no work waits for it or fails with it."""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count
from queue import Empty, SimpleQueue
from typing import Final, TypeAlias

from shared.errors import ReelwrightError
from shared.reports.sink import Sink
from shared.runs.report import Report

_MOST: Final = 10_000
"""The queue's limit for one sink; beyond that the oldest reports are dropped."""
_SECRETS: Final = (
    (re.compile(r"://[^\s/]*@"), "://***@"),
    (re.compile(r"(password|passwd|pwd)=[^\s&]+", re.IGNORECASE), r"\1=***"),
)


Log: TypeAlias = Callable[..., None]
"""The type of `shared.logs.log`: (severity, action, message, **data)."""


class Courier:
    """One sink, its thread, and its waiting reports.

    After a failure the sink is left alone for `pause_s`; until it accepts reports again only the newest
    report of each stage of each job is kept. `take` uses a queue that is safe in signal handlers, and holds
    no lock.
    """

    def __init__(self, sink: Sink, *, log: Log, pause_s: float) -> None:
        self._sink = sink
        self._log = log
        self._pause_s = pause_s
        self._inbox: SimpleQueue[Report | None] = SimpleQueue()
        self._begun = threading.Lock()
        """Acquired once, and kept, by the caller that starts the thread."""
        self._thread: threading.Thread | None = None
        self._closing = False
        # Only the thread uses the fields below.
        self._has_all = False
        self._waiting: dict[object, Report] = {}
        self._numbers = count()
        self._is_out = False
        self._resume_at = 0.0

    def take(self, report: Report) -> None:
        """Deliver it soon; never waits."""
        if self._closing:
            return
        self._inbox.put(report)
        if self._inbox.qsize() > _MOST:
            with suppress(Empty):
                self._inbox.get_nowait()
        if self._thread is None and self._begun.acquire(blocking=False):
            self._thread = threading.Thread(
                target=self._work, name=f"reports to {self._sink.name}", daemon=True
            )
            try:
                self._thread.start()
            except RuntimeError:  # no more threads can be started for now
                self._thread = None
                self._begun.release()

    def end(self) -> None:
        """Deliver the waiting reports and stop; gives up at the first failure."""
        self._closing = True
        self._inbox.put(None)

    def join(self, timeout_s: float) -> None:
        """Wait until the end, but no longer than this."""
        if self._thread is None:
            return
        self._thread.join(timeout_s)
        if self._thread.is_alive() and not self._is_out:
            self._warn("it did not take the last reports in time")

    def _work(self) -> None:
        try:
            while self._waiting or not self._has_all:
                self._collect()
                if self._waiting and self._may_deliver():
                    self._deliver(self._waiting.pop(next(iter(self._waiting))))
        finally:
            with suppress(Exception):  # its connections close with the process
                self._sink.close()

    def _may_deliver(self) -> bool:
        return self._closing or time.monotonic() >= self._resume_at

    def _collect(self) -> None:
        """Take new reports; waits for them if there is none to deliver."""
        with suppress(Empty):
            if not self._waiting and not self._has_all:
                self._add(self._inbox.get())
            elif not self._may_deliver():
                self._add(self._inbox.get(timeout=max(0.0, self._resume_at - time.monotonic())))
            while True:
                self._add(self._inbox.get_nowait())

    def _add(self, report: Report | None) -> None:
        if report is None:
            self._has_all = True
            return
        key = _subject(report) if self._is_out else next(self._numbers)
        self._waiting.pop(key, None)
        self._waiting[key] = report
        if len(self._waiting) > _MOST:
            self._waiting = _newest(self._waiting.values())
        while len(self._waiting) > _MOST:
            del self._waiting[next(iter(self._waiting))]

    def _deliver(self, report: Report) -> None:
        try:
            self._sink.publish(report)
        except Exception as error:  # noqa: BLE001 - any error of its client: the film doesn't depend on it
            self._fail(report, error)
            return
        if self._is_out:
            self._is_out = False
            self._log(logging.INFO, "reports_said_again", f"{self._sink.name} takes reports again")

    def _fail(self, report: Report, error: Exception) -> None:
        """Leave the sink alone for a while. The report goes to the end of the queue, so that one that the
        sink always refuses doesn't block the others."""
        self._resume_at = time.monotonic() + self._pause_s
        self._waiting = _newest(self._waiting.values())
        self._waiting.setdefault(_subject(report), report)
        if self._closing:
            self._waiting.clear()
        if not self._is_out:
            self._is_out = True
            self._warn(_cause(error))

    def _warn(self, cause: str) -> None:
        text = f"progress can't be reported to {self._sink.name}, the film is made all the same: {cause}"
        self._log(logging.WARNING, "reports_unsaid", text, sink=self._sink.name)


def _subject(report: Report) -> tuple[str, str]:
    return report.job_id, report.stage


def _newest(reports: Iterable[Report]) -> dict[object, Report]:
    """The last report of each stage of each job, in the order of arrival."""
    found: dict[object, Report] = {}
    for report in reports:
        found.pop(_subject(report), None)
        found[_subject(report)] = report
    return found


def _cause(error: Exception) -> str:
    """The error's first line, without a password in a URL; our own errors need no class name."""
    text = next(iter(str(error).strip().splitlines()), "")
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return (
        text if isinstance(error, ReelwrightError) else f"{type(error).__name__}: {text[:300]}".rstrip(": ")
    )

"""Publishes reports, without ever delaying or failing the work that they are about."""

import logging
import os
import time
from collections.abc import Iterable
from typing import Final

from shared import logs
from shared.reports.courier import Courier, Log
from shared.reports.sink import Sink
from shared.runs.report import Report
from shared.settings import Settings

_PAUSE_S: Final = 30.0
_LOGGED: Final = ("job_id", "stage", "progress", "overall", "status", "run")


class Publisher:
    """Publishes to the log and all sinks. May be called from any thread, and works in a forked process."""

    def __init__(self, sinks: Iterable[Sink] = (), *, log: Log = logs.log, pause_s: float = _PAUSE_S) -> None:
        """A sink that failed is tried again after `pause_s`."""
        self._sinks = tuple(sinks)
        self._log = log
        self._pause_s = pause_s
        self._pid = 0
        self._couriers: tuple[Courier, ...] = ()

    def publish(self, report: Report) -> None:
        """Publish it; returns at once, and raises nothing of its own."""
        fields = report.fields()
        self._log(logging.INFO, "progress", report.message, **{name: fields[name] for name in _LOGGED})
        for courier in self._ours():
            courier.take(report)

    def close(self, timeout_s: float = 3.0) -> None:
        """Deliver the waiting reports, in this time at most; later ones are only logged."""
        until = time.monotonic() + timeout_s
        couriers = self._ours()
        for courier in couriers:
            courier.end()
        for courier in couriers:
            courier.join(max(0.0, until - time.monotonic()))

    def _ours(self) -> tuple[Courier, ...]:
        """The couriers of this process: a fork doesn't inherit its parent's threads."""
        if self._pid != os.getpid():
            self._couriers = tuple(
                Courier(sink, log=self._log, pause_s=self._pause_s) for sink in self._sinks
            )
            self._pid = os.getpid()
        return self._couriers


def open_publisher(settings: Settings) -> Publisher:
    """The publisher for these settings. Imports and connections wait for the first report."""
    from shared.database.place import database_url
    from shared.database.sink import DatabaseSink
    from shared.reports.redis_channel import RedisChannel

    sinks: list[Sink] = []
    if settings.redis_url:
        sinks.append(RedisChannel(settings.redis_url))
    url = database_url(settings)
    if url:
        sinks.append(DatabaseSink(url))
    return Publisher(sinks)

"""Progress in the database's tables `jobs` and `stages`, which mirror the store."""

import os
from typing import TYPE_CHECKING

from shared.runs.report import Report

if TYPE_CHECKING:
    from sqlalchemy import Engine


class DatabaseSink:
    """A `Sink`. Its tables are made, or brought up to date, when the first report comes."""

    name = "the database"

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: Engine | None = None
        self._pid = 0

    def publish(self, report: Report) -> None:
        from shared.database.mirror import record_in

        record_in(self._open(), report)

    def close(self) -> None:
        if self._engine:
            self._engine.dispose()
            self._engine = None

    def _open(self) -> "Engine":
        """The engine of this process: a fork must not share its parent's connections."""
        from shared.database.session import open_engine

        if self._engine and self._pid != os.getpid():
            self._engine.dispose(close=False)
            self._engine = None
        if self._engine is None:
            self._engine, self._pid = open_engine(self._url), os.getpid()
        return self._engine

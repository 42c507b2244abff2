"""Progress in the database's tables `jobs` and `stages`, which mirror the store."""

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from shared.reports import Report
from shared.settings import Settings
from shared.storage import open_store

if TYPE_CHECKING:
    from sqlalchemy import Engine


def database_url(settings: Settings) -> str | None:
    """DATABASE_URL; without it an SQLite file beside the folder of a store on disk, e.g. `creations.db`
    beside `creations/`, and none for any other store."""
    if settings.database_url or not settings.store_url.lower().startswith("file:"):
        return settings.database_url
    folder = Path(unquote(urlsplit(open_store(settings.store_url, settings).url).path))
    return f"sqlite:///{folder.with_name(folder.name + '.db')}" if folder.name else None


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
        """The engine of this process: connections must not be shared with the process it was forked from."""
        from shared.database.session import open_engine

        if self._engine and self._pid != os.getpid():
            self._engine.dispose(close=False)
            self._engine = None
        if self._engine is None:
            self._engine, self._pid = open_engine(self._url), os.getpid()
        return self._engine

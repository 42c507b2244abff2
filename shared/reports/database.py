"""Progress in the database's tables `jobs` and `stages`, which mirror the store."""

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from shared.runs.report import Report
from shared.settings import Settings
from shared.storage import open_store
from shared.storage.keys import RESERVED

if TYPE_CHECKING:
    from sqlalchemy import Engine


def database_url(settings: Settings) -> str | None:
    """DATABASE_URL; without it an SQLite file beside the folder of a store on disk, e.g. `creations.db`
    beside `creations/`, or inside it where none can be put beside it, and none for any other store."""
    if settings.database_url or not settings.store_url.lower().startswith("file:"):
        return settings.database_url
    folder = Path(unquote(urlsplit(open_store(settings.store_url, settings).url).path))
    return f"sqlite:///{_file_of(folder)}" if folder.name else None


def _file_of(folder: Path) -> Path:
    """The one that is there already, if any: users who may write to different places share it."""
    beside, inside = folder.with_name(folder.name + ".db"), folder / RESERVED / "jobs.db"
    there = [file for file in (beside, inside) if os.access(file, os.F_OK)]
    return there[0] if there else beside if _takes_files(folder.parent) else inside


def _takes_files(folder: Path) -> bool:
    """Not the root, even for one who may write there: in a container what lies there goes with it."""
    nearest = next(place for place in (folder, *folder.parents) if os.access(place, os.F_OK))
    return folder != Path(folder.anchor) and os.access(nearest, os.W_OK)


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

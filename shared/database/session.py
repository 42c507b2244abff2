"""Engines and sessions. The tables are made, or brought up to date, before a session is returned."""

import os
import sqlite3
import tempfile
import threading
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session

from shared.database.migrate import upgrade
from shared.database.place import database_url
from shared.errors import InvalidSettings
from shared.settings import Settings, read_settings
from shared.storage.disk import access_in, make_folders, opener

_BUSY_MS: Final = 5000
_SILENT_MS: Final = 5000
_LIMITS: Final = "-c lock_timeout=3s -c statement_timeout=5s"
_PATIENT_LIMITS: Final = "-c lock_timeout=60s -c statement_timeout=0"
"""For changes of tables, which must wait for other sessions and must not be interrupted."""
_POOL_TIMEOUT_S: Final = 3
_shared: Final[dict[tuple[str, bool, int], Engine]] = {}
_sharing: Final = threading.Lock()


def get_db() -> Generator[Session, None, None]:
    """One session on the environment's database: `db = next(get_db())`, or `Depends(get_db)`."""
    with session_for(read_settings(os.environ)) as session:
        yield session


def session_for(settings: Settings, *, patient: bool = False) -> Session:
    """A session on these settings' database; raises `InvalidSettings` when they name none.

    On PostgreSQL it waits 3 s for a lock, and 5 s for any answer; a patient session waits longer.
    """
    url = database_url(settings)
    if url is None:
        raise InvalidSettings(
            f"DATABASE_URL: unset, and STORE_URL={settings.store_url!r} is not a folder, so that "
            "no database can be put beside it; set it, e.g. postgresql://<user>:<password>@<host>/<database>"
        )
    return Session(_shared_engine(url, patient=patient))


def _shared_engine(url: str, *, patient: bool) -> Engine:
    """One pool of connections for all sessions of this process; never one from before a fork."""
    with _sharing:
        key = url, patient, os.getpid()
        if key not in _shared:
            _shared[key] = open_engine(url, patient=patient)
        return _shared[key]


def close_engines() -> None:
    """Close the connections that sessions have left open; the next session opens its database again."""
    with _sharing:
        while _shared:
            (_, _, pid), engine = _shared.popitem()
            engine.dispose(close=pid == os.getpid())


def open_engine(url: str, *, patient: bool = False) -> Engine:
    """`make_engine`, its tables up to date. Raises `InvalidSettings` if an SQLite file can't be written."""
    file = _sqlite_file(url)
    if file:
        _check_writable(file)
    upgrading = make_engine(url, patient=True)
    try:
        upgrade(upgrading)
    finally:
        upgrading.dispose()
    return make_engine(url, patient=patient)


def make_engine(url: str, *, patient: bool = False) -> Engine:
    """An engine that fails soon when its database is unreachable or hangs; connects on first use."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(
            parsed,
            pool_pre_ping=True,
            pool_timeout=_POOL_TIMEOUT_S,
            connect_args={
                "connect_timeout": 3,
                "tcp_user_timeout": _SILENT_MS,
                "options": _options(parsed, _PATIENT_LIMITS if patient else _LIMITS),
            },
        )
    file = _sqlite_file(url)
    if file:
        _make_private(file)
    engine = create_engine(parsed, connect_args={"timeout": _BUSY_MS / 1000})
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _sqlite_file(url: str) -> Path | None:
    parsed = make_url(url)
    name = parsed.database or ""
    on_disk = parsed.get_backend_name() == "sqlite" and name and not name.startswith((":memory:", "file:"))
    return Path(name) if on_disk else None


def _check_writable(file: Path) -> None:
    """Raise the error with file and remedy that SQLite lacks. It also writes to files beside the database."""
    try:
        make_folders(file.parent)
        for part in (file.with_name(file.name + end) for end in ("", "-wal", "-shm")):
            if part.exists():
                part.open("ab").close()
        tempfile.TemporaryFile(dir=file.parent).close()
    except OSError as error:
        raise InvalidSettings(
            f"DATABASE_URL: the database {str(file)!r} can't be written ({error.strerror}); let this user "
            "write the file and its folder, or name another, e.g. sqlite:////<folder>/jobs.db"
        ) from error


def _make_private(file: Path) -> None:
    """Create the file with private permissions (an empty file is an empty database); SQLite copies them to
    the files beside it."""
    access = access_in(next(filter(Path.exists, file.absolute().parents)))
    make_folders(file.parent, access)
    with suppress(OSError):  # it exists, or SQLite reports what is wrong
        os.close(opener(access)(str(file), os.O_WRONLY | os.O_CREAT | os.O_EXCL))


def _options(url: URL, limits: str) -> str:
    """The limits, then the URL's own options, which override them."""
    given = url.query.get("options", ())
    return " ".join([limits, given] if isinstance(given, str) else [limits, *given])


def _set_up_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    with suppress(sqlite3.OperationalError):  # another process sets it, and it is stored in the file
        cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()

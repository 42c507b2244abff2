"""A creation that is taken out of the store goes out of the database that mirrors it, too."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Final

from shared.database.place import database_url
from shared.logs import log
from shared.settings import Settings

_AT_ONCE: Final = 2
_RESTS_S: Final = 30.0
_DEADLINE_S: Final = 8.0
"""More than the database's own limits: what has no answer by then hangs."""


class Rows:
    """The rows of jobs in the database, if there is one. May be used from any thread.

    A database that is slow or down holds up two requests at once at most, each for 8 s at most, and after a
    failure it is left alone for 30 s: rows that stay behind for that are warned of.
    """

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._slots = threading.Semaphore(_AT_ONCE)
        self._rests_until = float("-inf")

    def remove(self, job_id: str) -> None:
        """Take the job out of the database."""
        if not _database_is_there(self._settings):
            return
        if self._clock() < self._rests_until:
            _say_left(job_id, "it failed lately")
        elif not self._slots.acquire(blocking=False):
            _say_left(job_id, "it is slow")
        else:
            self._delete(job_id)

    def _delete(self, job_id: str) -> None:
        """In a thread of its own, which may be left behind and keeps its slot for that long."""
        done: Future[None] = Future()

        def work() -> None:
            try:
                _delete_rows(self._settings, job_id)
            except Exception as error:  # noqa: BLE001 - raised where it is waited for
                done.set_exception(error)
            else:
                done.set_result(None)
            finally:
                self._slots.release()

        threading.Thread(target=work, name="rows", daemon=True).start()
        try:
            done.result(_DEADLINE_S)
        except Exception as error:  # noqa: BLE001 - whatever its driver raises: `db rebuild` does it later
            self._rests_until = self._clock() + _RESTS_S
            _say_left(job_id, type(error).__name__)


def _say_left(job_id: str, reason: str) -> None:
    text = f"{job_id}: stays in the database until `reelwright db rebuild`: {reason}"
    log(logging.WARNING, "rows_left", text, kind=reason)


def _delete_rows(settings: Settings, job_id: str) -> None:
    from sqlalchemy import delete

    from shared.database import Job, Stage, session_for

    with session_for(settings) as session, session.begin():
        session.execute(delete(Stage).where(Stage.job_id == job_id))
        session.execute(delete(Job).where(Job.id == job_id))


def _database_is_there(settings: Settings) -> bool:
    """Whether a database is named, or lies beside the store. An SQLite file that is not there is not made."""
    url = database_url(settings)
    if url is None:
        return False
    from sqlalchemy import make_url

    parsed = make_url(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").is_file()

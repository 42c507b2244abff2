"""A creation that is removed from the store is also removed from the database that mirrors it."""

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
"""More than the database's own limits: a call without an answer by then hangs."""


class Rows:
    """The rows of jobs in the database, if there is one. May be used from any thread.

    A slow or unreachable database blocks two requests at once at most, each for 8 s at most. After a failure
    it is left alone for 30 s; a warning is logged for each row that is not deleted.
    """

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._slots = threading.Semaphore(_AT_ONCE)
        self._rests_until = float("-inf")

    def remove(self, job_id: str) -> None:
        """Delete the job's row."""
        if not _database_is_there(self._settings):
            return
        if self._clock() < self._rests_until:
            _say_left(job_id, "it failed lately")
        elif not self._slots.acquire(blocking=False):
            _say_left(job_id, "it is slow")
        else:
            self._delete(job_id)

    def _delete(self, job_id: str) -> None:
        """Runs in a thread of its own, which may be abandoned and keeps its slot until it ends."""
        done: Future[None] = Future()

        def work() -> None:
            try:
                _delete_rows(self._settings, job_id)
            except Exception as error:  # noqa: BLE001 - raised by the caller that waits for it
                done.set_exception(error)
            else:
                done.set_result(None)
            finally:
                self._slots.release()

        threading.Thread(target=work, name="rows", daemon=True).start()
        try:
            done.result(_DEADLINE_S)
        except Exception as error:  # noqa: BLE001 - any error: `db rebuild` deletes the row later
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
    """Whether a database is configured, or is beside the store. A missing SQLite file is not created."""
    url = database_url(settings)
    if url is None:
        return False
    from sqlalchemy import make_url

    parsed = make_url(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").is_file()

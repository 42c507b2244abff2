"""A creation taken out of the store, and out of the database that mirrors it."""

import logging
from pathlib import Path

from shared.creation import FOLDERS, Creation
from shared.logs import log
from shared.reports.database import database_url
from shared.settings import Settings


def remove(creation: Creation, *, sign: str) -> None:
    """Delete all objects of a creation nothing works for.

    Its request goes first, so that nobody takes what is half gone for work to be done again; the object
    called `sign`, by which the creation is known, last, so that what broke off can be done again.
    """
    store = creation.store
    marks = f"_active/{creation.creation_id}/"
    for mark in list(store.list(marks)):
        if mark.key.removeprefix(marks).isdecimal():
            store.delete(mark.key)
    for name in ("request.json", "manifest.json"):
        creation.delete(name)
    for folder in FOLDERS:
        for name in [name for name, _ in creation.list(folder)]:
            if name != sign:
                creation.delete(name)
    creation.delete(sign)


def remove_rows(settings: Settings, job_id: str) -> None:
    """Take the job out of the database, if there is one; one that is down is warned of."""
    if not database_is_there(settings):
        return
    try:
        _delete_rows(settings, job_id)
    except Exception as error:  # noqa: BLE001 - whatever its driver raises: `db rebuild` does it later
        text = f"{job_id}: stays in the database until `reelwright db rebuild`"
        log(logging.WARNING, "rows_left", text, kind=type(error).__name__)


def _delete_rows(settings: Settings, job_id: str) -> None:
    from sqlalchemy import delete

    from shared.database import Job, Stage, session_for

    with session_for(settings) as session, session.begin():
        session.execute(delete(Stage).where(Stage.job_id == job_id))
        session.execute(delete(Job).where(Job.id == job_id))


def database_is_there(settings: Settings) -> bool:
    """Whether a database is named, or lies beside the store. An SQLite file that is not there is not made."""
    url = database_url(settings)
    if url is None:
        return False
    from sqlalchemy import make_url

    parsed = make_url(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").is_file()

"""Restores the tables from the store."""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import and_, delete, select, update
from sqlalchemy.orm import Session

from shared.database.mirror import record_report
from shared.database.models import Job, Stage
from shared.errors import ReelwrightError
from shared.logs import log
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation, creation_ids
from shared.records.documents import load_request
from shared.records.names import BLUEPRINTS
from shared.runs.report import Report, reports_of
from shared.runs.status import RunStatus
from shared.storage import ObjectStore


class _Row(NamedTuple):
    """The content of a job's row before the store was read."""

    id: str
    run: int
    status: str
    video_url: str | None
    updated_at: datetime


def rebuild(
    session: Session,
    store: ObjectStore,
    pipelines: Mapping[str, Pipeline],
    statuses: Callable[[str], RunStatus],
) -> int:
    """Make the tables show exactly what the store does; returns the number of jobs.

    `statuses` returns the status of a creation, e.g. `Trigger.status`. Jobs may be under way meanwhile:
    reports that come while the store is read are kept. So are the rows of creations that can't be read, and
    film addresses that people have entered. The session commits first what it holds already, then all rows at
    once.
    """
    query = select(Job.id, Job.run, Job.status, Job.video_url, Job.updated_at)
    before = {row.id: _Row(*row) for row in session.execute(query)}
    session.commit()
    found = dict(_read(store, pipelines, statuses))
    try:
        for row in before.values():
            if found.get(row.id, ()) is not None:
                _remove(session, row)
        for creation_id, reports in found.items():
            _write(session, before.get(creation_id), reports or [])
        session.commit()
    except BaseException:
        session.rollback()
        raise
    return sum(1 for reports in found.values() if reports)


def _read(
    store: ObjectStore, pipelines: Mapping[str, Pipeline], statuses: Callable[[str], RunStatus]
) -> Iterator[tuple[str, list[Report] | None]]:
    """By creation ID, the reports of creations of reported pipelines; None for one that can't be read."""
    for creation_id in creation_ids(store):
        creation = Creation(store, creation_id)
        try:
            request, _ = load_request(creation)
            if request and request.pipeline == BLUEPRINTS:
                continue  # its graph is its own, and never reported
            status = statuses(creation_id)
            pipeline = pipelines[status.request.pipeline]
            if pipeline.reported:
                yield creation_id, reports_of(creation, pipeline, status.request, status)
        except (ReelwrightError, KeyError) as error:
            log(logging.WARNING, "rebuild_skipped", f"{creation_id}: its rows stay as they are: {error!r}")
            yield creation_id, None


def _remove(session: Session, row: _Row) -> None:
    """Remove the job, unless a report on it came since."""
    same = and_(Job.id == row.id, Job.run == row.run, Job.updated_at == row.updated_at)
    unchanged = select(Job.id).where(same).scalar_subquery()
    session.execute(delete(Stage).where(Stage.job_id == unchanged), execution_options=_UNSYNCHRONISED)
    session.execute(delete(Job).where(same), execution_options=_UNSYNCHRONISED)


def _write(session: Session, before: _Row | None, reports: list[Report]) -> None:
    for report in reports:
        record_report(session, report)
    if before is None or before.status != "completed" or not before.video_url:
        return
    still = and_(Job.id == before.id, Job.run == before.run, Job.status == "completed")
    kept = {"video_url": before.video_url, "updated_at": before.updated_at}
    session.execute(
        update(Job).where(still, Job.updated_at < before.updated_at).values(kept),
        execution_options=_UNSYNCHRONISED,
    )


_UNSYNCHRONISED: Final = {"synchronize_session": False}
"""The session's objects have expired, since it has committed."""

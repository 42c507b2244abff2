"""Writes reports into the tables; they may come in any order and repeatedly.

The database itself decides which parts of a report are new, in one statement per table: several processes
report on one job, each on its own stage, and none waits for another.
"""

from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Engine,
    Table,
    and_,
    case,
    false,
    func,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from shared.database.models import REPORTED, Base, Job, Stage
from shared.runs.report import ERROR, PIPELINE, Report

_FINAL: Final = ("completed", "failed")
_JOBS: Final = Base.metadata.tables[Job.__tablename__]
_STAGES: Final = Base.metadata.tables[Stage.__tablename__]
_INSERTS: Final[dict[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def record_in(engine: Engine, report: Report) -> None:
    """`record_report` in a transaction of its own."""
    with Session(engine) as session, session.begin():
        record_report(session, report)


def record_report(session: Session, report: Report) -> None:
    """Bring the rows of the job and the stage up to date; the caller commits.

    A report of an earlier run, or one that is older than a row's content, changes nothing there.
    """
    session.flush()
    _record_job(session, report)
    latest = session.scalar(select(_JOBS.c.run).where(_JOBS.c.id == report.job_id))
    if latest is None or latest > report.run:
        return
    _begin_stages(session, report)
    if report.stage not in (PIPELINE, ERROR):
        _record_stage(session, report)


def _insert(session: Session, table: Table, values: dict[str, Any]) -> Any:
    return _INSERTS[session.get_bind().dialect.name](table).values(values)


def _record_job(session: Session, report: Report) -> None:
    ends = report.stage in (PIPELINE, ERROR) and report.status in _FINAL
    insert = _insert(session, _JOBS, _job_values(report, ends=ends))
    new = insert.excluded
    is_next = new.run > _JOBS.c.run
    is_open = _JOBS.c.status.not_in(_FINAL)
    may_change = or_(is_open, new.updated_at >= _JOBS.c.updated_at) if ends else is_open
    statement = insert.on_conflict_do_update(
        index_elements=[_JOBS.c.id],
        set_=_job_changes(report, new, is_next, ends=ends),
        where=or_(is_next, and_(new.run == _JOBS.c.run, may_change)),
    )
    session.execute(statement)


def _job_values(report: Report, *, ends: bool) -> dict[str, Any]:
    details = report.details
    waits = report.stage == PIPELINE and report.status == "pending"
    return {
        "id": report.job_id,
        "pipeline": report.pipeline,
        "run": report.run,
        "status": report.status if ends or waits else "processing",
        "overall": report.overall,
        **{name: _text(details.get(name)) for name in (*REPORTED, "video_url")},
        "error_message": _text(report.message) if ends and report.status == "failed" else None,
        "created_at": details.get("created_at", report.at),
        "updated_at": report.at,
    }


def _job_changes(
    report: Report, new: Any, is_next: ColumnElement[bool], *, ends: bool
) -> dict[str, ColumnElement[Any]]:
    """Within a run a job only moves forward: its progress, its latest time, its end."""
    old = _JOBS.c
    waits = report.stage == PIPELINE and report.status == "pending"
    is_made = ends and report.status == "completed"
    keeps = case((is_next, null()), else_=old.video_url)
    return {
        "pipeline": new.pipeline,
        "run": new.run,
        "status": case((is_next, new.status), else_=old.status) if waits else new.status,
        "overall": new.overall if ends else _larger(new.overall, old.overall, is_next),
        **{name: func.coalesce(new[name], old[name]) for name in REPORTED},
        "video_url": func.coalesce(new.video_url, old.video_url) if is_made else keeps,
        "error_message": new.error_message,
        "created_at": new.created_at if "created_at" in report.details else old.created_at,
        "updated_at": new.updated_at if ends else _larger(new.updated_at, old.updated_at, is_next),
    }


def _larger(new: Any, old: Column[Any], is_next: ColumnElement[bool]) -> ColumnElement[Any]:
    return case((or_(is_next, new > old), new), else_=old)


def _begin_stages(session: Session, report: Report) -> None:
    """Stages that this run has not begun are pending, whatever their state in the run before."""
    fresh = {
        "run": report.run, "status": "pending", "progress": 0, "error_message": None,
        "started_at": None, "completed_at": None, "updated_at": None,
    }  # fmt: skip
    of_job = and_(_STAGES.c.job_id == report.job_id, _STAGES.c.run < report.run)
    session.execute(update(_STAGES).where(of_job).values(fresh))
    names = report.details.get("stages", ())
    if names:
        rows = [{"job_id": report.job_id, "stage_name": name, **fresh} for name in names]
        insert = _INSERTS[session.get_bind().dialect.name](_STAGES)
        session.execute(insert.on_conflict_do_nothing(), rows)


def _record_stage(session: Session, report: Report) -> None:
    values = {
        "job_id": report.job_id,
        "stage_name": report.stage,
        "run": report.run,
        "status": report.status,
        "progress": report.progress,
        "error_message": _text(report.message) if report.status == "failed" else None,
        "started_at": report.started_at,
        "completed_at": report.completed_at,
        "updated_at": report.at,
    }
    insert = _insert(session, _STAGES, values)
    new, old = insert.excluded, _STAGES.c
    statement = insert.on_conflict_do_update(
        index_elements=[old.job_id, old.stage_name],
        set_={name: new[name] for name in values},
        where=or_(new.run > old.run, and_(new.run == old.run, _is_news(report, new, old))),
    )
    session.execute(statement)


def _is_news(report: Report, new: Any, old: Any) -> ColumnElement[bool]:
    """Whether a stage's report is newer than its row. Only an attempt that began after an end undoes it."""
    is_open = old.status.not_in(_FINAL)
    is_later = or_(old.updated_at.is_(None), new.updated_at >= old.updated_at)
    if report.status in _FINAL:
        return or_(is_open, is_later)
    began_later = new.started_at > old.completed_at if report.started_at else false()
    return or_(and_(is_open, is_later), began_later)


def _text(value: Any) -> str | None:
    """The text without characters that PostgreSQL refuses: NUL and halves of surrogate pairs."""
    if not isinstance(value, str):
        return None
    return value.replace("\0", "").encode(errors="replace").decode()

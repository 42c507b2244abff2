from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from shared.database import Job, Stage, get_db, session_for
from shared.database.session import close_engines, make_engine
from shared.errors import InvalidSettings
from shared.settings import Settings


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_engines()


def test_the_seed_s_queries_run_as_written(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    db = next(get_db())
    db.add(Job(id="job-123", status="pending", product_name="Watch", style="luxury", cta_text="Shop Now"))
    db.add(Stage(job_id="job-123", stage_name="script_gen", status="completed"))
    db.add(Stage(job_id="job-123", stage_name="voice_gen", status="failed"))
    db.commit()
    job = db.query(Job).filter(Job.id == "job-123").first()
    assert job
    assert (job.status, job.error_message) == ("pending", None)
    failed_stage = (
        db.query(Stage)
        .filter(
            Stage.job_id == "job-123",
            Stage.status == "failed",
        )
        .first()
    )
    assert failed_stage
    assert failed_stage.stage_name == "voice_gen"
    job.video_url = "https://films.example/1.mp4"
    db.commit()
    db.close()
    with session_for(Settings(database_url=url)) as other:
        found = other.get(Job, "job-123")
        assert found
        assert found.video_url == "https://films.example/1.mp4"
        assert found.updated_at > found.created_at


def test_the_session_of_a_request_is_closed_with_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    requests = get_db()
    session = next(requests)
    session.add(Job(id="never committed"))
    session.flush()
    requests.close()
    with session_for(Settings(database_url=url)) as other:
        assert other.query(Job).count() == 0


def test_without_a_database_url_it_lies_beside_the_store(tmp_path: Path) -> None:
    settings = Settings(store_url=f"file://{tmp_path}/creations")
    with session_for(settings) as session:
        assert session.query(Job).all() == []
    assert (tmp_path / "creations.db").is_file()


def test_a_store_elsewhere_needs_a_database_url() -> None:
    with pytest.raises(InvalidSettings, match="DATABASE_URL"):
        session_for(Settings(store_url="gs://bucket"))


@pytest.mark.parametrize("path", ["in-the-way/jobs.db", "/proc/jobs.db", "folder"])
def test_a_file_that_cannot_be_written_is_named_with_the_remedy(tmp_path: Path, path: str) -> None:
    (tmp_path / "in-the-way").touch()
    (tmp_path / "folder").mkdir()
    file = tmp_path / path
    with pytest.raises(InvalidSettings) as caught:
        session_for(Settings(database_url=f"sqlite:///{file}"))
    assert str(caught.value).startswith(f"DATABASE_URL: the database {str(file)!r} can't be written")
    assert "name another" in str(caught.value)


def test_times_are_utc_whatever_zone_they_came_in(session: Session) -> None:
    tokyo = datetime(2025, 1, 15, 21, 30, 0, 123_456, tzinfo=timezone(timedelta(hours=9)))
    session.add(Job(id="a", created_at=tokyo))
    session.commit()
    session.expire_all()
    found = session.get(Job, "a")
    assert found
    assert found.created_at == tokyo
    assert found.created_at.tzinfo is UTC


def test_times_without_a_zone_are_refused(session: Session) -> None:
    session.add(Job(id="a", created_at=datetime(2025, 1, 15)))  # noqa: DTZ001 - that is the point
    with pytest.raises(StatementError):
        session.flush()


def test_a_stage_has_a_job_and_is_there_once(session: Session) -> None:
    session.add(Stage(job_id="nobody", stage_name="voice_gen"))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()
    session.add(Job(id="a"))
    session.flush()
    session.add_all([Stage(job_id="a", stage_name="voice_gen") for _ in range(2)])
    with pytest.raises(IntegrityError):
        session.flush()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # PostgreSQL reads a table as small as this whole
def test_lists_by_time_and_by_status_use_an_index(engine: Engine, url: str) -> None:
    for query in ("ORDER BY created_at DESC", "WHERE status = 'failed' ORDER BY created_at DESC"):
        with engine.connect() as connection:
            plan = connection.execute(text(f"EXPLAIN QUERY PLAN SELECT id FROM jobs {query} LIMIT 10")).all()
        assert len(plan) == 1
        assert "USING INDEX" in plan[0][-1] or "COVERING INDEX" in plan[0][-1]


def test_sqlite_writers_wait_for_each_other_and_readers_for_nobody(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/deep/er/x.db")
    assert (tmp_path / "deep/er/x.db").stat().st_mode & 0o777 == 0o600
    with engine.connect() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in
                 ("journal_mode", "busy_timeout", "foreign_keys")]  # fmt: skip
    engine.dispose()
    assert found == ["wal", 5000, 1]


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_what_others_lock_in_postgresql_is_not_waited_for(url: str) -> None:
    own = make_url(url).update_query_dict({"options": "-c work_mem=5MB -c lock_timeout=1s"})
    given = own.render_as_string(hide_password=False)
    found = []
    for engine in (make_engine(url), make_engine(url, patient=True), make_engine(given)):
        with engine.connect() as connection:
            names = ("lock_timeout", "statement_timeout", "work_mem")
            found.append([connection.exec_driver_sql(f"SHOW {name}").scalar() for name in names])
        engine.dispose()
    assert found == [["3s", "5s", "4MB"], ["1min", "0", "4MB"], ["1s", "5s", "5MB"]]

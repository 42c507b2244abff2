import random
import threading
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from shared.database.mirror import record_in, record_report
from shared.database.models import Job, Stage
from shared.runs.report import ERROR, PIPELINE, Report
from tests.shared.reports.made import NOON, after, report

DETAILS = {
    "product_name": "Premium Watch",
    "style": "luxury",
    "cta_text": "Shop Now",
    "created_at": after(-60),
    "stages": ("script_gen", "voice_gen", "compositing"),
}


def told(session: Session, *reports: Report) -> None:
    for each in reports:
        record_report(session, each)
    session.commit()


def job_of(session: Session, job_id: str = "job-123") -> Job:
    found = session.get(Job, job_id)
    assert found
    return found


def stage_of(session: Session, name: str) -> Stage:
    return session.query(Stage).filter(Stage.job_id == "job-123", Stage.stage_name == name).one()


def rows(session: Session, job_id: str) -> Any:
    """All that the tables tell of a job."""
    jobs = session.execute(text("SELECT * FROM jobs WHERE id = :id"), {"id": job_id}).mappings().one()
    query = text("SELECT * FROM stages WHERE job_id = :id ORDER BY stage_name")
    stages = session.execute(query, {"id": job_id}).mappings().all()
    hidden = {"id", "job_id"}
    return [{name: each[name] for name in each if name not in hidden} for each in (jobs, *stages)]


def asked(at: datetime = NOON, **facts: Any) -> Report:
    return report(PIPELINE, 0, status="pending", at=at, details=DETAILS, **facts)


def done(stage: str, at: datetime, **facts: Any) -> Report:
    return report(stage, 100, status="completed", at=at, completed_at=at, **facts)


def failed(stage: str, at: datetime, **facts: Any) -> Report:
    return report(stage, 30, status="failed", at=at, completed_at=at, message="quota exceeded", **facts)


def ended(at: datetime, **facts: Any) -> Report:
    details = DETAILS | {"video_url": "job-123/assets/video.mp4"}
    return report(PIPELINE, 100, status="completed", overall=100, at=at, details=details, **facts)


def broke(at: datetime, **facts: Any) -> Report:
    message = "Asset generation failed: quota exceeded"
    return report(ERROR, 0, status="failed", overall=40, at=at, message=message, details=DETAILS, **facts)


def test_a_job_goes_from_pending_over_processing_to_completed(session: Session) -> None:
    told(session, asked())
    job = job_of(session)
    assert (job.status, job.overall, job.product_name, job.style) == ("pending", 0, "Premium Watch", "luxury")
    assert (job.cta_text, job.created_at, job.updated_at) == ("Shop Now", after(-60), after(0))
    assert {stage.status for stage in session.query(Stage)} == {"pending"}
    told(session, report(progress=40, at=after(1)))
    assert (job.status, job.overall, stage_of(session, "script_gen").progress) == ("processing", 10, 40)
    assert (job.product_name, job.style, job.cta_text) == ("Premium Watch", "luxury", "Shop Now")
    told(session, done("script_gen", after(2)), ended(after(3)))
    assert (job.status, job.overall, job.video_url) == ("completed", 100, "job-123/assets/video.mp4")
    assert (job.updated_at, job.error_message, job.product_name) == (after(3), None, "Premium Watch")


def test_a_failed_stage_says_so_with_times_and_error(session: Session) -> None:
    told(session, asked(), done("script_gen", after(1)), failed("voice_gen", after(5)), broke(after(6)))
    stage = session.query(Stage).filter(Stage.job_id == "job-123", Stage.status == "failed").one()
    assert (stage.stage_name, stage.error_message, stage.progress) == ("voice_gen", "quota exceeded", 30)
    assert (stage.started_at, stage.completed_at) == (after(0), after(5))
    job = job_of(session)
    assert (job.status, job.error_message) == ("failed", "Asset generation failed: quota exceeded")
    assert (job.overall, job.video_url) == (40, None)


def test_a_report_of_an_unknown_job_makes_its_row(session: Session) -> None:
    told(session, report("voice_gen", 20))
    assert (job_of(session).status, stage_of(session, "voice_gen").progress) == ("processing", 20)


def test_a_stage_that_ended_is_not_put_back_by_late_news(session: Session) -> None:
    told(session, failed("voice_gen", after(5)), report("voice_gen", 20, at=after(4)))
    assert stage_of(session, "voice_gen").status == "failed"
    told(session, report("voice_gen", 20, at=after(6)))
    assert stage_of(session, "voice_gen").status == "failed"


def test_an_attempt_that_began_after_the_end_opens_a_stage_again(session: Session) -> None:
    told(session, failed("voice_gen", after(5)), report("voice_gen", 0, at=after(6), started_at=after(6)))
    stage = stage_of(session, "voice_gen")
    assert (stage.status, stage.started_at, stage.completed_at) == ("processing", after(6), None)
    assert stage.error_message is None


def test_a_failed_job_is_not_put_back_by_the_stages_that_still_stop(session: Session) -> None:
    told(session, broke(after(5)), report("video_gen", 60, overall=70, at=after(6)))
    assert (job_of(session).status, job_of(session).overall) == ("failed", 40)
    assert stage_of(session, "video_gen").progress == 60


def test_a_new_run_begins_anew(session: Session) -> None:
    told(session, asked(), done("script_gen", after(1)), failed("voice_gen", after(5)), broke(after(6)))
    told(session, asked(after(10), run=2))
    job = job_of(session)
    assert (job.status, job.run, job.overall, job.error_message) == ("pending", 2, 0, None)
    stages = session.query(Stage).all()
    assert {(s.run, s.status, s.progress, s.started_at, s.completed_at) for s in stages} == {
        (2, "pending", 0, None, None)
    }
    told(session, report("script_gen", 10, run=2, at=after(9)))
    assert stage_of(session, "script_gen").progress == 10


def test_a_report_of_an_earlier_run_changes_nothing(session: Session) -> None:
    told(session, asked(after(10), run=2), done("script_gen", after(12), run=2))
    before = rows(session, "job-123")
    told(session, broke(after(20)), failed("script_gen", after(21)), report("extra", 5, at=after(22)))
    assert rows(session, "job-123") == before


def test_the_order_of_reports_makes_no_difference_and_neither_does_repeating_them(session: Session) -> None:
    story = [
        asked(),
        report("script_gen", 0, at=after(1), started_at=after(1)),
        report("script_gen", 60, at=after(2), started_at=after(1)),
        done("script_gen", after(3), started_at=after(1), overall=25),
        report("voice_gen", 10, at=after(4), started_at=after(4), overall=30),
        failed("voice_gen", after(6), started_at=after(4), overall=33),
        broke(after(6)),
        asked(after(10), run=2),
        done("script_gen", after(11), run=2, started_at=after(11), overall=25),
        report("voice_gen", 50, run=2, at=after(12), started_at=after(12), overall=40),
        done("voice_gen", after(13), run=2, started_at=after(12), overall=60),
        report("compositing", 0, run=2, at=after(14), started_at=after(14), overall=75),
        ended(after(20), run=2),
    ]
    chance = random.Random(4)
    for number in range(12):
        shuffled = [*story, *chance.sample(story, 4)]
        if number:
            chance.shuffle(shuffled)
        told(session, *(_of(each, f"job-{number}") for each in shuffled))
    assert [rows(session, f"job-{n}") == rows(session, "job-0") for n in range(12)] == [True] * 12


def _of(given: Report, job_id: str) -> Report:
    return Report(**{**vars(given), "job_id": job_id})


def test_what_somebody_put_for_the_film_stays_when_its_end_is_told_again(session: Session) -> None:
    told(session, ended(after(3)))
    job_of(session).video_url = "https://films.example/1.mp4"
    session.commit()
    told(session, ended(after(3)))
    assert job_of(session).video_url == "https://films.example/1.mp4"


def test_text_that_a_database_can_not_hold_is_mended(session: Session) -> None:
    nasty = "a\0b\ud800c'; DROP TABLE jobs; --"
    told(session, report(ERROR, 0, status="failed", message=nasty, details={"product_name": nasty}))
    job = job_of(session)
    assert job.error_message == job.product_name == "ab?c'; DROP TABLE jobs; --"


def test_processes_that_tell_of_one_job_at_once_do_not_get_in_each_other_s_way(engine: Engine) -> None:
    errors: list[Exception] = []

    def tell(stage: str) -> None:
        try:
            for step in range(10):
                record_in(engine, report(stage, step * 10, overall=step, at=after(step), details=DETAILS))
            record_in(engine, done(stage, after(20), overall=99))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=tell, args=(name,)) for name in DETAILS["stages"]]  # type: ignore[attr-defined]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    with Session(engine) as session:
        assert [stage.status for stage in session.query(Stage)] == ["completed"] * 3
        assert job_of(session).overall == 99


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_reader_in_the_middle_of_its_work_holds_up_no_report(engine: Engine, url: str) -> None:
    with Session(engine) as reader:
        record_in(engine, asked())
        job = reader.query(Job).first()
        record_in(engine, report(progress=10, at=after(1)))
        assert job
        job.video_url = "https://films.example/1.mp4"
        reader.commit()
        assert (job.status, job.video_url) == ("processing", "https://films.example/1.mp4")

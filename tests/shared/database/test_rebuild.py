from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.database.mirror import record_report
from shared.database.models import Job, Stage
from shared.database.rebuild import rebuild
from shared.errors import StoreError
from shared.records.creation import Creation
from shared.records.documents import save
from shared.records.names import BLUEPRINTS
from shared.runs.report import PIPELINE
from shared.runs.status import RunStatus
from shared.storage.memory import MemoryStore
from tests.shared.reports.made import NOON, after, report
from tests.shared.runs.test_report import QUOTA, STOPPED, Ad


class Films:
    """A store with some ads in it."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.ads: dict[str, Ad] = {}
        self.between: Callable[[], object] = lambda: None
        """What others do while the store is read."""

    def add(self, creation_id: str, **facts: Any) -> Ad:
        ad = Ad(**facts)
        brief = ad.creation.read("assets/ad.json")[0]
        ad.creation = Creation(self.store, creation_id)
        ad.creation.write("assets/ad.json", brief)
        save(ad.creation, "request.json", ad.request, expect=None)
        self.ads[creation_id] = ad
        return ad

    def status(self, creation_id: str) -> RunStatus:
        self.between()
        return self.ads[creation_id].status(after(100))

    def rebuild(self, session: Session) -> int:
        return rebuild(session, self.store, {"ad": Ad().pipeline}, self.status)


@pytest.fixture
def films() -> Films:
    """One ad that is made, one that failed, one at work."""
    films = Films()
    films.add("made").finish("script_gen", "voice_gen", "video_gen", "cta_gen", "compositing")
    failed = films.add("failed/2025", run=2)
    failed.finish("script_gen")
    failed.record("video_gen", 11, 20, status="failed", error=QUOTA)
    failed.record("voice_gen", 11, 21, status="failed", error=STOPPED)
    films.add("working").record("script_gen", 1, progress=0.5, heartbeat_at=after(90))
    return films


def rows(session: Session) -> Any:
    jobs = session.execute(text("SELECT * FROM jobs ORDER BY id")).all()
    stages = session.query(Stage).order_by(Stage.job_id, Stage.stage_name)
    names = [column for column in Stage.__table__.columns.keys() if column != "id"]  # noqa: SIM118
    return jobs, [tuple(getattr(stage, name) for name in names) for stage in stages]


def test_the_tables_are_as_the_reports_would_have_left_them(films: Films, session: Session) -> None:
    for ad in films.ads.values():
        for each in ad.reports(after(100)):
            record_report(session, each)
    session.commit()
    mirrored = rows(session)
    session.query(Stage).delete()
    session.query(Job).delete()
    session.commit()
    assert films.rebuild(session) == 3
    assert rows(session) == mirrored
    assert films.rebuild(session) == 3
    assert rows(session) == mirrored


def test_a_restored_job_tells_all_that_a_person_asks(films: Films, session: Session) -> None:
    films.rebuild(session)
    job = session.get_one(Job, "failed/2025")
    assert (job.status, job.run, job.product_name) == ("failed", 2, "Premium Watch")
    assert job.error_message == "Asset generation failed: elevenlabs: quota exceeded"
    stage = session.query(Stage).filter(Stage.job_id == "failed/2025", Stage.status == "failed").one()
    assert stage.stage_name == "video_gen"
    assert session.get_one(Job, "made").video_url == "made/assets/video.mp4"
    assert session.get_one(Job, "working").overall == 12


def test_rows_that_the_store_knows_nothing_of_go(films: Films, session: Session) -> None:
    record_report(session, report(PIPELINE, 0, status="pending", job_id="gone", details={"stages": ("a",)}))
    record_report(session, report("nonsense", 5, job_id="working", run=1, at=after(500)))
    session.commit()
    films.rebuild(session)
    assert session.get(Job, "gone") is None
    assert {stage.stage_name for stage in session.query(Stage)} == {
        "script_gen", "voice_gen", "video_gen", "cta_gen", "compositing"
    }  # fmt: skip


def test_what_is_told_while_the_store_is_read_stays(films: Films, session: Session) -> None:
    films.rebuild(session)

    def others() -> None:
        record_report(session, report("script_gen", 90, job_id="working", overall=22, at=after(99)))
        record_report(session, report(PIPELINE, 0, status="pending", job_id="newcomer", at=after(99)))
        session.commit()

    films.between = others
    films.rebuild(session)
    stage = session.query(Stage).filter(Stage.job_id == "working", Stage.stage_name == "script_gen").one()
    assert (stage.progress, session.get_one(Job, "working").overall) == (90, 22)
    assert session.get_one(Job, "newcomer").status == "pending"


def test_where_somebody_has_put_a_film_stays(films: Films, session: Session) -> None:
    films.rebuild(session)
    session.get_one(Job, "made").video_url = "https://films.example/1.mp4"
    session.commit()
    films.rebuild(session)
    assert session.get_one(Job, "made").video_url == "https://films.example/1.mp4"


def test_a_creation_that_can_not_be_read_keeps_its_rows(films: Films, session: Session) -> None:
    films.rebuild(session)
    del films.ads["made"]

    def unreadable() -> None:
        if "made" not in films.ads:
            raise StoreError("read", "made/request.json", "it is away")

    films.between = unreadable
    assert films.rebuild(session) == 0
    assert session.query(Job).count() == 3


def test_creations_of_other_pipelines_and_stray_files_are_left_out(films: Films, session: Session) -> None:
    films.store.write("made/assets/request.json", b"{}")
    story = films.add("story")
    story.pipeline = story.pipeline.model_copy(update={"reported": None})
    found = rebuild(
        session, films.store, {"ad": story.pipeline}, lambda creation_id: films.ads[creation_id].status(NOON)
    )
    assert (found, session.query(Job).count()) == (0, 0)


def test_a_blueprint_s_run_is_left_out_without_a_word(films: Films, session: Session) -> None:
    made = films.add("energy")
    asked = made.request.model_copy(update={"pipeline": BLUEPRINTS})
    save(made.creation, "request.json", asked, expect=None)
    del films.ads["energy"]
    assert films.rebuild(session) == 3


def test_a_rebuild_that_fails_changes_nothing(
    films: Films, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    films.rebuild(session)
    before = rows(session)
    calls = iter(range(100))

    def fail_later(*arguments: Any) -> None:
        if next(calls) == 10:
            raise RuntimeError("no more")
        record_report(*arguments)

    monkeypatch.setattr("shared.database.rebuild.record_report", fail_later)
    with pytest.raises(RuntimeError):
        films.rebuild(session)
    assert rows(session) == before

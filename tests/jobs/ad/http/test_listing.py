"""Pages of ads, and what the database has to do with them: nothing, but it forgets those that are deleted."""

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jobs.ad.http import listing
from shared.api.app import create_app
from shared.api.routes import removal
from shared.api.routes.removal import Rows
from shared.database import Job, session_for
from shared.database.mirror import record_report
from shared.database.session import close_engines
from shared.records.creation import Creation
from shared.runs.report import Report
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.jobs.ad.http.ads import BRIEF, finish, start
from tests.support.api import AD, STORY, NotingPlatform
from tests.support.client import TestClient, local_client


@pytest.fixture
def trigger(store: MemoryStore, platform: NotingPlatform) -> Trigger:
    return Trigger(store, platform, {"story": STORY, "ad": AD})


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    yield Settings(store_url="memory://ads", database_url=f"sqlite:///{tmp_path}/ads.db")
    close_engines()


@pytest.fixture
def client(trigger: Trigger, settings: Settings) -> TestClient:
    return local_client(create_app(trigger, settings=settings))


def listed(client: TestClient, **query: Any) -> list[str]:
    """The IDs of all pages."""
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get("/api/videos", params=query | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200
        found += [each["job_id"] for each in answer.json()["videos"]]
        cursor = answer.json()["next_cursor"]
    return found


def test_ads_are_listed_newest_first_page_by_page(
    client: TestClient, trigger: Trigger, spring: Creation
) -> None:
    for number in range(5):
        start(trigger, f"job-{number}")
    trigger.start("story", "spring")
    trigger.cancel("job-2")
    assert listed(client) == ["job-4", "job-3", "job-2", "job-1", "job-0"]
    assert listed(client, limit=2) == listed(client)
    assert listed(client, status="failed") == ["job-2"]
    first = client.get("/api/videos").json()["videos"][0]
    assert {name: first[name] for name in BRIEF} == BRIEF


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "cursor=W10=", "cursor=WyIyMDI1LTAxLTAxIiwiYSJd", "limit=0", "limit=101", "status=lost"],
)
def test_a_list_that_can_not_be_had_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/api/videos?{query}").status_code == 422


def test_a_page_ends_where_enough_was_looked_at(
    client: TestClient, trigger: Trigger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_MOST_LOOKED_AT", 2)
    for number in range(5):
        start(trigger, f"job-{number}")
    trigger.cancel("job-1")
    page = client.get("/api/videos", params={"status": "failed"}).json()
    assert page["videos"] == []
    assert page["next_cursor"]
    assert listed(client, status="failed") == ["job-1"]
    assert listed(client) == ["job-4", "job-3", "job-2", "job-1", "job-0"]


def tell(settings: Settings, job_id: str) -> None:
    """The database of a job."""
    at = datetime(2025, 10, 30, 12, 0, tzinfo=UTC)
    report = Report(
        job_id=job_id,
        pipeline="ad",
        run=1,
        stage="script_gen",
        status="processing",
        at=at,
        message="writing",
        progress=10,
        overall=2,
        details={**BRIEF, "created_at": at},
    )
    with session_for(settings) as session, session.begin():
        record_report(session, report)


def told(settings: Settings) -> list[str]:
    with session_for(settings) as session:
        return [job.id for job in session.query(Job).order_by(Job.id)]


def test_the_list_is_the_store_s_whatever_the_database_tells(
    client: TestClient, trigger: Trigger, settings: Settings
) -> None:
    tell(settings, "deleted")
    start(trigger, "never-told")
    assert listed(client) == ["never-told"]


def test_an_ad_that_is_deleted_leaves_the_list_and_the_database(
    client: TestClient, trigger: Trigger, settings: Settings
) -> None:
    finish(trigger, start(trigger))
    tell(settings, "job-123")
    tell(settings, "job-124")
    assert client.delete("/api/videos/job-123").status_code == 204
    assert told(settings) == ["job-124"]
    tell(settings, "job-123")  # too late
    assert listed(client) == []


def test_what_is_left_of_a_deleted_ad_is_not_listed(client: TestClient, trigger: Trigger) -> None:
    start(trigger)
    trigger.store.delete("job-123/request.json")
    assert listed(client) == []
    Creation(trigger.store, "job-124").write("request.json", b"{}")
    assert listed(client) == []


def test_a_database_that_is_down_stops_nothing(
    trigger: Trigger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    finish(trigger, start(trigger))
    broken = tmp_path / "broken.db"
    broken.write_bytes(os.urandom(4096))
    settings = Settings(store_url="memory://ads", database_url=f"sqlite:///{broken}")
    client = local_client(create_app(trigger, settings=settings))
    assert client.delete("/api/videos/job-123").status_code == 204
    warned = [getattr(entry, "action", "") for entry in caplog.records if entry.levelname == "WARNING"]
    assert warned == ["rows_left"]


def test_a_database_that_failed_is_left_alone_for_a_while(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(settings, "job-1")
    asked: list[str] = []

    def fail(_settings: Settings, job_id: str) -> None:
        asked.append(job_id)
        raise OSError("locked")

    monkeypatch.setattr(removal, "_delete_rows", fail)
    now = [0.0]
    rows = Rows(settings, clock=lambda: now[0])
    for at_s in (0, 29, 30):
        now[0] = at_s
        rows.remove(f"at {at_s}")
    assert asked == ["at 0", "at 30"]


def test_a_database_that_is_slow_holds_up_two(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(settings, "job-1")
    asked: list[int] = []

    def ask(_settings: Settings, _job_id: str) -> None:
        asked.append(len(asked))
        rows.remove("another, meanwhile")

    monkeypatch.setattr(removal, "_delete_rows", ask)
    rows = Rows(settings)
    rows.remove("job-1")
    assert asked == [0, 1]
    rows.remove("job-1")
    assert asked == [0, 1, 2, 3]


def test_a_database_that_hangs_is_not_waited_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tell(settings, "job-1")
    answer = threading.Event()
    monkeypatch.setattr(removal, "_delete_rows", lambda _settings, _job_id: answer.wait(10))
    monkeypatch.setattr(removal, "_DEADLINE_S", 0.01)
    Rows(settings).remove("job-1")
    answer.set()
    assert "TimeoutError" in caplog.text


def test_no_database_is_made_by_asking(trigger: Trigger, tmp_path: Path) -> None:
    start(trigger)
    client = local_client(create_app(trigger, settings=Settings(store_url=f"file://{tmp_path}/creations")))
    assert listed(client) == ["job-123"]
    client.delete("/api/videos/job-123?cancel=true")
    assert not (tmp_path / "creations.db").exists()

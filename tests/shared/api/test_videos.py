import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.api import posting
from shared.api.app import create_app
from shared.creation import Creation
from shared.errors import StoreError
from shared.reports import Report
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from shared.trigger import Trigger
from tests.shared.api.ads import AD, BRIEF, fail, finish, leave, picture, start
from tests.shared.api.conftest import STORY, NotingPlatform, TestClient, local_client
from tests.toys import failing

GENERATE = "/api/videos/generate"
NO_DATABASE = Settings(store_url="memory://ads", max_upload_bytes=1 << 20)
WAV = b"RIFF\x24\0\0\0WAVEfmt "


@pytest.fixture
def trigger(store: MemoryStore, platform: NotingPlatform) -> Trigger:
    return Trigger(store, platform, {"story": STORY, "ad": AD})


@pytest.fixture
def client(trigger: Trigger) -> TestClient:
    return local_client(create_app(trigger, settings=NO_DATABASE))


def status_of(client: TestClient, job_id: str = "job-123") -> dict[str, Any]:
    answer = client.get(f"/api/videos/{job_id}")
    assert answer.status_code == 200
    return dict(answer.json())


def test_an_ad_is_asked_for_in_json(client: TestClient, store: MemoryStore, platform: NotingPlatform) -> None:
    answer = client.post(GENERATE, json=BRIEF)
    assert answer.status_code == 202
    body = answer.json()
    assert UUID(body["job_id"]).version == 4
    assert body["status"] == "pending"
    assert answer.headers["location"] == body["status_url"] == f"/api/videos/{body['job_id']}"
    assert body["websocket_url"] == f"/ws/job/{body['job_id']}"
    assert [order.stage for order in platform.orders] == ["script_gen"]
    shown = client.get(body["status_url"]).json()
    assert {name: shown[name] for name in BRIEF} == BRIEF
    assert (shown["status"], shown["progress"], shown["run"]) == ("pending", 0, 1)


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp")])
def test_a_form_brings_files_whose_names_mean_nothing(
    client: TestClient, store: MemoryStore, kind: str, suffix: str
) -> None:
    data, image = {**BRIEF, "job_id": "j", "variation": "3", "captions": "true"}, picture(kind)
    files: dict[str, Any] = {
        "product_image": ("../../etc/x.exe", image, "text/html"),
        "music": ("music.mp3", WAV),
    }
    assert client.post(GENERATE, data=data, files=files).status_code == 202
    keys = {info.key for info in store.list("j/assets/")}
    assert keys == {"j/assets/ad.json", f"j/assets/product{suffix}", "j/assets/music.wav"}
    assert store.read(f"j/assets/product{suffix}")[0] == image
    assert store.read("j/assets/music.wav")[0] == WAV


def test_fields_of_a_form_that_are_left_empty_are_left_out(client: TestClient, store: MemoryStore) -> None:
    data = {**BRIEF, "job_id": "", "variation": "", "captions": ""}
    answer = client.post(GENERATE, data=data, files={"product_image": ("", b"")})
    assert answer.status_code == 202
    assert [info.key for info in store.list("") if "product" in info.key] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"style": "gothic"}, "style"),
        ({"product_name": ""}, "product_name"),
        ({"product_name": " \t "}, "product_name"),
        ({"product_name": "x" * 101}, "product_name"),
        ({"product_name": None}, "product_name"),
        ({"product_name": 7}, "product_name"),
        ({"cta_text": "x" * 51}, "cta_text"),
        ({"cta_text": ""}, "cta_text"),
        ({"variation": -1}, "variation"),
        ({"captions": "maybe"}, "captions"),
        ({"job_id": "a/b"}, "job_id"),
        ({"job_id": "../x"}, "job_id"),
        ({"job_id": "assets"}, "job_id"),
        ({"job_id": "x" * 129}, "job_id"),
        ({"job_id": 5}, "job_id"),
        ({"product_image": "x.jpg"}, "product_image"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_field_that_will_not_do_is_named(
    client: TestClient, store: MemoryStore, change: dict[str, Any], field: str
) -> None:
    answer = client.post(GENERATE, json={**BRIEF, **change})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    (problem,) = answer.json()["problems"]
    assert problem.startswith(f"{field}: ")
    assert list(store.list("")) == []


def test_all_problems_are_told_at_once(client: TestClient) -> None:
    data = {"style": "gothic", "cta_text": "x" * 51, "job_id": "-"}
    files = {"product_image": ("a.png", b"GIF89a"), "music": ("a.mp3", b"%PDF-1.7")}
    answer = client.post(GENERATE, data=data, files=files)
    named = {problem.partition(":")[0] for problem in answer.json()["problems"]}
    assert {"product_name", "style", "cta_text", "job_id", "music"} <= named
    assert "product_image" in answer.text


@pytest.mark.parametrize("image", [b"", b"hello", b"GIF89a....", picture()[:60], picture("JPEG")[:200]])
def test_a_picture_that_is_none_is_refused(client: TestClient, store: MemoryStore, image: bytes) -> None:
    answer = client.post(GENERATE, data=BRIEF, files={"product_image": ("a.png", image, "image/png")})
    assert answer.status_code == 422
    assert "product_image" in answer.json()["detail"]
    assert list(store.list("")) == []


@pytest.mark.parametrize(
    ("field", "size"), [("product_image", 10 << 20), ("music", 1 << 20), ("style", 4096)]
)
def test_what_is_too_large_is_refused_by_name(client: TestClient, field: str, size: int) -> None:
    given: dict[str, Any] = {name: (None, text) for name, text in BRIEF.items()} | {
        field: ("a", b"x" * (size + 1))
    }
    if field == "style":
        given[field] = (None, b"x" * (size + 1))
    answer = client.post(GENERATE, files=given)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_part_that_never_ends_is_refused_and_leaves_nothing(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    head = b'--b\r\nContent-Disposition: form-data; name="product_image"; filename="a"\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = client.post(GENERATE, content=head + b"x" * (10 << 20) + b"x", headers=headers)
    assert answer.status_code == 413
    assert "product_image" in answer.json()["detail"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b"[]", "application/json", 422),
        (b"product_name=x", "application/x-www-form-urlencoded", 415),
        (b"x", "", 415),
        (b"x", "multipart/form-data", 422),
        (b"garbage", "multipart/form-data; boundary=b", 422),
        (b"--b\r\n\r\nx\r\n--b--\r\n", "multipart/form-data; boundary=b", 422),
        (
            b'--b\r\nContent-Disposition: form-data; name="style"\r\n\r\nbold',
            "multipart/form-data; boundary=b",
            422,
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="style"\r\n\r\n\xff\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            422,
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="x"; filename="x"\r\n\r\nx\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            422,
        ),
        (
            2 * b'--b\r\nContent-Disposition: form-data; name="style"\r\n\r\nbold\r\n' + b"--b--\r\n",
            "multipart/form-data; boundary=b",
            422,
        ),
    ],
)
def test_a_body_that_can_not_be_read_is_refused(
    client: TestClient, store: MemoryStore, body: bytes, kind: str, status: int
) -> None:
    answer = client.post(GENERATE, content=body, headers={"Content-Type": kind} if kind else {})
    assert answer.status_code == status
    assert answer.json()["status"] == status
    assert list(store.list("")) == []


def test_an_id_is_given_once(client: TestClient) -> None:
    assert client.post(GENERATE, json={**BRIEF, "job_id": "job-1"}).status_code == 202
    again = client.post(GENERATE, json={**BRIEF, "job_id": "job-1", "product_name": "Other"})
    assert again.status_code == 409
    assert "job_id" in again.json()["detail"]
    assert status_of(client, "job-1")["product_name"] == "Premium Watch"


def test_of_many_who_post_one_id_at_once_one_gets_it(trigger: Trigger, platform: NotingPlatform) -> None:
    def post(number: int) -> bool:
        try:
            posting.post(trigger, "ad", {**BRIEF, "job_id": "j", "product_name": f"P{number}"}, {})
        except posting.AlreadyPosted:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(post, range(8))) == 1
    assert len(platform.orders) == 1


def test_an_id_with_assets_of_something_else_is_in_use(client: TestClient, spring: Creation) -> None:
    assert client.post(GENERATE, json={**BRIEF, "job_id": "spring"}).status_code == 409


@pytest.mark.logs_errors
def test_posting_again_finishes_what_failed(store: MemoryStore, platform: NotingPlatform) -> None:
    broken = failing(store, StoreError("write", "j/assets/ad.json", "no space"), call="write", key="ad.json")
    client = local_client(create_app(Trigger(broken, platform, {"ad": AD}), settings=NO_DATABASE))
    given = {**BRIEF, "job_id": "j"}
    assert client.post(GENERATE, json=given).status_code == 503
    assert status_of(client, "j")["run"] == 0
    assert client.post(GENERATE, json=given).status_code == 202
    assert status_of(client, "j")["run"] == 1


def test_a_claim_whose_holder_died_is_taken_over_in_a_minute(
    client: TestClient, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write("j/claims/posted.json", posting._HELD)
    given = {**BRIEF, "job_id": "j"}
    assert client.post(GENERATE, json=given).status_code == 409
    assert status_of(client, "j")["status"] == "pending"
    monkeypatch.setattr(posting, "utc_now", lambda: datetime.now(UTC) + timedelta(seconds=61))
    assert client.post(GENERATE, json=given).status_code == 202


def test_the_status_tells_of_every_stage(client: TestClient, trigger: Trigger) -> None:
    creation = start(trigger)
    finish(trigger, creation, "script_gen")
    leave(creation, "video_gen", "running", at_s=15, progress=0.5, message="scene 2 of 4")
    body = status_of(client)
    assert (body["status"], body["progress"]) == ("processing", 40)
    assert "scene 2 of 4" in body["message"]
    stages = {stage["name"]: stage for stage in body["stages"]}
    assert list(stages) == list(AD.stages)
    assert [stages[name]["status"] for name in AD.stages] == [
        *("completed", "pending", "processing", "pending", "pending")
    ]
    assert stages["video_gen"]["progress"] == 50
    assert stages["script_gen"]["completed_at"] == "2025-10-30T12:00:10Z"
    assert body["video_url"] is None


def test_a_finished_ad_says_where_its_film_is_and_what_it_cost(client: TestClient, trigger: Trigger) -> None:
    creation = start(trigger)
    finish(trigger, creation)
    body = status_of(client)
    assert (body["status"], body["progress"], body["error"]) == ("completed", 100, None)
    assert body["video_url"] == "/me/creation/job-123/assets/video.mp4"
    assert body["poster_url"] == "/me/creation/job-123/assets/poster.jpg"
    assert body["cost"]["paid_usd"] == {"claude": 0.1}
    assert body["cost"]["usd"] == {"cloudrun": 1.25}
    assert {stage["status"] for stage in body["stages"]} == {"completed"}


def test_a_failed_ad_says_which_stage_and_why(client: TestClient, trigger: Trigger) -> None:
    creation = start(trigger)
    finish(trigger, creation, "script_gen")
    fail(creation, "video_gen", "replicate: out of credit, see /srv/secret/log.txt", at_s=20)
    body = status_of(client)
    assert (body["status"], body["failed_stage"]) == ("failed", "video_gen")
    assert body["error"] == "Asset generation failed: replicate: out of credit, see log.txt"
    stages = {stage["name"]: stage for stage in body["stages"]}
    assert stages["video_gen"]["status"] == "failed"
    assert stages["video_gen"]["error"] == "replicate: out of credit, see log.txt"
    assert body["progress"] < 100


@pytest.mark.parametrize("job_id", ["nobody", "spring", "a%20b", "x/y"])
@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("POST", "/cancel")])
def test_what_is_no_ad_is_not_found(
    client: TestClient, trigger: Trigger, spring: Creation, method: str, path: str, job_id: str
) -> None:
    trigger.start("story", "spring")
    answer = client.request(method, f"/api/videos/{job_id}{path}")
    assert answer.status_code == (422 if "%" in job_id else 404)
    assert spring.stat("request.json")


def test_a_cancelled_ad_has_failed(client: TestClient, trigger: Trigger, platform: NotingPlatform) -> None:
    start(trigger)
    answer = client.post("/api/videos/job-123/cancel")
    assert (answer.status_code, answer.json()["status"]) == (202, "failed")
    assert answer.json()["error"].startswith("cancelled")
    assert platform.cancelled == ["noting|1"]


def test_an_ad_at_work_is_deleted_only_if_it_may_be_stopped(
    client: TestClient, trigger: Trigger, store: MemoryStore, platform: NotingPlatform
) -> None:
    start(trigger)
    assert client.delete("/api/videos/job-123").status_code == 409
    assert store.stat("job-123/request.json")
    answer = client.delete("/api/videos/job-123", params={"cancel": "true"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert platform.cancelled == ["noting|1"]
    assert list(store.list("")) == []
    assert client.get("/api/videos/job-123").status_code == 404


def test_an_ad_whose_work_does_not_stop_is_not_deleted(
    client: TestClient, trigger: Trigger, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []
    monkeypatch.setattr("shared.api.videos.time.sleep", naps.append)
    monkeypatch.setattr(NotingPlatform, "cancel", lambda _self, _execution: None)
    start(trigger)
    assert client.delete("/api/videos/job-123?cancel=true").status_code == 409
    assert store.stat("job-123/request.json")
    assert sum(naps) == pytest.approx(10, abs=0.5)


def test_deleting_leaves_the_neighbours_alone(
    client: TestClient, trigger: Trigger, store: MemoryStore
) -> None:
    start(trigger, "job-123/other")
    start(trigger, "job-1234")
    mine = start(trigger)
    finish(trigger, mine)
    before = [info.key for info in store.list("") if "/other/" in info.key or "job-1234" in info.key]
    assert client.delete("/api/videos/job-123").status_code == 204
    assert [info.key for info in store.list("")] == before


def test_a_deletion_that_broke_off_can_be_done_again(trigger: Trigger, platform: NotingPlatform) -> None:
    finish(trigger, start(trigger))
    keys = [info.key for info in trigger.store.list("")]
    for number in range(1, len(keys)):
        store = MemoryStore()
        for key in keys:
            store.write(key, trigger.store.read(key)[0])
        left = [number]

        def delete(key: str, *, expect: str | None = None, store: Any = store, left: Any = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise OSError("killed")
            MemoryStore.delete(store, key, expect=expect)

        store.delete = delete  # type: ignore[method-assign]
        client = local_client(
            create_app(Trigger(store, platform, {"ad": AD}), settings=NO_DATABASE),
            raise_server_exceptions=False,
        )
        assert client.delete("/api/videos/job-123").status_code == 500
        assert client.delete("/api/videos/job-123").status_code == 204
        assert list(store.list("")) == []
    assert len(platform.orders) == 5


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


@pytest.fixture
def mirrored(tmp_path: Path, trigger: Trigger) -> tuple[TestClient, Callable[..., None]]:
    """A client of a server with a database, and what tells that of a job."""
    from shared.database import session_for
    from shared.database.mirror import record_report

    settings = Settings(store_url="memory://ads", database_url=f"sqlite:///{tmp_path}/ads.db")

    def tell(job_id: str, minute: int, **facts: Any) -> None:
        at = datetime(2025, 10, 30, 12, minute, tzinfo=UTC)
        usual: dict[str, Any] = {
            **{"status": "processing", "stage": "script_gen", "pipeline": "ad", "message": "writing"},
            **{"run": 1, "progress": 10, "overall": 2, "details": {**BRIEF, "created_at": at}},
        }
        report = Report(job_id=job_id, at=at, **(usual | facts))
        with session_for(settings) as session, session.begin():
            record_report(session, report)

    return local_client(create_app(trigger, settings=settings)), tell


def test_ads_are_listed_from_the_database(mirrored: tuple[TestClient, Callable[..., None]]) -> None:
    client, tell = mirrored
    for number in range(5):
        tell(f"job-{number}", number // 2)
    tell("spring", 9, pipeline="story")
    tell(
        "job-1",
        8,
        stage="error",
        status="failed",
        message="Asset generation failed: see /srv/x/y",
        details=BRIEF,
    )
    made = {**BRIEF, "video_url": "job-0/assets/video.mp4"}
    tell("job-0", 8, stage="pipeline", status="completed", overall=100, details=made)
    assert listed(client) == ["job-4", "job-3", "job-2", "job-1", "job-0"]
    assert listed(client, limit=2) == listed(client)
    assert listed(client, status="failed") == ["job-1"]
    shown = {each["job_id"]: each for each in client.get("/api/videos").json()["videos"]}
    assert shown["job-1"]["error"] == "Asset generation failed: see y"
    assert shown["job-0"]["video_url"] == "/me/creation/job-0/assets/video.mp4"
    assert shown["job-4"] | BRIEF == shown["job-4"]


def test_a_deleted_ad_leaves_the_database(
    mirrored: tuple[TestClient, Callable[..., None]], trigger: Trigger
) -> None:
    client, tell = mirrored
    finish(trigger, start(trigger))
    tell("job-123", 1)
    tell("job-124", 1)
    assert client.delete("/api/videos/job-123").status_code == 204
    assert listed(client) == ["job-124"]


def test_ads_are_listed_from_the_store_while_the_database_is_down(
    trigger: Trigger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    finish(trigger, start(trigger))
    broken = tmp_path / "broken.db"
    broken.write_bytes(os.urandom(4096))
    settings = Settings(store_url="memory://ads", database_url=f"sqlite:///{broken}")
    client = local_client(create_app(trigger, settings=settings))
    assert listed(client) == ["job-123"]
    assert client.delete("/api/videos/job-123").status_code == 204
    warned = [getattr(entry, "action", "") for entry in caplog.records if entry.levelname == "WARNING"]
    assert warned == ["database_unasked", "rows_left"]


def test_no_database_is_made_by_asking(trigger: Trigger, tmp_path: Path) -> None:
    start(trigger)
    settings = Settings(store_url=f"file://{tmp_path}/creations")
    assert listed(local_client(create_app(trigger, settings=settings))) == ["job-123"]
    assert not (tmp_path / "creations.db").exists()

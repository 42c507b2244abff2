import asyncio
import json
import struct
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import Request

from jobs.ad.http import posting
from jobs.ad.http.posting import Files
from shared.api.app import create_app
from shared.api.http.multipart import read_form
from shared.api.routes import claiming
from shared.errors import StoreError
from shared.machine.workers import PastDeadline
from shared.records.creation import Creation
from shared.records.removal import REMOVED, remove
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from shared.video.frames.pictures import DECODERS
from tests.jobs.ad.http.ads import BRIEF, fail, finish, leave, picture, start
from tests.support.api import AD, STORY, NotingPlatform
from tests.support.client import TestClient, local_client
from tests.support.toys import failing, watched

GENERATE = "/api/videos/generate"
NO_DATABASE = Settings(store_url="memory://ads", max_upload_bytes=1 << 20)
PCM = bytes(range(256)) * 64
"""A second at 8 kHz."""
WAV = struct.pack(
    "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(PCM), b"WAVE",
    b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data", len(PCM),
) + PCM  # fmt: skip


@pytest.fixture
def trigger(store: MemoryStore, platform: NotingPlatform) -> Trigger:
    return Trigger(store, platform, {"story": STORY, "ad": AD}, stale_after_s=1e9)  # records tell of 2025


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


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("TIFF", ".tif")])
def test_a_form_brings_files_whose_names_mean_nothing(
    client: TestClient, store: MemoryStore, kind: str, suffix: str
) -> None:
    proof = "4.8 stars from 2,100 reviews"
    data, image = (
        {**BRIEF, "job_id": "j", "variation": "3", "captions": "true", "proof": proof, "aspect_ratio": "4:5"},
        picture(kind),
    )
    files: dict[str, Any] = {
        "product_image": ("../../etc/x.exe", image, "text/html"),
        "music": ("music.mp3", WAV),
    }
    assert client.post(GENERATE, data=data, files=files).status_code == 202
    keys = {info.key for info in store.list("j/assets/")}
    assert keys == {"j/assets/ad.json", f"j/assets/product{suffix}", "j/assets/music.wav"}
    assert store.read(f"j/assets/product{suffix}")[0] == image
    assert store.read("j/assets/music.wav")[0] == WAV
    brief = json.loads(store.read("j/assets/ad.json")[0])
    assert (brief["proof"], brief["aspect_ratio"]) == (proof, "4:5")


def test_a_picture_that_was_sent_is_decoded_once(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    ask = DECODERS.ask

    def noted(request: Any, read: Any) -> Any:
        asked.append(request)
        return ask(request, read)

    monkeypatch.setattr(DECODERS, "ask", noted)
    files = {"product_image": ("a.png", picture(), "image/png")}
    assert client.post(GENERATE, data=BRIEF, files=files).status_code == 202
    assert len(asked) == 1


def test_a_picture_that_takes_too_long_is_refused(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_slow(request: object, read: object) -> None:
        raise PastDeadline

    monkeypatch.setattr(DECODERS, "ask", too_slow)
    answer = client.post(GENERATE, data=BRIEF, files={"product_image": ("a.png", picture(), "image/png")})
    assert answer.status_code == 422
    assert "product_image" in answer.json()["detail"]
    assert "more than the 20 s" in answer.json()["detail"]


def test_fields_of_a_form_that_are_left_empty_are_left_out(client: TestClient, store: MemoryStore) -> None:
    data = {**BRIEF, "job_id": "", "variation": "", "captions": "", "proof": "", "aspect_ratio": ""}
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
        ({"proof": "x" * 101}, "proof"),
        ({"aspect_ratio": "2:1"}, "aspect_ratio"),
        ({"captions": "maybe"}, "captions"),
        ({"job_id": "a/b"}, "job_id"),
        ({"job_id": "../x"}, "job_id"),
        ({"job_id": "assets"}, "job_id"),
        ({"job_id": "x" * 129}, "job_id"),
        ({"job_id": 5}, "job_id"),
        ({"job_id": 0}, "job_id"),
        ({"job_id": False}, "job_id"),
        ({"job_id": []}, "job_id"),
        ({"job_id": {}}, "job_id"),
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
    assert "Value error" not in problem
    assert list(store.list("")) == []


def test_all_problems_are_told_at_once(client: TestClient) -> None:
    data = {"style": "gothic", "cta_text": "x" * 51, "job_id": "-"}
    files = {"product_image": ("a.png", b"GIF89a"), "music": ("a.mp3", b"%PDF-1.7")}
    answer = client.post(GENERATE, data=data, files=files)
    named = {problem.partition(":")[0] for problem in answer.json()["problems"]}
    assert {"product_name", "style", "cta_text", "job_id", "music"} <= named
    assert "product_image" in answer.text


def test_of_many_problems_some_are_told(client: TestClient) -> None:
    unknown = {f"{number}{'x' * 1000}": 1 for number in range(40)}
    body = client.post(GENERATE, json={**BRIEF, **unknown}).json()
    assert (len(body["problems"]), body["problems"][-1]) == (21, "and 20 more")
    assert len(body["detail"]) < 5000


def test_what_follows_a_form_s_end_is_not_read(tmp_path: Path) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="style"\r\n\r\nbold\r\n--b--'
    bodies = [head, b"\r\n"]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": bodies.pop(0), "more_body": True}

    headers = [(b"content-type", b"multipart/form-data; boundary=b")]
    form = asyncio.run(read_form(Request({"type": "http", "headers": headers}, receive), tmp_path, {}))
    assert form.fields == {"style": "bold"}


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
            posting.post(trigger, "ad", {**BRIEF, "job_id": "j", "product_name": f"P{number}"}, Files())
        except claiming.AlreadyPosted:
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
    store.write("j/claims/posted.json", claiming._HELD)
    given = {**BRIEF, "job_id": "j"}
    assert client.post(GENERATE, json=given).status_code == 409
    assert status_of(client, "j")["status"] == "pending"
    monkeypatch.setattr(claiming, "utc_now", lambda: datetime.now(UTC) + timedelta(seconds=61))
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
@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("DELETE", ""), ("POST", "/cancel"), ("POST", "/resume")]
)
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


@pytest.mark.parametrize("cancelled", [True, False])
def test_an_ad_that_ended_early_is_gone_on_with(
    client: TestClient, trigger: Trigger, platform: NotingPlatform, cancelled: bool
) -> None:
    creation = start(trigger)
    if cancelled:
        client.post("/api/videos/job-123/cancel")
    else:
        finish(trigger, creation, "script_gen")
        fail(creation, "video_gen", "out of credit", at_s=20)
        assert status_of(client)["status"] == "failed"
    answer = client.post("/api/videos/job-123/resume")
    assert answer.status_code == 202
    assert answer.headers["location"] == "/api/videos/job-123"
    assert (answer.json()["run"], answer.json()["error"]) == (2, None)
    assert trigger.status("job-123").request.run == 2


def test_an_ad_that_is_at_work_or_made_is_not_gone_on_with(client: TestClient, trigger: Trigger) -> None:
    creation = start(trigger)
    assert client.post("/api/videos/job-123/resume").status_code == 409
    finish(trigger, creation)
    assert client.post("/api/videos/job-123/resume").status_code == 409
    Creation(trigger.store, "posted").write("assets/ad.json", b"{}")
    assert client.post("/api/videos/posted/resume").status_code == 409
    assert trigger.status("job-123").request.run == 1


def test_nobody_gets_an_id_while_its_ad_is_deleted(platform: NotingPlatform) -> None:
    """Not at any moment, also long after a deletion that broke off."""
    answers: list[int] = []
    client: TestClient

    def on_call(_number: int, side: str, call: str, key: str) -> None:
        if call == "delete" and (side, key) != ("after", "j/claims/posted.json"):
            answers.append(client.post(GENERATE, json={**BRIEF, "job_id": "j"}).status_code)

    store = watched(MemoryStore(), on_call)
    client = local_client(create_app(Trigger(store, platform, {"ad": AD}), settings=NO_DATABASE))
    client.post(GENERATE, json={**BRIEF, "job_id": "j"})
    client.post("/api/videos/j/cancel")
    answers.clear()
    assert client.delete("/api/videos/j").status_code == 204
    assert len(answers) > 5
    assert set(answers) == {409}
    assert client.post(GENERATE, json={**BRIEF, "job_id": "j"}).status_code == 202


def test_of_two_deletions_the_later_one_frees_the_id(trigger: Trigger) -> None:
    creation = start(trigger)
    finish(trigger, creation)
    delete = trigger.store.delete

    def meanwhile(key: str, *, expect: str | None = None) -> None:
        if key == "job-123/request.json":
            creation.write("claims/posted.json", REMOVED)
        delete(key, expect=expect)

    trigger.store.delete = meanwhile  # type: ignore[method-assign]
    remove(creation)
    assert [info.key for info in trigger.store.list("job-123/")] == ["job-123/claims/posted.json"]


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
    monkeypatch.setattr("jobs.ad.http.routes.time.sleep", naps.append)
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

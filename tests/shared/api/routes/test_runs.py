import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.records.creation import Creation
from shared.records.documents import Request, load
from shared.runs.trigger import Trigger
from shared.storage.memory import MemoryStore
from tests.support.api import NotingPlatform
from tests.support.client import TestClient

START = "/me/creation/spring/generate_video"
STATUS = "/me/creation/spring/generate_video_status"
CANCEL = "/me/creation/spring/generate_video/cancel"


def stages(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {stage["name"]: stage for stage in body["stages"]}


@pytest.mark.usefixtures("spring")
def test_a_start_is_accepted_and_says_where_its_status_is(
    client: TestClient, platform: NotingPlatform
) -> None:
    answer = client.post(START)
    assert (answer.status_code, answer.headers["location"]) == (202, STATUS)
    body = answer.json()
    assert (body["status"], body["run"], body["error"], body["urls"]) == ("pending", 1, None, {})
    assert [order.stage for order in platform.orders] == ["narrate"]
    assert client.get(STATUS).json() == body


@pytest.mark.usefixtures("spring")
def test_twenty_starts_at_once_launch_one_stage_of_one_run(
    client: TestClient, platform: NotingPlatform
) -> None:
    barrier = threading.Barrier(20)

    def post(_: int) -> tuple[int, int]:
        barrier.wait()
        answer = client.post(START)
        return answer.status_code, answer.json()["run"]

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post, range(20)))
    assert answers == [(202, 1)] * 20
    assert [order.stage for order in platform.orders] == ["narrate"]


def test_a_start_after_the_end_is_the_next_run(
    client: TestClient, finish: Callable[[int], None], platform: NotingPlatform
) -> None:
    client.post(START)
    finish(1)
    assert client.post(START).json()["run"] == 2
    assert [(order.stage, order.run) for order in platform.orders][-1] == ("narrate", 2)


@pytest.mark.usefixtures("spring")
def test_a_start_of_changed_assets_or_parameters_during_a_run_is_queued(client: TestClient) -> None:
    put = "/me/creation/spring/assets/1/1.txt"
    client.put(put, content=b"Spring comes.")
    assert client.post(START).json()["queued"] is False
    client.put(put, content=b"Spring comes.")
    assert client.post(START).json()["queued"] is False
    client.put(put, content=b"Summer comes.")
    assert [client.post(START).json()[field] for field in ("queued", "run", "status")] == [True, 1, "pending"]
    assert client.get(STATUS).json()["queued"] is True
    assert client.post(CANCEL).json()["queued"] is False
    assert client.post(START).json()["run"] == 2
    assert client.post(START, json={"size": "square"}).json()["queued"] is True


def test_a_video_that_is_older_than_its_assets_says_so_until_it_is_started_again(
    client: TestClient, finish: Callable[[int], None]
) -> None:
    client.post(START)
    finish(1)
    assert client.get(STATUS).json()["outdated"] is False
    client.put("/me/creation/spring/assets/1/1.txt", content=b"Summer comes.")
    body = client.get(STATUS).json()
    assert (body["status"], body["outdated"]) == ("completed", True)
    assert client.post(START).json()["outdated"] is False
    finish(2)
    assert client.get(STATUS).json()["outdated"] is False


def test_the_status_begins_a_queued_run_whose_turn_nobody_noticed(
    client: TestClient, finish: Callable[[int], None], trigger: Trigger
) -> None:
    client.post(START)
    client.post(START, json={"size": "square"})
    trigger.follows_up = False
    finish(1)
    assert trigger.status("spring").is_over
    trigger.follows_up = True
    body = client.get(STATUS).json()
    assert (body["status"], body["run"], body["queued"]) == ("pending", 2, False)


def test_parameters_reach_the_request(client: TestClient, spring: Creation) -> None:
    client.post(START, json={"voice": "en-gb", "size": "1080x1920"})
    request, _ = load(spring, "request.json", Request)
    assert request
    assert request.parameters == {"voice": "en-gb", "size": "1080x1920"}


def test_parameters_may_begin_with_a_mark(client: TestClient, spring: Creation) -> None:
    body, kind = b'\xef\xbb\xbf{"voice": "en-gb"}', {"Content-Type": "application/json"}
    assert client.post(START, content=body, headers=kind).status_code == 202


def test_options_that_no_stage_could_use_start_nothing(
    client: TestClient, spring: Creation, platform: NotingPlatform
) -> None:
    """In the parameters, in the creation's own, or only in both together; in the stage's own words."""
    spring.write("assets/Story.JSON", b'{"motion": "spin", "effect": "old_film"}')
    answer = client.post(START, json={"size": "huge"})
    assert answer.status_code == 422
    problems = answer.json()["problems"]
    assert [problem.partition(" = ")[0] for problem in problems] == [
        "assets/Story.JSON: motion",
        "parameters: size",
    ]
    assert (spring.stat("request.json"), platform.orders) == (None, [])
    spring.write("assets/Story.JSON", b'{"effect": "old_film", "engine": "moviepy"}')
    assert "moviepy" in client.post(START, json={"engine": "native"}).json()["detail"]
    assert client.post(START).status_code == 202


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"[]", "application/json", 422),
        (b'"x"', "application/json", 422),
        (b"{", "application/json", 422),
        (b'{"a": NaN}', "application/json", 422),
        (b'{"a": "\\ud800"}', "application/json", 422),
        (b'{"a": ' + b"9" * 6000 + b"}", "application/json", 422),
        (b'{"a": ' + b"[" * 60_000, "application/json", 422),
        (b"\xff\xfe", "application/json", 422),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
        (b"{" + b" " * 65_536 + b"}", "application/json", 413),
    ],
)
def test_a_body_that_holds_no_parameters_starts_nothing(
    client: TestClient, spring: Creation, body: bytes, content_type: str, status: int
) -> None:
    answer = client.post(START, content=body, headers={"Content-Type": content_type})
    assert answer.status_code == status
    assert answer.json()["status"] == status
    assert spring.stat("request.json") is None


def test_a_body_of_unannounced_length_is_cut_off_at_the_limit(client: TestClient, spring: Creation) -> None:
    taken = []

    def chunks() -> Iterator[bytes]:
        for number in range(1000):
            taken.append(number)
            yield b" " * 1024

    assert (
        client.post(START, content=chunks(), headers={"Content-Type": "application/json"}).status_code == 413
    )
    assert spring.stat("request.json") is None


def test_a_creation_without_assets_can_not_be_started(client: TestClient) -> None:
    answer = client.post(START)
    assert (answer.status_code, len(answer.json()["problems"])) == (422, 1)


@pytest.mark.usefixtures("spring")
def test_a_creation_that_was_never_started_is_pending(client: TestClient) -> None:
    body = client.get(STATUS).json()
    assert (body["status"], body["run"], body["progress"], body["requested_at"]) == ("pending", 0, 0, None)
    assert {name: stage["state"] for name, stage in stages(body).items()} == dict.fromkeys(
        ("narrate", "render", "assemble"), "waiting"
    )


def test_a_creation_with_nothing_in_it_is_not_found(client: TestClient, spring: Creation) -> None:
    for path in ("/me/creation/summer/generate_video_status", "/me/creation/sprin/generate_video_status"):
        assert client.get(path).status_code == 404
    assert client.post("/me/creation/summer/generate_video/cancel").status_code == 404
    assert client.get("/me/creation/spring/manifest").status_code == 404


def test_a_running_stage_shows_its_progress_and_message(
    client: TestClient, record: Callable[..., None]
) -> None:
    client.post(START)
    record("narrate", "running", progress=0.5, message="part 1 of 2", attempt=1)
    body = client.get(STATUS).json()
    assert (body["status"], body["progress"]) == ("pending", 0.05)
    narrate = stages(body)["narrate"]
    assert (narrate["state"], narrate["progress"], narrate["message"]) == ("running", 0.5, "part 1 of 2")
    assert (narrate["attempt"], narrate["duration_ms"], narrate["tasks_done"]) == (1, None, 0)


def test_a_completed_run_names_its_results_and_its_cost(
    client: TestClient, finish: Callable[[int], None]
) -> None:
    client.post(START)
    finish(1)
    body = client.get(STATUS).json()
    assert (body["status"], body["progress"], body["error"]) == ("completed", 1, None)
    assert body["urls"] == {
        "timeline": "/me/creation/spring/assets/timeline.json",
        "video": "/me/creation/spring/assets/video.mp4",
        "captions_vtt": "/me/creation/spring/assets/video.vtt",
        "manifest": "/me/creation/spring/manifest",
    }
    assert body["cost"] == {
        "cpu_s": 4.5,
        "peak_memory_mib": 100,
        "bytes_in": 30,
        "bytes_out": 60,
        "usd": {"c": 0.75},
        "paid_usd": {},
    }
    assert [(stage["duration_ms"], stage["tasks_done"], stage["cost_usd"]) for stage in body["stages"]] == [
        (2000, 1, {"c": 0.25})
    ] * 3


def test_the_results_of_an_earlier_run_are_not_shown_while_the_next_one_works(
    client: TestClient, finish: Callable[[int], None]
) -> None:
    client.post(START)
    finish(1)
    client.post(START)
    body = client.get(STATUS).json()
    assert (body["status"], body["run"], body["urls"]) == ("pending", 2, {})


def test_a_failed_stage_fails_the_run_and_its_error_shows_no_path(
    client: TestClient, record: Callable[..., None]
) -> None:
    client.post(START)
    message = "exit code 1 from: /opt/secret/ffmpeg -i '/tmp/secret/a.wav' file:///srv/secret/b https://h/x/y"
    failure = {"kind": "ToolFailed", "message": message, "permanent": False}
    record("narrate", "failed", error=failure, warnings=["kept in /var/secret/c"])
    answer = client.get(STATUS)
    assert answer.json()["status"] == "failed"
    clean = "exit code 1 from: ffmpeg -i 'a.wav' b https://h/x/y"
    assert answer.json()["error"] == f"narrate: {clean}"
    assert stages(answer.json())["narrate"]["error"] == {
        "kind": "ToolFailed",
        "message": clean,
        "permanent": False,
    }
    assert answer.json()["warnings"] == ["kept in c"]


def test_the_manifest_shows_the_run_and_no_path(
    client: TestClient, record: Callable[..., None], trigger: Trigger
) -> None:
    client.post(START)
    failure = {"kind": "ToolFailed", "message": "from: /opt/secret/ffmpeg", "permanent": False}
    record("narrate", "failed", error=failure)
    trigger.advance("spring")
    answer = client.get("/me/creation/spring/manifest")
    assert answer.json()["stages"]["narrate"]["error"]["message"] == "from: ffmpeg"
    assert answer.json()["pipeline"]["error"] == "narrate: from: ffmpeg"
    assert answer.json()["job_id"] == "spring"
    unchanged = client.get("/me/creation/spring/manifest", headers={"If-None-Match": answer.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


@pytest.mark.usefixtures("spring")
def test_a_cancelled_run_is_failed_and_its_work_is_told_to_stop(
    client: TestClient, platform: NotingPlatform
) -> None:
    client.post(START)
    answer = client.post(CANCEL)
    assert (answer.status_code, answer.json()["status"]) == (202, "failed")
    assert platform.cancelled == ["noting|1"]
    assert client.post(START).json()["run"] == 2


@pytest.mark.usefixtures("spring")
def test_a_creation_of_another_pipeline_has_no_video_run(client: TestClient, trigger: Trigger) -> None:
    trigger.start("advert", "spring")
    assert client.get(STATUS).status_code == 404
    assert client.post(CANCEL).status_code == 404
    assert client.post(START).status_code == 422


def test_creation_ids_may_have_slashes(client: TestClient, store: MemoryStore) -> None:
    creation_id = "2025/10/30/1/20251030-001"
    Creation(store, creation_id).write("assets/1/1.txt", b"x")
    answer = client.post(f"/me/creation/{creation_id}/generate_video")
    assert (answer.status_code, answer.json()["creation_id"]) == (202, creation_id)
    assert client.get(answer.headers["location"]).json()["run"] == 1
    assert client.get(f"/me/creation/{creation_id}/assets/").json()["assets"][0]["name"] == "1/1.txt"
    assert client.post(f"/me/creation/{creation_id}/generate_video/cancel").status_code == 202


@pytest.mark.parametrize(
    "creation_id",
    [
        "%2e%2e%2fx",
        "a%2f..%2fb",
        "assets",
        "x/stages/y",
        "a//b",
        "x%20y",
        "%C3%A9",
        "a" * 129,
        "1/2/3/4/5/6/7",
    ],
)
def test_a_bad_creation_id_is_refused_with_the_reason(client: TestClient, creation_id: str) -> None:
    answer = client.get(f"/me/creation/{creation_id}/generate_video_status")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = json.loads(answer.content)
    assert set(problem) == {"type", "title", "status", "detail", "problems"}
    assert problem["problems"] == [problem["detail"]]


def test_asking_for_the_status_goes_on_where_a_stage_ended_unnoticed(
    client: TestClient, record: Callable[..., None], platform: NotingPlatform
) -> None:
    client.post(START)
    record("narrate", "success")
    assert stages(client.get(STATUS).json())["render"]["state"] == "starting"
    assert [order.stage for order in platform.orders] == ["narrate", "render"]

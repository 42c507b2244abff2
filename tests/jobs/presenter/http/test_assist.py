"""`POST /assist`: one ID, made here, safe in the store before the answer, and nothing twice."""

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from jobs.presenter import PIPELINE_FILE
from jobs.presenter.drawing.themes import theme_named, theme_names
from shared.api.app import create_app
from shared.errors import PlatformBusy
from shared.pipelines.definition import load_pipeline
from shared.preparing.looking import look_after_all
from shared.preparing.record import load_preparation
from shared.records.creation import Creation
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.support.client import TestClient, local_client
from tests.support.preparing import Starting, age, change

PIPELINE = load_pipeline(PIPELINE_FILE)
SENT = {"avatarId": "Ada", "voiceId": "ada", "text": "# Hi\n\nThere."}


class Server:
    def __init__(self) -> None:
        self.store = MemoryStore()
        self.platform = Starting()
        self.trigger = Trigger(self.store, self.platform, {"presenter": PIPELINE})
        self.client: TestClient = local_client(create_app(self.trigger, settings=Settings()))

    def post(self, body: Any = None, **headers: str) -> Any:
        return self.client.post("/assist", json=SENT if body is None else body, headers=headers)

    def creation(self, job_id: str) -> Creation:
        return Creation(self.store, job_id)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    with made.client:
        yield made


def test_it_answers_with_the_id_that_the_job_is_started_with(server: Server) -> None:
    answer = server.post()
    job_id = answer.json()["jobId"]
    assert answer.status_code == 202
    assert answer.headers["Location"] == answer.json()["statusUrl"] == f"/me/creation/{job_id}/present_status"
    (order,) = server.platform.jobs
    payload = json.loads(order.environ["INPUT_PAYLOAD"])
    assert payload == {"jobId": job_id, "avatar": "Ada", "voice": "ada", "text": "# Hi\n\nThere."}
    assert (order.job, order.creation_id) == ("orchestrate-service", job_id)
    assert server.client.get(answer.json()["statusUrl"]).json()["status"] == "pending"


def test_the_same_key_at_once_gives_one_id_and_one_job(server: Server) -> None:
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: server.post(None, **{"Idempotency-Key": "k-1"}), range(64)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["jobId"] for answer in answers}) == 1
    assert len(server.platform.jobs) == 1
    other = server.post(None, **{"Idempotency-Key": "k-2"})
    assert other.json()["jobId"] != answers[0].json()["jobId"]


def test_the_same_key_for_another_request_is_refused(server: Server) -> None:
    first = server.post(None, **{"Idempotency-Key": "k"})
    refused = server.post({**SENT, "text": "Other."}, **{"Idempotency-Key": "k"})
    assert (first.status_code, refused.status_code) == (202, 422)
    assert "was used for another request" in refused.json()["detail"]
    assert len(server.platform.jobs) == 1
    assert server.post(None, **{"Idempotency-Key": "k"}).json() == first.json()


@pytest.mark.parametrize("key", [" ", "é", "k" * 256])
def test_a_key_that_is_none_is_refused(server: Server, key: str) -> None:
    answer = server.client.post("/assist", json=SENT, headers=[(b"Idempotency-Key", key.encode())])
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("Idempotency-Key: ")


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"avatar": "http://x.example/a.png", "size": "round"}, 422, ["text: ", "avatar: ", "size: "]),
        ({**SENT, "jobId": "mine"}, 422, ["jobId: is made here"]),
        ({"text": "Hi.", "voice": "nobody"}, 422, ["voice: 'nobody' is unknown; `reelwright voices` lists"]),
        ({"text": "Hi.", "voice": "ada:1+bob:1"}, 422, ["voice 'ada:1+bob:1': there is no 'bob' to blend"]),
        ({**SENT, "theme": "pink"}, 422, ["theme: unknown theme 'pink'"]),
        ({**SENT, "captions": "loud"}, 422, ["captions: Input should be 'off', 'highlight'"]),
        ([1], 422, ["the body must be a JSON object"]),
    ],
)
def test_every_problem_is_named_and_nothing_is_written(
    server: Server, body: Any, status: int, said: list[str]
) -> None:
    answer = server.post(body)
    assert answer.status_code == status
    problems = answer.json()["problems"]
    assert [problem[: len(text)] for problem, text in zip(problems, said, strict=True)] == said
    assert (list(server.store.list("")), server.platform.jobs) == ([], [])


def test_the_first_request_finds_everything_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    theme_named.cache_clear()
    server = Server()
    built: list[Any] = []
    with server.client:
        ready = theme_named.cache_info().currsize
        assert list(server.store.list("")) == []
        monkeypatch.setattr("fastapi.routing.get_dependant", lambda **asked: built.append(asked))
        assert server.post().status_code == 202
    assert (ready, built) == (len(theme_names()), [])


def test_other_bodies_are_refused(server: Server) -> None:
    assert server.client.post("/assist", content=b"{}").status_code == 415
    json_type = {"Content-Type": "application/json"}
    assert server.client.post("/assist", content=b"{", headers=json_type).status_code == 422
    assert server.client.post("/assist", content=b" " * (9 << 20), headers=json_type).status_code == 413


def test_a_large_request_goes_through_the_store(server: Server) -> None:
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 20_000).decode()
    job_id = server.post({"text": "Hi.", "avatar": f"data:image/png;base64,{picture}"}).json()["jobId"]
    (order,) = server.platform.jobs
    assert json.loads(order.environ["INPUT_PAYLOAD"]) == {"jobId": job_id}


def test_a_platform_that_is_busy_delays_the_job_and_not_the_answer(server: Server) -> None:
    server.platform.refusals = [PlatformBusy("fake", "start", "100 job runs")]
    job_id = server.post().json()["jobId"]
    assert server.platform.jobs == []
    age(server.creation(job_id), 61)
    look_after_all(server.trigger)
    assert [order.creation_id for order in server.platform.jobs] == [job_id]


def test_the_job_can_be_watched_before_its_run_exists(server: Server) -> None:
    job_id = server.post().json()["jobId"]
    with server.client.websocket_connect(f"ws://127.0.0.1:8000/ws/job/{job_id}") as socket:
        assert (socket.receive_json()["status"], load_preparation(server.creation(job_id))[1] != "") == (
            "pending",
            True,
        )
        change(server.creation(job_id), state="working", message="writing")
        assert socket.receive_json()["message"] == "writing"
        change(server.creation(job_id), state="failed", error="the key is wrong")
        last = socket.receive_json()
    assert (last["stage"], last["status"], last["message"]) == ("error", "failed", "the key is wrong")


def test_the_documentation_shows_the_fields(server: Server) -> None:
    asked = server.client.get("/openapi.json").json()["paths"]["/assist"]["post"]["requestBody"]
    fields = asked["content"]["application/json"]["schema"]["properties"]
    assert {"text", "avatar", "voice", "theme", "speaking_rate"} <= set(fields)

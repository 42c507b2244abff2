"""Stills over HTTP: who draws, what is drawn, and what is said where there is none."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from jobs.catalogue import pipelines
from shared.api.app import create_app
from shared.api.making import stills
from shared.errors import InvalidAssets
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.support.api import NotingPlatform
from tests.support.client import TestClient, local_client

STILL = "/me/creation/spring/still"


class Artist:
    """Draws nothing, but notes for whom."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.most_at_once = 0
        self.answer: bytes | Exception = b"\xff\xd8\xff"
        self._at_once = 0
        self._lock = threading.Lock()
        self.pause = threading.Event()

    def __call__(self, creation: Creation, parameters: Mapping[str, Any]) -> bytes:
        with self._lock:
            self.asked.append((creation.creation_id, dict(parameters)))
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        self.pause.wait(0.05)
        with self._lock:
            self._at_once -= 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def artist(monkeypatch: pytest.MonkeyPatch) -> Artist:
    artist = Artist()
    monkeypatch.setattr(stills, "named", lambda _: artist)
    return artist


@pytest.fixture
def own() -> dict[str, Pipeline]:
    return dict(pipelines())


@pytest.fixture
def client(own: dict[str, Pipeline]) -> Iterator[TestClient]:
    with local_client(
        create_app(Trigger(MemoryStore(), NotingPlatform(), own), settings=Settings())
    ) as client:
        yield client


def test_a_creation_that_does_not_exist_has_a_still(client: TestClient) -> None:
    body = {"size": "64x64", "captions": "off"}
    answer = client.post(STILL, params={"pipeline": "story"}, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"\xff\xd8\xff")


def test_options_are_checked_as_those_of_a_run(client: TestClient) -> None:
    answer = client.post(STILL, params={"pipeline": "story"}, json={"shoe_size": 43})
    assert answer.status_code == 422
    assert "shoe_size" in answer.text


def test_the_artist_gets_creation_and_options(client: TestClient, artist: Artist) -> None:
    nested = "/me/creation/2025/10/30/spring/still"
    assert client.post(nested, params={"pipeline": "story"}, json={"size": "square"}).status_code == 200
    assert client.post(STILL, params={"pipeline": "story"}).status_code == 200
    assert artist.asked == [("2025/10/30/spring", {"size": "square"}), ("spring", {})]


@pytest.mark.parametrize(
    ("data", "kind"), [(b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png")]
)
def test_the_picture_says_its_type(client: TestClient, artist: Artist, data: bytes, kind: str) -> None:
    artist.answer = data
    answer = client.post(STILL, params={"pipeline": "story"})
    assert (answer.headers["content-type"], answer.content) == (kind, data)


def test_pipelines_without_stills_say_so(client: TestClient, own: dict[str, Pipeline]) -> None:
    answer = client.post(STILL, params={"pipeline": "subtitles"})
    assert answer.status_code == 404
    assert "subtitles" in answer.json()["detail"]
    assert client.post(STILL, params={"pipeline": "opera"}).status_code == 404
    listed = {each["name"]: each["still"] for each in client.get("/pipelines").json()["pipelines"]}
    assert listed == {name: name != "subtitles" for name in own}


def test_a_server_that_lacks_what_draws_says_so(client: TestClient, artist: Artist) -> None:
    artist.answer = ModuleNotFoundError("No module named 'cv2'")
    answer = client.post(STILL, params={"pipeline": "story"})
    assert answer.status_code == 501
    assert "cv2" in answer.json()["detail"]


def test_what_the_artist_refuses_is_the_clients_fault(client: TestClient, artist: Artist) -> None:
    artist.answer = InvalidAssets("assets/1/image.png: is not a picture")
    answer = client.post(STILL, params={"pipeline": "story"})
    assert answer.status_code == 422
    assert "is not a picture" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"content": b"[]", "headers": {"Content-Type": "application/json"}}, 422),
        ({"content": b"size=square"}, 415),
        ({"json": {"language": "x" * 70_000}}, 413),
    ],
)
def test_bodies_that_are_no_options_are_refused(
    client: TestClient, artist: Artist, sent: dict[str, Any], status: int
) -> None:
    answer = client.post(STILL, params={"pipeline": "story"}, **sent)
    assert answer.status_code == status
    assert artist.asked == []


def test_the_pipeline_must_be_named(client: TestClient, artist: Artist) -> None:
    answer = client.post(STILL, json={})
    assert (answer.status_code, artist.asked) == (422, [])
    assert "pipeline" in answer.text


def test_one_still_is_drawn_at_a_time(client: TestClient, artist: Artist) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: client.post(STILL, params={"pipeline": "story"}), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert (len(artist.asked), artist.most_at_once) == (4, 1)


def test_what_draws_is_not_loaded_before_it_is_asked_for() -> None:
    code = (
        "import sys; from jobs.catalogue import pipelines; from shared.api.app import create_app;"
        "from shared.runs.trigger import Trigger; from shared.settings import Settings;"
        "from shared.storage.memory import MemoryStore; from tests.support.api import NotingPlatform;"
        "create_app(Trigger(MemoryStore(), NotingPlatform(), dict(pipelines())), settings=Settings());"
        "stills = [each.still.rpartition('.')[0] for each in pipelines().values() if each.still];"
        "print(len(stills), [name for name in stills if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "3 []"

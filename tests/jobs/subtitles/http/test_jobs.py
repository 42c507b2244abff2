"""`POST /subtitles/jobs`: a job by date whose film is uploaded, or is another creation's."""

import json
from typing import Any

import pytest

from jobs.catalogue import pipelines
from shared.api.app import create_app
from shared.records.creation import Creation
from shared.records.documents import first_request, save_request, utc_now
from shared.records.job_env import job_variables
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ABSENT
from shared.storage.memory import MemoryStore
from tests.support.api import NotingPlatform, platform, store
from tests.support.client import TestClient, local_client

__all__ = ["platform", "store"]


@pytest.fixture
def client(store: MemoryStore, platform: NotingPlatform) -> TestClient:
    return local_client(create_app(Trigger(store, platform, pipelines()), settings=Settings()))


def post(client: TestClient, **body: Any) -> Any:
    return client.post("/subtitles/jobs", json=body)


def test_a_job_gets_its_number_and_says_what_comes_next(client: TestClient, store: MemoryStore) -> None:
    answer = post(client, user=2, file="Movie (2023).mp4", language="en", script="Hello there.")
    assert answer.status_code == 201
    body = answer.json()
    assert body["jobId"].endswith("-001")
    place = body["creationId"]
    assert place.split("/")[3:] == ["2", body["jobId"]]
    assert json.loads(store.read(f"{place}/assets/film.json")[0]) == {
        "file": "Movie (2023).mp4",
        "language": "en",
    }
    assert store.read(f"{place}/assets/script.txt")[0] == b"Hello there."
    assert job_variables(Creation(store, place))["USER_ID"] == "2"
    assert body["startUrl"] == f"/me/creation/{place}/subtitle"
    assert post(client).json()["jobId"].endswith("-002")
    waits = client.get(body["statusUrl"]).json()
    assert (waits["status"], waits["run"]) == ("pending", 0)


def test_an_uploaded_film_is_started(
    client: TestClient, platform: NotingPlatform, store: MemoryStore
) -> None:
    body = post(client, language="en").json()
    store.write(f"{body['creationId']}/assets/film.mp4", b"film")
    assert client.post(body["startUrl"]).status_code == 202
    assert {order.stage for order in platform.orders} == {"demux", "tmdb"}


def with_film(store: MemoryStore, creation_id: str, pipeline: str, film: str) -> None:
    creation = Creation(store, creation_id)
    save_request(creation, first_request(creation, pipeline, utc_now()), expect=ABSENT)
    creation.write(film, b"a film")


def test_the_film_of_another_creation_is_taken_and_started(
    client: TestClient, platform: NotingPlatform, store: MemoryStore
) -> None:
    with_film(store, "my-story", "story", "assets/video.mp4")
    answer = post(client, film_of="my-story", profile="social")
    assert answer.status_code == 202
    place = answer.json()["creationId"]
    assert store.read(f"{place}/assets/film.mp4")[0] == b"a film"
    assert {order.creation_id for order in platform.orders} == {place}


def test_a_film_in_another_container_is_found(client: TestClient, store: MemoryStore) -> None:
    with_film(store, "earlier", "subtitles", "assets/final_output.mkv")
    place = post(client, film_of="earlier").json()["creationId"]
    assert store.read(f"{place}/assets/film.mkv")[0] == b"a film"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"film_of": "nobody"}, "was never run"),
        ({"film_of": "begun"}, "no film yet"),
        ({"film_of": "../etc"}, "segment"),
        ({"profile": "loud"}, "profile"),
        ({"user": -1}, "user"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_can_not_be_done_is_said_and_makes_no_job(
    client: TestClient, store: MemoryStore, body: dict[str, Any], said: str
) -> None:
    creation = Creation(store, "begun")
    save_request(creation, first_request(creation, "story", utc_now()), expect=ABSENT)
    answer = post(client, **body)
    assert answer.status_code == 422
    assert said in answer.text
    assert not list(store.list("_jobs/"))

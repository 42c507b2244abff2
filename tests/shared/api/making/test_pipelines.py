"""What there is to make."""

from typing import Any

import pytest

from jobs.catalogue import pipelines
from shared.api.app import create_app
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.support.api import NotingPlatform
from tests.support.client import TestClient, local_client


@pytest.fixture
def client(store: MemoryStore) -> TestClient:
    trigger = Trigger(store, NotingPlatform(), pipelines())
    return local_client(create_app(trigger, settings=Settings(speech_provider="espeak")))


def test_each_pipeline_says_what_it_takes(client: TestClient) -> None:
    found = {each["name"]: each for each in client.get("/pipelines").json()["pipelines"]}
    assert set(found) == set(pipelines())
    story: dict[str, Any] = found["story"]
    takes = {each["name"]: (each["kind"], each["endings"][0]) for each in story["takes"]}
    assert (takes["<part>/<number>"], takes["music"]) == (("text", ".txt"), ("audio", ".mp3"))
    assert (story["document"], story["action"]) == ("story.json", "generate_video")
    assert story["film"] == "video.mp4"
    assert set(story["stages"]) == {"narrate", "render", "assemble"}
    assert story["still"]
    assert not found["subtitles"]["still"]


def test_a_form_can_be_built_from_the_options(client: TestClient) -> None:
    found = {each["name"]: each["options"] for each in client.get("/pipelines").json()["pipelines"]}
    assert found["story"]["properties"]["voice"]["format"] == "voice"
    assert found["story"]["properties"]["music_volume"]["maximum"] == 1
    assert found["ad"]["required"] == ["product_name", "style", "cta_text"]
    assert "luxury" in found["ad"]["properties"]["style"]["enum"]
    assert found["presenter"]["properties"]["speaking_rate"]["default"] == 1.0
    assert "netflix" in found["subtitles"]["properties"]["profile"]["enum"]
    assert found["ad"]["properties"]["variation"]["description"].startswith("Another number")


def test_a_creation_tells_its_state_whatever_its_pipeline(client: TestClient, store: MemoryStore) -> None:
    assert client.get("/me/creation/mine").status_code == 404
    store.write("mine/assets/talk.json", b"{}")
    found = client.get("/me/creation/mine").json()
    assert (found["pipeline"], found["run"], found["status"]) == ("presenter", 0, "pending")
    store.write("mine/assets/talk.md", b"# Hello\n\nThis is a talk.")
    client.post("/me/creation/mine/present")
    assert client.get("/me/creation/mine").json()["run"] == 1

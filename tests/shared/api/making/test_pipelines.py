"""What there is to make, and the voices."""

import io
import wave
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


def test_the_voices_are_listed_and_one_is_heard(client: TestClient) -> None:
    voices = client.get("/voices").json()
    assert voices["provider"] == "espeak"
    assert "de" in {each["language"] for each in voices["voices"]}
    answer = client.post("/voices/sample", json={"text": "Hello.", "language": "en", "speaking_rate": 1.5})
    assert answer.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(answer.content)) as heard:
        assert (heard.getnchannels(), heard.getsampwidth()) == (1, 2)
        assert heard.getnframes() > heard.getframerate() / 5


@pytest.mark.parametrize(
    ("sample", "word"),
    [
        ({"text": "Hello.", "voice": "nobody"}, "nobody"),
        ({"text": ""}, "text"),
        ({"text": "x" * 301}, "text"),
        ({"text": "Hello.", "speed": 2}, "speed"),
        ({"text": "Hello.", "language": "a b"}, "language"),
    ],
)
def test_a_wrong_sample_is_refused(client: TestClient, sample: dict[str, Any], word: str) -> None:
    answer = client.post("/voices/sample", json=sample)
    assert answer.status_code == 422
    assert word in answer.text


def test_a_creation_tells_its_state_whatever_its_pipeline(client: TestClient, store: MemoryStore) -> None:
    assert client.get("/me/creation/mine").status_code == 404
    store.write("mine/assets/talk.json", b"{}")
    found = client.get("/me/creation/mine").json()
    assert (found["pipeline"], found["run"], found["status"]) == ("presenter", 0, "pending")
    store.write("mine/assets/talk.md", b"# Hello\n\nThis is a talk.")
    client.post("/me/creation/mine/present")
    assert client.get("/me/creation/mine").json()["run"] == 1


def test_a_voice_that_is_paid_for_is_not_tried(store: MemoryStore) -> None:
    settings = Settings(speech_provider="elevenlabs", elevenlabs_api_key="key")
    client = local_client(create_app(Trigger(store, NotingPlatform(), pipelines()), settings=settings))
    for answer in (client.get("/voices"), client.post("/voices/sample", json={"text": "Hello."})):
        assert (answer.status_code, "paid for" in answer.json()["detail"]) == (501, True)

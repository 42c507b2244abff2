"""The voices: listed, heard and added."""

import io
import wave
from pathlib import Path
from typing import Any

import pytest

from jobs.catalogue import pipelines
from shared.api.app import create_app
from shared.providers.speech.kokoro.vectors import Vectors
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.support.api import NotingPlatform
from tests.support.client import TestClient, local_client
from tests.support.voices import heart, home

__all__ = ["heart", "home"]


def client_with(store: MemoryStore, **settings: Any) -> TestClient:
    trigger = Trigger(store, NotingPlatform(), pipelines())
    return local_client(create_app(trigger, settings=Settings(**settings)))


@pytest.fixture
def client(store: MemoryStore) -> TestClient:
    return client_with(store, speech_provider="espeak")


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


def test_a_voice_that_is_paid_for_is_not_tried(store: MemoryStore) -> None:
    settings = Settings(speech_provider="elevenlabs", elevenlabs_api_key="key")
    client = local_client(create_app(Trigger(store, NotingPlatform(), pipelines()), settings=settings))
    for answer in (client.get("/voices"), client.post("/voices/sample", json={"text": "Hello."})):
        assert (answer.status_code, "paid for" in answer.json()["detail"]) == (501, True)


def test_a_voice_is_added(store: MemoryStore, home: str, tmp_path: Path) -> None:
    client = client_with(store, speech_provider="kokoro", voices_dir=str(tmp_path), voices_url=home)
    before = client.get("/voices").json()
    for _ in range(2):  # the second finds it there
        after = client.put("/voices/af_heart").json()
    assert {each["name"] for each in before["addable"]} - {each["name"] for each in after["addable"]} == {
        "af_heart"
    }
    assert {"name": "af_heart", "language": "en-US", "description": "woman, neural, added"} in after["voices"]
    assert Vectors(tmp_path).added() == ["af_heart"]


@pytest.mark.logs_errors
def test_a_voice_that_cannot_be_added_is_refused(store: MemoryStore, home: str, tmp_path: Path) -> None:
    client = client_with(store, speech_provider="kokoro", voices_dir=str(tmp_path), voices_url=home)
    assert client.put("/voices/xx_nobody").status_code == 422
    assert client.put("/voices/..%2Faf_heart").status_code in {404, 422}
    assert client.put("/voices/af_bella").status_code == 502
    kept = tmp_path / "file"
    kept.touch()
    full = client_with(store, speech_provider="kokoro", voices_dir=str(kept), voices_url=home)
    refused = full.put("/voices/af_heart")
    assert (refused.status_code, "VOICES" in refused.json()["detail"]) == (422, True)


def test_voices_are_not_added_where_no_stage_would_speak_them(store: MemoryStore) -> None:
    client = client_with(store, speech_provider="kokoro", platform="cloudrun")
    assert client.get("/voices").json()["addable"] == []
    answer = client.put("/voices/af_heart")
    assert (answer.status_code, "VOICES" in answer.json()["detail"]) == (501, True)

"""What a run would cost is told from what is there, and nobody is asked."""

from typing import Any

import pytest

from jobs.catalogue import pipelines
from shared.api.app import create_app
from shared.records.creation import Creation
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.support.api import NotingPlatform
from tests.support.client import TestClient, local_client


def client_of(store: MemoryStore, **settings: Any) -> TestClient:
    return local_client(
        create_app(Trigger(store, NotingPlatform(), pipelines()), settings=Settings(**settings))
    )


def estimated(client: TestClient, pipeline: str, **options: Any) -> Any:
    answer = client.post(f"/me/creation/spring/estimate?pipeline={pipeline}", json=options)
    return answer.json() | {"code": answer.status_code}


def test_what_is_spoken_here_is_free(store: MemoryStore, spring: Creation) -> None:
    found = estimated(client_of(store, speech_provider="espeak"), "story")
    assert found == {"usd": {"narration (espeak)": 0.0}, "total_usd": 0.0, "code": 200}


def test_a_paid_voice_is_counted_by_the_letters_it_speaks(store: MemoryStore, spring: Creation) -> None:
    client = client_of(store, speech_provider="elevenlabs", elevenlabs_api_key="key")
    once = estimated(client, "story")["total_usd"]
    spring.write("assets/2/image.png", b"\x89PNG\r\n\x1a\n")
    spring.write("assets/2/1.txt", b"Spring comes.")
    assert estimated(client, "story")["total_usd"] == pytest.approx(2 * once)
    assert once > 0
    assert estimated(client, "story", narration=False)["usd"] == {}


def test_an_ad_is_priced_before_its_brief_is_complete(store: MemoryStore) -> None:
    paid = {"anthropic_api_key": "a", "elevenlabs_api_key": "e", "replicate_api_token": "r"}
    found = estimated(client_of(store, **paid), "ad", style="bold")
    assert set(found["usd"]) == {
        "script (claude)",
        "4 voice-overs (elevenlabs)",
        "4 scenes (replicate)",
        "call to action (replicate)",
    }
    assert found["total_usd"] == pytest.approx(sum(found["usd"].values()), abs=1e-5)


def test_a_talk_is_priced_by_its_text(store: MemoryStore) -> None:
    client = client_of(store, speech_provider="elevenlabs", elevenlabs_api_key="key")
    assert estimated(client, "presenter")["total_usd"] == 0
    Creation(store, "spring").write("assets/talk.md", b"# Hello\n\nThis is a talk.")
    assert estimated(client, "presenter")["total_usd"] > 0


def test_what_no_provider_makes_costs_nothing(store: MemoryStore) -> None:
    assert estimated(client_of(store), "subtitles") == {"usd": {}, "total_usd": 0.0, "code": 200}


def test_wrong_options_are_named(store: MemoryStore, spring: Creation) -> None:
    found = estimated(client_of(store, speech_provider="espeak"), "story", speaking_rate=9)
    assert (found["code"], "speaking_rate" in found["detail"]) == (422, True)
    assert estimated(client_of(store), "nothing")["code"] == 404

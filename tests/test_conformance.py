"""One story, the same inputs, on every platform and store: the same manifest, and the same bytes of video."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from jobs.catalogue import pipelines, stages
from shared.pipelines.definition import Pipeline
from shared.runs.launch import always_fuses, never_fuses
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from shared.worker.fused import run_to_end
from shared.worker.inline import InlinePlatform
from tests.support.clouds import deployed, make_trigger, place, until_ended
from tests.support.shards import in_turn
from tests.support.stories import ID, OUTPUTS, data, put_story, wav

PARTS = (("One morning the sea was calm.",), ("A boat set out.", "Gulls followed it."), ("It came back.",))
TIMES = {"started_at", "completed_at", "created_at", "duration_seconds", "total_seconds", "cost", "attempt"}
DEPLOYMENTS = {
    "fanned out": (
        *(("local", "gs"), ("cloudrun", "gs"), ("codeengine", "cos"), ("local", "s3"), ("cloudrun", "file")),
        *(("codeengine", "gs"), ("local", "file"), ("codeengine", "file"), ("cloudrun", "s3")),
    ),
    "fused": (
        *(("local", "gs"), ("cloudrun", "file"), ("codeengine", "cos"), ("local", "s3"), ("cloudrun", "s3")),
        *(("local", "file"), ("cloudrun", "gs"), ("codeengine", "gs"), ("codeengine", "file")),
    ),
}
"""In such an order that every day's part has two platforms, one fused and one fanned out."""
CASES = [(mode, *each) for mode, deployments in DEPLOYMENTS.items() for each in deployments]


def fanned_out() -> dict[str, Pipeline]:
    """The pipelines, with a task for every segment that the story's film has."""
    story = pipelines()["story"]
    render = story.stages["render"]
    assert render.fan_out
    spread = render.model_copy(update={"fan_out": render.fan_out.model_copy(update={"per_task": 2})})
    return {"story": story.model_copy(update={"stages": {**story.stages, "render": spread}})}


def told(platform: str, store: str, folder: Path, mode: str) -> dict[str, Any]:
    """What the deployment makes of the story."""
    known = fanned_out()
    with place(store, folder) as at, deployed(platform, at, known) as running:
        put_story(at.store, PARTS, music=wav(1200))
        trigger = make_trigger(at, running, known, fuses=always_fuses if mode == "fused" else never_fuses)
        at.listeners.append(lambda key: trigger.advance(ID) if "/stages/" in key else None)
        trigger.start("story", ID)
        until_ended(trigger)
        return made(trigger, mode)


def made(trigger: Trigger, mode: str) -> dict[str, Any]:
    status, store = trigger.status(ID), trigger.store
    assert status.status == "completed", status.error
    assert (status.stages["render"].tasks > 1) == (mode == "fanned out")
    films = {name: data(store, name) for name in OUTPUTS}
    return {"manifest": without_times(json.loads(data(store, "manifest.json"))), **films}


def without_times(document: Any) -> Any:
    if isinstance(document, dict):
        return {name: without_times(value) for name, value in document.items() if name not in TIMES}
    return [without_times(each) for each in document] if isinstance(document, list) else document


@cache
def in_this_process(mode: str) -> dict[str, Any]:
    known = fanned_out() if mode == "fanned out" else pipelines()
    store = MemoryStore()
    put_story(store, PARTS, music=wav(1200))
    platform = InlinePlatform(store, Settings(speech_provider="espeak"), known, stages())
    trigger = Trigger(store, platform, known)
    trigger.start("story", ID)
    run_to_end(trigger, platform, ID, known["story"].width)
    return made(trigger, mode)


@pytest.fixture(autouse=True)
def _repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent)


@pytest.mark.parametrize(("mode", "platform", "store"), in_turn(CASES))
def test_every_deployment_makes_the_same_film_and_tells_the_same_of_it(
    mode: str, platform: str, store: str, tmp_path: Path
) -> None:
    found, expected = told(platform, store, tmp_path, mode), in_this_process(mode)
    assert found["manifest"] == expected["manifest"]
    assert found == expected


def test_fused_and_fanned_out_make_the_same_bytes() -> None:
    fused, fanned = in_this_process("fused"), in_this_process("fanned out")
    assert {name: fused[name] for name in OUTPUTS} == {name: fanned[name] for name in OUTPUTS}

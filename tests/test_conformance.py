"""One story, the same inputs, on every platform and store: the same manifest, and the same bytes of video."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from jobs.catalogue import pipelines
from shared.pipelines.definition import Pipeline
from shared.runs.launch import always_fuses, never_fuses
from tests.support.clouds import deployed, make_trigger, place, until_ended
from tests.support.stories import ID, OUTPUTS, data, put_story, wav

PARTS = (("One morning the sea was calm.",), ("A boat set out.", "Gulls followed it."), ("It came back.",))
TIMES = {"started_at", "completed_at", "created_at", "duration_seconds", "total_seconds", "cost", "attempt"}
USUAL = [("local", "gs"), ("local", "s3"), ("cloudrun", "gs"), ("codeengine", "cos")]
UNUSUAL = [("cloudrun", "file"), ("cloudrun", "s3"), ("codeengine", "file"), ("codeengine", "gs")]
DEPLOYMENTS = [*USUAL, *(pytest.param(*each, marks=pytest.mark.soak) for each in UNUSUAL)]


def fanned_out() -> dict[str, Pipeline]:
    """The pipelines, with a task for every segment that the story's film has."""
    story = pipelines()["story"]
    render = story.stages["render"]
    assert render.fan_out
    spread = render.model_copy(update={"fan_out": render.fan_out.model_copy(update={"per_task": 2})})
    return {"story": story.model_copy(update={"stages": {**story.stages, "render": spread}})}


def told(platform: str, store: str, folder: Path, *, fused: bool) -> dict[str, Any]:
    """What the deployment makes of the story."""
    known = fanned_out()
    with place(store, folder) as at, deployed(platform, at, known) as running:
        put_story(at.store, PARTS, music=wav(1200))
        trigger = make_trigger(at, running, known, fuses=always_fuses if fused else never_fuses)
        at.listeners.append(lambda key: trigger.advance(ID) if "/stages/" in key else None)
        trigger.start("story", ID)
        until_ended(trigger)
        status = trigger.status(ID)
        assert status.status == "completed", status.error
        assert (status.stages["render"].tasks > 1) != fused
        made = {name: data(at.store, name) for name in OUTPUTS}
        return {"manifest": without_times(json.loads(data(at.store, "manifest.json"))), **made}


def without_times(document: Any) -> Any:
    if isinstance(document, dict):
        return {name: without_times(value) for name, value in document.items() if name not in TIMES}
    return [without_times(each) for each in document] if isinstance(document, list) else document


@cache
def on_this_machine(fused: bool) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        return told("local", "file", Path(folder), fused=fused)


@pytest.fixture(autouse=True)
def _repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent)


@pytest.mark.parametrize("fused", [False, True], ids=["fanned out", "fused"])
@pytest.mark.parametrize(("platform", "store"), DEPLOYMENTS)
def test_every_deployment_makes_the_same_film_and_tells_the_same_of_it(
    platform: str, store: str, fused: bool, tmp_path: Path
) -> None:
    made, expected = told(platform, store, tmp_path, fused=fused), on_this_machine(fused)
    assert made["manifest"] == expected["manifest"]
    assert made == expected


def test_fused_and_fanned_out_make_the_same_bytes() -> None:
    fused, fanned = on_this_machine(fused=True), on_this_machine(fused=False)
    assert {name: fused[name] for name in OUTPUTS} == {name: fanned[name] for name in OUTPUTS}

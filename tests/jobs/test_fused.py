"""All stages in one container, as a platform launches, repeats and kills it."""

from dataclasses import replace

import pytest

from jobs import fused
from jobs.catalogue import pipelines, stages
from shared.errors import StaleAttempt
from shared.pipelines.definition import FUSED
from shared.platforms.task import Task
from shared.records.creation import Creation
from shared.records.documents import Claim, load
from shared.runs.launch import always_fuses
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from shared.stages.stage import Context, Result, Stage
from shared.storage.memory import MemoryStore
from tests.support.stories import ID, SETTINGS, Hum, names, new_story, record, use_voice
from tests.support.toys import FakePlatform


@pytest.fixture(autouse=True)
def _voice(monkeypatch: pytest.MonkeyPatch) -> None:
    use_voice(monkeypatch, Hum())


def launched(store: MemoryStore) -> tuple[Trigger, Task]:
    """The trigger that launched a container with all stages in it, and that container's task."""
    trigger = Trigger(store, FakePlatform("running"), pipelines(), fuses=always_fuses)
    trigger.start("story", ID)
    claim, _ = load(Creation(store, ID), f"claims/1/{FUSED}", Claim)
    assert claim
    return trigger, Task(execution="box-1", claim=claim.token)


def run(store: MemoryStore, task: Task) -> RunStatus:
    return fused.run_fused("story", ID, store, SETTINGS, task=task, sleep=lambda _s: None)


class Killed(BaseException):
    """Stands for SIGKILL: nothing that follows in this process happens."""


def killed_in(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    stage = stages()["story", name]()

    def die(_context: Context) -> Result:
        raise Killed

    broken: Stage = replace(stage, run=die)
    monkeypatch.setattr(f"jobs.story.{name}.STAGE", broken)


def test_a_container_with_all_stages_finishes_the_run_it_was_launched_for() -> None:
    store = new_story()
    trigger, task = launched(store)
    assert run(store, task).status == "completed"
    assert trigger.advance(ID).status == "completed"
    assert {record(store, "narrate").execution, record(store, "assemble").execution} == {"box-1"}
    assert "assets/video.mp4" in names(store)


@pytest.mark.parametrize("stage", ["narrate", "assemble"])
def test_the_next_attempt_goes_on_where_a_killed_one_stopped(
    monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    store = new_story()
    trigger, task = launched(store)
    with monkeypatch.context() as patch:
        killed_in(patch, stage)
        with pytest.raises(Killed):
            run(store, task)
    assert trigger.advance(ID).status == "pending"
    assert run(store, replace(task, attempt=1)).status == "completed"
    assert (record(store, "narrate").attempt, record(store, "assemble").run) == (
        3 if stage == "narrate" else 0,
        1,
    )
    assert record(store, "assemble").attempt == 3


@pytest.mark.logs_errors
def test_an_attempt_after_one_that_failed_for_good_ends_at_once() -> None:
    store = new_story(parts=[["A caption."]])
    store.write(f"{ID}/assets/1/image.png", b"no picture")
    _, task = launched(store)
    assert run(store, task).status == "failed"
    before = store.stat(f"{ID}/stages/narrate.json")
    assert run(store, replace(task, attempt=1)).status == "failed"
    assert store.stat(f"{ID}/stages/narrate.json") == before


def test_a_container_of_a_run_that_was_overtaken_does_nothing() -> None:
    store = new_story()
    _, task = launched(store)
    assert run(store, task).status == "completed"
    fused.run_fused("story", ID, store, SETTINGS, sleep=lambda _s: None)
    with pytest.raises(StaleAttempt):
        run(store, task)


def test_a_container_that_a_person_started_opens_a_run_of_its_own() -> None:
    store = new_story()
    task = Task(execution="reelwright-video-generator-abc")
    assert run(store, task).status == "completed"
    assert names(store, "claims/") == [f"claims/1/{stage}" for stage in ("assemble", "narrate", "render")]


def test_the_run_of_a_container_that_still_works_is_closed_by_whoever_launched_it() -> None:
    store = new_story()
    trigger, task = launched(store)
    assert run(store, task).status == "completed"
    assert [info.key for info in store.list("_active/")] == [f"_active/{ID}/1"]
    platform = trigger.platform
    assert isinstance(platform, FakePlatform)
    platform.answer = "ended"
    assert trigger.sweep().ended == 1
    assert "fake-1" in platform.released
    assert list(store.list("_active/")) == []

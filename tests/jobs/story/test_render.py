"""render: only what is not there yet, in any number of tasks, with the same bytes."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jobs.story.narrate import STAGE as NARRATE
from jobs.story.render import STAGE
from shared.errors import BadRequest, StoreError
from shared.platforms.task import Task
from shared.providers.account import Account
from shared.records.creation import Creation
from shared.records.documents import Claim, Record, save, utc_now
from shared.settings import Settings
from shared.stages.plan import _share, read_plan
from shared.stages.progress import Progress
from shared.stages.stage import Context
from shared.storage import ABSENT, ObjectInfo
from shared.storage.memory import MemoryStore
from shared.video.rendering.segments import Segment
from shared.worker.box import run_task
from tests.support.stories import (
    ID,
    PIPELINE,
    SETTINGS,
    Hum,
    data,
    names,
    new_story,
    picture,
    put,
    put_options,
    use_voice,
)

STORY = [["One morning the sea was calm."], ["A boat set out.", "Gulls followed it."], ["Then it came home."]]


def narrated(parts: list[list[str]] = STORY, **options: Any) -> MemoryStore:
    store = new_story(parts, **options)
    run_task(NARRATE, PIPELINE, Creation(store, ID), Task(), SETTINGS)
    return store


def render(store: MemoryStore, tasks: int = 1, settings: Settings = SETTINGS) -> list[Record]:
    """All tasks, one after another, the last first."""
    creation = Creation(store, ID)
    claim = Claim(token="t", tasks=tasks, claimed_at=utc_now())
    if creation.stat("claims/1/render") is None:
        save(creation, "claims/1/render", claim, expect=ABSENT)
    done = [
        run_task(STAGE, PIPELINE, Creation(store, ID), Task(index=index), settings)
        for index in reversed(range(tasks))
    ]
    return done[::-1]


def segments(store: MemoryStore) -> dict[str, bytes]:
    return {name: data(store, name) for name in names(store, "cache/segments/")}


@pytest.fixture(scope="module")
def whole() -> Iterator[dict[str, bytes]]:
    """The segments as one task on one core makes them."""
    with pytest.MonkeyPatch.context() as patch:
        use_voice(patch, Hum())
        store = narrated()
        render(store, settings=replace(SETTINGS, cores=1))
        yield segments(store)


def test_every_segment_of_the_plan_is_rendered() -> None:
    store = narrated()
    (record,) = render(store)
    plan = read_plan(Creation(store, ID))
    assert sorted(segments(store)) == sorted({segment.name for segment in plan})
    assert record.metadata["rendered"] == record.metadata["segments"] == len(plan)
    assert record.metadata["frames_rendered"] == sum(segment.frames for segment in plan)


@pytest.mark.parametrize("tasks", [1, 2, 3, 7])
def test_any_number_of_tasks_makes_the_same_bytes(tasks: int, whole: dict[str, bytes]) -> None:
    store = narrated()
    records = render(store, tasks)
    assert segments(store) == whole
    assert sum(record.metadata["rendered"] for record in records) == len(whole)


@pytest.mark.parametrize("count", range(12))
@pytest.mark.parametrize("tasks", [1, 2, 3, 7])
def test_tasks_share_all_segments_evenly(count: int, tasks: int) -> None:
    plan = [Segment(key=str(n), shot=0, offset=n, first_frame=n, frames=1) for n in range(count)]
    shares = [_share(plan, index, tasks) for index in range(tasks)]
    assert [segment for share in shares for segment in share] == plan
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_segments_that_are_there_are_left_alone() -> None:
    store = narrated()
    render(store)
    before = {info.key: info.generation for info in store.list(f"{ID}/cache/segments/")}
    gone = sorted(before)[0]
    store.delete(gone)
    (record,) = render(store)
    assert record.metadata["rendered"] == 1
    after = {info.key: info.generation for info in store.list(f"{ID}/cache/segments/")}
    assert {key for key in before if before[key] != after[key]} == {gone}


def test_a_story_that_shows_and_says_the_same_again_and_again_is_rendered() -> None:
    parts = [["Row."], ["Away."], ["Row."], ["Away."], ["Row."], ["Away."]]
    store = new_story(parts, motion="none", transition="cut", captions="plain")
    for number in range(1, 7):
        put(store, f"{number}/image.png", picture(number % 2))
    run_task(NARRATE, PIPELINE, Creation(store, ID), Task(), SETTINGS)
    (record,) = render(store)
    assert record.metadata["segments"] == 6
    assert record.metadata["rendered"] == 4


@pytest.mark.logs_errors
@pytest.mark.parametrize(
    ("options", "words"),
    [({"effect": "old_film"}, "moviepy"), ({"effect": "no such", "engine": "moviepy"}, "old_film")],
)
def test_an_effect_that_can_not_be_drawn_is_refused_before_anything_is_spoken(
    options: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadRequest, match=words):
        narrated(**options)


class FullDisk(MemoryStore):
    """Takes so many writes of segments and no more."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room
        self._counting = threading.Lock()

    def upload(self, path: Path, key: str, *, expect: str | None = None) -> ObjectInfo:
        with self._counting:
            self.room -= 1
            if self.room < 0:
                raise StoreError("write", key, "No space left on device: free some space on its disk")
        return super().upload(path, key, expect=expect)


def context(store: MemoryStore, scratch: Path) -> Context:
    return Context(
        creation=Creation(store, ID),
        parameters={},
        settings=SETTINGS,
        task_index=0,
        task_count=1,
        scratch=scratch,
        progress=Progress(),
        account=Account(store),
        abandoned=lambda: False,
    )


def test_an_error_while_rendering_comes_out_and_leaves_nothing_in_scratch_that_runs(tmp_path: Path) -> None:
    told = narrated()
    store = FullDisk(room=2)
    for info in told.list(""):
        store.write(info.key, told.read(info.key)[0])
    with pytest.raises(StoreError, match="No space left"):
        STAGE.run(context(store, tmp_path))
    assert len(segments(store)) == 2
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("render")]


def test_work_ends_soon_after_a_stop(tmp_path: Path) -> None:
    store = narrated()
    seen: list[int] = []

    def check() -> None:
        seen.append(1)
        if len(seen) > 2:
            raise KeyError("taken over")

    with pytest.raises(KeyError, match="taken over"):
        STAGE.run(replace(context(store, tmp_path), progress=Progress(check)))
    assert len(segments(store)) <= 2


def test_another_look_of_captions_renders_only_segments_with_captions() -> None:
    store = narrated([["One."], ["Two."]])
    render(store)
    put_options(store, captions="off")
    run_task(NARRATE, PIPELINE, Creation(store, ID), Task(), SETTINGS)
    (record,) = render(store)
    assert (record.metadata["rendered"], record.metadata["segments"]) == (2, 3)

"""Runs whose creation is removed while they work: nothing of it comes back."""

from collections.abc import Callable, Iterator

import pytest

from shared.errors import ReelwrightError
from shared.platforms.task import Task
from shared.records.creation import Creation
from shared.records.removal import remove
from shared.runs.trigger import Trigger
from shared.storage import ObjectStore
from shared.storage.memory import MemoryStore
from shared.worker.box import run_task
from tests.shared.runs.test_launch import claim_of
from tests.support.toys import QUICK, STAGES, FakePlatform, fill, toys, watched


def removed_at(store: ObjectStore, call: int, went: list[int]) -> ObjectStore:
    """The store, from which the creation is removed before one call."""

    def on_call(number: int, side: str, _name: str, _key: str) -> None:
        if (number, side) == (call, "before"):
            went.append(number)
            remove(Creation(store, "toy"))

    return watched(store, on_call)


def after_each_removal(
    prepare: Callable[[MemoryStore], object], work: Callable[[ObjectStore], object]
) -> Iterator[list[str]]:
    """What is in the store when the creation was removed before the first, second, … call of the work."""
    for call in range(1, 200):
        store, went = MemoryStore(), list[int]()
        fill(store)
        prepare(store)
        try:
            work(removed_at(store, call, went))
        except ReelwrightError:
            assert went
        if not went:
            return
        yield [info.key for info in store.list("") if info.key.startswith(("toy/", "_active/"))]


def launched(store: MemoryStore) -> None:
    """A run whose first stages were launched, and the first is done."""
    Trigger(store, FakePlatform(), {"toys": toys()}).start("toys", "toy")


def done_first(store: MemoryStore) -> None:
    launched(store)
    do(store, "first")
    store.write("toy/claims/1/right", store.read("toy/claims/1/first")[0])


def do(store: ObjectStore, stage: str) -> None:
    task = Task(execution="x", claim=claim_of(store, "first").token)
    run_task(STAGES[stage], toys(), Creation(store, "toy"), task, QUICK)


@pytest.mark.logs_errors
@pytest.mark.parametrize(("stage", "prepare"), [("first", launched), ("right", done_first)])
def test_a_stage_leaves_nothing(stage: str, prepare: Callable[[MemoryStore], object]) -> None:
    token: list[str] = []

    def ready(store: MemoryStore) -> None:
        prepare(store)
        token[:] = [claim_of(store, "first").token]

    def work(store: ObjectStore) -> None:
        task = Task(execution="x", claim=token[0])
        run_task(STAGES[stage], toys(), Creation(store, "toy"), task, QUICK)

    found = list(after_each_removal(ready, work))
    assert len(found) > 10
    assert [(number, keys) for number, keys in enumerate(found, 1) if keys] == []


def without_a_claim(store: MemoryStore) -> None:
    launched(store)
    for name in ("claims/1/first", "manifest.json"):
        store.delete(f"toy/{name}")


def test_a_trigger_that_advances_leaves_nothing() -> None:
    found = list(
        after_each_removal(
            without_a_claim, lambda store: Trigger(store, FakePlatform(), {"toys": toys()}).advance("toy")
        )
    )
    assert len(found) > 10
    assert [(number, keys) for number, keys in enumerate(found, 1) if keys] == []


@pytest.mark.parametrize("state", ["ended", "running"])
def test_a_trigger_that_starts_or_queues_the_next_run_leaves_nothing(state: str) -> None:
    def again(store: ObjectStore) -> None:
        Trigger(store, FakePlatform(state), {"toys": toys()}).start("toys", "toy", {"speed": 2})  # type: ignore[arg-type]

    found = list(after_each_removal(launched, again))
    assert len(found) > 10
    assert [(number, keys) for number, keys in enumerate(found, 1) if keys] == []

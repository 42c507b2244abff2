"""Runs that are asked for while another is under way, and films that are older than their inputs."""

from collections.abc import Callable, Mapping
from copy import copy
from functools import partial
from typing import Any

import pytest

from shared.errors import BadRequest
from shared.pipelines.definition import FUSED
from shared.records.creation import Creation
from shared.records.documents import Request, load
from shared.runs.trigger import Trigger
from shared.stages.stage import Context, Result
from shared.storage.memory import MemoryStore
from tests.shared.runs.test_doubts import Keen, container
from tests.shared.runs.test_launch import fusible
from tests.support.toys import (
    STAGES,
    FakePlatform,
    at_once,
    contents,
    fake_trigger,
    fill,
    inline_trigger,
    run_fused,
    watched,
    with_run,
)
from tests.support.toys import finish as finished


def request_of(store: MemoryStore) -> Request:
    request, _ = load(Creation(store, "toy"), "request.json", Request)
    assert request
    return request


def edit(store: MemoryStore) -> None:
    store.write("toy/assets/words.txt", b"six seven")


def at_last(store: MemoryStore, do: Callable[[], object]) -> Mapping[str, Any]:
    """The stages, of which the last one does something before its work, once."""
    todo = [do]

    def run(context: Context) -> Result:
        if todo:
            todo.pop()()
        return STAGES["last"].run(context)

    return with_run("last", run)


@pytest.mark.parametrize("what", ["words", "new", "gone", "changed back", "parameters"])
def test_asking_for_something_else_during_a_run_queues_a_run_of_it(store: MemoryStore, what: str) -> None:
    trigger = fake_trigger(store)
    trigger.start("toys", "toy")
    words = store.read("toy/assets/words.txt")[0]
    parameters = {"speed": 2} if what == "parameters" else {}
    if what == "gone":
        store.delete("toy/assets/style.txt")
    elif what == "new":
        store.write("toy/assets/more.txt", b"more")
    elif what != "parameters":
        edit(store)
    if what == "changed back":
        store.write("toy/assets/words.txt", words)
    for _ in range(2):
        status = trigger.start("toys", "toy", parameters)
        assert (status.status, status.request.run) == ("pending", 1)
        assert status.request.queued
        assert status.request.queued.parameters == parameters


def test_what_was_asked_for_last_counts(store: MemoryStore) -> None:
    trigger = fake_trigger(store)
    for speed in (1, 2, 3):
        trigger.start("toys", "toy", {"speed": speed})
    queued = trigger.resume("toy").request.queued
    assert queued
    assert queued.parameters == {"speed": 3}
    assert trigger.start("toys", "toy", {"speed": 1}).request.queued is None


def test_an_edit_during_a_run_that_is_asked_for_again_ends_in_the_new_words(store: MemoryStore) -> None:
    def ask() -> None:
        edit(store)
        fake_trigger(store).start("toys", "toy")

    status = finished(inline_trigger(store, at_last(store, ask)))
    assert (status.status, status.request.run, status.outdated) == ("completed", 2, False)
    assert contents(store)["toy/assets/last.txt"] == b"xis-neves\nSIX\nSEVEN"
    assert [info.key for info in store.list("_active/")] == []


def test_an_edit_that_nobody_asked_a_run_of_is_told_until_somebody_does(store: MemoryStore) -> None:
    status = finished(inline_trigger(store, at_last(store, lambda: edit(store))))
    assert (status.status, status.request.run, status.outdated) == ("completed", 1, True)
    assert fake_trigger(store).status("toy").outdated
    assert not run_fused(store).outdated
    assert not fake_trigger(store).status("toy").outdated


def test_an_edit_that_the_run_came_to_read_is_no_news(store: MemoryStore) -> None:
    trigger = fake_trigger(store)
    trigger.start("toys", "toy")
    store.write("toy/assets/words.txt", b"read by the first stage")
    store.delete("toy/claims/1/first")
    inline = inline_trigger(store)
    while inline.advance("toy").status == "pending":
        pass
    assert not inline.status("toy").outdated


@pytest.mark.logs_errors
def test_a_run_that_fails_is_followed_by_the_one_behind_it(store: MemoryStore) -> None:
    def ask_and_fail() -> None:
        fake_trigger(store).start("toys", "toy", {"speed": 2})
        raise BadRequest("no; ask for something else")

    status = finished(inline_trigger(store, at_last(store, ask_and_fail)))
    assert (status.status, status.request.run, status.request.parameters) == ("completed", 2, {"speed": 2})


def test_a_cancelled_run_is_followed_by_none(store: MemoryStore) -> None:
    trigger = fake_trigger(store)
    trigger.start("toys", "toy")
    trigger.start("toys", "toy", {"speed": 2})
    status = trigger.cancel("toy")
    assert (status.status, status.request.queued) == ("failed", None)
    assert trigger.advance("toy").request.run == 1


def test_until_the_next_run_begins_nobody_is_told_that_all_is_done(store: MemoryStore) -> None:
    asked = at_last(store, lambda: fake_trigger(store).start("toys", "toy", {"speed": 2}))
    trigger = inline_trigger(store, asked)
    trigger.follows_up = False
    status = trigger.start("toys", "toy")
    while not status.is_over:
        status = trigger.advance("toy")
    assert (status.status, status.request.run) == ("pending", 1)
    fake_trigger(store).sweep()
    assert request_of(store).run == 2


def test_a_container_with_all_stages_ends_well_before_the_next_run_begins(store: MemoryStore) -> None:
    platform = Keen()
    outside = Trigger(store, platform, {"toys": fusible()}, fuses=lambda *_: True)
    outside.start("toys", "toy")
    token = platform.orders[0].token
    stages = at_last(store, lambda: outside.start("toys", "toy", {"speed": 2}))
    inside = container(store, token, stages=stages)
    while (status := inside.advance("toy")).status == "pending":
        outside.advance("toy")
    assert (status.status, outside.advance("toy").status) == ("completed", "pending")
    platform.ended["fake-1"] = "done"
    assert outside.advance("toy").request.run == 2
    assert [(order.stage, order.run) for order in platform.orders] == [(FUSED, 1), (FUSED, 2)]


def test_many_who_ask_at_once_for_one_change_get_one_more_run(store: MemoryStore) -> None:
    platform = FakePlatform()
    trigger = fake_trigger(store, platform)
    trigger.start("toys", "toy")
    edit(store)
    at_once(lambda: trigger.start("toys", "toy"), threads=16)
    assert (request_of(store).run, len(platform.orders)) == (1, 1)
    platform.answer = "ended"
    at_once(lambda: trigger.advance("toy"), threads=16)
    assert (request_of(store).run, request_of(store).queued) == (2, None)


class _Killed(BaseException):
    """Stands for SIGKILL."""


def test_a_trigger_killed_around_any_store_call_loses_no_run_that_was_queued() -> None:
    """It dies while it begins the queued run, then a sweep comes by."""
    over = MemoryStore()
    fill(over)
    asked = at_last(over, partial(fake_trigger(over).start, "toys", "toy", {"speed": 2}))
    whole = inline_trigger(over, asked)
    whole.follows_up = False
    status = whole.start("toys", "toy")
    while not status.is_over:
        status = whole.advance("toy")
    number, died = 0, True
    while died:
        number += 1
        store = copy(over)
        store._objects = dict(over._objects)

        def die(this: int, side: str, _name: str, _key: str, at: int = number) -> None:
            if (this, side) == (at, "after"):
                raise _Killed

        died = False
        try:
            fake_trigger(watched(store, die)).advance("toy")
        except _Killed:
            died = True
        fake_trigger(store).sweep()
        assert (request_of(store).run, request_of(store).parameters) == (2, {"speed": 2}), number
        assert store.stat("toy/claims/2/first"), number
    assert number > 20


def test_a_status_takes_as_many_store_calls_however_much_was_made(store: MemoryStore) -> None:
    run_fused(store)

    def calls() -> int:
        names: list[str] = []
        fake_trigger(watched(store, lambda _n, _side, name, _key: names.append(name))).status("toy")
        return len(names)

    before = calls()
    for number in range(20):
        fill(store, f"other-{number}")
        store.write(f"toy/assets/more/{number}.txt", b"x")
    assert calls() == before

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from shared.errors import PlatformBusy, PlatformError, StoreError, UnknownName
from shared.pipelines.definition import FUSED, FusedDefinition, Pipeline
from shared.platforms import LaunchOrder
from shared.records.creation import Creation
from shared.records.documents import Claim, Record, Request, load, save, utc_now
from shared.runs.launch import always_fuses, fuses_short_work, fusing, never_fuses
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ABSENT, ObjectStore
from shared.storage.memory import MemoryStore
from tests.support.toys import (
    FakePlatform,
    at_once,
    failing,
    fill,
    inline_trigger,
    run_fused,
    states,
    toys,
    watched,
)


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.time = utc_now()

    def __call__(self) -> datetime:
        return self.time

    def passes(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Moody(FakePlatform):
    """Launches, or raises, as told; a launch may happen although it raises."""

    def __init__(self, *moods: Exception | None, happens: bool = False) -> None:
        super().__init__("running")
        self.moods = list(moods)
        self.happens = happens
        self.looks: list[str] = []

    def launch(self, order: LaunchOrder) -> str:
        mood = self.moods.pop(0) if self.moods else None
        if mood is None or self.happens:
            self.orders.append(order)
        if mood:
            raise mood
        return f"fake-{len(self.orders)}"

    def find(self, order: LaunchOrder) -> str | None:
        self.looks.append(order.stage)
        return super().find(order)


def fusible(most_assets: int = 10) -> Pipeline:
    """The toys, with a job for all of them."""
    return toys().model_copy(update={"fused": FusedDefinition(job="toy-box", most_assets=most_assets)})


BUSY = PlatformBusy("fake", "launch", "the quota is used up")
LOST = KeyError("this process died")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def make_trigger(
    store: ObjectStore, platform: FakePlatform, clock: Callable[[], datetime] = utc_now, *, fuse: bool = False
) -> Trigger:
    fuses = always_fuses if fuse else never_fuses
    return Trigger(store, platform, {"toys": fusible()}, now=clock, fuses=fuses)


def claim_of(store: ObjectStore, stage: str) -> Claim:
    claim, _ = load(Creation(store, "toy"), f"claims/1/{stage}", Claim)
    assert claim
    return claim


def play(store: ObjectStore, stage: str, *, execution: str = "x") -> None:
    """What a container would leave in the store."""
    now = utc_now()
    record = Record(
        pipeline="toys", stage=stage, run=1, owner="x", execution=execution, status="success",
        started_at=now, heartbeat_at=now, completed_at=now, progress=1.0, metadata={"items": 1},
    )  # fmt: skip
    name = f"stages/{stage}/0.json" if stage == "right" else f"stages/{stage}.json"
    save(Creation(store, "toy"), name, record, expect=None)


def play_all(store: ObjectStore, trigger: Trigger) -> RunStatus:
    status = trigger.status("toy")
    for stage in toys().stages:
        play(store, stage)
        status = trigger.advance("toy")
    return status


def test_a_launch_whose_launcher_died_is_found_and_not_made_again(store: MemoryStore, clock: Clock) -> None:
    platform = Moody(LOST, happens=True)
    trigger = make_trigger(store, platform, clock)
    with pytest.raises(KeyError):
        trigger.start("toys", "toy")
    assert trigger.advance("toy").stages["first"].state == "starting"
    assert platform.looks == []
    clock.passes(241)
    trigger.advance("toy")
    assert (len(platform.orders), platform.looks) == (1, ["first"])
    assert claim_of(store, "first").execution == "fake-1"
    clock.passes(241)
    assert trigger.advance("toy").stages["first"].state == "starting"
    assert platform.looks == ["first"]


def test_a_launch_that_never_came_about_is_made_under_the_same_token(
    store: MemoryStore, clock: Clock
) -> None:
    platform = Moody(LOST)
    trigger = make_trigger(store, platform, clock)
    with pytest.raises(KeyError):
        trigger.start("toys", "toy")
    token = claim_of(store, "first").token
    clock.passes(241)
    trigger.advance("toy")
    assert [order.token for order in platform.orders] == [token]
    assert claim_of(store, "first").execution == "fake-1"


def test_many_that_find_a_lost_launch_make_it_once(store: MemoryStore, clock: Clock) -> None:
    platform = Moody(LOST)
    trigger = make_trigger(store, platform, clock)
    with pytest.raises(KeyError):
        trigger.start("toys", "toy")
    clock.passes(241)
    at_once(lambda: trigger.advance("toy"), threads=16)
    assert [order.stage for order in platform.orders] == ["first"]


def test_a_busy_platform_is_asked_again_later(store: MemoryStore, clock: Clock) -> None:
    platform = Moody(BUSY, BUSY)
    trigger = make_trigger(store, platform, clock)
    assert trigger.start("toys", "toy").status == "pending"
    for _ in range(3):
        clock.passes(241)
        trigger.advance("toy")
    assert [order.stage for order in platform.orders] == ["first"]


def test_a_platform_that_stays_busy_for_an_hour_fails_the_run(store: MemoryStore, clock: Clock) -> None:
    trigger = make_trigger(store, Moody(*[BUSY] * 9), clock)
    trigger.start("toys", "toy")
    for _ in range(8):
        clock.passes(600)
        status = trigger.advance("toy")
    assert status.status == "failed"


def test_a_platform_that_can_not_say_whether_it_launched_is_not_asked_to_launch(
    store: MemoryStore, clock: Clock
) -> None:
    class Mute(Moody):
        def find(self, order: LaunchOrder) -> str | None:
            raise PlatformError("fake", "list its executions", "permission denied")

    platform = Mute(LOST, happens=True)
    trigger = make_trigger(store, platform, clock)
    with pytest.raises(KeyError):
        trigger.start("toys", "toy")
    clock.passes(241)
    assert trigger.advance("toy").status == "pending"
    assert len(platform.orders) == 1


def test_short_work_is_launched_as_one_container(store: MemoryStore) -> None:
    platform = FakePlatform("running")
    trigger = make_trigger(store, platform, fuse=True)
    status = trigger.start("toys", "toy")
    assert [(order.stage, order.job, order.tasks) for order in platform.orders] == [(FUSED, "toy-box", 1)]
    assert (states(status)["first"], status.status, status.ready) == ("starting", "pending", ())
    for stage in ("first", "left", "right", "extra", "last"):
        assert trigger.advance("toy").status == "pending"
        save(
            Creation(store, "toy"),
            f"claims/1/{stage}",
            Claim(token="t", claimed_at=utc_now(), execution="fake-1"),
            expect=ABSENT,
        )
        play(store, stage)
    assert trigger.advance("toy").status == "completed"
    assert len(platform.orders) == 1


@pytest.mark.parametrize("done", [(), ("first",), ("first", "left", "right", "extra")])
def test_one_container_that_ends_without_a_word_fails_the_run_with_its_reason(
    store: MemoryStore, done: tuple[str, ...]
) -> None:
    platform = FakePlatform("ended", reason="killed for memory")
    trigger = make_trigger(store, platform, fuse=True)
    trigger.start("toys", "toy")
    for stage in done:
        claim = Claim(token="t", claimed_at=utc_now(), execution="fake-1")
        save(Creation(store, "toy"), f"claims/1/{stage}", claim, expect=ABSENT)
        play(store, stage)
    status = trigger.advance("toy")
    assert status.status == "failed"
    assert "killed for memory" in status.error


def test_a_lost_launch_of_one_container_is_made_again(store: MemoryStore, clock: Clock) -> None:
    platform = Moody(LOST)
    trigger = make_trigger(store, platform, clock, fuse=True)
    with pytest.raises(KeyError):
        trigger.start("toys", "toy")
    clock.passes(241)
    trigger.advance("toy")
    assert [order.stage for order in platform.orders] == [FUSED]


@pytest.mark.logs_errors
def test_a_refused_launch_of_one_container_fails_its_first_stage(store: MemoryStore) -> None:
    platform = Moody(PlatformError("fake", "launch", "there is no job toy-box; deploy it first"))
    status = make_trigger(store, platform, fuse=True).start("toys", "toy")
    assert status.status == "failed"
    assert "deploy it first" in status.error


def test_the_container_that_holds_the_claim_runs_every_stage(store: MemoryStore) -> None:
    outside = make_trigger(store, FakePlatform("running"), fuse=True)
    outside.start("toys", "toy")
    token = claim_of(store, FUSED).token
    inside = inline_trigger(store, pipeline=fusible(), held_token=token)
    while inside.advance("toy").status == "pending":
        pass
    assert outside.status("toy").status == "completed"
    stranger = inline_trigger(store, pipeline=fusible(), held_token="another")
    assert stranger.status("toy").status == "completed"


@pytest.mark.parametrize(
    ("fused", "in_cloud", "words"),
    [("always", False, "fuse"), ("never", True, "don't"), ("auto", True, "fuse"), ("auto", False, "don't")],
)
def test_the_setting_decides_what_is_fused(
    store: MemoryStore, fused: str, in_cloud: bool, words: str
) -> None:
    fuses = fusing(Settings(fused=fused), in_cloud=in_cloud)
    assert fuses(fusible(), Creation(store, "toy")) == (words == "fuse")
    assert not fuses(toys(), Creation(store, "toy"))


def test_long_work_is_not_fused(store: MemoryStore) -> None:
    assert fuses_short_work(fusible(most_assets=2), Creation(store, "toy"))
    store.write("toy/assets/more.txt", b"x")
    assert not fuses_short_work(fusible(most_assets=2), Creation(store, "toy"))


def test_executions_are_released_once_what_they_did_is_in_the_store(store: MemoryStore) -> None:
    platform = FakePlatform()
    trigger = make_trigger(store, platform)
    trigger.start("toys", "toy")
    assert platform.released == []
    play(store, "first")
    trigger.advance("toy")
    assert platform.released == ["fake-1"]
    play_all(store, trigger)
    assert set(platform.released) == {f"fake-{number}" for number in range(1, len(platform.orders) + 1)}


def test_a_run_that_has_ended_is_not_under_way_once_the_platform_let_go_of_it(store: MemoryStore) -> None:
    platform = FakePlatform("running")
    trigger = make_trigger(store, platform)
    trigger.start("toys", "toy")
    assert play_all(store, trigger).status == "completed"
    assert [info.key for info in store.list("_active/")] == ["_active/toy/1"]
    platform.answer = "ended"
    assert trigger.sweep().ended == 1
    assert list(store.list("_active/")) == []
    assert trigger.sweep().advanced == 0


def test_a_sweep_launches_what_stands_still_and_nothing_else(store: MemoryStore) -> None:
    platform = FakePlatform("running")
    trigger = make_trigger(store, platform)
    for creation_id in ("toy", "a/b/c", "other"):
        fill(store, creation_id)
        trigger.start("toys", creation_id)
    play(store, "first")  # and the event that says so is lost
    report = trigger.sweep()
    assert (report.advanced, report.launched, report.ended, report.failed) == (3, 1, 0, [])
    assert [order.stage for order in platform.orders] == ["first"] * 3 + ["left", "right", "extra"]
    assert trigger.sweep().launched == 0


@pytest.mark.logs_errors
def test_a_creation_that_can_not_be_advanced_does_not_hold_up_the_others(store: MemoryStore) -> None:
    platform = FakePlatform("running")
    trigger = make_trigger(store, platform)
    for creation_id in ("toy", "other"):
        fill(store, creation_id)
        trigger.start("toys", creation_id)
    store.write("other/request.json", b"{")
    play(store, "first")
    report = trigger.sweep()
    assert (report.launched, report.failed) == (1, ["other"])


def test_marks_of_runs_that_never_were_or_were_overtaken_go_away(store: MemoryStore, clock: Clock) -> None:
    trigger = make_trigger(store, FakePlatform("running"), clock)
    trigger.start("toys", "toy")
    for mark in ("_active/toy/7", "_active/nobody/1", "_active/toy/0"):
        store.write(mark, b"")
    trigger.sweep()
    assert [info.key for info in store.list("_active/")] == [
        "_active/nobody/1",
        "_active/toy/1",
        "_active/toy/7",
    ]
    clock.passes(3601)
    trigger.sweep()
    assert [info.key for info in store.list("_active/")] == ["_active/toy/1"]


def test_a_run_is_marked_before_it_is_asked_for(store: MemoryStore) -> None:
    broken = failing(
        store, StoreError("write", "x", "it broke"), call="write", key="toy/request.json", when="before"
    )
    with pytest.raises(StoreError):
        make_trigger(broken, FakePlatform()).start("toys", "toy")
    assert [info.key for info in store.list("_active/")] == ["_active/toy/1"]


def chained(store: ObjectStore) -> None:
    """A run whose stages Argo starts."""
    now = utc_now()
    request = Request(pipeline="toys", requested_at=now, created_at=now, opened_by="workflow-1")
    save(Creation(store, "toy"), "request.json", request, expect=ABSENT)


def test_a_run_that_someone_else_chains_is_only_reported(store: MemoryStore) -> None:
    chained(store)
    platform = FakePlatform()
    trigger = make_trigger(store, platform)
    assert trigger.advance("toy").status == "pending"
    play(store, "first")
    assert trigger.advance("toy").status == "pending"
    assert platform.orders == []


@pytest.mark.parametrize("outcome", ["Failed", "Succeeded"])
def test_settling_ends_what_has_not_ended(store: MemoryStore, outcome: str) -> None:
    chained(store)
    claim = Claim(token="t", claimed_at=utc_now(), execution="argo|ns|w")
    save(Creation(store, "toy"), "claims/1/first", claim, expect=ABSENT)
    trigger = make_trigger(store, FakePlatform())
    assert trigger.status("toy").status == "pending"
    status = trigger.close_run("toys", "toy", opened_by="workflow-1", outcome=outcome)
    assert status.status == "failed"
    assert outcome in status.error
    assert store.stat("toy/manifest.json")


def test_a_run_that_none_of_its_stages_came_to_open_has_failed(store: MemoryStore) -> None:
    run_fused(store)
    trigger = inline_trigger(store)
    status = trigger.close_run("toys", "toy", opened_by="workflow-2", outcome="Failed")
    assert (status.status, status.request.run) == ("failed", 2)
    with pytest.raises(UnknownName):
        trigger.close_run("toy", "toy", opened_by="workflow-2", outcome="Failed")


def test_a_status_costs_the_same_however_many_creations_there_are(store: MemoryStore) -> None:
    calls: list[str] = []
    seen = watched(store, lambda _number, when, name, key: calls.append(name) if when == "before" else None)
    trigger = make_trigger(seen, FakePlatform("running"))
    trigger.start("toys", "toy")
    play(store, "first")

    def cost() -> list[str]:
        calls.clear()
        trigger.status("toy")
        return list(calls)

    before = cost()
    for number in range(50):
        fill(store, f"other-{number}")
        trigger.start("toys", f"other-{number}")
    assert cost() == before
    assert "list" not in before


def test_a_late_word_of_a_workflow_that_was_overtaken_settles_nothing(store: MemoryStore) -> None:
    chained(store)
    trigger = make_trigger(store, FakePlatform())
    later = load(Creation(store, "toy"), "request.json", Request)[0]
    assert later
    save(
        Creation(store, "toy"),
        "request.json",
        later.next(utc_now(), parameters={}, opened_by="w2"),
        expect=None,
    )
    status = trigger.close_run("toys", "toy", opened_by="workflow-1", outcome="Failed")
    assert (status.status, status.request.run, status.request.opened_by) == ("pending", 2, "w2")

"""Launches that were doubled, lost or overtaken, and news that comes while someone looks."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import PlatformError, StaleAttempt, Stopped
from shared.machine.process import this_process
from shared.pipelines.definition import FUSED
from shared.platforms import ExecutionState, LaunchOrder
from shared.platforms.task import Task
from shared.records.creation import Creation
from shared.records.documents import DIED, Claim, Record, load, save, utc_now
from shared.runs.trigger import Trigger
from shared.stages.stage import Context, Result, Stage
from shared.storage import ABSENT, ObjectStore
from shared.storage.memory import MemoryStore
from shared.worker.inline import InlinePlatform
from tests.shared.runs.attempts import MANAGED, ask, broken, claim, leave, record_of, run_first
from tests.shared.runs.test_launch import BUSY, LOST, Clock, Moody, claim_of, fusible, make_trigger, play
from tests.support.toys import QUICK, STAGES, FakePlatform, generations, states, watched, with_run


class Keen(FakePlatform):
    """Says of each execution how it stands, and knows nothing any more of one that it let go of."""

    def __init__(self) -> None:
        super().__init__("running")
        self.ended: dict[str, str] = {}
        """Why, by execution."""

    def state(self, execution: str, *, ask_again: bool = False) -> ExecutionState:
        if execution in self.released:
            return ExecutionState(status="unknown")
        if execution in self.ended:
            return ExecutionState(status="ended", reason=self.ended[execution])
        return ExecutionState(status="running")

    def release(self, execution: str) -> bool:
        if execution in self.ended:
            self.released.append(execution)
        return execution in self.ended


class Interrupted(Keen):
    """Its first launch takes so long that something else happens meanwhile."""

    def __init__(self, meanwhile: Callable[["Interrupted"], object]) -> None:
        super().__init__()
        self._meanwhile = [meanwhile]

    def launch(self, order: LaunchOrder) -> str:
        if self._meanwhile:
            self._meanwhile.pop()(self)
        return super().launch(order)


class Killed(BaseException):
    """Stands for SIGKILL: nothing that follows in this process happens."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


def container(
    store: ObjectStore, token: str, *, attempt: int = 0, stages: Mapping[str, Stage] = STAGES
) -> Trigger:
    """The trigger inside a container with all stages in it, which was launched with this token."""
    known = {"toys": fusible()}
    calls = {("toys", name): (lambda stage=stage: stage) for name, stage in stages.items()}
    outer = Task(execution="box", attempt=attempt, claim=token)
    platform = InlinePlatform(store, QUICK, known, calls, outer=outer, sleep=lambda _s: None)
    return Trigger(store, platform, known, held_token=token)


def finish(trigger: Trigger) -> str:
    while (status := trigger.advance("toy")).status == "pending":
        assert status.ready, "nothing goes on"
    return status.status


def marks(store: ObjectStore) -> list[str]:
    return [info.key.removeprefix("_active/") for info in store.list("_active/")]


def leave_task(store: ObjectStore, name: str, **facts: Any) -> None:
    """The record that a task of run 1 leaves at `stages/<name>.json`."""
    now = utc_now()
    known = {"pipeline": "toys", "stage": name.partition("/")[0], "run": 1, "owner": "x"}
    record = Record(**known | {"started_at": now, "heartbeat_at": now} | facts)
    save(Creation(store, "toy"), f"stages/{name}.json", record, expect=None)


def fanned_out(store: ObjectStore, trigger: Trigger) -> dict[str, str]:
    """A run whose first stage is done: the executions of those that were launched next, by stage."""
    trigger.start("toys", "toy")
    play(store, "first")
    trigger.advance("toy")
    return {stage: claim_of(store, stage).execution for stage in ("first", "left", "right", "extra")}


HICCUP = {"kind": "OSError", "message": "a hiccup", "permanent": False}
REFUSED = {"status": "failed", "error": {"kind": "BadRequest", "message": "no", "permanent": True}}


@pytest.mark.parametrize("later", ["in one container", "stage by stage", "its launcher died"])
def test_a_container_of_an_overtaken_run_ends_at_its_next_look_and_writes_nothing(
    store: MemoryStore, clock: Clock, later: str
) -> None:
    outside = make_trigger(store, FakePlatform("running"), clock, fuse=True)
    outside.start("toys", "toy")
    inside = container(store, claim_of(store, FUSED).token)
    outside.cancel("toy")
    platform = Moody(LOST if later == "its launcher died" else None)
    with suppress(KeyError):
        make_trigger(store, platform, clock, fuse=later != "stage by stage").resume("toy")
    leave(store, run=2, status="success", execution="fake-2")
    before = generations(store, "")
    with pytest.raises(StaleAttempt):
        inside.advance("toy")
    assert generations(store, "") == before
    assert outside.status("toy").request.run == 2


@pytest.mark.parametrize("fuse", [False, True])
def test_a_sweep_lets_go_of_what_an_overtaken_run_launched_once_it_has_ended(
    store: MemoryStore, fuse: bool
) -> None:
    platform = Keen()
    trigger = make_trigger(store, platform, fuse=fuse)
    trigger.start("toys", "toy")
    executions = ["fake-1"] if fuse else list(fanned_out(store, trigger).values())
    trigger.cancel("toy")
    trigger.resume("toy")
    platform.ended = dict.fromkeys(executions[:-1], "cancelled")
    trigger.sweep()
    assert (marks(store), set(platform.released)) == (["toy/1", "toy/2"], set(executions[:-1]))
    platform.ended[executions[-1]] = "cancelled"
    trigger.sweep()
    assert (marks(store), set(platform.released)) == (["toy/2"], set(executions))


def test_a_mark_that_is_set_again_survives_the_sweep_that_judged_the_old_one(
    store: MemoryStore, clock: Clock
) -> None:
    def on_call(_number: int, side: str, name: str, _key: str) -> None:
        if (side, name) == ("before", "delete"):
            make_trigger(store, FakePlatform("running")).start("toys", "toy")

    store.write("_active/toy/1", b"")  # of a start that died before it asked
    clock.passes(3601)
    make_trigger(watched(store, on_call), FakePlatform("running"), clock).sweep()
    assert (marks(store), claim_of(store, "first").execution) == (["toy/1"], "fake-1")


@pytest.mark.parametrize(
    "worker",
    [{"status": "running"}, {"status": "failed", "final": False, "error": HICCUP}],
    ids=["at work", "about to be retried"],
)
def test_the_end_of_a_launch_s_idle_twin_is_not_the_end_of_the_one_at_work(
    store: MemoryStore, worker: dict[str, Any]
) -> None:
    platform = Keen()
    trigger = make_trigger(store, platform)
    trigger.start("toys", "toy")
    leave(store, execution="twin", **worker)
    before = record_of(store)
    platform.ended["fake-1"] = ""  # the one that the claim names saw the other at work, and left it alone
    assert trigger.advance("toy", ask_again=True).status == "pending"
    assert record_of(store) == before
    platform.ended["twin"] = "killed for memory"
    assert trigger.advance("toy", ask_again=True).status == "failed"
    assert record_of(store).final


@pytest.mark.parametrize("first_try", ["came through", "was lost"])
def test_a_launch_in_flight_for_three_minutes_is_not_doubled(
    store: MemoryStore, clock: Clock, first_try: str
) -> None:
    def another_sweeps(platform: Interrupted) -> None:
        clock.passes(180)
        make_trigger(store, platform, clock).sweep()

    if first_try == "was lost":
        with pytest.raises(KeyError):
            make_trigger(store, Moody(LOST), clock).start("toys", "toy")
        clock.passes(241)
    platform = Interrupted(another_sweeps)
    make_trigger(store, platform, clock).start("toys", "toy")
    assert [order.stage for order in platform.orders] == ["first"]
    assert claim_of(store, "first").execution == "fake-1"


def test_a_busy_platform_is_asked_again_every_half_minute(store: MemoryStore, clock: Clock) -> None:
    platform = Moody(BUSY, BUSY)
    trigger = make_trigger(store, platform, clock)
    trigger.start("toys", "toy")
    found = []
    for _ in range(2):
        assert claim_of(store, "first").retry_at == clock() + timedelta(seconds=30)
        for seconds in (29, 1):
            clock.passes(seconds)
            trigger.advance("toy")
            found.append((len(platform.looks), len(platform.orders)))
    assert found == [(0, 0), (1, 0), (1, 0), (2, 1)]


def test_a_lost_launch_is_looked_up_before_it_is_given_up_however_late(
    store: MemoryStore, clock: Clock
) -> None:
    platform = Moody(LOST, happens=True)
    trigger = make_trigger(store, platform, clock)
    with pytest.raises(KeyError):
        trigger.start("toys", "toy")
    clock.passes(3601)
    assert trigger.advance("toy").status == "pending"
    assert (platform.looks, len(platform.orders)) == (["first"], 1)


def test_a_lost_launch_of_a_cancelled_run_is_given_up_after_an_hour(store: MemoryStore, clock: Clock) -> None:
    platform = Moody(LOST)
    trigger = make_trigger(store, platform, clock)
    with pytest.raises(KeyError):
        trigger.start("toys", "toy")
    trigger.cancel("toy")
    clock.passes(3500)
    trigger.sweep()
    assert marks(store) == ["toy/1"]
    clock.passes(101)
    trigger.sweep()
    assert (marks(store), platform.orders) == ([], [])


def test_one_container_at_work_outlives_the_launcher_that_could_not_note_its_name(
    store: MemoryStore,
) -> None:
    platform = FakePlatform("running")
    trigger = make_trigger(store, platform, fuse=True)
    trigger.start("toys", "toy")
    gone = this_process().rpartition("|")[0] + "|1"
    unnoted = claim_of(store, FUSED).model_copy(update={"execution": "", "process": gone})
    save(Creation(store, "toy"), f"claims/1/{FUSED}", unnoted, expect=None)
    mine = Claim(token="t", claimed_at=utc_now(), execution="box")
    save(Creation(store, "toy"), "claims/1/first", mine, expect=ABSENT)
    play(store, "first", execution="box")
    assert trigger.advance("toy").status == "pending"
    platform.answer = "ended"
    assert trigger.advance("toy").status == "failed"


@pytest.mark.parametrize("watched_here", [False, True])
def test_an_execution_that_is_silent_for_much_too_long_is_ended_unless_its_launcher_watches_it(
    store: MemoryStore, watched_here: bool
) -> None:
    class Frozen(FakePlatform):
        def state(self, execution: str, *, ask_again: bool = False) -> ExecutionState:
            return ExecutionState(status="running", is_watched=watched_here)

    clock, platform = Clock(), Frozen()
    trigger = make_trigger(store, platform, clock)
    trigger.start("toys", "toy")
    leave_task(store, "first", status="running", execution="fake-1")
    clock.passes(120)
    assert trigger.advance("toy").status == "pending"
    clock.passes(300)
    status = trigger.advance("toy")
    assert status.status == ("pending" if watched_here else "failed")
    assert platform.cancelled == ([] if watched_here else ["fake-1"])
    record, _ = load(Creation(store, "toy"), "stages/first.json", Record)
    assert record is not None
    assert (record.status, record.owner == "trigger") == (
        ("running", False) if watched_here else ("failed", True)
    )


@pytest.mark.parametrize("verb", ["status", "advance", "start again"])
def test_a_stage_that_succeeds_while_the_platform_is_asked_has_not_died(
    store: MemoryStore, verb: str
) -> None:
    class Slow(FakePlatform):
        def state(self, execution: str, *, ask_again: bool = False) -> ExecutionState:
            if execution != "fake-1" or self.answer == "running":
                return ExecutionState(status="running")
            play(store, "first")
            return ExecutionState(status="ended")

    platform = Slow("running")
    trigger = make_trigger(store, platform)
    trigger.start("toys", "toy")
    platform.answer = "ended"
    looks = {"status": trigger.status, "advance": trigger.advance, "start again": trigger.resume}
    status = looks[verb]("toy")
    assert (status.status, status.request.run, states(status)["first"]) == ("pending", 1, "success")


def test_why_a_stage_died_is_written_down_before_its_execution_is_forgotten(store: MemoryStore) -> None:
    platform = Keen()
    trigger = make_trigger(store, platform)
    executions = fanned_out(store, trigger)
    leave_task(store, "left", status="running", execution=executions["left"])
    leave_task(store, "right/0", execution=executions["right"], **REFUSED)
    platform.ended = dict.fromkeys(executions.values(), "") | {executions["left"]: "killed for memory"}
    assert trigger.advance("toy").status == "failed"
    assert (set(platform.released), marks(store)) == (set(executions.values()), [])
    record = record_of(store, "left")
    assert record.error
    assert (record.status, record.error.kind) == ("failed", DIED)
    assert "killed for memory" in record.error.message


def test_a_failed_run_is_marked_for_as_long_as_one_of_its_stages_works(store: MemoryStore) -> None:
    trigger = make_trigger(store, FakePlatform("unknown"))
    fanned_out(store, trigger)
    leave_task(store, "left", status="running")
    leave_task(store, "right/0", **REFUSED)
    leave_task(store, "extra", status="success")
    assert trigger.advance("toy").status == "failed"
    assert marks(store) == ["toy/1"]
    play(store, "left")
    assert (trigger.sweep().ended, marks(store)) == (1, [])


def test_a_launch_that_a_cancel_came_before_is_let_go_of_when_it_has_ended(store: MemoryStore) -> None:
    platform = Interrupted(lambda platform: make_trigger(store, platform).cancel("toy"))
    trigger = make_trigger(store, platform)
    assert trigger.start("toys", "toy").status == "failed"
    assert (marks(store), platform.released) == (["toy/1"], [])
    platform.ended["fake-1"] = "cancelled"
    trigger.sweep()
    assert (marks(store), platform.released) == ([], ["fake-1"])


def test_a_cancel_that_is_refused_for_one_stage_stops_the_others_and_then_says_so(
    store: MemoryStore,
) -> None:
    refusal = PlatformError("fake", "cancel", "permission denied")

    class Stubborn(FakePlatform):
        def cancel(self, execution: str) -> None:
            if execution == "fake-1":
                raise refusal
            super().cancel(execution)

    platform = Stubborn("running")
    trigger = make_trigger(store, platform)
    executions = fanned_out(store, trigger)
    with pytest.raises(PlatformError) as raised:
        trigger.cancel("toy")
    assert raised.value is refusal
    assert ["fake-1", *platform.cancelled] == list(executions.values())
    assert trigger.status("toy").request.cancelled_at
    assert json.loads(store.read("toy/manifest.json")[0])["pipeline"]["status"] == "failed"


def test_a_stage_that_is_told_to_stop_just_after_its_success_was_written_stays_done(
    store: MemoryStore,
) -> None:
    told: list[str] = []

    def on_call(_number: int, side: str, name: str, key: str) -> None:
        wrote = (side, name) == ("after", "write") and key.endswith("stages/first.json")
        if wrote and not told and record_of(store).status == "success":
            told.append(key)
            raise Stopped("SIGTERM")

    ask(store)
    claim(store)
    with pytest.raises(Stopped):
        run_first(watched(store, on_call), MANAGED)
    record = record_of(store)
    assert (record.status, record.error, set(record.outputs)) == ("success", None, {"first"})


def test_a_container_killed_between_two_tasks_goes_on_with_the_ones_that_are_left(store: MemoryStore) -> None:
    def on_call(_number: int, side: str, name: str, key: str) -> None:
        if (side, name) == ("before", "write") and key.endswith("right/1.json"):
            raise Killed

    make_trigger(store, FakePlatform("running"), fuse=True).start("toys", "toy")
    token = claim_of(store, FUSED).token
    with pytest.raises(Killed):
        finish(container(watched(store, on_call), token))
    before = load(Creation(store, "toy"), "stages/right/0.json", Record)
    again = container(store, token, attempt=1)
    for name in again.unfinished_stages("toy", "box"):
        again.continue_stage("toy", name)
    assert finish(again) == "completed"
    assert load(Creation(store, "toy"), "stages/right/0.json", Record) == before


@pytest.mark.logs_errors
def test_the_next_attempt_of_a_container_leaves_a_stage_alone_that_failed_for_good(
    store: MemoryStore,
) -> None:
    tries: list[int] = []

    def failing(context: Context) -> Result:
        tries.append(context.task_index)
        return broken(context)

    make_trigger(store, FakePlatform("running"), fuse=True).start("toys", "toy")
    token = claim_of(store, FUSED).token
    stages = with_run("right", failing)
    assert finish(container(store, token, stages=stages)) == "failed"
    again = container(store, token, attempt=1, stages=stages)
    for name in again.unfinished_stages("toy", "box"):
        again.continue_stage("toy", name)
    assert (finish(again), tries) == ("failed", [0, 0])


@pytest.mark.parametrize("verb", ["status", "advance"])
def test_a_container_that_finishes_the_run_while_the_platform_is_asked_has_not_died(
    store: MemoryStore, verb: str
) -> None:
    class Slow(FakePlatform):
        def state(self, execution: str, *, ask_again: bool = False) -> ExecutionState:
            if self.answer == "ended" and not store.stat("toy/stages/last.json"):
                for stage in STAGES:
                    claim(store, stage, execution="fake-1")
                    play(store, stage)
            return ExecutionState(status=self.answer)

    platform = Slow("running")
    trigger = make_trigger(store, platform, fuse=True)
    trigger.start("toys", "toy")
    platform.answer = "ended"
    looks = {"status": trigger.status, "advance": trigger.advance}
    status = looks[verb]("toy")
    assert (status.status, status.error) == ("completed", "")

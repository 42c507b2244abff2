"""A whole run in one process: branches side by side, and what happens to one when another fails."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from shared.errors import BadRequest, StaleAttempt, Stopped
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation
from shared.records.documents import Record, Request, load
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.stages.stage import Context, Result, Stage
from shared.storage.memory import MemoryStore
from shared.worker.fused import run_to_end
from shared.worker.inline import InlinePlatform
from tests.support.toys import STAGES, FakePlatform, fill, states, toys, with_run

QUICK = Settings(heartbeat_s=0.02, stale_after_s=60)


class Fused:
    """A run of the toys in this process, three stages wide."""

    def __init__(
        self,
        stages: Mapping[str, Stage],
        *,
        pipeline: Pipeline | None = None,
        time_limit_s: float | None = None,
    ) -> None:
        self.store = MemoryStore()
        self.creation = fill(self.store)
        known = {"toys": pipeline or toys()}
        calls = {("toys", name): (lambda stage=stage: stage) for name, stage in stages.items()}
        self.platform = InlinePlatform(self.store, QUICK, known, calls, sleep=lambda _s: None)
        self.trigger = Trigger(self.store, self.platform, known, time_limit_s=time_limit_s)

    def run(self) -> RunStatus:
        self.trigger.start("toys", "toy")
        return run_to_end(self.trigger, self.platform, "toy", toys().width, sleep=lambda _s: time.sleep(0.01))

    def record(self, stage: str) -> Record:
        record, _ = load(self.creation, f"stages/{stage}.json", Record)
        assert record
        return record

    @property
    def request(self) -> Request:
        request, _ = load(self.creation, "request.json", Request)
        assert request
        return request


def without_tasks(pipeline: Pipeline) -> Pipeline:
    """The toys, with `right` in one task."""
    right = pipeline.stages["right"].model_copy(update={"fan_out": None})
    return pipeline.model_copy(update={"stages": pipeline.stages | {"right": right}})


def waiting(started: threading.Event, seen: list[bool] | None = None) -> Callable[[Context], Result]:
    """Work that goes on until it is told to stop."""

    def run(context: Context) -> Result:
        started.set()
        try:
            while True:
                context.progress.update(0.1, "waiting")
                time.sleep(0.005)
        except Stopped:
            if seen is not None:
                seen.append(context.abandoned())
            raise

    return run


def test_branches_work_side_by_side() -> None:
    meeting = threading.Barrier(2, timeout=10)

    def meet(stage: str) -> Callable[[Context], Result]:
        def run(context: Context) -> Result:
            meeting.wait()
            return STAGES[stage].run(context)

        return run

    stages = with_run("left", meet("left")) | {"right": replace(STAGES["right"], run=meet("right"))}
    fused = Fused(stages, pipeline=without_tasks(toys()))
    assert fused.run().status == "completed"


def test_a_run_is_as_wide_as_the_most_stages_that_need_the_same() -> None:
    assert toys().width == 3


@pytest.mark.logs_errors
def test_a_branch_that_fails_for_good_stops_the_others_which_know_that_nothing_is_wanted() -> None:
    started, seen = threading.Event(), list[bool]()

    def refuse(_context: Context) -> Result:
        started.wait(10)
        raise BadRequest("right can't do that; ask for something else")

    stages = with_run("left", waiting(started, seen)) | {"right": replace(STAGES["right"], run=refuse)}
    fused = Fused(stages, pipeline=without_tasks(toys()))
    status = fused.run()
    assert (status.status, status.error) == ("failed", "right: right can't do that; ask for something else")
    assert states(status)["left"] == "failed"
    left = fused.record("left")
    assert left.error
    assert left.error.kind == "Stopped"
    assert seen == [True]
    assert fused.request.given_up
    assert fused.request.given_up.stage == "right"


@pytest.mark.logs_errors
def test_what_a_failed_run_left_behind_is_done_by_the_next() -> None:
    started = threading.Event()

    def refuse(_context: Context) -> Result:
        started.wait(10)
        raise BadRequest("right can't do that; ask for something else")

    stages = with_run("left", waiting(started)) | {"right": replace(STAGES["right"], run=refuse)}
    fused = Fused(stages, pipeline=without_tasks(toys()))
    assert fused.run().status == "failed"
    calls = {("toys", name): (lambda stage=stage: stage) for name, stage in STAGES.items()}
    known = {"toys": without_tasks(toys())}
    platform = InlinePlatform(fused.store, QUICK, known, calls, sleep=lambda _s: None)
    trigger = Trigger(fused.store, platform, known)
    trigger.start("toys", "toy")
    assert run_to_end(trigger, platform, "toy", 3).status == "completed"


@pytest.mark.logs_errors
def test_a_run_that_takes_too_long_is_stopped_and_says_so() -> None:
    fused = Fused(with_run("first", waiting(threading.Event())), time_limit_s=0.1)
    status = fused.run()
    assert status.status == "failed"
    error = fused.record("first").error
    assert error
    assert (error.kind, error.permanent) == ("OutOfTime", True)
    assert "0.1 s" in status.error


def test_a_run_that_nothing_works_on_fails_when_its_time_is_over_and_what_waits_is_stopped() -> None:
    store, platform = MemoryStore(), FakePlatform("running")
    fill(store)
    limited = toys().model_copy(update={"time_limit_s": 7200})
    trigger = Trigger(store, platform, {"toys": limited}, time_limit_s=0.05)
    assert trigger.start("toys", "toy").status == "pending"
    time.sleep(0.06)
    status = trigger.advance("toy")
    assert (status.status, platform.cancelled) == ("failed", ["fake-1"])
    assert "0.05 s" in status.error
    assert trigger.advance("toy").error == status.error


def test_the_pipelines_own_limit_holds_where_no_other_is_set() -> None:
    store = MemoryStore()
    fill(store)
    limited = toys().model_copy(update={"time_limit_s": 7200})
    status = Trigger(store, FakePlatform("running"), {"toys": limited}).start("toys", "toy")
    assert status.request.time_limit_s == 7200


@pytest.mark.logs_errors
def test_what_was_paid_adds_up_over_attempts_and_starts_anew_with_the_next_run() -> None:
    tries = iter([True, False, False])

    def pay(context: Context) -> Result:
        context.account.spend("voice", 0.25)
        if next(tries):
            raise RuntimeError("broke after paying")
        return STAGES["first"].run(context)

    fused = Fused(with_run("first", pay))
    assert fused.run().status == "completed"
    assert fused.record("first").cost.paid_usd == {"voice": 0.5}
    Creation(fused.store, "toy").write("assets/words.txt", b"other words")
    assert fused.run().status == "completed"
    assert fused.record("first").cost.paid_usd == {"voice": 0.25}


@pytest.mark.logs_errors
def test_a_run_that_is_overtaken_ends_with_all_its_branches() -> None:
    started = threading.Event()

    def overtaken(_context: Context) -> Result:
        started.wait(10)
        raise StaleAttempt("right", 0)

    stages = with_run("left", waiting(started)) | {"right": replace(STAGES["right"], run=overtaken)}
    fused = Fused(stages, pipeline=without_tasks(toys()))
    with pytest.raises((StaleAttempt, Stopped)):
        fused.run()


@pytest.mark.logs_errors
def test_an_error_while_a_stage_is_taken_up_is_not_taken_for_there_being_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fused = Fused(STAGES)
    fused.trigger.start("toys", "toy")

    def break_down(_creation_id: str, _stage: str) -> None:
        raise IndexError("broke")

    monkeypatch.setattr(fused.trigger, "continue_stage", break_down)
    with pytest.raises(IndexError, match="broke"):
        run_to_end(fused.trigger, fused.platform, "toy", 1, left=["left"])

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import BadRequest, StaleAttempt, ToolFailed, UnknownName
from shared.pipelines.definition import Pipeline
from shared.platforms import LaunchOrder
from shared.records.creation import Creation
from shared.records.documents import Claim, Record, Request, load, utc_now
from shared.runs.status import RunStatus
from shared.stages.stage import Context, Result
from shared.storage import ObjectStore
from shared.storage.memory import MemoryStore
from tests.support.patience import until
from tests.support.toys import (
    STAGES,
    FakePlatform,
    contents,
    fake_trigger,
    fill,
    generations,
    inline_trigger,
    run_fused,
    states,
    toys,
    with_run,
)


def broken(_context: Context) -> Result:
    raise RuntimeError("it broke")


def reused(status: RunStatus) -> dict[str, bool]:
    return {name: all(record.reused for record in stage.records) for name, stage in status.stages.items()}


def retried_once() -> Pipeline:
    """The toys, whose stages are tried once."""
    stages = {name: stage.model_copy(update={"retries": 0}) for name, stage in toys().stages.items()}
    return toys().model_copy(update={"stages": stages})


def run_first_only(store: ObjectStore) -> None:
    """A run whose first stage is done and whose next ones nobody has launched."""
    trigger = inline_trigger(store)
    trigger.start("toys", "toy")


def test_a_run_completes_with_all_outputs(store: MemoryStore) -> None:
    status = run_fused(store)
    assert (status.status, status.progress, status.error) == ("completed", 1.0, "")
    assert set(states(status).values()) == {"success"}
    assert contents(store)["toy/assets/last.txt"] == b"eno-owt-eerht-ruof-evif\nONE\nTWO\nTHREE\nFOUR\nFIVE"
    assert set(status.outputs) == {"first", "left", "right0", "right1", "right2", "extra", "last"}
    assert (status.stages["right"].tasks, status.stages["right"].tasks_done) == (3, 3)
    assert status.warnings == ["barely used"]


def test_a_stage_is_launched_when_all_that_it_needs_is_done(store: MemoryStore) -> None:
    platform = FakePlatform()
    trigger = fake_trigger(store, platform)
    status = trigger.start("toys", "toy")
    assert (status.status, states(status)["first"], status.progress) == ("pending", "starting", 0.0)
    assert [order.stage for order in platform.orders] == ["first"]
    order = platform.orders[0]
    claim, _ = load(Creation(store, "toy"), "claims/1/first", Claim)
    assert claim is not None
    assert (order.token, order.run, order.tasks, claim.execution) == (claim.token, 1, 1, "fake-1")


# Starting.


@pytest.mark.parametrize(
    ("pipeline", "creation_id"), [("films", "toy"), ("toys", "../toy"), ("toys", "empty"), ("toys", "other")]
)
def test_what_cannot_be_started_is_refused_and_leaves_nothing(
    store: MemoryStore, pipeline: str, creation_id: str
) -> None:
    now = utc_now()
    theirs = Request(pipeline="story", requested_at=now, created_at=now)
    store.write("other/request.json", theirs.to_bytes())
    store.write("other/assets/1/image.png", b"")
    before = generations(store, "")
    with pytest.raises(BadRequest):
        fake_trigger(store).start(pipeline, creation_id)
    assert generations(store, "") == before


def test_an_unknown_pipeline_s_error_lists_the_known_ones(store: MemoryStore) -> None:
    with pytest.raises(UnknownName, match="toys"):
        fake_trigger(store).start("films", "toy")


@pytest.mark.parametrize("verb", ["advance", "status", "resume", "cancel"])
def test_a_creation_that_was_never_started_is_a_bad_request(store: MemoryStore, verb: str) -> None:
    with pytest.raises(BadRequest, match="never started"):
        getattr(fake_trigger(store), verb)("toy")


def test_starting_while_a_run_is_under_way_starts_nothing(store: MemoryStore) -> None:
    platform = FakePlatform()
    trigger = fake_trigger(store, platform)
    first = trigger.start("toys", "toy", {"speed": 1})
    again = trigger.start("toys", "toy", {"speed": 1})
    assert (again.request, len(platform.orders)) == (first.request, 1)


def test_starting_after_the_end_is_a_new_run_that_reuses_everything(store: MemoryStore) -> None:
    first = run_fused(store)
    before = generations(store)
    second = run_fused(store)
    assert (first.request.run, second.request.run) == (1, 2)
    assert second.status == "completed"
    assert set(reused(second).values()) == {True}
    assert generations(store) == before
    assert second.request.created_at == first.request.created_at
    assert second.outputs == first.outputs
    assert second.warnings == first.warnings


@pytest.mark.parametrize(
    ("name", "done_again"),
    [
        ("assets/words.txt", {"first", "left", "right", "extra", "last"}),
        ("assets/style.txt", {"left", "last"}),
        ("assets/left.txt", {"left"}),
        ("assets/right/1.txt", {"right"}),
        ("assets/last.txt", {"last"}),
    ],
)
def test_an_edit_is_followed_by_what_hangs_on_it_and_by_nothing_else(
    store: MemoryStore, name: str, done_again: set[str]
) -> None:
    run_fused(store)
    store.write(f"toy/{name}", b"six seven")
    status = run_fused(store)
    assert {stage for stage, kept in reused(status).items() if not kept} == done_again
    rest = {"assets/words.txt": b"one two three four five", "assets/style.txt": b"-"} | {name: b"six seven"}
    fresh = MemoryStore()
    fill(fresh, words=rest["assets/words.txt"], style=rest["assets/style.txt"])
    run_fused(fresh)
    wanted = contents(fresh)
    found = contents(store)
    assert {key: found[key] for key in wanted} == wanted


def test_an_output_that_was_deleted_is_made_again(store: MemoryStore) -> None:
    run_fused(store)
    wanted = contents(store)
    store.delete("toy/assets/left.txt")
    status = run_fused(store)
    assert {stage for stage, kept in reused(status).items() if not kept} == {"left"}
    assert contents(store) == wanted


def test_a_stage_whose_version_went_up_is_done_again(store: MemoryStore) -> None:
    run_fused(store)
    status = run_fused(store, stages=STAGES | {"left": replace(STAGES["left"], version=2)})
    assert {stage for stage, kept in reused(status).items() if not kept} == {"left"}


def test_an_old_output_never_counts_as_completed(store: MemoryStore) -> None:
    run_fused(store)
    trigger = fake_trigger(store)
    status = trigger.start("toys", "toy")
    assert (status.status, status.progress, status.outputs) == ("pending", 0.0, {})
    assert store.stat("toy/assets/last.txt") is not None
    assert trigger.status("toy").status == "pending"


def test_resuming_asks_for_the_same_again(store: MemoryStore) -> None:
    trigger = inline_trigger(store)
    first = trigger.start("toys", "toy", {"speed": 2})
    while first.status == "pending":
        first = trigger.advance("toy")
    assert trigger.resume("toy").request.parameters == {"speed": 2}
    assert trigger.status("toy").request.run == 2


# Failing.


@pytest.mark.logs_errors
def test_a_failing_stage_fails_the_run_and_a_resume_does_the_rest(store: MemoryStore) -> None:
    status = run_fused(store, stages=with_run("left", broken))
    assert status.status == "failed"
    assert status.error.startswith("left: ")
    assert "it broke" in status.error
    assert states(status)["last"] == "waiting"
    assert status.stages["left"].records[0].attempt == 2
    again = run_fused(store)
    assert again.status == "completed"
    assert reused(again)["first"]
    assert not reused(again)["left"]


@pytest.mark.logs_errors
def test_a_stage_that_fails_twice_succeeds_at_the_third_attempt(store: MemoryStore) -> None:
    left = [RuntimeError("once"), RuntimeError("twice")]

    def shaky(context: Context) -> Result:
        if left:
            raise left.pop()
        return STAGES["left"].run(context)

    status = run_fused(store, stages=with_run("left", shaky))
    assert status.status == "completed"
    assert status.stages["left"].records[0].attempt == 2


@pytest.mark.logs_errors
def test_a_bad_request_is_not_tried_again(store: MemoryStore) -> None:
    tries: list[int] = []

    def refusing(_context: Context) -> Result:
        tries.append(1)
        raise BadRequest("no")

    status = run_fused(store, stages=with_run("left", refusing))
    assert status.status == "failed"
    assert tries == [1]
    error = status.stages["left"].error
    assert error is not None
    assert error.permanent


@pytest.mark.logs_errors
def test_an_optional_stage_may_fail(store: MemoryStore) -> None:
    status = run_fused(store, stages=with_run("extra", broken))
    assert (status.status, status.progress) == ("completed", 1.0)
    assert states(status)["extra"] == "failed"


@pytest.mark.logs_errors
def test_one_failing_task_fails_its_stage_and_a_resume_does_only_that_one_again(store: MemoryStore) -> None:
    def one_breaks(context: Context) -> Result:
        if context.task_index == 2:
            raise RuntimeError("it broke")
        return STAGES["right"].run(context)

    status = run_fused(store, stages=with_run("right", one_breaks))
    assert (status.status, states(status)["right"]) == ("failed", "failed")
    assert (status.stages["right"].tasks_done, status.stages["right"].tasks) == (2, 3)
    again = run_fused(store)
    assert again.status == "completed"
    assert [record.reused for record in again.stages["right"].records] == [True, True, False]


@pytest.mark.logs_errors
def test_a_stage_that_the_platform_refuses_is_a_failed_stage(store: MemoryStore) -> None:
    class Refusing(FakePlatform):
        def launch(self, order: LaunchOrder) -> str:
            raise ToolFailed(["run"], 1, "no quota")

    status = fake_trigger(store, Refusing()).start("toys", "toy")
    assert status.status == "failed"
    assert "could not be launched" in status.error
    assert "no quota" in status.error
    assert run_fused(store).status == "completed"


def test_a_platform_s_refusal_leaves_a_later_run_s_record_alone(store: MemoryStore) -> None:
    class SlowToRefuse(FakePlatform):
        def launch(self, order: LaunchOrder) -> str:
            now = utc_now()
            later = Record(
                pipeline="toys",
                stage="first",
                run=2,
                owner="x",
                status="success",
                started_at=now,
                heartbeat_at=now,
            )
            store.write("toy/stages/first.json", later.to_bytes())
            raise ToolFailed(["run"], 1, "no quota")

    fake_trigger(store, SlowToRefuse()).start("toys", "toy")
    record, _ = load(Creation(store, "toy"), "stages/first.json", Record)
    assert record is not None
    assert record.run == 2


def test_a_stage_without_its_own_platform_s_word_goes_on_in_inline_runs(store: MemoryStore) -> None:
    def stale(_context: Context) -> Result:
        raise StaleAttempt("first", 0)

    with pytest.raises(StaleAttempt):
        run_fused(store, stages=with_run("first", stale))


# Cancelling.


def test_a_cancelled_run_has_failed_and_launches_nothing_more(store: MemoryStore) -> None:
    platform = FakePlatform()
    trigger = fake_trigger(store, platform)
    trigger.start("toys", "toy")
    status = trigger.cancel("toy")
    assert status.status == "failed"
    assert "cancelled" in status.error
    assert platform.cancelled == ["fake-1"]
    trigger.advance("toy")
    assert len(platform.orders) == 1
    assert run_fused(store).status == "completed"
    assert trigger.status("toy").request.run == 2


def test_what_the_stopped_stages_say_does_not_hide_that_the_run_was_cancelled(store: MemoryStore) -> None:
    trigger = fake_trigger(store)
    trigger.start("toys", "toy")
    trigger.cancel("toy")
    now = utc_now()
    record = Record(
        pipeline="toys",
        stage="first",
        run=1,
        owner="x",
        status="failed",
        started_at=now,
        heartbeat_at=now,
        completed_at=now,
        error={"kind": "Stopped", "message": "stopped by SIGTERM", "permanent": False},
    )
    store.write("toy/stages/first.json", record.to_bytes())
    assert "cancelled" in trigger.status("toy").error


def test_cancelling_what_is_over_changes_nothing(store: MemoryStore) -> None:
    run_fused(store)
    assert fake_trigger(store).cancel("toy").status == "completed"


# Dying.


def test_a_run_whose_optional_stage_died_with_its_worker_does_it_again(store: MemoryStore) -> None:
    trigger = fake_trigger(store, FakePlatform("ended"))
    inline = inline_trigger(store)
    inline.start("toys", "toy")
    for stage in ("extra",):
        claim = Claim(token="x", claimed_at=utc_now() - timedelta(hours=1), execution="fake")
        store.write(f"toy/claims/1/{stage}", claim.to_bytes())
    assert states(trigger.status("toy"))["extra"] == "failed"
    assert trigger.status("toy").status == "pending"
    status = run_fused(store)
    assert (status.status, status.request.run) == ("completed", 2)
    assert "toy/assets/extra.txt" in contents(store)


def test_stages_that_need_each_other_not_are_launched_together(store: MemoryStore) -> None:
    run_first_only(store)
    platform = FakePlatform()
    fake_trigger(store, platform).advance("toy")
    assert {order.stage: order.tasks for order in platform.orders} == {"left": 1, "right": 3, "extra": 1}


def test_threads_are_gone_when_a_run_is_over(store: MemoryStore) -> None:
    before = set(threading.enumerate())
    run_fused(store, pipeline=retried_once())
    until(lambda: set(threading.enumerate()) <= before)  # those of earlier tests may end, too

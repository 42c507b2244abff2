from datetime import timedelta
from typing import Any, Literal

import pytest

from shared.machine.process import this_process
from shared.records.creation import Creation
from shared.records.documents import Claim, Failure, GivenUp, Record, Request, save, utc_now
from shared.runs.observe import observe
from shared.runs.status import RunStatus
from shared.storage.memory import MemoryStore
from tests.support.toys import FakePlatform, states, toys

NOW = utc_now()
GONE = this_process().rpartition("|")[0] + "|1"
"""A process of this host that can't be: its start time is another's."""
FAR = "far|away|1|1"
OLD = NOW - timedelta(seconds=61)


class Scene:
    """A run, put together by hand."""

    def __init__(self) -> None:
        self.creation = Creation(MemoryStore(), "toy")
        self.request = Request(pipeline="toys", run=2, requested_at=NOW, created_at=NOW)

    def claim(self, stage: str, **changes: Any) -> None:
        facts = {"token": "t", "claimed_at": NOW, "process": FAR, "execution": "fake"}
        save(self.creation, f"claims/2/{stage}", Claim(**facts | changes), expect=None)

    def record(self, stage: str, status: str = "success", **changes: Any) -> None:
        facts = {
            "pipeline": "toys",
            "stage": stage.split("/", maxsplit=1)[0],
            "run": 2,
            "owner": "x",
            "status": status,
        }
        times = {"started_at": NOW, "heartbeat_at": NOW}
        done = {"progress": 1.0, "completed_at": NOW} if status == "success" else {}
        record = Record(**facts | times | done | changes)
        save(self.creation, f"stages/{stage}.json", record, expect=None)

    def done(self, *stages: str) -> None:
        for stage in stages:
            self.claim(stage)
            self.record(stage)

    def look(
        self, platform: Literal["running", "ended", "unknown"] = "unknown", *, reason: str = ""
    ) -> RunStatus:
        fake = FakePlatform(platform, reason=reason)
        return observe(self.creation, self.request, toys(), fake, now=NOW, stale_after_s=60)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_what_nobody_claimed_is_waiting(scene: Scene) -> None:
    status = scene.look()
    assert (status.status, status.ready, status.progress) == ("pending", ("first",), 0)
    assert set(states(status).values()) == {"waiting"}


def test_a_record_of_an_earlier_run_is_no_news(scene: Scene) -> None:
    scene.claim("first")
    scene.record("first", run=1)
    status = scene.look()
    assert states(status)["first"] == "starting"
    assert (status.progress, status.records) == (0, [])


@pytest.mark.parametrize(
    ("claim", "platform", "state"),
    [
        ({}, "running", "starting"),
        ({}, "ended", "failed"),
        ({}, "unknown", "starting"),
        ({"claimed_at": OLD}, "unknown", "failed"),
        ({"claimed_at": OLD}, "running", "starting"),
        ({"execution": ""}, "ended", "starting"),
        ({"execution": "", "process": this_process()}, "ended", "starting"),
    ],
)
def test_a_claimed_stage_without_a_record_starts_or_has_died(
    scene: Scene, claim: dict[str, Any], platform: Any, state: str
) -> None:
    scene.claim("first", **claim)
    found = scene.look(platform).stages["first"]
    assert found.state == state
    assert (found.error is not None) == (state == "failed")
    assert not found.is_lost


@pytest.mark.parametrize(
    "claim",
    [
        {"claimed_at": OLD},
        {"process": GONE},
        {"claimed_at": OLD, "process": this_process()},
        {"claimed_at": OLD, "retried_at": OLD},
    ],
)
def test_a_launch_of_unknown_end_is_lost_and_to_be_looked_up(scene: Scene, claim: dict[str, Any]) -> None:
    scene.claim("first", execution="", **claim)
    status = scene.look("running")
    assert (status.stages["first"].state, status.status, status.lost) == ("starting", "pending", ("first",))


def test_a_launch_that_is_being_tried_again_is_not_lost(scene: Scene) -> None:
    scene.claim("first", execution="", claimed_at=OLD, retried_at=NOW)
    assert scene.look().lost == ()


def test_a_launch_that_nobody_could_make_for_an_hour_has_failed(scene: Scene) -> None:
    hour_ago = NOW - timedelta(hours=1, minutes=1)
    scene.claim("first", execution="", claimed_at=hour_ago, retried_at=OLD)
    status = scene.look()
    assert (status.status, status.lost) == ("failed", ())


def test_the_platform_s_reason_is_the_failure_s(scene: Scene) -> None:
    scene.claim("first")
    status = scene.look("ended", reason="its image could not be pulled")
    assert status.status == "failed"
    assert "its image could not be pulled" in status.error


@pytest.mark.parametrize(
    ("record", "platform", "state"),
    [
        ({"process": FAR}, "unknown", "running"),
        ({"process": FAR}, "ended", "running"),
        ({"process": FAR, "heartbeat_at": OLD}, "unknown", "failed"),
        ({"process": FAR, "heartbeat_at": OLD}, "ended", "failed"),
        ({"process": FAR, "heartbeat_at": OLD}, "running", "running"),
        ({"process": GONE}, "unknown", "failed"),
        ({"process": GONE}, "running", "running"),
        ({"process": this_process()}, "unknown", "running"),
        ({"process": this_process(), "heartbeat_at": OLD}, "unknown", "failed"),
    ],
)
def test_a_working_stage_works_until_its_heartbeat_is_stale_or_its_process_gone(
    scene: Scene, record: dict[str, Any], platform: Any, state: str
) -> None:
    scene.claim("first")
    scene.record("first", "running", **record)
    status = scene.look(platform)
    assert states(status)["first"] == state
    assert status.status == ("failed" if state == "failed" else "pending")
    assert ("died without a word" in status.error) == (state == "failed")


def test_a_stage_that_is_silent_for_much_too_long_has_died_whatever_the_platform_says(scene: Scene) -> None:
    scene.claim("first")
    scene.record("first", "running", process=FAR, heartbeat_at=NOW - timedelta(minutes=7))
    first = scene.look("running").stages["first"]
    assert (first.state, first.frozen) == ("failed", frozenset({"fake"}))
    assert first.error is not None
    assert "though the platform says that it runs" in first.error.message


@pytest.mark.parametrize(
    ("record", "claim", "platform", "state"),
    [
        ({"final": True}, {}, "running", "failed"),
        ({"final": False}, {}, "running", "retrying"),
        ({"final": False}, {}, "ended", "failed"),
        ({"final": False}, {}, "unknown", "retrying"),
        ({"final": False, "heartbeat_at": OLD}, {}, "unknown", "failed"),
        ({"final": False}, {"execution": "", "process": GONE}, "unknown", "failed"),
        ({"final": False, "heartbeat_at": OLD}, {"execution": ""}, "unknown", "failed"),
        ({"final": False, "kind": "Stopped"}, {"execution": ""}, "unknown", "failed"),
        ({"final": False, "kind": "Stopped"}, {}, "running", "retrying"),
    ],
)
def test_a_failed_attempt_is_waited_for_only_while_another_may_come(
    scene: Scene, record: dict[str, Any], claim: dict[str, Any], platform: Any, state: str
) -> None:
    kind = record.pop("kind", "RuntimeError")
    scene.claim("first", **claim)
    failure = Failure(kind=kind, message="it broke", permanent=False)
    scene.record("first", "failed", error=failure, **record)
    found = scene.look(platform).stages["first"]
    assert found.state == state
    assert (found.error == failure) == (state == "failed")


def test_a_task_that_waits_its_turn_lives_while_one_beside_it_is_heard_of(scene: Scene) -> None:
    scene.done("first")
    scene.claim("right", tasks=3, claimed_at=OLD, execution="")
    scene.record("right/0")
    scene.record("right/1", "running", progress=0.5, message="shouting")
    found = scene.look().stages["right"]
    assert (found.state, found.tasks, found.tasks_done, found.progress) == ("running", 3, 1, 0.5)
    assert found.message == "shouting"


def test_the_worst_task_is_the_stage_s_state(scene: Scene) -> None:
    scene.done("first")
    scene.claim("right", tasks=3)
    scene.record("right/0")
    scene.record("right/1", "running")
    scene.record("right/2", "failed", error=Failure(kind="X", message="it broke", permanent=False))
    status = scene.look()
    assert states(status)["right"] == "failed"
    assert (status.status, status.error) == ("failed", "right: it broke")


def test_what_is_ready_needs_all_that_it_needs(scene: Scene) -> None:
    scene.done("first")
    assert set(scene.look().ready) == {"left", "right", "extra"}
    scene.done("left")
    assert set(scene.look().ready) == {"right", "extra"}


def test_an_optional_stage_s_failure_is_not_the_run_s(scene: Scene) -> None:
    scene.done("first", "left", "last")
    scene.claim("right", tasks=1)
    scene.record("right/0")
    scene.claim("extra")
    assert scene.look().status == "pending"
    scene.record("extra", "failed", error=Failure(kind="X", message="it broke", permanent=False))
    status = scene.look()
    assert (status.status, status.progress, status.ready) == ("completed", 1.0, ())


def test_an_optional_stage_s_failure_is_not_why_the_run_failed(scene: Scene) -> None:
    scene.done("first", "left")
    scene.claim("right", tasks=1)
    scene.record("right/0")
    for stage in ("extra", "last"):
        scene.claim(stage)
        scene.record(stage, "failed", error=Failure(kind="X", message=f"{stage} broke", permanent=False))
    status = scene.look()
    assert status.failed_stage
    assert (status.failed_stage.name, status.error) == ("last", "last: last broke")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"cancelled_at": NOW, "outcome": "Failed"}, "cancelled"),
        ({"outcome": "Failed", "time_limit_s": 0.001}, "workflow"),
        ({"time_limit_s": 0.001}, "time_limit"),
        ({"given_up": GivenUp(kind="time_limit", message="too late")}, "time_limit"),
        ({"given_up": GivenUp(kind="stage", stage="left", message="left: no")}, "stage"),
    ],
)
def test_a_run_that_failed_says_of_what_kind_its_failure_is(
    scene: Scene, change: dict[str, Any], kind: str
) -> None:
    long_ago = {"requested_at": NOW - timedelta(hours=1)}
    scene.request = scene.request.model_copy(update={**long_ago, **change})
    assert (scene.look().status, scene.look().failure_kind) == ("failed", kind)


def test_a_stage_that_ran_out_of_time_makes_it_a_matter_of_time(scene: Scene) -> None:
    scene.claim("first")
    scene.record("first", "failed", error=Failure(kind="OutOfTime", message="too late", permanent=True))
    status = scene.look()
    assert status.failed_stage
    assert (status.failure_kind, status.failed_stage.name) == ("time_limit", "first")


def test_overall_progress_is_the_sum_of_the_stages_shares(scene: Scene) -> None:
    scene.done("first")
    scene.claim("left")
    scene.record("left", "running", progress=0.5)
    assert scene.look().progress == pytest.approx(0.2 + 0.2 * 0.5)


def test_a_cancelled_run_has_failed_whatever_its_stages_say(scene: Scene) -> None:
    scene.done("first")
    scene.claim("left")
    scene.record("left", "running")
    scene.request = scene.request.model_copy(update={"cancelled_at": NOW})
    status = scene.look()
    assert (status.status, status.ready) == ("failed", ())
    assert status.error.startswith("cancelled")


def test_the_end_is_when_the_last_stage_ended(scene: Scene) -> None:
    scene.done("first", "left", "last", "extra")
    scene.claim("right", tasks=1)
    later = NOW + timedelta(seconds=5)
    scene.record("right/0", completed_at=later)
    assert scene.look().completed_at == later


def test_a_run_that_goes_on_has_no_end(scene: Scene) -> None:
    scene.done("first")
    assert scene.look().completed_at is None

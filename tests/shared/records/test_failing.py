from typing import Any

import pytest

from shared.records.creation import Creation
from shared.records.documents import Failure, Record, Request, load, load_request, save, save_request, utc_now
from shared.records.failing import RunTask, fail_record
from shared.storage.memory import MemoryStore
from tests.support.toys import watched

NOW = utc_now()
TASK = RunTask(pipeline="toys", run=2, stage="right", index=1, fans_out=True)
OWN = Failure(kind="ToolFailed", message="its own", permanent=False)
TOLD = Failure(kind="Died", message="killed by SIGKILL", permanent=False)


@pytest.fixture
def creation() -> Creation:
    made = Creation(MemoryStore(), "toy")
    request = Request(pipeline="toys", run=2, requested_at=NOW, created_at=NOW)
    save_request(made, request, expect=None)
    return made


def leave(creation: Creation, **changes: Any) -> None:
    facts: dict[str, Any] = {"pipeline": "toys", "stage": "right", "index": 1, "run": 2, "owner": "worker"}
    facts |= {"execution": "mine", "status": "running", "started_at": NOW, "heartbeat_at": NOW}
    save(creation, "stages/right/1.json", Record(**facts | changes), expect=None)


def record_of(creation: Creation) -> Record | None:
    return load(creation, "stages/right/1.json", Record)[0]


def told(creation: Creation, **choices: Any) -> Record | None:
    """The record after the platform has said how the task ended."""
    usual: dict[str, Any] = {"by": "platform", "at": NOW, "execution": "mine"}
    fail_record(creation, TASK, TOLD, **usual | choices)
    return record_of(creation)


@pytest.mark.parametrize("before", [None, {"run": 1, "status": "success"}, {}])
def test_a_task_that_says_nothing_of_its_end_has_failed(
    creation: Creation, before: dict[str, Any] | None
) -> None:
    if before is not None:
        leave(creation, **before)
    record = told(creation)
    assert record
    assert (record.run, record.index, record.owner, record.completed_at) == (2, 1, "platform", NOW)
    assert (record.has_failed, record.error) == (True, TOLD)


@pytest.mark.parametrize(
    "before",
    [
        {"status": "success"},
        {"status": "failed", "error": OWN},
        {"execution": "another's"},
    ],
)
def test_a_record_that_says_its_end_or_is_another_s_stays(creation: Creation, before: dict[str, Any]) -> None:
    leave(creation, **before)
    found = record_of(creation)
    assert told(creation) == told(creation, keeps_error=True) == found


def test_the_error_of_an_attempt_that_was_to_be_repeated_may_stay(creation: Creation) -> None:
    leave(creation, status="failed", final=False, error=OWN)
    kept = told(creation, keeps_error=True)
    assert kept
    assert (kept.has_failed, kept.error) == (True, OWN)


def test_what_it_was_ended_for_counts_more_than_its_own_last_word(creation: Creation) -> None:
    leave(creation, status="failed", error=OWN)
    record = told(creation, overrules=True)
    assert record
    assert record.error == TOLD


def test_nothing_is_said_in_a_run_that_is_not_the_latest(creation: Creation) -> None:
    request, generation = load_request(creation)
    assert request
    save_request(creation, request.next(NOW, parameters={}), expect=generation)
    assert told(creation) is None


def test_an_attempt_that_writes_at_the_same_moment_keeps_its_record(creation: Creation) -> None:
    def writes(_number: int, side: str, name: str, key: str) -> None:
        if (side, name, key) == ("before", "write", "toy/stages/right/1.json"):
            leave(creation, owner="another")

    fail_record(
        Creation(watched(creation.store, writes), "toy"), TASK, TOLD, by="trigger", at=NOW, execution=None
    )
    record = record_of(creation)
    assert record
    assert (record.owner, record.status) == ("another", "running")

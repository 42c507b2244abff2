"""Records that are deleted so that stages are done again; never those of a process at work."""

from datetime import timedelta

import pytest

from shared.errors import BadRequest
from shared.records.creation import Creation
from shared.records.documents import Record, save, utc_now
from shared.records.names import record_name
from shared.records.removal import forget_stages
from shared.storage import ABSENT
from shared.storage.memory import MemoryStore


@pytest.fixture
def creation() -> Creation:
    return Creation(MemoryStore(), "film")


def recorded(creation: Creation, stage: str, index: int | None = None, **facts: object) -> str:
    now = utc_now()
    usual = {
        "run": 1,
        "owner": "me",
        "status": "success",
        "started_at": now,
        "heartbeat_at": now,
        "index": index or 0,
    }
    record = Record.model_validate({"pipeline": "toys", "stage": stage, **usual, **facts})
    name = record_name(stage, index)
    save(creation, name, record, expect=ABSENT)
    return name


def test_the_records_of_these_stages_go_and_no_others(creation: Creation) -> None:
    single, kept = recorded(creation, "first"), recorded(creation, "last")
    tasks = [recorded(creation, "many", index) for index in range(3)]
    forget_stages(creation, ["first", "many", "never"])
    assert all(creation.stat(name) is None for name in (single, *tasks))
    assert creation.stat(kept)


def test_nothing_goes_while_a_process_is_at_work(creation: Creation) -> None:
    done, live = recorded(creation, "first"), recorded(creation, "last", status="running")
    with pytest.raises(BadRequest, match="at work on last"):
        forget_stages(creation, ["first", "last"])
    assert creation.stat(done)
    assert creation.stat(live)


def test_the_record_of_a_dead_process_goes(creation: Creation) -> None:
    long_ago = utc_now() - timedelta(hours=1)
    name = recorded(creation, "first", status="running", heartbeat_at=long_ago)
    forget_stages(creation, ["first"])
    assert creation.stat(name) is None

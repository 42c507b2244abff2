"""Single attempts of the toys' first stage, and what other attempts leave behind."""

from collections.abc import Callable
from typing import Any

from shared.pipelines.definition import Pipeline
from shared.platforms.task import Task
from shared.records.creation import Creation
from shared.records.documents import Claim, Record, Request, load, save, utc_now
from shared.settings import Settings
from shared.stages.stage import Context, Result
from shared.storage import ObjectStore
from shared.worker.box import run_task
from tests.support.toys import QUICK, STAGES, toys, with_run

BY_HAND = Task()
MANAGED = Task(execution="fake", claim="secret")
BEATING = Settings(heartbeat_s=0.01, stale_after_s=60)


def run_first(
    store: ObjectStore,
    task: Task = BY_HAND,
    run: Callable[[Context], Result] | None = None,
    settings: Settings = QUICK,
    pipeline: Pipeline | None = None,
) -> Record:
    stage = with_run("first", run)["first"] if run else STAGES["first"]
    return run_task(stage, pipeline or toys(), Creation(store, "toy"), task, settings)


def record_of(store: ObjectStore, stage: str = "first") -> Record:
    record, _ = load(Creation(store, "toy"), f"stages/{stage}.json", Record)
    assert record is not None
    return record


def ask(store: ObjectStore, **changes: Any) -> None:
    now = utc_now()
    request = Request(**{"pipeline": "toys", "requested_at": now, "created_at": now} | changes)
    save(Creation(store, "toy"), "request.json", request, expect=None)


def claim(store: ObjectStore, stage: str = "first", *, run: int = 1, **changes: Any) -> None:
    made = Claim(**{"token": "secret", "claimed_at": utc_now(), "execution": "fake"} | changes)
    save(Creation(store, "toy"), f"claims/{run}/{stage}", made, expect=None)


def leave(store: ObjectStore, **changes: Any) -> None:
    """A record of another attempt."""
    now = utc_now()
    facts = {"pipeline": "toys", "stage": "first", "run": 1, "owner": "another", "status": "running"}
    record = Record(**facts | {"started_at": now, "heartbeat_at": now} | changes)
    save(Creation(store, "toy"), "stages/first.json", record, expect=None)


def broken(_context: Context) -> Result:
    raise RuntimeError("it broke")

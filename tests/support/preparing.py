"""The toys with a job beside their stages, and a platform that records its starts."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from shared.errors import PlatformError
from shared.pipelines.definition import ExtraJob, Pipeline
from shared.platforms import ExecutionState, JobOrder
from shared.preparing.posting import post
from shared.preparing.record import Preparation, load_preparation, save_preparation
from shared.records.creation import Creation
from shared.records.documents import save
from shared.records.names import PREPARATION
from shared.runs.trigger import Trigger
from shared.storage import ObjectStore
from tests.support.toys import FakePlatform, toys

JOB = "fold-paper"
PREPARED_TOYS: Pipeline = toys().model_copy(
    update={
        "extra_jobs": {JOB: ExtraJob(module="fold", description="Folds paper.", retries=2, time_limit_s=300)},
        "action": "play",
    }
)


class Starting(FakePlatform):
    """Runs jobs that are not stages, or refuses to."""

    def __init__(self) -> None:
        super().__init__("running")
        self.jobs: list[JobOrder] = []
        self.refusals: list[PlatformError] = []
        self.ended: dict[str, str] = {}
        """Executions that have ended, with the reason."""

    def check(self, jobs: Collection[str]) -> None:
        """Accepts all jobs."""

    def start_job(self, order: JobOrder) -> str:
        if self.refusals:
            raise self.refusals.pop(0)
        self.jobs.append(order)
        return f"job-{order.token}"

    def state(self, execution: str, *, ask_again: bool = False) -> ExecutionState:
        if execution in self.ended:
            return ExecutionState(status="ended", reason=self.ended[execution])
        return super().state(execution)

    def release(self, execution: str) -> bool:
        self.released.append(execution)
        return execution in self.ended


def trigger_of(store: ObjectStore, platform: Starting) -> Trigger:
    return Trigger(store, platform, {"toys": PREPARED_TOYS})


def posted(creation: Creation, **payload: Any) -> Preparation | None:
    return post(creation, PREPARED_TOYS, JOB, payload or {"text": "Hi."})


def record(creation: Creation) -> Preparation:
    found, _ = load_preparation(creation)
    assert found
    return found


def change(creation: Creation, **fields: Any) -> None:
    """As its job would."""
    found, generation = load_preparation(creation)
    assert found
    save_preparation(creation, found.model_copy(update=fields), expect=generation)


def age(creation: Creation, seconds: float) -> None:
    """Make the record this much older."""
    found, generation = load_preparation(creation)
    assert found
    back = timedelta(seconds=seconds)
    times = {name: getattr(found, name) - back for name in ("posted_at", "asked_at", "heard_at")}
    save(creation, PREPARATION, found.model_copy(update=times), expect=generation)

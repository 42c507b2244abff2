"""A story creation in memory, a platform that only records its calls, and the app over them."""

import threading
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.api.app import create_app
from shared.pipelines.definition import Pipeline, load_pipeline
from shared.platforms import ExecutionState, LaunchOrder, Unattended
from shared.records.creation import Creation
from shared.records.documents import Cost, OutputFile, Record, save
from shared.records.names import record_name
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.support.client import TestClient, local_client

STORY = load_pipeline(Path(__file__).parents[2] / "jobs" / "story" / "pipeline.yaml")
AD = load_pipeline(Path(__file__).parents[2] / "jobs" / "ad" / "pipeline.yaml")
NOW = datetime(2025, 10, 30, 12, 0, tzinfo=UTC)
TOKEN = "correct-horse-battery"


class NotingPlatform(Unattended):
    """Starts no process; every execution runs until it is cancelled."""

    name = "noting"

    def __init__(self) -> None:
        self.orders: list[LaunchOrder] = []
        self.cancelled: list[str] = []
        self._lock = threading.Lock()

    def check(self, jobs: Collection[str]) -> None:
        """Accepts all jobs."""

    def launch(self, order: LaunchOrder) -> str:
        with self._lock:
            self.orders.append(order)
            return f"noting|{len(self.orders)}"

    def state(self, execution: str, *, ask_again: bool = False) -> ExecutionState:
        return ExecutionState(status="ended" if execution in self.cancelled else "running")

    def find(self, order: LaunchOrder) -> str | None:
        return None

    def cancel(self, execution: str) -> None:
        self.cancelled.append(execution)

    def release(self, execution: str) -> bool:
        return True


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def platform() -> NotingPlatform:
    return NotingPlatform()


@pytest.fixture
def trigger(store: MemoryStore, platform: NotingPlatform) -> Trigger:
    advert = Pipeline.model_validate({**STORY.model_dump(), "name": "advert", "action": None})
    return Trigger(store, platform, {"story": STORY, "advert": advert, "ad": AD}, now=lambda: NOW)


@pytest.fixture
def client(trigger: Trigger) -> TestClient:
    return local_client(create_app(trigger, settings=Settings(max_upload_bytes=1 << 20)))


@pytest.fixture
def spring(store: MemoryStore) -> Creation:
    """A creation with one part that was never started."""
    creation = Creation(store, "spring")
    creation.write("assets/1/image.png", b"\x89PNG\r\n\x1a\n")
    creation.write("assets/1/1.txt", b"Spring comes.")
    return creation


@pytest.fixture
def record(spring: Creation) -> Callable[..., None]:
    """Write a stage's record as the stage itself would."""

    def leave(stage: str, status: str, *, run: int = 1, index: int | None = None, **fields: Any) -> None:
        done = {} if status == "running" else {"completed_at": NOW + timedelta(seconds=2)}
        document = Record.model_validate(
            {
                "pipeline": "story",
                "stage": stage,
                "index": index or 0,
                "run": run,
                "owner": "test",
                "status": status,
                "started_at": NOW,
                "heartbeat_at": NOW,
                "progress": 1 if status == "success" else 0,
                **done,
                **fields,
            }
        )
        save(spring, record_name(stage, index), document, expect=None)

    return leave


@pytest.fixture
def finish(record: Callable[..., None], trigger: Trigger) -> Callable[[int], None]:
    """Let a run of `spring` succeed, stage by stage."""

    def succeed(run: int) -> None:
        cost = Cost(
            duration_ms=2000, cpu_s=1.5, peak_memory_mib=100, bytes_in=10, bytes_out=20, usd={"c": 0.25}
        )
        for stage, index in (("narrate", None), ("render", 0), ("assemble", None)):
            record(stage, "success", run=run, index=index, cost=cost, outputs=OUTPUTS[stage])
            trigger.advance("spring")

    return succeed


def output(key: str) -> OutputFile:
    return OutputFile(key=key, size_bytes=1, content_hash="00", description="made")


OUTPUTS = {
    "narrate": {"timeline": output("assets/timeline.json")},
    "render": {"segment_0": output("cache/segments/0.mp4")},
    "assemble": {"video": output("assets/video.mp4"), "captions_vtt": output("assets/video.vtt")},
}

"""The real trigger, as a process, between stand-ins for Cloud Storage and Cloud Run."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cloudrun.trigger import main
from shared.records.creation import Creation
from shared.records.documents import Record, save
from shared.records.names import record_name
from shared.storage.gs.store import CloudStorageStore
from tests.emulators.cloud_run import CloudRunEmulator
from tests.emulators.cloud_storage import CloudStorageEmulator
from tests.support.patience import until
from tests.support.served import Served, serving


@dataclass
class Cloud:
    """A project with jobs, a bucket and a trigger that is told what happens there."""

    storage: str = ""
    run: CloudRunEmulator | None = None
    trigger: Served | None = None
    ended: list[dict[str, Any]] = field(default_factory=list)
    """What the audit log says of executions."""

    @property
    def jobs(self) -> list[str]:
        assert self.run
        return [running.execution.job.rpartition("/")[2] for running in self.run.executions]

    def on_event(self, event: dict[str, Any]) -> None:
        if self.trigger:
            self.trigger.notify(event)


def _image(_name: str) -> list[str]:
    """A container that ends without a word."""
    return ["sh", "-c", "exit 3"]


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    cloud = Cloud()
    with (
        CloudStorageEmulator(buckets=["films"], on_event=cloud.on_event) as storage,
        CloudRunEmulator(_image, on_end=cloud.ended.append, grace_s=0.1) as run,
    ):
        for stage in ("narrate", "render"):
            run.deploy(f"reelwright-story-{stage}", stage)
        cloud.storage, cloud.run = storage.url, run
        environ = {
            "STORE_URL": "gs://films",
            "GOOGLE_CLOUD_PROJECT": "film",
            "CLOUD_RUN_REGION": "us-central1",
            "STORAGE_EMULATOR_HOST": storage.url,
            "CLOUD_RUN_EMULATOR_HOST": run.address,
        }
        with serving("cloudrun.trigger", environ, tmp_path / "log") as cloud.trigger:
            yield cloud
            run.wait()


def test_a_container_that_dies_without_a_word_fails_the_run(cloud: Cloud) -> None:
    trigger = cloud.trigger
    assert trigger
    trigger.start()
    until(lambda: cloud.ended != [])
    event = {"specversion": "1.0", "id": "1", "source": "//cloudaudit.googleapis.com"}
    event["type"] = "google.cloud.audit.log.v1.written"

    def is_told() -> bool:
        """The platform believes for seconds what it heard last; so the news are told again."""
        trigger.notify(event | {"data": cloud.ended[0]})
        return bool(trigger.manifest() == "failed")

    until(is_told)
    assert trigger.status()["stages"][0]["error"]["kind"] == "Died"


def test_a_record_that_arrives_launches_the_next_job(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cloud.trigger
    cloud.trigger.start()
    now = datetime.now(UTC)
    record = Record(
        pipeline="story",
        stage="narrate",
        run=1,
        owner="test",
        status="success",
        started_at=now,
        heartbeat_at=now,
        completed_at=now,
        metadata={"segments": 130},
    )
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud.storage)
    save(Creation(CloudStorageStore("films"), "spring"), record_name("narrate", None), record, expect=None)
    until(lambda: "reelwright-story-render" in cloud.jobs)


def test_everything_that_is_missing_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main({}) == 2
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    for named in ("API_TOKEN", "STORE_URL", "gs://", "GOOGLE_CLOUD_PROJECT", "CLOUD_RUN_REGION"):
        assert line["message"].count(named) == 1

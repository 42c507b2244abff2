"""A whole pipeline on the stand-in for Cloud Run: the real entrypoints, chained by its events."""

from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]  # grpcio ships no types
import pytest

from shared.platforms.task import CREATION_VARIABLE
from shared.runs.trigger import Trigger
from shared.storage.file import FileStore
from tests.cloudrun.launches import Clock, deploy, image, platform_at
from tests.emulators.cloud_run import CloudRunEmulator
from tests.support.patience import until
from tests.support.toys import contents, fill, run_fused, toys


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "store")


def creation_of(entry: dict[str, Any]) -> str:
    """What the execution that a log entry tells of worked on."""
    (container,) = entry["protoPayload"]["response"]["spec"]["template"]["spec"]["containers"]
    return next(str(v["value"]) for v in container["env"] if v["name"] == CREATION_VARIABLE)


@pytest.mark.parametrize("answers_are_lost", [False, True])
def test_a_pipeline_runs_to_its_end_and_starts_each_stage_once(
    store: FileStore, tmp_path: Path, clock: Clock, answers_are_lost: bool
) -> None:
    def on_end(entry: dict[str, Any]) -> None:
        trigger.advance(creation_of(entry), ask_again=True)

    fill(store)
    environ = {"STORE_URL": store.url, "HEARTBEAT_S": "30"}
    with CloudRunEmulator(image, environ=environ, on_end=on_end) as emulator:
        platform = platform_at(emulator, clock)
        trigger = Trigger(store, platform, {"toys": toys()})
        for stage, job in toys().jobs.items():
            deploy(emulator, f"toys-{stage}", job, max_retries=1)
        if answers_are_lost:
            emulator.fail("RunJob", grpc.StatusCode.DEADLINE_EXCEEDED, done=True, times=50)
        trigger.start("toys", "toy")
        until(lambda: trigger.status("toy").status != "pending")
        emulator.wait()
        started = sorted(running.execution.job.rpartition("-")[2] for running in emulator.executions)
        status = trigger.status("toy")
    assert (status.status, started) == ("completed", sorted(toys().stages))
    elsewhere = FileStore(tmp_path / "elsewhere")
    fill(elsewhere)
    run_fused(elsewhere)
    assert contents(store) == contents(elsewhere)


def test_a_stage_whose_container_can_not_start_fails_the_run_with_the_reason(
    store: FileStore, clock: Clock
) -> None:
    fill(store)
    with CloudRunEmulator(image) as emulator:
        trigger = Trigger(store, platform_at(emulator, clock), {"toys": toys()})
        deploy(emulator, "nowhere", "toys-first")
        trigger.start("toys", "toy")
        emulator.wait()
        clock.sleep(10)
        status = trigger.advance("toy")
    assert status.status == "failed"
    assert "image could not be pulled" in status.error

"""AI-Effect's example and our own stages as real containers: brought up by their compose files and driven."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scripts.blueprint import compose_main
from scripts.example_services import EXPORT
from scripts.export import export_pipeline
from scripts.platforms import PIPELINE_EXPORTS
from shared.blueprints.folders import read_export, write_folder
from shared.driving.addresses import composed_ports, services_of
from shared.driving.calling import Manner
from shared.driving.running import Drive, prepare
from shared.records.creation import Creation
from shared.settings import Settings
from shared.storage import ObjectStore
from shared.storage.file import FileStore
from shared.storage.memory import MemoryStore
from tests.containers.compose import PROGRAM, ROOT
from tests.containers.podman import Podman
from tests.support.ports import free_base_port
from tests.support.stories import ID, put_story

IMAGES = ("data-generator", "data-analyzer", "report-generator")
STAGES = ("story-narrate", "story-render", "story-assemble")
PROJECT = f"ai-effect-test-{os.getpid()}"
USER = 10001


@contextmanager
def deployed(podman: Podman, folder: Path, images: tuple[str, ...]) -> Iterator[None]:
    """The export in containers, which are gone, with their volume, at the end of the block."""
    environ = {**podman.environ, "REGISTRY": "localhost:5000", "TAG": "latest"}
    subprocess.run([ROOT / "infra" / "images.sh", *images], cwd=ROOT, env=environ, check=True, timeout=1800)
    assert compose_main([str(folder), "--base-port", str(free_base_port(3))]) == 0
    environ["COMPOSE_PROJECT_NAME"] = PROJECT
    command = [PROGRAM, "-f", str(folder / "docker-compose.yml")]
    try:
        subprocess.run([*command, "up", "-d"], env=environ, check=True, timeout=300)
        yield
    finally:
        subprocess.run(
            [*command, "down", "--volumes", "--timeout", "5"], env=environ, check=True, timeout=120
        )


@pytest.fixture
def project(podman: Podman, tmp_path: Path) -> Iterator[Path]:
    """The example's export, deployed."""
    folder = tmp_path / "export"
    write_folder(read_export(EXPORT).files(), folder, overwrite=False)
    with deployed(podman, folder, IMAGES):
        yield folder


def drive_of(folder: Path, store: ObjectStore, said: dict[str, Any], deadline_s: float = 60) -> Drive:
    export = read_export(folder)
    services = services_of(export, {}, composed_ports(folder), 1)
    manner = Manner(deadline_s=deadline_s, wait_s=120)
    return prepare(export, Creation(store, "run"), services, said, Settings(), manner)


def test_the_example_runs_end_to_end_in_containers(project: Path, podman: Podman) -> None:
    status = drive_of(project, MemoryStore(), {"num_records": 1000, "seed": 3}).run()
    assert status.status == "completed", status.error
    summary = status.stages["report_generator1.GenerateReport"].metadata["response"]["report_summary"]
    assert summary.startswith("Total Records: 1000; Anomalies Detected: ")
    report = podman.call("exec", "report_generator1", "cat", "/app/data/energy_report.csv")
    assert "Total Records,1000" in report.stdout, report.stderr
    refused = podman.call("exec", "report_generator1", "touch", "/app/mine")
    assert refused.returncode != 0
    who = podman.call("exec", "data_generator1", "id", "-u")
    assert who.stdout.strip() == str(USER)


@pytest.mark.logs_errors
def test_a_container_that_is_killed_in_mid_run_is_named_and_the_run_goes_on_when_it_is_back(
    project: Path, podman: Podman
) -> None:
    store, said = MemoryStore(), {"num_records": 400_000, "seed": 3}
    drive = drive_of(project, store, said)
    with ThreadPoolExecutor() as pool:
        running = pool.submit(drive.run)
        while (
            not running.done()
            and podman.call(
                "exec", "data_analyzer1", "sh", "-c", "ls -A /app/data | grep -q analyzed"
            ).returncode
        ):
            time.sleep(0.2)
        podman.call("kill", "--signal", "KILL", "data_analyzer1")
        status = running.result()
    assert status.error.startswith("data_analyzer1.AnalyzeData: data_analyzer1 at 127.0.0.1:")
    assert podman.call("start", "data_analyzer1").returncode == 0
    status = drive_of(project, store, said).run()
    assert status.status == "completed", status.error
    assert status.stages["data_generator1.GenerateData"].records[0].reused
    summary = status.stages["report_generator1.GenerateReport"].metadata["response"]["report_summary"]
    assert summary.startswith("Total Records: 400000; ")


def test_our_own_stages_make_a_film_in_containers(podman: Podman, tmp_path: Path) -> None:
    assert export_pipeline("ai-effect", "story", {}, tmp_path, check=False)
    folder = tmp_path / PIPELINE_EXPORTS["ai-effect"].home / "story"
    put_story(FileStore(tmp_path / "store"))
    with deployed(podman, folder, STAGES):
        volume = podman.call("volume", "inspect", f"{PROJECT}_shared-data", "--format", "{{.Mountpoint}}")
        shared = Path(volume.stdout.strip())
        shutil.copytree(tmp_path / "store" / ID, shared / ID)
        for path in (shared / ID, *(shared / ID).rglob("*")):
            os.chown(path, USER, USER)
        status = drive_of(folder, MemoryStore(), {"creation_id": ID}, deadline_s=600).run()
        assert status.status == "completed", status.error
        answer = status.stages["story_assemble1.RunStoryAssemble"].metadata["response"]
        assert answer["result"] == f"{ID}/stages/assemble.json"
        assert (shared / ID / "assets" / "video.mp4").stat().st_size > 10_000

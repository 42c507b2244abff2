"""AI-Effect's example as real containers: brought up by its own compose file and driven."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.blueprint import compose_main
from scripts.example_services import EXPORT
from shared.blueprints.folders import read_export, write_folder
from shared.driving.addresses import composed_ports, services_of
from shared.driving.calling import Manner
from shared.driving.running import prepare
from shared.records.creation import Creation
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.containers.compose import PROGRAM, ROOT
from tests.containers.podman import Podman
from tests.support.ports import free_base_port

IMAGES = ("data-generator", "data-analyzer", "report-generator")


@pytest.fixture
def project(podman: Podman, tmp_path: Path) -> Iterator[Path]:
    """The example's export, deployed; it is gone, with its volume, when the test has ended."""
    environ = {**podman.environ, "REGISTRY": "localhost:5000", "TAG": "latest"}
    subprocess.run([ROOT / "infra" / "images.sh", *IMAGES], cwd=ROOT, env=environ, check=True, timeout=900)
    folder = tmp_path / "export"
    write_folder(read_export(EXPORT).files(), folder, overwrite=False)
    assert compose_main([str(folder), "--base-port", str(free_base_port(3))]) == 0
    environ["COMPOSE_PROJECT_NAME"] = f"ai-effect-test-{os.getpid()}"
    command = [PROGRAM, "-f", str(folder / "docker-compose.yml")]
    try:
        subprocess.run([*command, "up", "-d"], env=environ, check=True, timeout=300)
        yield folder
    finally:
        subprocess.run(
            [*command, "down", "--volumes", "--timeout", "5"], env=environ, check=True, timeout=120
        )


def test_the_example_runs_end_to_end_in_containers(project: Path, podman: Podman) -> None:
    export = read_export(EXPORT)
    services = services_of(export, {}, composed_ports(project), 1)
    said = {"num_records": 1000, "seed": 3}
    manner = Manner(deadline_s=60, wait_s=120)
    drive = prepare(export, Creation(MemoryStore(), "energy"), services, said, Settings(), manner)
    status = drive.run()
    assert status.status == "completed", status.error
    summary = status.stages["report_generator1.GenerateReport"].metadata["response"]["report_summary"]
    assert summary.startswith("Total Records: 1000; Anomalies Detected: ")
    report = podman.call("exec", "report_generator1", "cat", "/app/data/energy_report.csv")
    assert "Total Records,1000" in report.stdout, report.stderr
    refused = podman.call("exec", "report_generator1", "touch", "/app/mine")
    assert refused.returncode != 0
    who = podman.call("exec", "data_generator1", "id", "-u")
    assert who.stdout.strip() == "10001"

"""`infra/ai-effect/`: the seed's commands word for word, and its example run as three processes."""

import csv
import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]  # grpcio ships no types
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from scripts.blueprint import compose_main, onboarding_main
from scripts.example_services import ExampleService, example_services
from shared.blueprints.folders import Export, read_export
from shared.driving.addresses import services_of
from shared.driving.calling import Manner
from shared.driving.running import Drive, prepare
from shared.records.creation import Creation
from shared.runs.status import RunStatus
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.support.exports import AI_EFFECT, AI_EFFECT_DOCKER

HOME = Path(__file__).parent.parent.parent / "infra" / "ai-effect"
EXAMPLE = "orchestrator/use-cases-platform/example-1"
GENERATE = (
    "python orchestrator/scripts/onboarding-export-generator.py use-cases/example_1 "
    "orchestrator/use-cases-platform/example-1 --overwrite"
)
COMPOSE = "python orchestrator/scripts/docker-compose-generator.py orchestrator/use-cases-platform/example-1"


def typed(command: str, home: Path) -> "subprocess.CompletedProcess[str]":
    """Run a line of the seed."""
    program, *arguments = command.split()
    assert program == "python"
    return subprocess.run(
        [sys.executable, *arguments], cwd=home, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the seed's tree; its scripts find their code in the repository."""
    home = tmp_path / "infra" / "ai-effect"
    shutil.copytree(HOME, home, ignore=shutil.ignore_patterns("*.csv", "*.html", "__pycache__"))
    for name in ("scripts", "shared", "jobs"):
        (tmp_path / name).symlink_to(HOME.parent.parent / name)
    return home


def test_the_commands_of_the_seed_write_what_is_checked_in(tree: Path) -> None:
    (tree / EXAMPLE / "microservice" / "stale1.proto").write_text("")
    kept = json.loads((HOME / EXAMPLE / "blueprint.json").read_text())
    done = typed(GENERATE, tree)
    assert done.returncode == 0, done.stderr
    fresh = json.loads((tree / EXAMPLE / "blueprint.json").read_text())
    for name in ("pipeline_id", "creation_date"):
        assert fresh.pop(name) != kept[name]
    assert fresh == {name: value for name, value in kept.items() if name in fresh}
    options = ["--overwrite", "--pipeline-id", kept["pipeline_id"], "--creation-date", kept["creation_date"]]
    assert onboarding_main([str(tree / "use-cases/example_1"), str(tree / EXAMPLE), *options]) == 0
    done = typed(COMPOSE, tree)
    assert done.returncode == 0, done.stderr
    different = filecmp.dircmp(tree / EXAMPLE, HOME / EXAMPLE)
    assert (different.diff_files, different.left_only, different.right_only) == ([], [], [])
    inside = different.subdirs["microservice"]
    assert (inside.diff_files, inside.left_only, inside.right_only) == ([], [], [])
    assert compose_main([str(tree / "use-cases/example_1")]) == 0
    development = "use-cases/example_1/docker-compose.yml"
    assert (tree / development).read_text() == (HOME / development).read_text()


def test_a_python_without_the_packages_is_told_or_the_repository_s_own_is_taken(tree: Path) -> None:
    script = "orchestrator/scripts/docker-compose-generator.py"
    bare = [sys.executable, "-S", script, EXAMPLE]
    done = subprocess.run(bare, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.fullmatch(r"this Python lacks .*typer.*: pip install '.*\[cli\]'\n", done.stderr)
    own = tree.parent.parent / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    own.chmod(0o755)
    done = subprocess.run(bare, cwd=tree, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{EXAMPLE}/docker-compose.yml\n"), done.stderr


def test_the_export_agrees_with_that_of_the_real_generator() -> None:
    """But for what is put right: order, names, and the use case's own name."""
    found = json.loads((HOME / EXAMPLE / "blueprint.json").read_text())
    by_name = {node["container_name"]: node for node in AI_EFFECT["nodes"]}
    assert {node["container_name"]: node for node in found["nodes"]} == by_name
    assert [*by_name] != [node["container_name"] for node in found["nodes"]]
    assert {**found, "nodes": [], "name": "", "pipeline_id": "", "creation_date": ""} == {
        **AI_EFFECT, "nodes": [], "name": "", "pipeline_id": "", "creation_date": ""
    }  # fmt: skip
    docker = json.loads((HOME / EXAMPLE / "dockerinfo.json").read_text())["docker_image_list"]
    key = "container_name"
    assert sorted(docker, key=lambda each: str(each[key])) == sorted(
        AI_EFFECT_DOCKER["docker_image_list"], key=lambda each: str(each[key])
    )


def test_the_ports_are_those_that_the_seed_promises() -> None:
    for name, path in (
        ("1", f"{EXAMPLE}/docker-compose.yml"),
        ("", "use-cases/example_1/docker-compose.yml"),
    ):
        services = yaml.safe_load((HOME / path).read_text())["services"]
        names = ("data_generator1", "data_analyzer1", "report_generator1")
        expected = names if name else [each.removesuffix("1").replace("_", "-") for each in names]
        ports = [services[each]["environment"]["GRPC_PORT"] for each in expected]
        assert ports == ["50051", "50052", "50053"]
        assert list(services[expected[1]]["depends_on"]) == [expected[0]]


def test_the_images_pin_what_they_install() -> None:
    for folder in (HOME / "use-cases" / "example_1" / "services").glob("*/Dockerfile"):
        wanted = (folder.parent / "requirements.txt").read_text().splitlines()
        assert all(re.fullmatch(r"[\w-]+==[\w.]+", line) for line in wanted), folder
        pinned = (HOME.parent.parent / "constraints.txt").read_text().splitlines()
        assert set(wanted) <= set(pinned)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def services(data: Path) -> Iterator[dict[str, ExampleService]]:
    with example_services(data) as found:
        yield found


def drive_of(
    services: dict[str, ExampleService], said: dict[str, Any], store: MemoryStore, wait_s: float = 30
) -> Drive:
    export: Export = read_export(HOME / EXAMPLE)
    addresses = {name: service.address for name, service in services.items()}
    places = services_of(export, addresses, {}, 1)
    manner = Manner(deadline_s=60, wait_s=wait_s)
    return prepare(export, Creation(store, "energy"), places, said, Settings(heartbeat_s=30), manner)


def run(services: dict[str, ExampleService], said: dict[str, Any]) -> RunStatus:
    return drive_of(services, said, MemoryStore()).run()


def test_the_report_agrees_with_pandas(services: dict[str, ExampleService], data: Path) -> None:
    import pandas

    said = {"num_records": 5000, "households": 7, "seed": 11, "anomaly_threshold": 0.2, "folder": "a/b"}
    status = run(services, said)
    assert status.status == "completed", status.error
    raw = pandas.read_csv(data / "a" / "b" / "raw_energy.csv", parse_dates=["timestamp"])
    assert (len(raw), raw.household_id.nunique()) == (5000, 7)
    assert raw.timestamp.is_monotonic_increasing
    efficiency = raw.power_consumption / (raw.voltage * raw.current)
    anomalies = int(((efficiency < 0.2) | (efficiency > 0.95)).sum())
    assert 10 < anomalies < 200
    analysed = status.stages["data_analyzer1.AnalyzeData"].metadata["response"]
    assert (analysed["total_records"], analysed["anomalies_detected"]) == (5000, anomalies)
    assert analysed["average_efficiency"] == pytest.approx(efficiency.mean(), abs=1e-6)
    report = pandas.read_csv(data / "a" / "b" / "energy_report.csv").set_index("metric").value
    assert report["Total Records"] == 5000
    assert report["Anomalies Detected"] == anomalies
    assert report["Average Efficiency"] == pytest.approx(efficiency.mean(), abs=1e-4)
    assert report["Max Power (W)"] == raw.power_consumption.max()
    assert report["Min Power (W)"] == raw.power_consumption.min()
    assert report["Anomaly Rate (%)"] == pytest.approx(100 * anomalies / 5000, abs=0.01)
    page = (data / "a" / "b" / "energy_report.html").read_text()
    assert page.count("<svg") == 4
    assert "<script" not in page
    assert str(anomalies) in page


def test_the_same_seed_gives_the_same_readings(services: dict[str, ExampleService], data: Path) -> None:
    for folder, seed in (("one", 5), ("two", 5), ("three", 6)):
        assert run(services, {"num_records": 100, "seed": seed, "folder": folder}).status == "completed"
    texts = [(data / folder / "raw_energy.csv").read_bytes() for folder in ("one", "two", "three")]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.logs_errors
@pytest.mark.parametrize(
    ("said", "node", "code"),
    [
        ({"num_records": -1}, "data_generator1", "INVALID_ARGUMENT"),
        ({"folder": "../out"}, "data_generator1", "INVALID_ARGUMENT"),
        ({"folder": "/etc"}, "data_generator1", "INVALID_ARGUMENT"),
        ({"folder": "link"}, "data_generator1", "INVALID_ARGUMENT"),
        ({"output_format": "parquet"}, "data_generator1", "INVALID_ARGUMENT"),
        ({"anomaly_threshold": 2}, "data_analyzer1", "INVALID_ARGUMENT"),
        ({"data_analyzer1": {"raw_data_path": "none.csv"}}, "data_analyzer1", "NOT_FOUND"),
        ({"data_analyzer1": {"raw_data_path": "../../etc/passwd"}}, "data_analyzer1", "INVALID_ARGUMENT"),
        ({"data_analyzer1": {"raw_data_path": "bad.csv"}}, "data_analyzer1", "INVALID_ARGUMENT"),
        ({"report_format": "pdf"}, "report_generator1", "INVALID_ARGUMENT"),
        (
            {"report_generator1": {"analyzed_data_path": "raw_energy.csv"}},
            "report_generator1",
            "INVALID_ARGUMENT",
        ),
    ],
)
def test_bad_input_is_refused_with_a_clear_status(
    services: dict[str, ExampleService],
    data: Path,
    tmp_path: Path,
    said: dict[str, Any],
    node: str,
    code: str,
) -> None:
    (data / "bad.csv").write_text(
        "timestamp,household_id,power_consumption,voltage,current\n2025,a,nan,1,1\n"
    )
    (data / "link").unlink(missing_ok=True)
    (data / "link").symlink_to(tmp_path)
    status = run(services, said)
    assert status.status == "failed"
    assert status.error.startswith(f"{node}.")
    assert code in status.error
    assert list(tmp_path.iterdir()) == []


def test_no_reading_at_all_makes_a_report_all_the_same(
    services: dict[str, ExampleService], data: Path
) -> None:
    (data / "none.csv").write_text("timestamp,household_id,power,efficiency,status,anomaly_detected\n")
    status = run(services, {"report_generator1": {"analyzed_data_path": "none.csv"}})
    assert status.status == "completed", status.error
    with (data / "energy_report.csv").open(newline="", encoding="utf-8") as file:
        assert [float(row["value"]) for row in csv.DictReader(file)] == [0] * 6


@pytest.mark.logs_errors
def test_a_killed_service_is_named_and_the_run_goes_on_when_it_is_back(tmp_path: Path) -> None:
    store = MemoryStore()
    said = {"num_records": 50}
    with example_services(tmp_path) as services:
        killed = services["data_analyzer1"]
        killed.process.kill()
        killed.end()
        status = drive_of(services, said, store, wait_s=1).run()
        assert status.error.startswith("data_analyzer1.AnalyzeData: data_analyzer1 at 127.0.0.1:")
        made = (tmp_path / "raw_energy.csv").stat().st_mtime_ns
        again = ExampleService("data_analyzer", tmp_path, {}, port=killed.port)
        try:
            status = drive_of(services, said, store).run()
        finally:
            log = again.end()
        assert status.status == "completed", status.error
        assert (tmp_path / "raw_energy.csv").stat().st_mtime_ns == made
        assert "readings" in log
        assert again.process.returncode == 0  # SIGTERM ends it in peace


@pytest.mark.logs_errors
def test_another_version_of_a_service_is_found_out_before_it_is_called_and_the_run_goes_on_with_the_right_one(
    services: dict[str, ExampleService], tmp_path: Path
) -> None:
    folder = tmp_path / "export"
    shutil.copytree(HOME / EXAMPLE, folder)
    proto = folder / "microservice" / "report_generator1.proto"
    proto.write_text(proto.read_text().replace("string report_path = 3;", "int32 report_path = 3;"))
    export = read_export(folder)
    addresses = {name: service.address for name, service in services.items()}
    places = services_of(export, addresses, {}, 1)
    store = MemoryStore()
    drive = prepare(export, Creation(store, "energy"), places, {}, Settings(), Manner(wait_s=30))
    status = drive.run()
    assert "report_generator1.GenerateReport: " in status.error
    assert "is another version than the export's: its GenerateReportResponse differs" in status.error
    status = drive_of(services, {}, store).run()
    assert status.status == "completed", status.error
    reused = [stage.records[0].reused for stage in status.stages.values()]
    assert reused == [True, True, False]


def write_certificate(certificate: Path, key: Path) -> None:
    """A certificate for `localhost` that signs itself, and its key, as PEM."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    key.write_bytes(private.private_bytes(pem, form, plain))


def test_channels_are_encrypted_where_a_certificate_is_set(tmp_path: Path) -> None:
    write_certificate(tmp_path / "cert.pem", tmp_path / "key.pem")
    said = {"GRPC_TLS_CERT": str(tmp_path / "cert.pem"), "GRPC_TLS_KEY": str(tmp_path / "key.pem")}
    with example_services(tmp_path / "data", said) as services:
        export = read_export(HOME / EXAMPLE)
        addresses = {name: service.address for name, service in services.items()}
        places = services_of(export, addresses, {}, 1)
        manner = Manner(wait_s=30, trusted=tmp_path / "cert.pem", server_name="localhost")
        drive = prepare(export, Creation(MemoryStore(), "energy"), places, {}, Settings(), manner)
        assert drive.run().status == "completed"
        with (
            grpc.insecure_channel(services["data_generator1"].address) as plain,
            pytest.raises(grpc.RpcError),
        ):
            plain.unary_unary("/data_generator.DataGeneratorService/GenerateData")(b"", timeout=2)
    environ = {**os.environ, "GRPC_TLS_CERT": "x", "GRPC_TLS_KEY": ""}
    done = subprocess.run(
        [sys.executable, "-m", "data_generator.server"], cwd=HOME / "use-cases" / "example_1" / "services",
        env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "or neither" in done.stderr) == (2, True)

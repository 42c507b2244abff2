"""`reelwright blueprint`: what a person types, and what comes back."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.blueprint import compose_main, onboarding_main, read_input
from scripts.example_services import EXPORT, USE_CASE, example_services
from shared.errors import BadRequest

ROOT = Path(__file__).parent.parent.parent


def reelwright(store: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "scripts", *arguments],
        cwd=ROOT, env={"PATH": "/usr/bin:/bin", "STORE_URL": store.as_uri()},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_a_run_is_kept_and_shown_like_every_other(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with example_services(tmp_path / "data") as services:
        addresses = [f"--address={name}={service.address}" for name, service in services.items()]
        arguments = ["blueprint", "run", str(EXPORT), "--id", "energy", "--input", '{"num_records": 20}']
        done = reelwright(store, *arguments, *addresses)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)["report_generator1.GenerateReport"]
    assert answer["report_summary"].startswith("Total Records: 20; ")
    status = reelwright(store, "status", "energy")
    assert (status.returncode, status.stdout) == (0, "completed\n"), status.stderr
    assert "data_analyzer1.AnalyzeData" in status.stderr
    listed = reelwright(store, "list")
    assert [word in listed.stdout for word in ("energy", "blueprint", "completed")] == [True] * 3, (
        listed.stdout
    )
    resumed = reelwright(store, "resume", "energy")
    assert resumed.returncode == 0, resumed.stderr  # all is done: no service is needed
    assert json.loads(resumed.stdout)["report_generator1.GenerateReport"] == answer


def test_validate_lists_all_problems_and_draw_makes_a_picture(tmp_path: Path) -> None:
    done = reelwright(tmp_path, "blueprint", "draw", str(EXPORT), "--to", str(tmp_path / "graph.svg"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "graph.svg").read_text().startswith("<svg ")
    (tmp_path / "blueprint.json").write_text('{"nodes": []}')
    wrong = reelwright(tmp_path, "blueprint", "validate", str(tmp_path))
    assert wrong.returncode == 2
    assert all(word in wrong.stderr for word in ("nodes", "name", "dockerinfo.json"))
    assert "Traceback" not in wrong.stderr


@pytest.mark.parametrize("text", ["[1]", "{", "@/no/such/file", "1", "[" * 100_000])
def test_an_input_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="--input"):
        read_input(text)


def test_an_input_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "input.json").write_text('{"seed": 4}')
    assert read_input(f"@{tmp_path / 'input.json'}") == {"seed": 4}


@pytest.mark.logs_errors
def test_the_generators_refuse_what_they_can_not_use(tmp_path: Path) -> None:
    assert onboarding_main([str(tmp_path / "none"), str(tmp_path / "out")]) == 2
    assert onboarding_main([str(USE_CASE), str(tmp_path / "out"), "--registry", "a b"]) == 2
    assert onboarding_main([str(USE_CASE), str(tmp_path / "out"), "--dialect", "ai4eu"]) == 2
    assert compose_main([str(tmp_path), "--base-port", "0"]) == 2
    assert compose_main([str(tmp_path)]) == 2
    assert list(tmp_path.iterdir()) == []

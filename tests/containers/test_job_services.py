"""The services of a pipeline of dated jobs: each stage by itself, with a job's folder, in its container."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from shared.job_manager import JobManager
from tests.containers.compose import PROGRAM, ROOT
from tests.containers.podman import Podman
from tests.jobs.subtitles.voices.known import speak, wav

FILE = "infra/subtitles/compose.yaml"
SERVICES = tuple(yaml.safe_load((ROOT / FILE).read_text(encoding="utf-8"))["services"])


def test_a_job_is_done_stage_by_stage(
    podman: Podman, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # so that the job's places are relative, and the same in a container
    Path("config").mkdir()
    Path("config/.env").write_text("SRC_LANG=en\n")
    jobs = JobManager(Path("config"), Path("out"), Path("logs"))
    jobs.create_job()
    folder = jobs.get_job_output_dir()
    (folder / "assets").mkdir()
    speech = speak([("ada", "We left the harbour before the storm came in.")])
    (folder / "assets/film.wav").write_bytes(wav(speech.samples))
    for service in SERVICES:
        options = ["-e", f"CONFIG_PATH=/app/{jobs.get_job_env_path()}", service, f"/app/{folder}"]
        done = subprocess.run(
            [PROGRAM, "-f", FILE, "run", "--rm", "-T", *options], cwd=ROOT, check=False, timeout=300,
            env={**podman.environ, "JOBS": str(tmp_path)}, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{service}: {done.stderr}"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["pipeline"]["status"] == "completed"
    assert [name.replace("_", "-") for name in manifest["pipeline"]["completed_stages"]] == list(SERVICES)
    made = Path(manifest["stages"]["asr"]["outputs"]["transcript"]["path"])
    assert "harbo" in made.read_text().lower()  # the path is one of this machine, not of the container
    logs = {path.stem.replace("_", "-") for path in jobs.get_job_log_dir().glob("*.log")}
    assert logs == set(SERVICES)

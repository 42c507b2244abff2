"""How the stages start: with a creation ID or a job's folder, and with the job's own settings."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.subtitles.entry import main
from shared.job_manager import JobManager
from shared.logs import set_up_logs
from shared.records.dated import place_of
from shared.stages.stage import Context, Output, Result, Stage


def _says_its_settings(context: Context) -> Result:
    path = context.scratch / "said"
    path.write_text(f"{context.settings.whisper_model} {context.settings.tmdb_api_key}")
    return Result(outputs={"audio": Output(name="assets/audio/audio.wav", path=path, description="said")})


STAGE = Stage(pipeline="subtitles", name="demux", version=1, inputs=lambda _: [], run=_says_its_settings)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[JobManager]:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/.env").write_text("WHISPER_MODEL=tiny\nTMDB_API_KEY=hush\nLOG_LEVEL=\n")
    jobs = JobManager(tmp_path / "config", tmp_path / "out", tmp_path / "logs")
    jobs.create_job(2)
    yield jobs
    set_up_logs(level="info", log_format="json")  # closes the stage's file


def test_a_stage_takes_a_folder_and_its_config_and_logs_beside_it(jobs: JobManager) -> None:
    environ = {"CONFIG_PATH": str(jobs.get_job_env_path()), "LOG_FORMAT": ""}
    assert main(STAGE, [str(jobs.get_job_output_dir())], environ) == 0
    assert (jobs.get_job_output_dir() / "assets/audio/audio.wav").read_text() == "tiny hush"
    lines = (jobs.get_job_log_dir() / "demux.log").read_text().splitlines()
    assert any(json.loads(line)["action"] == "stage_done" for line in lines)
    assert "hush" not in "".join(lines)


def test_the_process_overrides_the_config(jobs: JobManager, tmp_path: Path) -> None:
    config = str(jobs.get_job_env_path())
    store = (tmp_path / "out").as_uri()
    environ = {"CONFIG_PATH": config, "WHISPER_MODEL": "base", "STORE_URL": store}
    assert main(STAGE, [jobs.job.creation_id], environ) == 0
    assert (jobs.get_job_output_dir() / "assets/audio/audio.wav").read_text() == "base hush"


@pytest.mark.logs_errors
def test_a_missing_config_is_a_bad_request(capsys: pytest.CaptureFixture[str], jobs: JobManager) -> None:
    assert main(STAGE, [str(jobs.get_job_output_dir())], {"CONFIG_PATH": "nowhere/.env"}) == 2
    assert "CONFIG_PATH='nowhere/.env': can't be read" in capsys.readouterr().err


def test_folders_are_told_from_creation_ids(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    dated = "2025/10/30/1/20251030-001"
    assert place_of(f"/app/out/{dated}") == ("file:///app/out", dated)
    assert place_of(f"out/{dated}") == ((tmp_path / "out").as_uri(), dated)
    assert place_of("/srv/films/one") == ("file:///srv/films", "one")
    assert place_of(dated) is None
    assert place_of("films/one") is None

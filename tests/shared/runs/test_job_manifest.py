"""The manifest of a dated job, as people read it with the tools of a shell."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from shared.job_manager import JobManager
from shared.records.job_manifest import laid_out
from shared.stages.stage import Context, Result
from shared.storage.file import FileStore
from tests.support.toys import WORDS, finish, inline_trigger, with_run


@pytest.fixture
def jobs(tmp_path: Path) -> JobManager:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/.env").write_text("SRC_LANG=en\n")
    jobs = JobManager(tmp_path / "config", tmp_path / "out", tmp_path / "logs")
    jobs.create_job(2)
    store = FileStore(tmp_path / "out")
    store.write(f"{jobs.job.creation_id}/assets/words.txt", WORDS)
    store.write(f"{jobs.job.creation_id}/assets/style.txt", b"-")
    return jobs


def run(jobs: JobManager, **options: Any) -> dict[str, Any]:
    folder = jobs.get_job_output_dir()
    trigger = inline_trigger(FileStore(folder.parents[4]), **options)
    finish(trigger, jobs.job.creation_id)
    return dict(json.loads((folder / "manifest.json").read_text()))


def grep(jobs: JobManager) -> list[str]:
    command = f"cat '{jobs.get_job_output_dir()}/manifest.json' | grep -A 5 '\"pipeline\"'"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    return [line.strip() for line in done.stdout.splitlines()]


def test_the_state_of_a_job_is_read_with_grep(jobs: JobManager) -> None:
    run(jobs)
    assert grep(jobs) == [
        '"pipeline": {',
        '"status": "completed",',
        '"current_stage": null,',
        '"completed_stages": ["first", "left", "right", "extra", "last"],',
        '"failed_stages": [],',
        '"skipped_stages": [],',
    ]


def test_paths_are_whole_and_stages_name_their_job(jobs: JobManager) -> None:
    found = run(jobs)
    job_id = jobs.job.job_id
    first = found["stages"]["first"]
    assert (found["job_id"], first["job_id"], first["user_id"], first["stage_number"]) == (
        job_id,
        job_id,
        2,
        1,
    )
    assert found["output_dir"] == str(jobs.get_job_output_dir())
    assert first["job_env_file"] == str(jobs.get_job_env_path())
    assert Path(first["outputs"]["first"]["path"]).is_file()
    assert Path(first["input_files"][0]["path"]).read_bytes() == WORDS


def broken(_context: Context) -> Result:
    raise RuntimeError("it broke")


@pytest.mark.logs_errors
def test_a_skipped_stage_is_no_failed_one(jobs: JobManager) -> None:
    found = run(jobs, stages=with_run("extra", broken))
    assert found["pipeline"]["status"] == "completed"
    assert (found["pipeline"]["skipped_stages"], found["pipeline"]["failed_stages"]) == (["extra"], [])
    assert found["stages"]["extra"]["status"] == "skipped"


@pytest.mark.logs_errors
def test_a_failure_is_forgotten_when_the_stage_succeeds(jobs: JobManager) -> None:
    found = run(jobs, stages=with_run("last", broken))
    assert (found["pipeline"]["status"], found["pipeline"]["failed_stages"]) == ("failed", ["last"])
    again = run(jobs)
    assert (again["pipeline"]["status"], again["pipeline"]["failed_stages"]) == ("completed", [])
    assert [name for name, stage in again["stages"].items() if not stage["reused"]] == ["last"]


def test_what_is_laid_out_is_the_same_data() -> None:
    value = {"b": [1, "ä"], "a": {"list": [{"x": None}, []], "none": {}}}
    assert json.loads(laid_out(value)) == value
    assert '"b": [1, "ä"]' in laid_out(value).decode()

"""A script's own stage, in the records and the manifest of a job."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shared.errors import BadRequest, UnknownName
from shared.job_manager import JobManager
from shared.manifest import StageManifest
from shared.records.creation import Creation
from shared.records.documents import Record, load
from shared.storage.file import FileStore

AT = datetime(2025, 10, 30, 15, 44, 30, tzinfo=UTC)


class Heard:
    """A logger that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, message: str, /, *values: object) -> None:
        self.lines.append(message % values)

    error = info


@pytest.fixture
def job(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/.env").write_text("SRC_LANG=en\n")
    jobs = JobManager(tmp_path / "config", tmp_path / "out", tmp_path / "logs", now=lambda: AT)
    jobs.create_job(7)
    folder = jobs.get_job_output_dir()
    (folder / "assets/transcription").mkdir(parents=True)
    return folder


def manifest(job: Path) -> dict[str, Any]:
    return dict(json.loads((job / "manifest.json").read_text()))


def test_the_block_is_the_stage(job: Path, tmp_path: Path) -> None:
    audio, transcript = tmp_path / "audio.wav", job / "assets/transcription/transcript.json"
    audio.write_bytes(b"sound")
    told = Heard()
    with StageManifest("asr", job, told, "20251030-001", 7, "config/.env.job_20251030-001") as stage:
        stage.add_input("audio", audio, "16 kHz mono audio")
        stage.add_output("transcript", transcript, "what is said")
        stage.add_metadata("model", "large-v3")
        assert manifest(job)["stages"]["asr"]["status"] == "running"
        transcript.write_text("{}")
    asr = manifest(job)["stages"]["asr"]
    assert (asr["status"], asr["stage_number"], asr["user_id"]) == ("success", 7, 7)
    assert asr["metadata"] == {"model": "large-v3"}
    (given,) = asr["input_files"]
    assert (given["key"], given["path"], given["size_bytes"]) == ("audio", str(audio), 5)
    assert given["description"] == "16 kHz mono audio"
    made = asr["outputs"]["transcript"]
    assert (made["path"], made["exists"], made["size_bytes"]) == (str(transcript), True, 2)
    assert told.lines == ["asr: done"]


def test_an_error_is_the_stages_failure_and_goes_on(job: Path) -> None:
    told = Heard()
    with pytest.raises(ZeroDivisionError), StageManifest("asr", job, told):
        raise ZeroDivisionError("by nothing")
    asr = manifest(job)["stages"]["asr"]
    assert (asr["status"], asr["error"]["kind"]) == ("failed", "ZeroDivisionError")
    assert manifest(job)["pipeline"]["failed_stages"] == ["asr"]
    assert told.lines == ["asr: failed: ZeroDivisionError: by nothing"]
    with StageManifest("asr", job):
        pass
    assert manifest(job)["pipeline"]["failed_stages"] == []


@pytest.mark.logs_errors
@pytest.mark.parametrize(("code", "status"), [(0, "success"), (None, "success"), (3, "failed")])
def test_an_exit_is_judged_by_its_code(job: Path, code: int | None, status: str) -> None:
    with pytest.raises(SystemExit), StageManifest("asr", job):
        raise SystemExit(code)
    assert manifest(job)["stages"]["asr"]["status"] == status


@pytest.mark.logs_errors
def test_an_output_that_was_not_written_is_a_failure(job: Path) -> None:
    with pytest.raises(BadRequest, match=r"transcript .*not written"), StageManifest("asr", job) as stage:
        stage.add_output("transcript", job / "assets/transcription/transcript.json")
    assert manifest(job)["stages"]["asr"]["status"] == "failed"


@pytest.mark.logs_errors
def test_an_output_elsewhere_is_refused(job: Path, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="outside of the job's folder"), StageManifest("asr", job) as stage:
        stage.add_output("transcript", tmp_path / "elsewhere.json")


def test_a_missing_input_is_recorded_as_missing(job: Path, tmp_path: Path) -> None:
    with StageManifest("asr", job) as stage:
        stage.add_input("prompt", tmp_path / "prompt.txt")
    (given,) = manifest(job)["stages"]["asr"]["input_files"]
    assert (given["exists"], given["size_bytes"]) == (False, None)


def test_two_blocks_of_one_stage_do_not_run_at_once(job: Path) -> None:
    another = StageManifest("asr", job)
    with StageManifest("asr", job), pytest.raises(BadRequest, match="another process"):
        another.__enter__()
    creation = Creation(FileStore(job.parents[4]), "2025/10/30/7/20251030-001")
    record, _ = load(creation, "stages/asr.json", Record)
    assert record is not None
    assert record.status == "success"


@pytest.mark.parametrize(
    ("stage", "options", "error"),
    [
        ("asr", {"job_id": "20251030-002"}, BadRequest),
        ("asr", {"user_id": 8}, BadRequest),
        ("assemble", {}, BadRequest),  # of several pipelines
        ("nothing", {}, UnknownName),
        ("asr", {"pipeline": "nothing"}, UnknownName),
        ("asr", {"pipeline": "story"}, UnknownName),
    ],
)
def test_another_jobs_facts_and_unknown_stages_are_refused(
    job: Path, stage: str, options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        StageManifest(stage, job, **options)

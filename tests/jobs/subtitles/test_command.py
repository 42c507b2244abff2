"""`python -m scripts.pipeline` and `reelwright run subtitles`: a job by date, and going on with it."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from jobs.subtitles import command
from jobs.subtitles.command import checked
from jobs.subtitles.cues.qc import Report
from jobs.subtitles.job.making import Files, MadeJob, check_files, make_job, put, reopen_job
from jobs.subtitles.job.names import OPTIONS, QC
from jobs.subtitles.job.options import read_options
from scripts.__main__ import main
from shared.errors import BadRequest, InvalidAssets
from shared.records.creation import Creation
from shared.records.job_env import job_variables
from shared.settings import Settings
from shared.storage import open_store
from shared.storage.memory import MemoryStore
from tests.jobs.subtitles.voices.known import Known, wav

ROOT = Path(__file__).parents[3]
FOLDERS = ("audio", "metadata", "entities", "prompts", "vad", "diarization", "transcription", "subtitles")
STAGES = (
    *("demux", "tmdb", "pre_ner", "silero_vad", "pyannote_vad", "diarization", "asr"),
    *("post_ner", "subtitle_gen", "mux"),
)
NAME = "Lost Harbour (2021) — “it's”.wav"


def typed(
    place: Path, *words: str, module: str = "scripts.pipeline", **more: str
) -> "subprocess.CompletedProcess[str]":
    own = {name: value for name, value in os.environ.items() if name != "STORE_URL"}
    environ = {**own, "PYTHONPATH": str(ROOT), **more}
    command = [sys.executable, "-m", module, *words]
    return subprocess.run(command, cwd=place, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def place(known: Known, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recording, its settings and a job that was done."""
    place = tmp_path_factory.mktemp("jobs")
    (place / NAME).write_bytes(wav(known.first(1)))
    (place / "loud.env").write_text("LOG_LEVEL=loud\n")
    (place / "odd.env").write_bytes(b"TITLE=\xff\n")
    (place / "config").mkdir()
    (place / "config/.env").write_text("LOG_LEVEL=debug\nSRC_LANG=en\nTMDB_API_KEY=\n")
    done = typed(place, NAME, "config/.env", "2")
    assert done.returncode == 0, done.stderr
    (folder,) = (place / "out").glob("*/*/*/2/*-001")
    assert f"{folder.relative_to(place / 'out')}/assets/subtitles/subtitles.srt" in done.stdout.split()
    return place


def job_of(place: Path) -> tuple[str, Path, dict[str, Any]]:
    """Its ID, its folder below `out` and its manifest."""
    (folder,) = (place / "out").glob("*/*/*/2/*-001")
    return folder.name, folder, json.loads((folder / "manifest.json").read_text())


def test_the_tree_is_that_of_a_dated_job(place: Path) -> None:
    job_id, folder, manifest = job_of(place)
    assert all((folder / "assets" / name).is_dir() for name in FOLDERS)
    info = json.loads((folder / "job_info.json").read_text())
    assert (info["job_id"], info["user_id"], info["output_dir"]) == (
        job_id,
        2,
        str(folder.relative_to(place)),
    )
    assert "JOB_ID=" + job_id in (folder / "job.env").read_text()
    assert not (place / f"config/.env.job_{job_id}").exists()
    assert manifest["input"] == {"file": NAME, "title": "Lost Harbour", "year": 2021}
    assert manifest["pipeline"]["completed_stages"] == list(STAGES)
    assert manifest["stages"]["asr"]["input_files"][0]["description"]
    assert manifest["stages"]["silero_vad"]["input_files"][0]["key"] == "audio"
    words = (folder / "assets/subtitles/subtitles.srt").read_text()
    assert "harbo" in words.lower()


def test_each_stage_and_the_whole_have_a_log(place: Path) -> None:
    _, folder, _ = job_of(place)
    logs = place / "logs" / folder.relative_to(place / "out")
    assert {f"{name}.log" for name in STAGES} < {path.name for path in logs.iterdir()}
    (whole,) = logs.glob("orchestrator_*.log")
    lines = [json.loads(line) for line in whole.read_text().splitlines()]
    ends = [line["stage"] for line in lines if line["action"] == "stage_done"]
    assert sorted(ends) == sorted(STAGES)
    assert whole.stat().st_mode & 0o077 == 0


def test_a_job_goes_on_from_a_stage_with_another_option(place: Path) -> None:
    job_id, folder, _ = job_of(place)
    words = ("run", "subtitles", "--resume", job_id, "--from", "subtitle_gen", "--profile", "bbc")
    done = typed(place, *words, module="scripts", STORE_URL="file://out", FUSED="always")  # starts sooner
    assert done.returncode == 0, done.stderr
    assert "RESUMING FROM PREVIOUS RUN" in done.stderr
    assert "Completed: demux" in done.stderr
    _, _, manifest = job_of(place)
    made = [name for name, stage in manifest["stages"].items() if not stage["reused"]]
    assert made == ["subtitle_gen", "mux"]
    assert json.loads((folder / "assets/subtitles/qc.json").read_text())["profile"] == "bbc"
    options = json.loads((folder / "assets/film.json").read_text())
    assert options == {"file": NAME, "profile": "bbc"}


def test_one_stage_is_done_alone(place: Path) -> None:
    job_id, _, before = job_of(place)
    words = ("run", "subtitles", "--resume", job_id, "--only", "subtitle_gen")
    done = typed(place, *words, module="scripts", STORE_URL="file://out")
    assert done.returncode == 0, done.stderr
    _, _, after = job_of(place)
    changed = {
        name for name in STAGES if before["stages"][name]["started_at"] != after["stages"][name]["started_at"]
    }
    assert changed == {"subtitle_gen"}
    assert after["stages"]["subtitle_gen"]["status"] == "success"


@pytest.mark.logs_errors
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.mp4"], "nowhere.mp4: no such file"),
        (["config/.env"], "no film or sound by its name"),
        ([], "name the film"),
        (["--resume", "20250101-001"], "no job '20250101-001'"),
        ([NAME, "--profile", "none"], "--profile"),
        ([NAME, "--to", "Klingonese!", "--speakers", "0"], "--speakers"),
        ([NAME, "--from", "nothing"], "'nothing'"),
        ([NAME, "--language", "Klingonese"], "use a language code such as en"),
        (["--resume", "20250101-001", "--user", "2"], "a job keeps its user"),
        (["config"], "config: is a folder"),
        ([NAME, "--config", "loud.env"], "LOG_LEVEL='loud'"),
        ([NAME, "--config", "odd.env"], "can't be read as UTF-8"),
        (["--of", "nobody"], "was never run"),
        ([NAME, "--from", "asr", "--only", "asr"], "use one of them"),
        ([NAME, "--config", "nowhere.env"], "nowhere.env"),
        (["--assets-dir", "config", "--profile", "bbc"], "--profile: can't be said"),
    ],
)
def test_what_can_not_be_done_is_said_and_leaves_no_job(
    place: Path,
    words: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:

    jobs = sorted((place / "out").glob("*/*/*/*/*"))
    monkeypatch.chdir(place)
    monkeypatch.setenv("STORE_URL", "file://out")
    monkeypatch.setattr(sys, "argv", ["reelwright", "run", "subtitles", *words])
    assert main() == 2
    assert said in capfd.readouterr().err
    assert sorted((place / "out").glob("*/*/*/*/*")) == jobs


@pytest.mark.logs_errors
@pytest.mark.parametrize(("passed", "code"), [(True, 0), (False, 1)])
def test_strict_fails_for_subtitles_that_break_a_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, passed: bool, code: int
) -> None:
    settings = Settings(store_url=f"file://{tmp_path}")
    creation = Creation(open_store(settings.store_url, settings), "film")
    rules: dict[str, Any] = {"fixed": {}, "left": {}, "rules": {}}
    report = Report(passed=passed, profile="netflix", language="en", cues=1, words=1, words_lost=0, **rules)
    creation.write(QC, report.to_bytes())
    made = MadeJob(job_id="film", creation_id="film")
    monkeypatch.setattr(command, "subtitle", lambda *_given, **_options: made)
    monkeypatch.setenv("STORE_URL", settings.store_url)
    monkeypatch.setattr(sys, "argv", ["reelwright", "run", "subtitles", "film.mp4", "--strict"])
    try:
        found = main()
    except SystemExit as ended:
        found = int(ended.code or 0)
    assert found == code


def test_settings_are_written_where_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    job = make_job(Settings(store_url="file://out"), None, None)
    assert "USER_ID=1" in (tmp_path / "config/.env").read_text()
    assert job.creation_id.split("/")[3] == "1"
    assert (tmp_path / "config" / f".env.job_{job.job_id}").is_file()


def test_the_user_is_that_of_the_settings_unless_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.env").write_text("USER_ID=9\n")
    settings = Settings(store_url="file://out")
    assert make_job(settings, None, Path("own.env")).creation_id.split("/")[3] == "9"
    assert make_job(settings, 4, Path("own.env")).creation_id.split("/")[3] == "4"
    (tmp_path / "own.env").write_text("USER_ID=me\n")
    with pytest.raises(BadRequest, match="USER_ID='me'"):
        make_job(settings, None, Path("own.env"))


def test_stages_read_the_jobs_settings_while_it_is_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CONFIG_PATH", raising=False)
    settings = Settings(store_url="file://out")
    job = make_job(settings, 1, None)
    with suppress(RuntimeError), job.at_work():
        path = Path(os.environ["CONFIG_PATH"])
        raise RuntimeError
    assert "CONFIG_PATH" not in os.environ
    assert f"JOB_ID={job.job_id}" in path.read_text()  # for stages that are started by hand
    with reopen_job(settings, job.job_id, None).at_work():
        pass
    assert not path.exists()


def test_in_a_bucket_a_job_has_no_files_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(store_url="memory://bucket")
    (tmp_path / "own.env").write_text("SRC_LANG=en\nTMDB_API_KEY=hush\n")
    job = make_job(settings, 1, Path("own.env"))
    assert job.manager is None
    creation = Creation(open_store(settings.store_url, settings), job.creation_id)
    variables = job_variables(creation)
    assert variables["SRC_LANG"] == "en"
    assert "TMDB_API_KEY" not in variables
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own.env"]


def test_what_was_detected_is_detected_again_by_auto() -> None:
    assert checked({"language": "auto"}) == {"language": None}


def test_options_are_changed_one_by_one_and_a_broken_file_is_named(tmp_path: Path) -> None:
    creation = Creation(MemoryStore(), "film")
    film = tmp_path / ("x" * 220) / ("x" * 220 + ".mp4")
    put(creation, Files(film=None), {"language": "en", "burn": True})
    put(creation, Files(film=None), {"language": None, "burn": False})
    assert read_options(creation).language is None
    assert not read_options(creation).burn
    film.parent.mkdir()
    film.write_bytes(b"film")
    put(creation, Files(film=film), {})
    assert read_options(creation).file.endswith("x.mp4")
    creation.write(OPTIONS, b"[1]")
    with pytest.raises(InvalidAssets, match="must be an object"):
        put(creation, Files(film=film), {})


def test_a_folder_that_can_hold_no_files_is_named_before_a_number_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logs").write_text("a file")
    with pytest.raises(BadRequest, match="logs: can't hold a job's files"):
        make_job(Settings(store_url="file://out"), 1, None)
    assert not list((tmp_path / "out").glob("_jobs/*"))


def test_a_key_that_was_added_since_reaches_a_job_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.env").write_text("PROFILE=bbc\n")
    settings = Settings(store_url="file://out")
    job = make_job(settings, 1, Path("own.env"))
    (tmp_path / "own.env").write_text("PROFILE=social\nTMDB_API_KEY=hush\n")
    again = reopen_job(settings, job.job_id, Path("own.env"))
    assert again.manager
    text = again.manager.get_job_env_path().read_text()
    assert "TMDB_API_KEY=hush" in text
    assert "PROFILE=bbc" in text


def test_options_name_their_flags() -> None:
    assert checked({"profile": "bbc"}) == {"profile": "bbc"}
    with pytest.raises(BadRequest) as refused:
        checked({"speaker_labels": "loud", "translate_to": "!"})
    assert [problem.split(":")[0] for problem in refused.value.problems] == ["--to", "--labels"]


def test_every_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadRequest) as refused:
        check_files(Files(film=tmp_path / "a.mp4", script=tmp_path / "b.txt", facts=tmp_path / "c.json"))
    assert len(refused.value.problems) == 3

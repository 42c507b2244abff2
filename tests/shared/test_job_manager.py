"""Jobs by date: their IDs, their files, and who gets which number."""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.errors import BadRequest
from shared.job_manager import JobManager, create_stored_job
from shared.records.creation import Creation
from shared.records.dated import dated_job, find_job, reserve_job
from shared.records.job_env import job_variables
from shared.storage.file import FileStore
from shared.storage.memory import MemoryStore

AT = datetime(2025, 10, 30, 15, 44, 30, tzinfo=UTC)
ENV = """# defaults
JOB_ID=
USER_ID=9
WHISPER_MODEL=base
TMDB_API_KEY=hush
# HF_TOKEN=hush-too
REPORTS=https://me:hush@example.test/
PEM_SECRET="first
hush=1
last"
SRC_LANG=hi
"""
MAKES_FIVE = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from shared.job_manager import JobManager
root, user = Path(sys.argv[1]), int(sys.argv[2])
sys.stdin.readline()
day = datetime(2025, 10, 30, tzinfo=UTC)
for _ in range(5):
    jobs = JobManager(root / "config", root / "out", root / "logs", now=lambda: day)
    print(jobs.create_job(user)["job_id"])
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/.env").write_text(ENV)
    return tmp_path


def manager(place: Path) -> JobManager:
    return JobManager(place / "config", place / "out", place / "logs", now=lambda: AT)


def test_a_job_has_its_folders_and_files(place: Path) -> None:
    jobs = manager(place)
    info = jobs.create_job(user_id=2)
    folder = place / "out/2025/10/30/2/20251030-001"
    assert (
        info
        == json.loads((folder / "job_info.json").read_text())
        == {
            "job_id": "20251030-001",
            "user_id": 2,
            "created_at": AT.isoformat(),
            "output_dir": str(folder),
            "log_dir": str(place / "logs/2025/10/30/2/20251030-001"),
            "env_file": str(place / "config/.env.job_20251030-001"),
            "env_backup": str(folder / "job.env"),
            "place": str(folder),
        }
    )
    assert jobs.get_job_output_dir() == folder
    assert jobs.get_job_log_dir().is_dir()
    assert jobs.get_job_env_path().stat().st_mode & 0o777 == 0o600


def test_secrets_stay_out_of_the_store(place: Path) -> None:
    jobs = manager(place)
    jobs.create_job()
    kept = (jobs.get_job_output_dir() / "job.env").read_text()
    assert "hush" not in kept
    assert "# TMDB_API_KEY: left out" in kept
    assert kept.splitlines()[-3:-1] == ["SRC_LANG=hi", f"OUTPUT_ROOT={jobs.get_job_output_dir()}"]
    own = jobs.get_job_env_path().read_text()
    assert "TMDB_API_KEY=hush\n" in own
    assert "JOB_ID=20251030-001\nUSER_ID=1\n" in own


def test_cleaning_up_leaves_the_copy_and_resuming_restores_the_file(place: Path) -> None:
    made = manager(place)
    info = made.create_job()
    before = made.get_job_env_path().read_text()
    made.cleanup_job_env()
    assert not made.get_job_env_path().exists()
    again = manager(place)
    assert again.resume_job("20251030-001") == info
    restored = again.get_job_env_path()
    assert sorted(restored.read_text().splitlines()) == sorted(before.splitlines())
    assert restored.stat().st_mode & 0o777 == 0o600


def test_what_is_missing_is_named(place: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"other\.env: no such file; write"):
        manager(place).create_job(1, place / "other.env")
    with pytest.raises(BadRequest, match="no job '20251030-009'"):
        manager(place).resume_job("20251030-009")
    with pytest.raises(BadRequest, match="user ID -1"):
        manager(place).create_job(-1)
    with pytest.raises(BadRequest, match="call create_job"):
        manager(place).get_job_env_path()


def test_numbers_count_over_all_users_and_folders_of_other_tools(place: Path) -> None:
    (place / "out/2025/10/30/7/20251030-009").mkdir(parents=True)
    (place / "out/2025/10/30/7/20251030-xyz").mkdir()
    assert manager(place).create_job(1)["job_id"] == "20251030-010"
    assert manager(place).create_job(2)["job_id"] == "20251030-011"
    FileStore(place / "out").write("2025/10/30/3/20251030-0999/audio/audio.wav", b"")
    FileStore(place / "out").write("2025/10/30/3/20251030-999/audio/audio.wav", b"")
    assert [manager(place).create_job()["job_id"] for _ in range(2)] == ["20251030-1000", "20251030-1001"]


def test_a_number_does_not_return_when_its_job_is_deleted() -> None:
    store = MemoryStore()
    job = create_stored_job(store, 3, {"SRC_LANG": "en"}, now=lambda: AT)
    assert job_variables(Creation(store, job.creation_id))["SRC_LANG"] == "en"
    for info in list(store.list("2025/")):
        store.delete(info.key)
    assert reserve_job(store, 3, AT.date()).number == 2
    assert find_job(store, "20251030-001") == job == find_job(store, job.creation_id)


def test_only_whole_dated_ids_are_jobs() -> None:
    assert dated_job("2025/10/30/1/20251030-001")
    for other in ("2025/10/31/1/20251030-001", "2025/13/30/1/20251330-001", "20251030-001", "x", "a/b"):
        assert dated_job(other) is None


@pytest.mark.parametrize("make", [MemoryStore])
def test_many_threads_get_as_many_numbers(make: Callable[[], MemoryStore]) -> None:
    store = make()
    with ThreadPoolExecutor(20) as pool:
        jobs = list(pool.map(lambda user: reserve_job(store, user % 4, AT.date()), range(20)))
    assert sorted(job.number for job in jobs) == list(range(1, 21))


def test_twenty_jobs_of_four_users_in_the_same_instant_do_not_mix(place: Path) -> None:
    users = [
        subprocess.Popen(
            [sys.executable, "-c", MAKES_FIVE, str(place), str(user)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for user in (1, 2, 3, 4)
    ]  # fmt: skip
    for process in users:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    made = [process.communicate()[0].split() for process in users]
    assert sorted(job for jobs in made for job in jobs) == [f"20251030-{n:03d}" for n in range(1, 21)]
    for user, jobs in enumerate(made, 1):
        folder = place / f"out/2025/10/30/{user}"
        assert sorted(path.name for path in folder.iterdir()) == sorted(jobs)
        infos = [json.loads((folder / job / "job_info.json").read_text()) for job in jobs]
        assert {(info["user_id"], info["job_id"]) for info in infos} == {(user, job) for job in jobs}


def test_the_folder_of_a_job_is_found_by_its_id_alone(place: Path) -> None:
    manager(place).create_job()
    found = subprocess.run(
        ["find", "out/", "-name", "20251030-001"], cwd=place, capture_output=True, text=True, check=True
    )
    assert found.stdout == "out/2025/10/30/1/20251030-001\n"

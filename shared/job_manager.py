"""Jobs by date with files of settings: `config/.env.job_<id>`; in the creation `job.env`, `job_info.json`.

    jobs = JobManager(config_dir=Path("config"), output_root=Path("out"), log_root=Path("logs"))
    info = jobs.create_job(user_id=1)

With `STORE_URL=file://<output_root>` the job's folder is its creation, which any pipeline can work on.
"""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from shared.errors import BadRequest
from shared.records.creation import Creation
from shared.records.dated import DatedJob, JobInfo, dated_job, find_job, load_job_info, reserve_job
from shared.records.job_env import job_variables, with_variables, without_secrets
from shared.records.names import JOB_ENV, JOB_INFO
from shared.storage import ABSENT, ObjectStore
from shared.storage.file import FileStore

BASE_ENV: Final = ".env"


class NoBaseEnv(BadRequest, FileNotFoundError):
    """The file that a job's settings are copied from does not exist."""


def now_here() -> datetime:
    """Now, in this machine's time zone, whose date a job gets."""
    return datetime.now().astimezone()


def create_stored_job(
    store: ObjectStore,
    user_id: int = 1,
    variables: Mapping[str, str] | None = None,
    *,
    now: Callable[[], datetime] = now_here,
) -> DatedJob:
    """A job without files on this machine, in any store; `variables` become its `job.env`."""
    at = now()
    job = reserve_job(store, user_id, at.date())
    values = {**(variables or {}), "JOB_ID": job.job_id, "USER_ID": str(user_id)}
    folder = f"{store.url}/{job.creation_id}"
    info = JobInfo(
        **_facts(job, at), output_dir=folder, log_dir="", env_file="", env_backup=f"{folder}/{JOB_ENV}"
    )
    _write(Creation(store, job.creation_id), info, with_variables("", values))
    return job


class JobManager:
    """Makes jobs and finds their files. After `create_job` or `resume_job` it is about that job."""

    def __init__(
        self,
        config_dir: Path,
        output_root: Path,
        log_root: Path,
        *,
        store: ObjectStore | None = None,
        now: Callable[[], datetime] = now_here,
    ) -> None:
        """`store` holds the jobs instead of the folder `output_root`."""
        self._config_dir = Path(config_dir)
        self._output_root = Path(output_root)
        self._log_root = Path(log_root)
        self._store = store or FileStore(self._output_root)
        self._now = now
        self._job: DatedJob | None = None

    @property
    def job(self) -> DatedJob:
        if self._job is None:
            raise BadRequest("there is no job yet; call create_job or resume_job first")
        return self._job

    def create_job(self, user_id: int = 1, base_env_file: Path | None = None) -> dict[str, Any]:
        """Make a job of the settings in `base_env_file` (`<config_dir>/.env`) and return its `job_info.json`.

        Secrets are in `<config_dir>/.env.job_<id>` alone, which only its owner can read.
        Raises `NoBaseEnv`, a `FileNotFoundError`, if there is no such file.
        """
        text = self._base_env(base_env_file)
        at = self._now()
        for folder in (self._log_root, self._config_dir):
            _demand_writable(folder)
        self._job = reserve_job(self._store, user_id, at.date(), taken=self._folders(at))
        job, folder = self._job, self.get_job_output_dir()
        info = JobInfo(
            **_facts(job, at),
            output_dir=str(folder),
            log_dir=str(self.get_job_log_dir()),
            env_file=str(self.get_job_env_path()),
            env_backup=f"{folder}/{JOB_ENV}",
            place=str(folder.absolute()),
        )
        self.get_job_log_dir().mkdir(0o700, parents=True, exist_ok=True)
        own = with_variables(text, self._own_variables())
        _write_private(self.get_job_env_path(), own)
        _write(Creation(self._store, job.creation_id), info, own)
        return info.model_dump()

    def resume_job(self, name: str, base_env_file: Path | None = None) -> dict[str, Any]:
        """Restore `.env.job_<id>` of a job, named by its job ID or creation ID, and return its
        `job_info.json`: the variables of its `job.env` over those of `base_env_file`, which has the secrets.

        Raises `BadRequest` if there is no such job.
        """
        job = find_job(self._store, name)
        creation = Creation(self._store, job.creation_id)
        info = load_job_info(creation)
        if info is None:
            raise BadRequest(f"{creation.key(JOB_INFO)}: is missing, so that the job can't be resumed")
        self._job = job
        own = with_variables(self._base_env(base_env_file), job_variables(creation))
        _write_private(self.get_job_env_path(), own)
        return info.model_dump()

    def get_job_output_dir(self) -> Path:
        return self._output_root / self.job.creation_id

    def get_job_log_dir(self) -> Path:
        return self._log_root / self.job.creation_id

    def get_job_env_path(self) -> Path:
        return self._config_dir / f"{BASE_ENV}.job_{self.job.job_id}"

    def cleanup_job_env(self) -> None:
        """Remove `.env.job_<id>`; its copy `job.env` stays."""
        self.get_job_env_path().unlink(missing_ok=True)

    def _base_env(self, base_env_file: Path | None) -> str:
        path = Path(base_env_file or self._config_dir / BASE_ENV)
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            reason = "no such file; write the job's settings there, one NAME=value a line, or name another"
            raise NoBaseEnv(f"{path}: {reason}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise BadRequest(f"{path}: can't be read as UTF-8 text ({error}); name another file") from error

    def _own_variables(self) -> dict[str, str]:
        return {
            "JOB_ID": self.job.job_id,
            "USER_ID": str(self.job.user_id),
            "OUTPUT_ROOT": str(self.get_job_output_dir()),
            "LOG_ROOT": str(self.get_job_log_dir()),
        }

    def _folders(self, at: datetime) -> Iterator[int]:
        """The numbers of folders on the disk, which may be empty and so are unknown to the store."""
        for path in self._output_root.glob(f"{at:%Y/%m/%d}/*/*"):
            job = dated_job(path.relative_to(self._output_root).as_posix())
            if job:
                yield job.number


def _facts(job: DatedJob, at: datetime) -> dict[str, Any]:
    return {"job_id": job.job_id, "user_id": job.user_id, "created_at": at.isoformat()}


def _write(creation: Creation, info: JobInfo, text: str) -> None:
    """The facts last: with them the job is complete."""
    creation.write(JOB_ENV, without_secrets(text).encode(), expect=ABSENT)
    creation.write(JOB_INFO, info.to_bytes(), expect=ABSENT)


def _demand_writable(folder: Path) -> None:
    """Raise `BadRequest` for a folder in which no file can be made."""
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)
        reason = "" if os.access(folder, os.W_OK | os.X_OK) else "no right to write there"
    except OSError as error:
        reason = str(error.strerror)
    if reason:
        raise BadRequest(f"{folder}: can't hold a job's files ({reason}); make it a folder of your own")


def _write_private(path: Path, text: str) -> None:
    """Write the file at once and for its owner alone."""
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)

"""Jobs by date: the job ID `20251030-001` and the creation ID `2025/10/30/1/20251030-001` (1: its user).

The number is counted for each date over all users. Who gets one writes `_jobs/<date>/<number>` where there is
none, so that two who ask at the same instant get two; these keys stay, so that no number returns.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from shared.errors import BadRequest, PreconditionFailed
from shared.records.creation import Creation
from shared.records.documents import Document, load
from shared.records.names import DATED, JOB_INFO, dated_key
from shared.storage import ABSENT, ObjectStore

_JOB_ID: Final = re.compile(r"(\d{8})-(\d{3,9})", re.ASCII)
_USER: Final = re.compile(r"\d{1,9}", re.ASCII)
_PARTS: Final = 5
"""Of the creation ID of a dated job."""


class JobInfo(Document):
    """`job_info.json`: where all that belongs to a job lies. Places that it doesn't have are empty."""

    job_id: str
    user_id: int
    created_at: str
    """ISO 8601."""
    output_dir: str
    log_dir: str
    env_file: str
    env_backup: str
    place: str = ""
    """The whole path of `output_dir` where the job was made: a container may know it by another."""


@dataclass(frozen=True, kw_only=True)
class DatedJob:
    """A job's date, number and user."""

    day: date
    number: int
    user_id: int

    @property
    def job_id(self) -> str:
        """E.g. `20251030-001`; 1000 follows 999."""
        return f"{self.day:%Y%m%d}-{self.number:03d}"

    @property
    def creation_id(self) -> str:
        return f"{self.day:%Y/%m/%d}/{self.user_id}/{self.job_id}"


def dated_job(creation_id: str) -> DatedJob | None:
    """The job whose creation this is; None for a creation that is no such job's."""
    *_, user, job_id = ("", *creation_id.split("/"))
    found = _JOB_ID.fullmatch(job_id)
    if not found or not _USER.fullmatch(user):
        return None
    try:
        day = datetime.strptime(found[1], "%Y%m%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None
    job = DatedJob(day=day, number=int(found[2]), user_id=int(user))
    return job if job.creation_id == creation_id else None


def reserve_job(store: ObjectStore, user_id: int, day: date, *, taken: Iterable[int] = ()) -> DatedJob:
    """A job with a number that no other has; `taken` are numbers that the store doesn't know of.

    Jobs that another tool has put into the dated tree count, too.
    """
    check_user(user_id)
    number = max([*_reserved(store, day), *_in_tree(store, day), *taken], default=0) + 1
    while True:
        job = DatedJob(day=day, number=number, user_id=user_id)
        try:
            store.write(dated_key(day, number), job.creation_id.encode(), expect=ABSENT)
        except PreconditionFailed:
            number += 1
        else:
            return job


def find_job(store: ObjectStore, name: str) -> DatedJob:
    """The job of a job ID or a creation ID; raises `BadRequest` if there is none."""
    job = dated_job(name)
    if job:
        return job
    parts = _JOB_ID.fullmatch(name)
    if parts:
        key = f"{DATED}{parts[1]}/{int(parts[2])}"
        if store.stat(key):
            job = dated_job(store.read(key)[0].decode())
        if job:
            return job
    raise BadRequest(f"no job {name!r} in {store.url}; name it by its ID, e.g. 20251030-001")


def load_job_info(creation: Creation) -> JobInfo | None:
    """None for a creation that is no job's."""
    return load(creation, JOB_INFO, JobInfo)[0]


def place_of(folder: str) -> tuple[str, str] | None:
    """The store's URL and the creation ID of a job's folder; None for what is a creation ID itself."""
    path = Path(folder)
    parts = path.parts[-_PARTS:]
    if dated_job("/".join(parts)) and len(path.parts) > _PARTS:
        return path.absolute().parents[_PARTS - 1].as_uri(), "/".join(parts)
    if path.is_absolute():
        return path.parent.as_uri(), path.name
    return None


def check_user(user_id: int) -> None:
    """Raise `BadRequest` unless a folder can be named after the user."""
    if not 0 <= user_id < 10**9:
        raise BadRequest(f"user ID {user_id}: use a whole number from 0 to 999999999")


def _reserved(store: ObjectStore, day: date) -> Iterable[int]:
    names = (info.key.rpartition("/")[2] for info in store.list(f"{DATED}{day:%Y%m%d}/"))
    return (int(name) for name in names if name.isascii() and name.isdigit())


def _in_tree(store: ObjectStore, day: date) -> Iterable[int]:
    folders = {"/".join(info.key.split("/")[:5]) for info in store.list(f"{day:%Y/%m/%d}/")}
    return (job.number for folder in folders if (job := dated_job(folder)))

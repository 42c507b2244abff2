"""`claims/preparation.json`: how far the job is that prepares a creation. All writes are conditional."""

import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, Literal

from pydantic import AwareDatetime, Field

from shared.errors import PreconditionFailed
from shared.logs import log
from shared.records.creation import Creation
from shared.records.documents import Document, load, save, utc_now
from shared.records.names import PREPARATION, PREPARED

_TRIES: Final = 20
_GRACE: Final = timedelta(minutes=1)
State = Literal["posted", "working", "ready", "sent", "failed"]
UNDER_WAY: Final = ("posted", "working")


class Preparation(Document):
    """What was posted, and how far its job is."""

    pipeline: str
    job: str
    """A key of the pipeline's `extra_jobs`."""
    digest: str
    """SHA-256 of what was posted; names the object that holds it if it is large."""
    payload: dict[str, Any] | None = None
    """What was posted, if it is small."""
    state: State = "posted"
    """`ready`: the run may be started. `sent`: a message was sent, and its consumer starts the run."""
    message: str = "posted"
    error: str = ""
    """Why it has failed."""
    attempt: int = Field(-1, ge=-1)
    """Of the job; -1 before the first."""
    starts: int = Field(1, ge=1)
    """How many times the job was asked for, the present one included."""
    posted_at: AwareDatetime
    asked_at: AwareDatetime
    """When it was asked for last."""
    heard_at: AwareDatetime
    """When the record was written last."""
    execution: str = ""
    """The platform's name of the job's execution; empty until its start was answered."""
    by: str = Field(default_factory=lambda: secrets.token_hex(8))
    """Makes each write differ from every other."""

    def is_overdue(self, limit_s: float) -> bool:
        """Whether nothing was heard of the job for longer than all its attempts may take."""
        return utc_now() > max(self.asked_at, self.heard_at) + timedelta(seconds=limit_s) + _GRACE


def load_preparation(creation: Creation) -> tuple[Preparation | None, str]:
    """The record and its generation, as `load` returns them."""
    return load(creation, PREPARATION, Preparation)


def save_preparation(creation: Creation, preparation: Preparation, *, expect: str) -> Preparation:
    """Save it, as `save` does, and return what was saved."""
    written = preparation.model_copy(update={"heard_at": utc_now(), "by": secrets.token_hex(8)})
    save(creation, PREPARATION, written, expect=expect)
    return written


def update(creation: Creation, change: Callable[[Preparation], dict[str, Any] | None]) -> Preparation | None:
    """Change fields of the record, which others write, too; `change` may return None to leave it as it is.

    Returns the record as it is afterwards, or None if there is none.
    """
    for _ in range(_TRIES):
        found, generation = load_preparation(creation)
        fields = change(found) if found else None
        if found is None or fields is None:
            return found
        with suppress(PreconditionFailed):
            return save_preparation(creation, found.model_copy(update=fields), expect=generation)
    return load_preparation(creation)[0]


def fail(creation: Creation, reason: str) -> Preparation | None:
    """Record that the job has failed for good, unless it has ended."""

    def change(found: Preparation) -> dict[str, Any] | None:
        if found.state not in (*UNDER_WAY, "ready"):
            return None
        log(logging.WARNING, "preparation_failed", f"{creation.creation_id}: {found.job} failed: {reason}")
        return {"state": "failed", "message": f"{found.job} failed", "error": reason}

    return update(creation, change)


def mark_key(creation_id: str) -> str:
    """The key of the mark by which a sweep finds the creation."""
    return f"{PREPARED}{creation_id}"

"""IDs that callers choose are claimed, so that if several post the same ID at once, one gets it.

The claim is `claims/posted.json`, which is written only where there is none. A claim whose run was never
asked for, since the server died in between, may be taken over after a minute, so that posting again finishes
it; a server that only failed withdraws its claim at once. While a job is deleted its claim says so, and the
ID can't be claimed until the deletion is complete.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Final

from shared.errors import ObjectNotFound, PreconditionFailed, StoreError
from shared.records.creation import Creation, canonical_json
from shared.records.documents import utc_now
from shared.records.names import POSTED
from shared.records.removal import REMOVED
from shared.storage import ABSENT

_TAKEN_OVER_AFTER: Final = timedelta(minutes=1)
_HELD: Final = canonical_json({"state": "held"})
_GIVEN_UP: Final = canonical_json({"state": "given up"})


class AlreadyPosted(Exception):
    """The ID belongs to another job; holds a sentence with the remedy."""


@contextmanager
def claimed(creation: Creation) -> Iterator[None]:
    """Hold the ID; it is released if the block fails before there is a run."""
    generation = _claim(creation)
    try:
        yield
    except BaseException:
        with suppress(StoreError):  # then it can be taken over in a minute
            if not creation.has_request():
                creation.write(POSTED, _GIVEN_UP, expect=generation)
        raise


def _claim(creation: Creation) -> str:
    """The claim's generation; raises `AlreadyPosted`."""
    try:
        state, found = creation.read(POSTED)
    except ObjectNotFound:
        state, found = b"", None
    if state == REMOVED:
        raise AlreadyPosted(
            f"job_id: {creation.creation_id!r} is being deleted; use another, or if that broke off, delete "
            "it again first"
        )
    if creation.has_request() or (found is None and creation.has_assets()):
        raise AlreadyPosted(
            f"job_id: {creation.creation_id!r} exists already; use another, or leave it out and one is made"
        )
    if found and state != _GIVEN_UP and utc_now() - found.modified_at < _TAKEN_OVER_AFTER:
        raise _posted_now(creation)
    try:
        return creation.write(POSTED, _HELD, expect=found.generation if found else ABSENT).generation
    except PreconditionFailed as error:
        raise _posted_now(creation) from error


def _posted_now(creation: Creation) -> AlreadyPosted:
    return AlreadyPosted(
        f"job_id: {creation.creation_id!r} is being posted by another client; use another, or if that broke "
        "off, post it again in a minute"
    )

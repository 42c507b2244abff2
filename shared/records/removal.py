"""Removes a creation from the store, so that a half-deleted one is not mistaken for work to repeat; or only
what stages have recorded, so that they are done again."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from shared.errors import BadRequest, PreconditionFailed
from shared.records.creation import Creation, canonical_json
from shared.records.documents import Record, is_dead, load, utc_now
from shared.records.names import FOLDERS, JOB_ENV, JOB_INFO, MANIFEST, POSTED, REQUEST, marks_of, record_name
from shared.storage import ABSENT, ObjectInfo

_STALE_AFTER_S: Final = 60.0
REMOVED: Final = canonical_json({"state": "removed"})
"""The content of `POSTED` while its creation is deleted."""


def objects_of(creation: Creation) -> Iterator[tuple[str, ObjectInfo]]:
    """All objects of the creation, but none of a creation below it."""
    for name in (REQUEST, MANIFEST, JOB_ENV, JOB_INFO):
        info = creation.stat(name)
        if info:
            yield name, info
    for folder in FOLDERS:
        yield from creation.list(folder)


def remove(creation: Creation, *, over: str | None = None) -> bool:
    """Delete a creation that no process works on. With `over`, False if its request is not of that
    generation: it was started again.

    Its claim is marked first and deleted last, so that the ID can't be claimed in between and an interrupted
    removal can be repeated. The request is deleted next, and with it everything that a run could continue
    from.
    """
    found = creation.stat(REQUEST)
    if over not in (None, found.generation if found else ABSENT):
        return False
    claim = creation.write(POSTED, REMOVED)
    if found and not _deleted(creation, REQUEST, over):
        _deleted(creation, POSTED, claim.generation)
        return False
    marks = marks_of(creation.creation_id)
    for mark in list(creation.store.list(marks)):
        if mark.key.removeprefix(marks).isdecimal():
            creation.store.delete(mark.key)
    for name in [name for name, _ in objects_of(creation) if name != POSTED]:
        creation.delete(name)
    _deleted(creation, POSTED, claim.generation)  # unless another process still deletes it too
    return True


def forget_stages(creation: Creation, stages: Iterable[str]) -> None:
    """Delete these stages' records, so that the stages are done again although nothing has changed.

    Raises `BadRequest` if a process is at work on one of them.
    """
    found = [name for stage in stages for name in _records_of(creation, stage)]
    for name in found:
        record, _ = load(creation, name, Record)
        if record and record.status == "running" and not _is_dead(record):
            raise BadRequest(
                f"{creation.creation_id}: a process is at work on {record.stage}; wait for its end, or type "
                f"reelwright cancel {creation.creation_id}"
            )
    for name in found:
        creation.delete(name)


def _is_dead(record: Record) -> bool:
    return is_dead(record, now=utc_now(), stale_after_s=_STALE_AFTER_S)


def _records_of(creation: Creation, stage: str) -> Iterator[str]:
    whole = record_name(stage, None)
    if creation.stat(whole):
        yield whole
    for name, _ in creation.list(f"{whole.removesuffix('.json')}/"):
        yield name


def is_half_removed(creation: Creation) -> bool:
    """Whether its removal was interrupted; removing it again finishes it."""
    with suppress(FileNotFoundError):
        return creation.read(POSTED)[0] == REMOVED and not creation.has_request()
    return False


def _deleted(creation: Creation, name: str, expect: str | None) -> bool:
    try:
        creation.store.delete(creation.key(name), expect=expect)
    except PreconditionFailed:
        return False
    return True

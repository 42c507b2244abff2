"""Removes a creation from the store, so that a half-deleted one is not mistaken for work to repeat; or only
what stages have recorded, so that they are done again.

A creation that people delete is first marked: until its removal is due it can be restored. Every step of a
mark is a write over the generation before, so that of a restore and a removal only one comes to pass:

    (none) ── waiting ── removing ── (none)
                └─────── restored ── (none)
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Final, Literal

from pydantic import AwareDatetime, Field, ValidationError

from shared.errors import BadRequest, BeingDeleted, ObjectNotFound, PreconditionFailed, StoreError
from shared.machine.process import process_is_gone, this_process
from shared.records.creation import Creation, canonical_json
from shared.records.documents import Document, Record, is_dead, load, utc_now
from shared.records.names import (
    FOLDERS,
    JOB_ENV,
    JOB_INFO,
    MANIFEST,
    POSTED,
    REQUEST,
    marks_of,
    record_name,
    removal_key,
)
from shared.storage import ABSENT, ObjectInfo, ObjectStore

_STALE_AFTER_S: Final = 60.0
_TRIES: Final = 20
_REMOVAL_TAKES: Final = timedelta(minutes=10)
"""A removal by a process that can't be seen from here is taken to be interrupted after this time."""
REMOVED: Final = canonical_json({"state": "removed"})
"""The content of `POSTED` while its creation is deleted."""


class Removing(Document):
    """`_removing/<creation_id>/_removal`: a creation was deleted, and when it goes for good."""

    state: Literal["waiting", "removing", "restored"] = "waiting"
    run: int = Field(ge=0)
    """Its latest run then; 0 if it was never started. A later run voids the mark."""
    asked_at: AwareDatetime
    due_at: AwareDatetime
    """It can be restored until then, and after that until a sweep comes by."""
    taken_at: AwareDatetime | None = None
    """When the removal began."""
    process: str = ""
    """Who removes it, as named by `shared.machine.process`; empty once that has failed."""
    by: str = Field(default_factory=lambda: token_hex(8))
    """Makes each write differ from every other."""

    def is_due(self, now: datetime) -> bool:
        """Whether it may be removed now: its time is over, or its removal was interrupted."""
        if self.state == "removing":
            begun = self.taken_at or self.due_at
            return not self.process or process_is_gone(self.process) or now - begun > _REMOVAL_TAKES
        return self.state == "waiting" and now >= self.due_at

    def taken(self, now: datetime) -> "Removing":
        """The mark of a removal that this process begins, or goes on with."""
        facts = {"state": "removing", "taken_at": now, "process": this_process(), "by": token_hex(8)}
        return self.model_copy(update=facts)


def load_removing(store: ObjectStore, creation_id: str) -> tuple[Removing | None, str]:
    """The creation's mark and its generation; None and `ABSENT` without one.

    A mark that can't be parsed raises `StoreError`.
    """
    key = removal_key(creation_id)
    try:
        data, info = store.read(key)
    except ObjectNotFound:
        return None, ABSENT
    try:
        return Removing.model_validate_json(data), info.generation
    except ValidationError as error:
        raise StoreError("read", key, "not a valid mark of a removal; delete it") from error


def save_removing(store: ObjectStore, creation_id: str, mark: Removing, *, expect: str) -> str:
    """Write the mark over that generation and return the new one; raises `PreconditionFailed`.

    A write that succeeded without an answer looks like a refusal, so what is stored is read back first.
    """
    data = mark.to_bytes()
    try:
        return store.write(removal_key(creation_id), data, expect=expect).generation
    except StoreError:
        found, generation = load_removing(store, creation_id)
        if found != mark:
            raise
        return generation


def is_deleted(store: ObjectStore, creation_id: str) -> bool:
    """Whether it is marked for removal, so that it is not listed and nothing in it may change."""
    mark, _ = load_removing(store, creation_id)
    return mark is not None and mark.state != "restored"


def demand_kept(creation: Creation) -> None:
    """Raise `BeingDeleted` if the creation is marked for removal."""
    if is_deleted(creation.store, creation.creation_id):
        raise BeingDeleted(creation.creation_id)


def mark_removed(creation: Creation, *, run: int, after_s: float) -> Removing:
    """Mark the creation, whose latest run is number `run`, for removal in so many seconds.

    Asked again, the later request counts; a removal that has begun stays as it is.
    """
    store, creation_id = creation.store, creation.creation_id
    for _ in range(_TRIES):
        found, generation = load_removing(store, creation_id)
        if found and found.state == "removing":
            return found
        now = utc_now()
        mark = Removing(run=run, asked_at=now, due_at=now + timedelta(seconds=after_s))
        with suppress(PreconditionFailed):
            save_removing(store, creation_id, mark, expect=generation)
            return mark
    raise StoreError("mark", creation_id, "other processes keep changing it; try again")


def restore(creation: Creation) -> bool:
    """Take the mark back; False if there is none, or the removal has begun."""
    store, creation_id = creation.store, creation.creation_id
    for _ in range(_TRIES):
        found, generation = load_removing(store, creation_id)
        if found is None or found.state != "waiting":
            return False
        restored = found.model_copy(update={"state": "restored", "by": token_hex(8)})
        with suppress(PreconditionFailed):
            drop_removing(store, creation_id, save_removing(store, creation_id, restored, expect=generation))
            return True
    return False


def drop_removing(store: ObjectStore, creation_id: str, generation: str) -> None:
    """Delete the mark, unless it was changed after that generation."""
    with suppress(PreconditionFailed):
        store.delete(removal_key(creation_id), expect=generation)


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

"""`reelwright clean`: deletes old runs' data and what killed processes left behind."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from rich.console import Console

from scripts.report import print_next, print_table, program, size
from scripts.wiring import make_trigger, reader_of
from shared.api.creations.due import remove_due
from shared.api.creations.scanning import deleted_in
from shared.api.routes.removal import Rows
from shared.errors import BadRequest, PreconditionFailed, ReelwrightError
from shared.machine import temporary
from shared.providers.account import PAID
from shared.records.creation import Creation, creation_ids
from shared.records.documents import load_request, utc_now
from shared.records.names import (
    ASSETS,
    BLUEPRINTS,
    CLAIMS,
    DELIVERIES,
    KEPT_EXPORT,
    KEPT_INPUTS,
    MANIFEST,
    MARKS,
    POSTED,
    RECORDS,
    REQUEST,
    marked_run,
)
from shared.records.removal import is_half_removed, objects_of
from shared.records.removal import remove as remove_creation
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ABSENT, ObjectInfo, ObjectStore

POLICIES: Final = ("all", "final", "none")
_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes"}


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """Something to delete."""

    name: str
    """For people: a creation, the paid results, a temporary folder."""
    objects: tuple[ObjectInfo, ...] = ()
    folder: Path | None = None
    """Left in the temporary folder by a killed process of this program."""
    request: str | None = None
    """Of a creation: the generation of its request when it was read. If that has changed, it is kept."""
    whole: bool = False
    """The whole creation is deleted."""

    bytes: int


def parse_age(text: str) -> timedelta:
    """`30d`, `12h` or `90m`; raises `BadRequest`."""
    match = re.fullmatch(r"([0-9]{1,5})([dhm])", text, re.ASCII)
    if not match:
        raise BadRequest(
            f"--older-than {text!r}: write a number of days, hours or minutes, e.g. 30d, 12h, 90m"
        )
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def clean(settings: Settings, *, older_than: str, keep: str, yes: bool) -> None:
    """List what would be deleted, or delete it with `yes`."""
    if keep not in POLICIES:
        raise BadRequest(f"--keep {keep!r}: use one of {', '.join(POLICIES)}")
    trigger = make_trigger(settings)
    console = Console(stderr=True)
    if yes:
        for creation_id in remove_due(trigger, Rows(settings).remove):
            console.print(f"removed {creation_id}, which had been deleted", markup=False, highlight=False)
    found = list(leftovers(trigger, utc_now() - parse_age(older_than), keep))
    _show(found)
    if not found:
        console.print(f"nothing to delete is older than {older_than}")
    elif not yes:
        print_next(console, [f"{program()} clean --older-than {older_than} --keep {keep} --yes"])
    else:
        for leftover in found:
            remove(trigger.store, leftover)


def leftovers(trigger: Trigger, before: datetime, keep: str) -> Iterator[Leftover]:
    """What ended before that moment: creations by the policy, paid results, temporary folders. Creations that
    were deleted and can still be restored are left alone."""
    active = {marked_run(info.key)[0] for info in trigger.store.list(MARKS)}
    for creation_id in _kept_ids(trigger.store, REQUEST):
        is_marked = creation_id in active
        if leftover := _of_creation(trigger, creation_id, before, keep, is_marked=is_marked):
            yield leftover
    for creation_id in _kept_ids(trigger.store, POSTED):
        if leftover := _half_removed(Creation(trigger.store, creation_id), before):
            yield leftover
    paid = tuple(
        info
        for info in trigger.store.list(PAID)
        if info.modified_at < before and not (active and info.key.startswith(f"{PAID}predictions/"))
    )
    if paid:
        yield Leftover(name="results of paid providers", objects=paid, bytes=_size_of(paid))
    for left in temporary.abandoned(trigger.store.url):
        if left.made_at < before:
            yield Leftover(name=str(left.folder), folder=left.folder, bytes=left.bytes)


def _kept_ids(store: ObjectStore, having: str) -> list[str]:
    """Creations with this object, but those that were deleted: a sweep removes these when they are due."""
    deleted = deleted_in(store)
    return [creation_id for creation_id in creation_ids(store, having=having) if creation_id not in deleted]


def _of_creation(
    trigger: Trigger, creation_id: str, before: datetime, keep: str, *, is_marked: bool
) -> Leftover | None:
    creation = Creation(trigger.store, creation_id)
    try:
        request, generation = load_request(creation)
        if is_marked and request and request.pipeline != BLUEPRINTS:
            return None  # until a sweep has ended it; no sweep ends a blueprint's run
        reader = reader_of(trigger, creation_id)
        status = reader.status(creation_id)
    except ReelwrightError:
        return None  # `reelwright list` shows what is wrong with it
    ended = status.completed_at or status.request.requested_at
    if status.status == "pending" or ended >= before:
        return None
    wanted = _kept(reader, status, keep)
    objects = [info for name, info in objects_of(creation) if not _is_kept(name, wanted)]
    if not objects:
        return None
    return Leftover(
        name=creation_id,
        objects=tuple(objects),
        request=generation,
        whole=keep == "none",
        bytes=_size_of(objects),
    )


def _half_removed(creation: Creation, before: datetime) -> Leftover | None:
    """What remains of a creation whose removal was interrupted."""
    claim = creation.stat(POSTED)
    if claim is None or claim.modified_at >= before or not is_half_removed(creation):
        return None
    objects = [info for _, info in objects_of(creation)]
    return Leftover(
        name=creation.creation_id,
        objects=tuple(objects),
        request=ABSENT,
        whole=True,
        bytes=_size_of(objects),
    )


def _size_of(objects: Iterable[ObjectInfo]) -> int:
    return sum(info.size_bytes for info in objects)


def _kept(trigger: Trigger, status: RunStatus, keep: str) -> frozenset[str]:
    """Folders (which end in `/`) and objects to keep."""
    if keep == "none":
        return frozenset()
    records = {REQUEST, MANIFEST, CLAIMS, RECORDS, DELIVERIES}
    if keep == "all":
        return frozenset({*records, ASSETS})
    if status.request.pipeline == BLUEPRINTS:  # its graph is known from there alone
        records |= {KEPT_EXPORT, KEPT_INPUTS}
    pipeline = trigger.pipelines[status.request.pipeline]
    ends = [status.stages[stage] for stage in pipeline.ends if stage not in pipeline.optional]
    outputs = {out.key for end in ends for record in end.records for out in record.outputs.values()}
    return frozenset(records | outputs)


def _is_kept(name: str, wanted: frozenset[str]) -> bool:
    return name in wanted or name.startswith(tuple(each for each in wanted if each.endswith("/")))


def _show(found: Sequence[Leftover]) -> None:
    rows = [
        (leftover.name, str(len(leftover.objects)), size(leftover.bytes))
        for leftover in found
        if leftover.objects
    ]
    if rows:
        print_table(("what", "objects", "size"), rows, folded=("what",), right=("objects", "size"))
    for leftover in found:
        if leftover.folder:  # the full path, so that it can be inspected first
            text = f"{leftover.folder}  {size(leftover.bytes)}, left by a process that was killed"
            Console().print(text, markup=False, highlight=False, soft_wrap=True)


def remove(store: ObjectStore, leftover: Leftover) -> None:
    """Delete it, except what has changed since it was listed."""
    if leftover.whole:
        remove_creation(Creation(store, leftover.name), over=leftover.request)
        return
    if leftover.request is not None:
        found = store.stat(f"{leftover.name}/{REQUEST}")
        if found is None or found.generation != leftover.request:
            return  # it was started again
    for info in leftover.objects:
        with suppress(PreconditionFailed):  # another process has written it since
            store.delete(info.key, expect=info.generation)
    if leftover.folder:
        temporary.remove(leftover.folder)

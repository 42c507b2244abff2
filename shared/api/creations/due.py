"""Removes creations that were deleted and whose time to be restored is over."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Final

from shared.errors import PreconditionFailed, StoreError
from shared.logs import log
from shared.preparing.looking import look_after_all
from shared.preparing.record import mark_key
from shared.records.creation import Creation
from shared.records.documents import load_request, utc_now
from shared.records.names import REMOVING, removed_creation
from shared.records.removal import Removing, drop_removing, load_removing, remove, save_removing
from shared.runs.sweeping import SweepReport
from shared.runs.trigger import Trigger
from shared.storage import ABSENT

_AT_ONCE: Final = 8
Forget = Callable[[str], None]
"""Deletes the creation's rows in the database."""


def sweep_all(trigger: Trigger, forget: Forget) -> tuple[SweepReport, list[str]]:
    """All that is done now and then: look after creations that are prepared, advance runs, remove what is
    due. Returns the report on the runs, and the IDs of what was removed."""
    look_after_all(trigger)
    report = trigger.sweep()
    return report, remove_due(trigger, forget)


def remove_due(trigger: Trigger, forget: Forget) -> list[str]:
    """Remove all that is due, also what an interrupted removal has left; returns the IDs.

    Several may do so at once: the mark's next state is written over the one before, so that one of them gets
    it. A run that was started after all voids the mark.
    """
    ids = [removed_creation(info.key) for info in trigger.store.list(REMOVING)]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="remove") as pool:
        done = list(pool.map(partial(_removed, trigger, forget), ids))
    return [creation_id for creation_id, is_done in zip(ids, done, strict=True) if is_done]


def _removed(trigger: Trigger, forget: Forget, creation_id: str) -> bool:
    try:
        return remove_if_due(trigger, creation_id, forget)
    except Exception as error:  # noqa: BLE001 - one broken creation must not hold up the others
        log(logging.ERROR, "removal_failed", f"{creation_id}: could not be removed: {error}")
        return False


def remove_if_due(trigger: Trigger, creation_id: str, forget: Forget) -> bool:
    """Whether the creation was due, and is removed now with all that belongs to it."""
    creation = Creation(trigger.store, creation_id)
    mark, generation = load_removing(trigger.store, creation_id)
    if mark and mark.state == "restored":
        drop_removing(trigger.store, creation_id, generation)
    now = utc_now()
    if mark is None or not mark.is_due(now):
        return False
    request, over = load_request(creation)
    if request and request.run != mark.run:
        return _void(creation, generation)
    if request and _is_at_work(trigger, creation_id, request.pipeline):
        return False
    try:
        taken = save_removing(trigger.store, creation_id, mark.taken(now), expect=generation)
    except PreconditionFailed:
        return False  # it was restored, or another process removes it
    try:
        if not remove(creation, over=over if request else ABSENT):
            return _void(creation, taken)
        _finish(trigger, creation, mark, taken, forget)
    except Exception:
        _leave(creation, mark, taken)
        raise
    return True


def _is_at_work(trigger: Trigger, creation_id: str, pipeline: str) -> bool:
    """Whether stages that were stopped have yet to end; the next sweep looks again."""
    if pipeline not in trigger.pipelines:
        return False
    status = trigger.status(creation_id)
    return status.status == "pending" or status.is_busy


def _void(creation: Creation, generation: str) -> bool:
    text = f"{creation.creation_id}: is kept: it was started after it was deleted"
    log(logging.WARNING, "removal_void", text, creation_id=creation.creation_id)
    drop_removing(creation.store, creation.creation_id, generation)
    return False


def _leave(creation: Creation, mark: Removing, generation: str) -> None:
    """Let the next sweep begin again, where this one has failed."""
    left = mark.taken(utc_now()).model_copy(update={"process": ""})
    with suppress(StoreError):  # then it begins again when this process is gone, or after some minutes
        save_removing(creation.store, creation.creation_id, left, expect=generation)


def _finish(trigger: Trigger, creation: Creation, mark: Removing, taken: str, forget: Forget) -> None:
    """The mark comes last: until then an interrupted removal is begun again."""
    trigger.store.delete(mark_key(creation.creation_id))
    forget(creation.creation_id)
    drop_removing(trigger.store, creation.creation_id, taken)
    text = f"{creation.creation_id}: removed, as asked at {mark.asked_at:%H:%M:%S} UTC"
    log(logging.INFO, "creation_removed", text, creation_id=creation.creation_id)

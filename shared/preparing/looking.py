"""Looking after creations that are being prepared: what a poll, a sweep or the end of a job sets going."""

import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from shared.errors import BadRequest, PreconditionFailed
from shared.logs import log
from shared.preparing.posting import is_unanswered, start_again
from shared.preparing.record import UNDER_WAY, Preparation, fail, load_preparation, mark_key
from shared.records.creation import Creation
from shared.records.documents import utc_now
from shared.records.names import PREPARED
from shared.runs.report import ERROR, PIPELINE, Report
from shared.runs.sweeping import Swept, sweep_all
from shared.runs.trigger import Trigger

_MOST_STARTS: Final = 3
_MARK_LASTS: Final = timedelta(hours=1)


def look_after(trigger: Trigger, creation: Creation) -> Preparation | None:
    """Start the job again if it was never started or was cut short, record that it has died, or start the run
    that it has prepared. Returns the record, or None if the creation has none.

    Safe to call any number of times, at once.
    """
    found, generation = load_preparation(creation)
    if found is None or found.pipeline not in trigger.pipelines or creation.has_request():
        return found
    if found.state == "ready":
        return _begin(trigger, creation, found)
    if found.state not in UNDER_WAY:
        return found
    if is_unanswered(found):
        return start_again(trigger, creation, found, generation, another=False)
    if found.execution:
        return _watched(trigger, creation, found.execution)
    return _in_time(trigger, creation, found)


def _begin(trigger: Trigger, creation: Creation, found: Preparation) -> Preparation | None:
    try:
        trigger.start(found.pipeline, creation.creation_id)
    except BadRequest as error:
        return fail(creation, str(error))
    return found


def _watched(trigger: Trigger, creation: Creation, execution: str) -> Preparation | None:
    """An execution that has ended although the record says otherwise was killed, or never came to work."""
    state = trigger.platform.state(execution)
    found, generation = load_preparation(creation)  # read after the state, so that its own end is in it
    if found is None or found.execution != execution or found.state not in UNDER_WAY:
        return found
    if state.status == "running" and found.state == "posted":
        return found  # it waits for its turn
    if state.status != "ended":
        return _in_time(trigger, creation, found)
    job = trigger.pipelines[found.pipeline].extra_jobs[found.job]
    if found.attempt < job.retries and found.starts < _MOST_STARTS:
        text = f"{creation.creation_id}: {found.job} was cut short ({state.reason}); it is started again"
        log(logging.WARNING, "job_again", text)
        return start_again(trigger, creation, found, generation, another=True)
    return fail(creation, state.reason or "it ended without a word; look at its log")


def _in_time(trigger: Trigger, creation: Creation, found: Preparation) -> Preparation | None:
    job = trigger.pipelines[found.pipeline].extra_jobs[found.job]
    if found.is_overdue(job.time_limit_s):
        return fail(creation, f"no news within its time limit of {job.time_limit_s} s: it was killed")
    return found


def go_on(trigger: Trigger, creation_id: str) -> None:
    """Advance a creation of which something has ended: a stage, or the job that prepares it."""
    creation = Creation(trigger.store, creation_id)
    if creation.has_request() or look_after(trigger, creation) is None:
        trigger.advance(creation_id)
    elif not _is_marked_on(trigger, creation):
        trigger.store.delete(mark_key(creation_id))


def look_after_all(trigger: Trigger) -> None:
    """Look after every creation that has a mark; marks of those that need it no more are removed."""
    marks = [info.key for info in trigger.store.list(PREPARED)]
    sweep_all(marks, lambda mark: _swept(trigger, mark))


def _swept(trigger: Trigger, mark: str) -> tuple[Swept, str]:
    creation_id = mark.removeprefix(PREPARED)
    try:
        creation = Creation(trigger.store, creation_id)
        info = trigger.store.stat(mark)
        found = look_after(trigger, creation)
        is_new = info is not None and utc_now() - info.modified_at < _MARK_LASTS
        if info and not (is_new if found is None else _is_marked_on(trigger, creation)):
            with suppress(PreconditionFailed):
                trigger.store.delete(mark, expect=info.generation)
    except Exception as error:  # noqa: BLE001 - one broken creation must not hold up the others
        log(logging.ERROR, "sweep_failed", f"{creation_id}: could not be looked after: {error}")
        return "failed", creation_id
    return "looked", creation_id


def _is_marked_on(trigger: Trigger, creation: Creation) -> bool:
    """Whether a sweep must look at it again: it is under way, or its execution has yet to be released."""
    found, _ = load_preparation(creation)
    if found is None:
        return False
    if not creation.has_request() and found.state in (*UNDER_WAY, "ready"):
        return True
    return bool(found.execution) and not trigger.platform.release(found.execution)


def reports_of_preparation(creation_id: str, found: Preparation) -> list[Report]:
    """What those who watch the creation are told, as of a run number 0."""
    facts: dict[str, Any] = {"job_id": creation_id, "pipeline": found.pipeline, "run": 0}
    facts |= {"progress": 0, "overall": 0, "at": found.heard_at}
    if found.state == "failed":
        return [Report(stage=ERROR, status="failed", message=found.error, **facts)]
    return [Report(stage=PIPELINE, status="pending", message=found.message, **facts)]

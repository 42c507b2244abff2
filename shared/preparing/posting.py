"""Posting: what a client sent is written down, then a job is started that works on it.

Two writes, or three for a large request, so that an answer is quick. The mark comes first: a server that dies
after the record leaves a creation that a sweep finds.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pydantic_core import from_json

from shared.errors import BadRequest, PlatformBusy, PlatformError, PreconditionFailed
from shared.logs import log
from shared.pipelines.definition import Pipeline
from shared.platforms import JobOrder
from shared.preparing.record import (
    Preparation,
    fail,
    load_preparation,
    mark_key,
    save_preparation,
    update,
)
from shared.records.creation import Creation, canonical_json
from shared.records.documents import utc_now
from shared.records.names import payload_name
from shared.runs.trigger import Trigger
from shared.storage import ABSENT

PAYLOAD_VARIABLE: Final = "INPUT_PAYLOAD"
ID_FIELD: Final = "jobId"
_MOST_IN_ENVIRONMENT: Final = 6 * 1024
"""Bytes in the JSON of an order. Code Engine takes 10 KiB for all of a job run; a larger payload is read from
the store."""
_MOST_IN_RECORD: Final = 8 * 1024
"""Bytes. A larger payload is an object of its own: the record is read and written often."""
_ANSWERED_WITHIN: Final = timedelta(seconds=60)
"""A start has been answered by then, or its starter is dead."""


class PostedOtherwise(BadRequest):
    """The ID belongs to another post."""


def post(creation: Creation, pipeline: Pipeline, job: str, payload: Mapping[str, Any]) -> Preparation | None:
    """Write down what was posted under this creation's ID. Returns the record for the caller to `start`, or
    None if the same was posted before.

    Raises `PostedOtherwise` if the ID holds another post.
    """
    data = canonical_json(dict(payload))
    digest = hashlib.sha256(data).hexdigest()
    is_small = len(data) <= _MOST_IN_RECORD
    now = utc_now()
    posted = Preparation(
        pipeline=pipeline.name,
        job=job,
        digest=digest,
        payload=dict(payload) if is_small else None,
        posted_at=now,
        asked_at=now,
        heard_at=now,
    )
    creation.store.write(mark_key(creation.creation_id), b"")
    if not is_small:
        creation.write(payload_name(digest), data)
    try:
        return save_preparation(creation, posted, expect=ABSENT)
    except PreconditionFailed:
        found, _ = load_preparation(creation)
        if found and found.digest == digest:
            return None
        if not is_small:
            creation.delete(payload_name(digest))
        raise PostedOtherwise(f"{creation.creation_id!r} holds another request") from None


def read_payload(creation: Creation, preparation: Preparation) -> dict[str, Any]:
    """What was posted."""
    if preparation.payload is not None:
        return preparation.payload
    found: dict[str, Any] = from_json(creation.read(payload_name(preparation.digest))[0])
    return found


def start(trigger: Trigger, creation: Creation, asked: Preparation) -> Preparation | None:
    """Start the job of a record that the caller has written. A platform that is busy is asked again by the
    next look; one that refuses is the job's failure."""
    try:
        execution = trigger.platform.start_job(_order(trigger, creation, asked))
    except PlatformBusy as error:
        text = f"waits for {trigger.platform.name}: {error}"
        log(logging.WARNING, "job_postponed", f"{creation.creation_id}: {asked.job} {text}")
        return update(creation, lambda found: {"message": text} if found.state == "posted" else None)
    except PlatformError as error:
        return fail(creation, str(error))
    log(logging.INFO, "job_started", f"{creation.creation_id}: started {asked.job}", execution=execution)
    return update(creation, lambda found: {"execution": execution} if found.starts == asked.starts else None)


def start_again(
    trigger: Trigger, creation: Creation, before: Preparation, generation: str, *, another: bool
) -> Preparation | None:
    """Take the start over from the last one who asked, and start; with `another` it is one more execution,
    otherwise the same that may already be under way."""
    fields: dict[str, Any] = {"asked_at": utc_now(), "state": "posted", "execution": ""}
    if another:
        fields |= {"starts": before.starts + 1, "attempt": -1}
    try:
        asked = save_preparation(creation, before.model_copy(update=fields), expect=generation)
    except PreconditionFailed:
        return load_preparation(creation)[0]
    return start(trigger, creation, asked)


def is_unanswered(preparation: Preparation) -> bool:
    """Whether the start of the job was asked for so long ago that it must be asked for again."""
    if preparation.state != "posted" or preparation.execution:
        return False
    return utc_now() - preparation.asked_at > _ANSWERED_WITHIN


def _order(trigger: Trigger, creation: Creation, asked: Preparation) -> JobOrder:
    creation_id = creation.creation_id
    token = hashlib.sha256(f"{creation_id}/{asked.starts}".encode()).hexdigest()[:16]
    return JobOrder(
        pipeline=asked.pipeline,
        job=asked.job,
        definition=trigger.pipelines[asked.pipeline].extra_jobs[asked.job],
        creation_id=creation_id,
        token=token,
        environ={PAYLOAD_VARIABLE: _in_environment(creation, asked)},
    )


def _in_environment(creation: Creation, asked: Preparation) -> str:
    """All of a small payload, or the ID that stands for it."""
    brief = json.dumps({ID_FIELD: creation.creation_id})
    if asked.payload is None:
        return brief
    whole = json.dumps({ID_FIELD: creation.creation_id, **asked.payload}, ensure_ascii=False)
    return whole if len(json.dumps(whole)) <= _MOST_IN_ENVIRONMENT else brief

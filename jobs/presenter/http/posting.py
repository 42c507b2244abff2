"""Makes a creation from a posted request, under an ID that is made here, once."""

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from jobs.presenter.drawing.themes import theme_names
from jobs.presenter.messages.request import JOB, read_asked
from shared.errors import BadRequest
from shared.pipelines.definition import Pipeline
from shared.preparing.posting import PostedOtherwise, post
from shared.preparing.record import Preparation
from shared.records.creation import Creation
from shared.settings import Settings
from shared.storage import ObjectStore
from shared.storage.memory import MemoryStore

_KEY: Final = re.compile(r"[!-~][ -~]{0,254}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A request that is safe in the store."""

    job_id: str
    to_start: Preparation | None
    """None if the same was posted before."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a server knows when a request comes."""

    store: ObjectStore
    pipeline: Pipeline
    settings: Settings


def post_talk(desk: Desk, fields: Mapping[str, Any], *, key: str, sender: str) -> Posted:
    """Check a request and write it down. `key` is the Idempotency-Key, or empty; `sender` tells senders who
    choose the same key apart.

    Raises `BadRequest` naming every problem, also for a key that was used for another request.
    """
    if "jobId" in fields:
        raise BadRequest("jobId: is made here; send the header Idempotency-Key to get the same one again")
    asked = read_asked(fields, settings=desk.settings)
    job_id = job_id_of(key, sender)
    try:
        to_start = post(Creation(desk.store, job_id), desk.pipeline, JOB, asked.fields)
    except PostedOtherwise as error:
        raise BadRequest(
            f"Idempotency-Key: {key!r} was used for another request; send a new key for a new request"
        ) from error
    return Posted(job_id=job_id, to_start=to_start)


def rehearse(pipeline: Pipeline, settings: Settings) -> None:
    """Do once what a request needs, so that the first is answered as quickly as all others."""
    for theme in theme_names():
        fields = {"text": "# One\n\nTwo.", "voice": "ada", "avatar": "Ada", "theme": theme}
        desk = Desk(store=MemoryStore(), pipeline=pipeline, settings=settings)
        with suppress(BadRequest):  # for a voice that these settings do without
            post_talk(desk, fields, key="", sender="")


def job_id_of(key: str, sender: str) -> str:
    """A new ID; the same one for the same key of the same sender."""
    if not key:
        return str(uuid4())
    if not _KEY.fullmatch(key):
        raise BadRequest("Idempotency-Key: must have 1 to 255 ASCII characters, e.g. a UUID")
    digest = hashlib.sha256(f"{hashlib.sha256(sender.encode()).hexdigest()}\n{key}".encode()).digest()
    return str(UUID(bytes=digest[:16], version=5))

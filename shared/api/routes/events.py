"""Events over HTTP: CloudEvents that hint that a task has ended, and the sweep for events that got lost.

An event may come twice, late, out of order or never, and says no more than the store does: the creation that
it names is read again. Irrelevant events are acknowledged too, so that the sender stops retrying.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_binary, from_structured
from cloudevents.core.exceptions import BaseCloudEventException
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import REQUIRED_ATTRIBUTES, CloudEvent
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.security import APIKeyHeader
from pydantic import AliasChoices, AliasPath, Base64Bytes, BaseModel, Field, ValidationError

from shared.api.creations.due import sweep_all
from shared.api.guard.auth import EVENT_TOKEN_HEADER
from shared.api.http.body import read_body
from shared.api.http.problems import RESPONSES, Problem
from shared.api.routes.context import WithRows, WithTrigger
from shared.api.routes.models import SweepBody
from shared.api.routes.removal import Rows
from shared.errors import BadRequest, ObjectNotFound
from shared.logs import log
from shared.platforms.task import CREATION_VARIABLE
from shared.records.creation import is_creation_id
from shared.records.names import RECORDS
from shared.runs.trigger import Trigger
from shared.storage import ObjectStore

MAX_EVENT_BYTES: Final = 1 << 20
_STRUCTURED: Final = "application/cloudevents+json"
_PING: Final = "dev.knative.sources.ping"
_RUN_JOB: Final = "/Jobs.RunJob"
"""The method name in Cloud Run's audit log at the end of an execution; that at its start is longer."""
_RECORD: Final = re.compile(r"[a-z][a-z0-9_]*(/[0-9]{1,9})?\.json", re.ASCII)
_ENDS: Final = frozenset(
    {"google.cloud.audit.log.v1.written", "google.cloud.pubsub.topic.v1.messagePublished"}
)
"""Events that report an execution's end, which the store may not show."""
_Data = TypeVar("_Data", bound=BaseModel)

_MALFORMED: Final = (
    BaseCloudEventException,
    ValueError,
    TypeError,
    AttributeError,  # a structured event that is not a JSON object
    RecursionError,
)
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    401: {"model": Problem, "description": "Neither the bearer token nor an identity that may send events."},
    **{status: RESPONSES[status] for status in (400, 403, 405, 408)},
    503: {"model": Problem, "description": "It can't be done now; send it again."},
}
_TAKING: Final[dict[int | str, dict[str, Any]]] = {
    **_ANSWERS,
    204: {"description": "Taken, or irrelevant here."},
    400: {"model": Problem, "description": "Not a CloudEvent, version 1.0, in structured or binary mode."},
    413: {"model": Problem, "description": f"The event is larger than {MAX_EVENT_BYTES} bytes."},
    415: {"model": Problem, "description": "The event is compressed."},
}
_EVENT_BODY: Final = {
    "requestBody": {
        "required": True,
        "description": "A CloudEvent: all of it, or its data with the attributes in `ce-` headers.",
        "content": {
            _STRUCTURED: {"schema": {"type": "object", "required": sorted(REQUIRED_ATTRIBUTES)}},
            "application/json": {"schema": {}},
        },
    }
}
_EVENT_TOKEN: Final = APIKeyHeader(
    name=EVENT_TOKEN_HEADER,
    auto_error=False,
    description="API_TOKEN as the event's extension attribute `token`, from senders that can't set "
    "Authorization; only where no identity tokens are taken.",
)

router = APIRouter(tags=["events"], responses=_ANSWERS)


class _StoredObject(BaseModel):
    """StorageObjectData of Google's google-cloudevents, or the body of IBM's Object Storage events."""

    bucket: str
    key: str = Field(validation_alias=AliasChoices("name", "key"))


class _Variable(BaseModel):
    name: str
    value: str | None = None


class _Container(BaseModel):
    env: list[_Variable] = []
    args: list[str] = []


class _LogEntry(BaseModel):
    """LogEntry of Cloud Logging, with the AuditLog of a Cloud Run execution in it."""

    resource: str = Field(validation_alias=AliasPath("resource", "type"))
    method: str = Field(validation_alias=AliasPath("protoPayload", "methodName"))
    containers: list[_Container] = Field(
        validation_alias=AliasPath("protoPayload", "response", "spec", "template", "spec", "containers")
    )


class _Message(BaseModel):
    """MessagePublishedData of Pub/Sub."""

    data: Base64Bytes = Field(validation_alias=AliasPath("message", "data"))


class _RecordStatus(BaseModel):
    status: str


async def _read_event(request: Request) -> BaseCloudEvent:
    """Read the request as a CloudEvent; raises 400 for anything else, 413 over `MAX_EVENT_BYTES`."""
    headers = {name: value for name, value in request.headers.items() if name != EVENT_TOKEN_HEADER}
    message = HTTPMessage(headers=headers, body=await read_body(request, MAX_EVENT_BYTES))
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    parse = from_structured if media_type == _STRUCTURED else from_binary
    try:
        return parse(message, JSONFormat(), _strict)
    except _MALFORMED as error:
        raise HTTPException(400, f"not a CloudEvent, version 1.0: {str(error)[:300]}") from error


@router.post(
    "/events",
    status_code=204,
    responses=_TAKING,
    openapi_extra=_EVENT_BODY,
    dependencies=[Depends(_EVENT_TOKEN)],
)
def take_event(
    event: Annotated[BaseCloudEvent, Depends(_read_event)], trigger: WithTrigger, rows: WithRows
) -> None:
    """Advance the creation that a CloudEvent is about, or sweep; irrelevant events have no effect."""
    kind = event.get_type()
    if kind == _PING:
        _sweep(trigger, rows)
        return
    find = _FINDERS.get(kind)
    creation_id = find(trigger.store, event.get_data()) if find else None
    if creation_id is None:
        log(logging.DEBUG, "event_ignored", f"an event of type {kind!r} is irrelevant here", type=kind)
        return
    try:
        status = trigger.advance(creation_id, ask_again=kind in _ENDS)
    except BadRequest as error:
        log(logging.DEBUG, "event_ignored", str(error), type=kind)
        return
    log(
        logging.INFO,
        "event_taken",
        f"{creation_id}: {status.message}",
        type=kind,
        creation_id=creation_id,
        status=status.status,
    )


@router.post("/sweep")
def sweep(trigger: WithTrigger, rows: WithRows) -> SweepBody:
    """Advance every run that is under way, in case events got lost, and remove deleted creations when they
    are due; call it every minute or so."""
    return _sweep(trigger, rows)


def _sweep(trigger: Trigger, rows: Rows) -> SweepBody:
    found, removed = sweep_all(trigger, rows.remove)
    report = {**asdict(found), "removed": len(removed)}
    log(logging.INFO, "swept", f"swept {report['advanced']} runs, {report['launched']} go on", **report)
    return SweepBody.model_validate(report)


def _strict(attributes: dict[str, Any], data: dict[str, Any] | str | bytes | None) -> BaseCloudEvent:
    """The event; raises `ValueError` for missing attributes, which the library would fill in."""
    missing = [name for name in REQUIRED_ATTRIBUTES if name not in attributes]
    if missing:
        raise ValueError(f"without the attributes {', '.join(missing)}")
    return CloudEvent(attributes, data)


def _from_object(store: ObjectStore, data: object) -> str | None:
    """The creation whose record was written, unless it was a heartbeat of a stage at work."""
    found = _parsed(_StoredObject, data)
    if found is None or found.bucket != urlsplit(store.url).netloc:
        return None
    creation_id, _, name = found.key.partition(f"/{RECORDS}")
    if not is_creation_id(creation_id) or not _RECORD.fullmatch(name):
        return None
    try:
        record, _ = store.read(found.key)
    except ObjectNotFound:
        return None
    written = _parsed(_RecordStatus, record)
    return creation_id if written and written.status != "running" else None


def _from_log_entry(_store: ObjectStore, data: object) -> str | None:
    """The creation of an execution that has ended."""
    entry = _parsed(_LogEntry, data)
    if entry is None or entry.resource != "cloud_run_job" or entry.method != _RUN_JOB:
        return None
    variables = [variable for container in entry.containers for variable in container.env]
    names = [variable.value or "" for variable in variables if variable.name == CREATION_VARIABLE]
    names += [container.args[0] for container in entry.containers if container.args]
    return next(filter(is_creation_id, names), None)


def _from_message(store: ObjectStore, data: object) -> str | None:
    """The same, from a log sink's message."""
    message = _parsed(_Message, data)
    return _from_log_entry(store, message.data) if message else None


def _parsed(kind: type[_Data], data: object) -> _Data | None:
    try:
        return kind.model_validate_json(data) if isinstance(data, str | bytes) else kind.model_validate(data)
    except ValidationError:
        return None


_FINDERS: Final[dict[str, Callable[[ObjectStore, object], str | None]]] = {
    "google.cloud.storage.object.v1.finalized": _from_object,
    "com.ibm.cloud.cos.document.write": _from_object,
    "google.cloud.audit.log.v1.written": _from_log_entry,
    "google.cloud.pubsub.topic.v1.messagePublished": _from_message,
}
"""How to find the creation that an event is about, by the event's type."""

"""`POST /assist`: a text becomes a talk. Answers as soon as the request is safe in the store."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, BackgroundTasks, FastAPI, Header, HTTPException, Request, Response
from pydantic_core import from_json
from starlette.concurrency import run_in_threadpool

from jobs.presenter.http.bodies import AcceptedBody, accepted_body, request_schema
from jobs.presenter.http.posting import Desk, Posted, post_talk, rehearse
from jobs.presenter.messages.request import MOST_BYTES
from shared.api.http.body import read_body
from shared.api.http.problems import RESPONSES, Problem
from shared.api.routes.context import WithStarters, WithTrigger, installed
from shared.errors import BadRequest, ReelwrightError
from shared.logs import log
from shared.preparing.posting import start
from shared.records.creation import Creation
from shared.runs.trigger import Trigger
from shared.text.plain_text import decode_text

PIPELINE: Final = "presenter"
_ASKING: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": request_schema()}}}
}
_ACCEPTING: Final[dict[int | str, dict[str, Any]]] = {
    413: {"model": Problem, "description": "The request is too large."},
    415: {"model": Problem, "description": "The body is not JSON, or is compressed."},
}


@asynccontextmanager
async def _rehearsed(app: FastAPI) -> AsyncIterator[None]:
    trigger = app.state.trigger
    if PIPELINE in trigger.pipelines:
        await run_in_threadpool(rehearse, trigger.pipelines[PIPELINE], app.state.settings)
    yield


router = APIRouter(tags=["talks"], responses=RESPONSES, lifespan=_rehearsed)


@router.post("/assist", status_code=202, responses=_ACCEPTING, openapi_extra=_ASKING)
async def assist(
    request: Request,
    response: Response,
    background: BackgroundTasks,
    trigger: WithTrigger,
    starters: WithStarters,
    idempotency_key: Annotated[
        str, Header(description="The same key gives the same jobId; at most 255 characters.")
    ] = "",
) -> AcceptedBody:
    """Request a talk. Composing it is started after the answer; if the server dies before that, the next
    poll or sweep starts it."""
    desk = Desk(
        store=trigger.store, pipeline=installed(trigger, PIPELINE), settings=request.app.state.settings
    )
    data = await _read(request)
    sender = request.headers.get("authorization", "")
    posted = await run_in_threadpool(_post, desk, data, idempotency_key, sender)
    request.app.state.index.touch(posted.job_id)

    async def begin() -> None:
        await run_sync(_start, trigger, posted, limiter=starters)

    if posted.to_start:
        background.add_task(begin)
    body = accepted_body(posted.job_id, desk.pipeline)
    response.headers["Location"] = body.statusUrl
    return body


async def _read(request: Request) -> bytes:
    data = await read_body(request, MOST_BYTES)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "send JSON (Content-Type: application/json)")
    return data


def _post(desk: Desk, data: bytes, key: str, sender: str) -> Posted:
    try:
        fields = from_json(decode_text(data), allow_inf_nan=False)
    except ValueError as error:
        raise BadRequest(f"the body is not valid JSON: {error}") from error
    if not isinstance(fields, dict):
        raise BadRequest('the body must be a JSON object, e.g. {"text": "Hello."}')
    return post_talk(desk, fields, key=key, sender=sender)


def _start(trigger: Trigger, posted: Posted) -> None:
    """Errors are the log's: the answer is given, and the record makes the next look try again."""
    assert posted.to_start
    try:
        start(trigger, Creation(trigger.store, posted.job_id), posted.to_start)
    except ReelwrightError as error:
        log(logging.WARNING, "start_postponed", f"{posted.job_id}: {error}", job_id=posted.job_id)

"""Ads over HTTP: request one, get its state, list, cancel, resume, delete."""

import json
import time
from pathlib import Path
from typing import Annotated, Any, Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi import Path as PathParameter
from starlette.concurrency import run_in_threadpool

from jobs.ad.brief import ASPECT_RATIOS, BRIEF_NAME, MOST_PICTURE_BYTES
from jobs.ad.http.bodies import AcceptedBody, VideoBody, VideosBody, accepted_body, not_begun, video_body
from jobs.ad.http.listing import MOST, Page, list_videos
from jobs.ad.http.posting import Files, look_through, post
from jobs.ad.styles import style_names
from shared.accepted import PICTURE_NAMES
from shared.api.creations.paging import Place
from shared.api.creations.stopping import stop
from shared.api.http.body import read_parameters
from shared.api.http.multipart import read_form
from shared.api.http.prefix import server_url
from shared.api.http.problems import RESPONSES, Problem
from shared.api.routes.claiming import AlreadyPosted
from shared.api.routes.context import (
    WithDecoders,
    WithIndex,
    WithListers,
    WithRows,
    WithSettings,
    WithTrigger,
)
from shared.errors import ObjectNotFound
from shared.machine.temporary import scratch
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation
from shared.records.documents import load_request
from shared.records.names import POSTED
from shared.records.removal import remove, restore
from shared.runs.report import State
from shared.settings import Settings

PIPELINE: Final = "ad"
_FORM: Final = "multipart/form-data"
_FIELDS: Final[dict[str, Any]] = {
    "product_name": {"type": "string", "minLength": 1, "maxLength": 100},
    "style": {"type": "string", "enum": list(style_names())},
    "cta_text": {"type": "string", "minLength": 1, "maxLength": 50},
    "job_id": {"type": "string", "description": "A new ID without slashes; made if left out."},
    "variation": {
        "type": "integer",
        "minimum": 0,
        "description": "Another number makes another ad from the same brief.",
    },
    "captions": {"type": "boolean", "description": "Whether the spoken words are drawn into the film."},
    "proof": {
        "type": "string",
        "minLength": 1,
        "maxLength": 100,
        "description": "What others say about it, shown and spoken word for word.",
        "examples": ["4.8 stars from 2,100 reviews"],
    },
    "aspect_ratio": {"type": "string", "enum": list(ASPECT_RATIOS), "description": "9:16 unless given."},
}
_REQUIRED: Final = ["product_name", "style", "cta_text"]
_FILE: Final = {"type": "string", "format": "binary"}
_FILES: Final = {
    "product_image": {**_FILE, "description": f"{PICTURE_NAMES}, up to 10 MB."},
    "music": {**_FILE, "description": "MP3, WAV, M4A, Ogg, FLAC, …; composed if left out."},
}
_ASKING: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object", "properties": _FIELDS, "required": _REQUIRED}},
            _FORM: {"schema": {"type": "object", "properties": _FIELDS | _FILES, "required": _REQUIRED}},
        },
    }
}
_ACCEPTING: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": Problem, "description": "The job ID is in use."},
    413: {"model": Problem, "description": "A field is too large."},
    415: {"model": Problem, "description": "The body is neither JSON nor a form, or is compressed."},
}
_DELETING: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": Problem, "description": "The job is running."}
}
_RESUMING: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": Problem, "description": "The job is running, completed or was never started."}
}

router = APIRouter(prefix="/api/videos", tags=["videos"], responses=RESPONSES)


async def _pipeline(trigger: WithTrigger) -> Pipeline:
    if PIPELINE not in trigger.pipelines:
        raise HTTPException(404, f"pipeline {PIPELINE!r} is not installed on this server")
    return trigger.pipelines[PIPELINE]


def _job(
    trigger: WithTrigger,
    job_id: Annotated[str, PathParameter(description="The job's ID.", examples=["job-123"])],
) -> Creation:
    """The job's creation; 404 if it is not an ad."""
    creation = Creation(trigger.store, job_id)
    request, _ = load_request(creation)
    if request and request.pipeline == PIPELINE:
        return creation
    if request or not (creation.stat(POSTED) or creation.stat(BRIEF_NAME)):
        raise HTTPException(404, f"no ad named {job_id!r}; POST /api/videos/generate makes one")
    return creation


WithPipeline = Annotated[Pipeline, Depends(_pipeline)]
WithJob = Annotated[Creation, Depends(_job)]


@router.post("/generate", status_code=202, responses=_ACCEPTING, openapi_extra=_ASKING)
async def generate(
    request: Request,
    response: Response,
    trigger: WithTrigger,
    settings: WithSettings,
    decoders: WithDecoders,
    _: WithPipeline,
) -> AcceptedBody:
    """Request an ad. The response says where to follow its progress."""
    with scratch() as folder:
        fields, sent = await _read(request, folder, settings)
        files = await run_sync(look_through, sent, limiter=decoders) if sent else Files()
        try:
            job_id = await run_in_threadpool(post, trigger, PIPELINE, fields, files)
        except AlreadyPosted as error:
            raise HTTPException(409, str(error)) from error
    body = accepted_body(job_id)
    response.headers["Location"] = body.status_url
    return body


@router.get("")
async def videos(
    *,
    trigger: WithTrigger,
    index: WithIndex,
    listers: WithListers,
    pipeline: WithPipeline,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 20,
    cursor: Annotated[
        str | None, Query(max_length=500, description="`next_cursor` of the previous page.")
    ] = None,
    status: Annotated[State | None, Query(description="Only ads with this status.")] = None,
) -> VideosBody:
    """All ads, newest first. A page may hold fewer than `limit`, or none, although more follow."""
    page = Page(limit=limit, after=Place.of(cursor) if cursor else None, status=status)
    return await run_sync(list_videos, trigger, index, pipeline, page, limiter=listers)


@router.get("/{job_id:path}")
def video(creation: WithJob, trigger: WithTrigger, pipeline: WithPipeline) -> VideoBody:
    """The state of an ad."""
    if not creation.has_request():
        return _not_begun(creation, pipeline)
    found = trigger.status(creation.creation_id)
    if found.ready or found.is_over:  # a stage ended without an event, e.g. during a restart of the server
        found = trigger.advance(creation.creation_id)
    return video_body(creation, pipeline, found)


@router.post("/{job_id:path}/cancel", status_code=202)
def cancel(creation: WithJob, trigger: WithTrigger, pipeline: WithPipeline, response: Response) -> VideoBody:
    """Stop the work on an ad. An ad that has ended does not change."""
    if not creation.has_request():
        raise HTTPException(409, f"ad {creation.creation_id!r} was never started, so it can't be cancelled")
    response.headers["Location"] = server_url(f"/api/videos/{creation.creation_id}")
    return video_body(creation, pipeline, trigger.cancel(creation.creation_id))


@router.post("/{job_id:path}/resume", status_code=202, responses=_RESUMING)
def resume(creation: WithJob, trigger: WithTrigger, pipeline: WithPipeline, response: Response) -> VideoBody:
    """Resume an ad that failed or was cancelled; finished work is kept."""
    job_id = creation.creation_id
    if not creation.has_request():
        raise HTTPException(409, f"ad {job_id!r} was never started; POST it again")
    status = trigger.status(job_id)
    if status.status == "completed":
        raise HTTPException(409, f"ad {job_id!r} is completed, so it can't be resumed")
    if status.status == "pending" and not status.is_deserted:
        raise HTTPException(409, f"ad {job_id!r} is running; wait for its end, or cancel it first")
    response.headers["Location"] = server_url(f"/api/videos/{job_id}")
    return video_body(creation, pipeline, trigger.resume(job_id))


@router.delete("/{job_id:path}", status_code=204, responses=_DELETING)
def delete(
    creation: WithJob,
    trigger: WithTrigger,
    rows: WithRows,
    index: WithIndex,
    cancel: Annotated[bool, Query(description="Stop it first if it is running.")] = False,
) -> None:
    """Delete an ad and everything that belongs to it."""
    if creation.has_request():
        stop(creation, trigger, f"ad {creation.creation_id!r}", may_cancel=cancel, sleep=time.sleep)
    remove(creation)
    restore(creation)  # takes back a deletion that was not due yet
    rows.remove(creation.creation_id)
    index.touch(creation.creation_id)


async def _read(request: Request, folder: Path, settings: Settings) -> tuple[dict[str, Any], dict[str, Path]]:
    """The fields and files of a JSON object or a form. Empty fields of a form count as left out."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _FORM:
        limits = {"product_image": MOST_PICTURE_BYTES, "music": settings.max_upload_bytes}
        form = await read_form(request, folder, limits)
        optional = {name: text for name, text in form.fields.items() if text or name in _REQUIRED}
        return optional, form.files
    if kind != "application/json":
        raise HTTPException(415, f"send JSON (Content-Type: application/json), or a form ({_FORM})")
    return await read_parameters(request), {}


def _not_begun(creation: Creation, pipeline: Pipeline) -> VideoBody:
    """An ad whose POST was interrupted, or whose brief was uploaded as an asset."""
    brief: Any = {}
    info = creation.stat(POSTED) or creation.stat(BRIEF_NAME)
    try:
        brief = json.loads(creation.read(BRIEF_NAME)[0])
    except (ObjectNotFound, ValueError, RecursionError):
        brief = {}  # the POST was interrupted before it was written
    if info is None:
        raise HTTPException(404, f"ad {creation.creation_id!r} was deleted just now")
    fields = brief if isinstance(brief, dict) else {}
    told = {name: text for name, text in fields.items() if isinstance(text, str)}
    return not_begun(creation, pipeline, told, info.modified_at)

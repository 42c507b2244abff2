"""Runs over HTTP: start one, read its status, cancel it, read its manifest."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from pydantic_core import from_json
from starlette.responses import JSONResponse

from shared.api.http.body import read_parameters
from shared.api.http.conditional import etag, is_unchanged
from shared.api.http.problems import RESPONSES, Problem
from shared.api.routes.context import WithCreation, WithTrigger, installed
from shared.api.routes.models import StatusBody, creation_url, not_started, status_body
from shared.pipelines.definition import Pipeline
from shared.preparing.looking import look_after
from shared.records.creation import Creation
from shared.records.documents import load_request
from shared.records.names import MANIFEST
from shared.redact import without_paths
from shared.runs.trigger import Trigger

_STARTING: Final[dict[int | str, dict[str, Any]]] = {
    413: {"model": Problem, "description": "The parameters are too large."},
    415: {"model": Problem, "description": "The parameters are not JSON, or are compressed."},
}

manifest_router = APIRouter(tags=["runs"], responses=RESPONSES)
creation_router = APIRouter(tags=["runs"], responses=RESPONSES)
"""Its path is the beginning of all others': it is added last."""


def runs_router(action: str, pipeline: Pipeline) -> APIRouter:
    """The routes of one pipeline: start, status and cancel."""
    parameters_in = _parameters_of(pipeline)
    router = APIRouter(prefix="/me/creation/{creation_id:path}", tags=["runs"], responses=RESPONSES)

    @router.post(f"/{action}", status_code=202, responses=_STARTING, openapi_extra=parameters_in, name=action)
    def start(
        creation: WithCreation,
        trigger: WithTrigger,
        parameters: Annotated[dict[str, Any], Depends(read_parameters)],
        response: Response,
    ) -> StatusBody:
        """Start a run. While one is under way, asking for the same again has no effect; if parameters or
        assets have changed since it was asked for, another run of them is queued behind it."""
        response.headers["Location"] = creation_url(creation.creation_id, f"{action}_status")
        return status_body(trigger.start(pipeline.name, creation.creation_id, parameters))

    @router.get(f"/{action}_status", name=f"{action}_status")
    def status(creation: WithCreation, trigger: WithTrigger) -> StatusBody:
        """The latest run's status; a creation that has assets and was never started is pending."""
        return _latest(creation, trigger, pipeline)

    @router.post(f"/{action}/cancel", status_code=202, name=f"cancel_{action}")
    def cancel(creation: WithCreation, trigger: WithTrigger, response: Response) -> StatusBody:
        """Stop the run. Finished work is kept: starting again resumes. An ended run stays as it is."""
        if not _asked_for(creation, pipeline.name):
            raise HTTPException(404, f"creation {creation.creation_id!r} was never started")
        response.headers["Location"] = creation_url(creation.creation_id, f"{action}_status")
        return status_body(trigger.cancel(creation.creation_id))

    return router


@creation_router.get("/me/creation/{creation_id:path}")
def status_of_any(creation: WithCreation, trigger: WithTrigger) -> StatusBody:
    """The latest run's status, whichever pipeline the creation belongs to. One that was never started belongs
    to the pipeline whose options are among its assets."""
    request, _ = load_request(creation)
    if request:
        return _latest(creation, trigger, installed(trigger, request.pipeline))
    for pipeline in trigger.pipelines.values():
        if pipeline.options and creation.stat(pipeline.options.document):
            return _latest(creation, trigger, pipeline)
    documents = " or ".join(each.options.document for each in trigger.pipelines.values() if each.options)
    raise HTTPException(
        404, f"creation {creation.creation_id!r} was never started; put {documents} to say what it is to be"
    )


def _latest(creation: Creation, trigger: Trigger, pipeline: Pipeline) -> StatusBody:
    prepared = None
    if not _asked_for(creation, pipeline.name):
        prepared = look_after(trigger, creation)
    if prepared is None or creation.has_request():
        return _status_of_run(creation, trigger, pipeline)
    return not_started(creation.creation_id, pipeline, prepared)


def _status_of_run(creation: Creation, trigger: Trigger, pipeline: Pipeline) -> StatusBody:
    if _asked_for(creation, pipeline.name):
        found = trigger.status(creation.creation_id)
        if found.ready or found.is_over:  # a stage ended unnoticed, e.g. while the server was restarted
            found = trigger.advance(creation.creation_id)
        return status_body(found)
    if not creation.has_assets():
        raise HTTPException(404, f"creation {creation.creation_id!r} has no assets; put them first")
    return not_started(creation.creation_id, pipeline)


def _parameters_of(pipeline: Pipeline) -> dict[str, Any]:
    about = f"Parameters of pipeline {pipeline.name}; may be left out."
    content = {"application/json": {"schema": {"type": "object", "default": {}}}}
    return {"requestBody": {"description": about, "content": content}}


@manifest_router.get(
    "/me/creation/{creation_id:path}/manifest",
    response_model=dict[str, Any],
    responses={304: {"description": "The copy that If-None-Match names is current."}},
)
def manifest(creation: WithCreation, request: Request) -> Response:
    """The latest run's summary, as stored: stages, files, costs, timing."""
    data, info = creation.read(MANIFEST)
    headers = {"ETag": etag(info), "Cache-Control": "private, no-cache"}
    if is_unchanged(request.headers, info):
        return Response(status_code=304, headers=headers)
    document = from_json(data)
    _clean(document["pipeline"], "error")
    for stage in document["stages"].values():
        _clean(stage["error"], "message")
        for file in (*stage["input_files"], *stage["outputs"].values()):
            file["path"] = file["path"].rpartition(f"{creation.creation_id}/")[2]
    document["output_dir"] = f"{creation.creation_id}/assets"
    return JSONResponse(document, headers=headers)


def _clean(holder: dict[str, Any] | None, field: str) -> None:
    """A failed tool's message holds its command line; clients must not see its paths."""
    if holder and holder[field]:
        holder[field] = without_paths(holder[field])


def _asked_for(creation: Creation, pipeline: str) -> bool:
    """Whether the pipeline was ever started; raises 404 when the creation belongs to another."""
    request, _ = load_request(creation)
    if request and request.pipeline != pipeline:
        raise HTTPException(
            404,
            f"creation {creation.creation_id!r} belongs to pipeline {request.pipeline!r}, not {pipeline!r}",
        )
    return request is not None

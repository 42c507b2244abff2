"""One frame as the film would look, so that styles can be compared before anything is spoken or rendered."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from shared.api.http.body import read_parameters
from shared.api.http.problems import RESPONSES, Problem
from shared.api.routes.context import WithCreation, WithTrigger, installed
from shared.pipelines.definition import Pipeline, named
from shared.records.creation import Creation

router = APIRouter(tags=["making"], responses=RESPONSES)

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_DRAWING: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"image/jpeg": {}, "image/png": {}},
        "description": "The frame, at most 640 pixels wide.",
    },
    413: {"model": Problem, "description": "The options are too large."},
    415: {"model": Problem, "description": "The options are not JSON, or are compressed."},
    501: {"model": Problem, "description": "This server lacks what draws the pipeline's films."},
}
_OPTIONS: Final[dict[str, Any]] = {
    "requestBody": {
        "description": "Options, which override those that are stored; may be left out.",
        "content": {"application/json": {"schema": {"type": "object", "default": {}}}},
    }
}


async def _artists(request: Request) -> CapacityLimiter:
    artists = request.app.state.artists
    assert isinstance(artists, CapacityLimiter)
    return artists


WithArtists = Annotated[CapacityLimiter, Depends(_artists)]
"""How many stills may be drawn at once; the others wait without a thread."""


@router.post(
    "/me/creation/{creation_id:path}/still",
    response_class=Response,
    responses=_DRAWING,
    openapi_extra=_OPTIONS,
)
async def still(
    creation: WithCreation,
    trigger: WithTrigger,
    parameters: Annotated[dict[str, Any], Depends(read_parameters)],
    artists: WithArtists,
    pipeline: Annotated[str, Query(max_length=100, description="Whose film it is to become.")],
) -> Response:
    """One frame of the film with these options, of the creation's own picture and words. What is not there
    yet has a stand-in, so the creation need not exist. Nothing is spoken or stored."""
    found = installed(trigger, pipeline)
    if found.still is None:
        raise HTTPException(404, f"pipeline {pipeline!r} has no stills: its films show what is put in")
    data = await run_sync(_drawn, found, found.still, creation, parameters, limiter=artists)
    kind = "image/png" if data.startswith(_PNG) else "image/jpeg"
    return Response(data, media_type=kind, headers={"Cache-Control": "no-store"})


def _drawn(pipeline: Pipeline, still: str, creation: Creation, parameters: Mapping[str, Any]) -> bytes:
    try:
        data = named(still)(creation, parameters)
    except ImportError as error:
        raise HTTPException(
            501, f"no still of pipeline {pipeline.name!r} can be drawn on this server: {error}"
        ) from error
    assert isinstance(data, bytes)
    return data

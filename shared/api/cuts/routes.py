"""The routes of a finished film's cut."""

import hashlib
from typing import Any, Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from shared.api.cuts.bodies import CutBody, cut_body
from shared.api.cuts.sound import kept_loudness, measured_loudness
from shared.api.http.conditional import is_current
from shared.api.http.problems import RESPONSES
from shared.api.routes.context import WithCreation, WithDecoders, WithSettings, WithTrigger
from shared.cuts.finished import finished_film
from shared.cuts.otio import otio_of
from shared.cuts.transcript import transcript_of

_PLACE: Final = "/me/creation/{creation_id:path}/cut"
_TRANSCRIPT: Final = "/me/creation/{creation_id:path}/transcript"
_JSON: Final = "application/json"
_TEXT: Final = "text/plain"
_CURRENT: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "The copy that If-None-Match names is current."}
}

router = APIRouter(tags=["runs"], responses=RESPONSES)


@router.get(_PLACE, response_model=CutBody, responses=_CURRENT)
async def cut(
    creation: WithCreation,
    trigger: WithTrigger,
    settings: WithSettings,
    decoders: WithDecoders,
    request: Request,
) -> Response:
    """The cut of the finished film: its shots, captions with their words, and loudness, by the times of the
    film as it is played. 404 unless the latest run is completed."""
    finished = await run_in_threadpool(finished_film, trigger, creation.creation_id)
    measured = await run_in_threadpool(kept_loudness, creation, finished.sound)
    if measured is None:
        most_bytes = settings.max_upload_bytes  # as much as it takes in one piece otherwise
        measured = await run_sync(measured_loudness, creation, finished.sound, most_bytes, limiter=decoders)
    return _answer(request, cut_body(finished, measured.values).model_dump_json().encode())


@router.get(f"{_PLACE}.otio", response_class=Response, responses={**_CURRENT, 200: {"content": {_JSON: {}}}})
def cut_as_otio(creation: WithCreation, trigger: WithTrigger, request: Request) -> Response:
    """The same as OpenTimelineIO, for editors such as DaVinci Resolve: pictures, transitions, the film's
    sound, and captions as markers. It names media relative to the creation's folder: save it beside
    `assets/`."""
    data = otio_of(finished_film(trigger, creation.creation_id))
    name = f"{creation.creation_id.rpartition('/')[2]}.otio"
    return _answer(request, data, {"Content-Disposition": f'attachment; filename="{name}"'})


@router.get(_TRANSCRIPT, response_class=Response, responses={**_CURRENT, 200: {"content": {_TEXT: {}}}})
def transcript(creation: WithCreation, trigger: WithTrigger, request: Request) -> Response:
    """What is said in the finished film, to read: a line for each caption, an empty line between shots."""
    data = transcript_of(finished_film(trigger, creation.creation_id).cut)
    return _answer(request, data.encode(), media_type=_TEXT)


def _answer(
    request: Request, data: bytes, more: dict[str, str] | None = None, *, media_type: str = _JSON
) -> Response:
    """Its entity tag is its own hash, since it is made of several objects."""
    tag = hashlib.sha256(data).hexdigest()[:32]
    headers = {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache", **(more or {})}
    if is_current(request.headers, tag):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=media_type, headers=headers)

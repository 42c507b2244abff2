"""Assets over HTTP: put them in, get them out (byte ranges, so that a browser can seek), list, delete."""

from contextlib import ExitStack, closing
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from shared.api.http.body import spool
from shared.api.http.conditional import check_match, etag, expectation, is_unchanged, last_modified, span
from shared.api.http.content import (
    MEDIA_TYPES,
    UNKNOWN_MEDIA_TYPE,
    check_content,
    kind_of,
    limit_bytes,
    media_type,
)
from shared.api.http.problems import RESPONSES, Problem
from shared.api.routes.context import AssetName, WithChangeable, WithCreation, WithSettings, WithTrigger
from shared.api.routes.models import AssetBody, AssetsBody, asset_body
from shared.errors import ObjectNotFound, StoreError
from shared.machine.temporary import scratch
from shared.records.creation import Creation
from shared.records.names import ASSETS
from shared.storage import Chunks, ObjectInfo, numeric_order

_TRIES: Final = 5
_FOLDER: Final = "/me/creation/{creation_id:path}/assets"
_FILE: Final = _FOLDER + "/{name:path}"
_CHANGED: Final[dict[int | str, dict[str, Any]]] = {
    412: {"model": Problem, "description": "The asset is not the one that If-Match or If-None-Match names."}
}
_PUTTING: Final[dict[int | str, dict[str, Any]]] = {
    **_CHANGED,
    201: {"model": AssetBody, "description": "The asset is new."},
    413: {"model": Problem, "description": "The asset is too large."},
    415: {
        "model": Problem,
        "description": "The content is not of the kind that the name promises, or is wrapped in a form or "
        "compressed.",
    },
}
_BYTES: Final = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES}
GETTING: Final[dict[int | str, dict[str, Any]]] = {
    **_CHANGED,
    200: {"description": "The whole asset.", "content": _BYTES},
    206: {"description": "The range that was asked for.", "content": _BYTES},
    304: {"description": "The copy that If-None-Match names is current."},
    416: {"model": Problem, "description": "The range is outside of the asset."},
}

router = APIRouter(tags=["assets"], responses=RESPONSES)


@router.get(_FOLDER, include_in_schema=False)
@router.get(_FOLDER + "/")
def list_assets(creation: WithCreation) -> AssetsBody:
    """All assets of a creation; an empty list when there is none."""
    found = [(name.removeprefix(ASSETS), info) for name, info in creation.list(ASSETS)]
    found.sort(key=lambda item: _by_numbers(item[0]))
    return AssetsBody(
        creation_id=creation.creation_id,
        assets=[asset_body(creation.creation_id, name, info) for name, info in found],
    )


@router.put(_FILE, responses=_PUTTING, openapi_extra={"requestBody": {"required": True, "content": _BYTES}})
async def put_asset(
    creation: WithChangeable,
    name: AssetName,
    trigger: WithTrigger,
    settings: WithSettings,
    request: Request,
    response: Response,
) -> AssetBody:
    """Create or replace an asset that a pipeline takes; the request's body is its bytes."""
    kind = kind_of(name, trigger.pipelines.values())
    place = f"{ASSETS}{name}"
    before = await run_in_threadpool(creation.stat, place)
    expect = expectation(request.headers, creation.key(place), before)
    with scratch() as folder:
        path = folder / "body"
        await spool(request, path, limit_bytes(kind, settings.max_upload_bytes))
        await run_in_threadpool(check_content, path, name, kind)
        info = await run_in_threadpool(creation.bring, path, place, expect=expect)
    body = asset_body(creation.creation_id, name, info)
    response.status_code = 200 if before else 201
    response.headers["ETag"] = body.etag
    return body


@router.head(_FILE, include_in_schema=False)
@router.get(_FILE, response_class=StreamingResponse, responses=GETTING)
def get_asset(creation: WithCreation, name: AssetName, request: Request) -> Response:
    """An asset's bytes, or one range of them; a request for several ranges gets the whole."""
    for _ in range(_TRIES):
        answer = _answer(creation, name, _stat(creation, name), request)
        if answer:
            return answer
    raise StoreError("read", creation.key(f"{ASSETS}{name}"), "it was replaced repeatedly meanwhile")


@router.delete(_FILE, status_code=204, responses=_CHANGED)
def delete_asset(creation: WithChangeable, name: AssetName, request: Request) -> None:
    """Remove an asset; 404 when it doesn't exist."""
    place = f"{ASSETS}{name}"
    expect = expectation(request.headers, creation.key(place), _stat(creation, name))
    creation.store.delete(creation.key(place), expect=expect)


def _stat(creation: Creation, name: str) -> ObjectInfo:
    place = f"{ASSETS}{name}"
    info = creation.stat(place)
    if info is None:
        raise ObjectNotFound(creation.key(place))
    return info


def _answer(creation: Creation, name: str, info: ObjectInfo, request: Request) -> Response | None:
    """The response from the generation that `info` describes, or None when it was replaced meanwhile."""
    key = creation.key(f"{ASSETS}{name}")
    check_match(request.headers, key, info)
    headers = _headers(name, info)
    if is_unchanged(request.headers, info):
        return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        return Response(headers={**headers, "Content-Length": str(info.size_bytes)})
    part = span(request.headers, info)
    start, end = part or (0, info.size_bytes)
    with ExitStack() as unless_sent:
        chunks = unless_sent.enter_context(closing(creation.store.stream(key, start=start, end=end)))
        if _stat(creation, name).generation != info.generation:
            return None
        unless_sent.pop_all()
    headers["Content-Length"] = str(end - start)
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{info.size_bytes}"
    return _Streamed(chunks, 206 if part else 200, headers)


class _Streamed(StreamingResponse):
    """Closes its source, also when the client disconnects before the end."""

    def __init__(self, chunks: Chunks, status_code: int, headers: dict[str, str]) -> None:
        super().__init__(chunks, status_code, headers)
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._chunks.close()


def _headers(name: str, info: ObjectInfo) -> dict[str, str]:
    """The headers of every response about an asset. A type that we don't know is saved, never shown."""
    kind = media_type(name)
    shown = "attachment" if kind == UNKNOWN_MEDIA_TYPE else "inline"
    return {
        "Content-Type": kind,
        "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(name.rpartition('/')[2], safe='')}",
        "X-Content-Type-Options": "nosniff",
        "ETag": etag(info),
        "Last-Modified": last_modified(info),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
    }


def _by_numbers(name: str) -> list[tuple[int, str, str]]:
    """Sort key: part 2 before part 10, caption 2.txt before 10.txt."""
    return [(*numeric_order(segment.partition(".")[0]), segment) for segment in name.split("/")]

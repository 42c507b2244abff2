"""Request bodies, never held in memory beyond a given limit."""

from pathlib import Path
from typing import Any, Final

from fastapi import HTTPException, Request
from pydantic_core import from_json
from starlette.concurrency import run_in_threadpool

from shared.api.http.problems import too_large
from shared.errors import BadRequest
from shared.text.plain_text import decode_text

MAX_PARAMETER_BYTES: Final = 64 * 1024


async def read_parameters(request: Request) -> dict[str, Any]:
    """The body as a JSON object; an empty body is an empty object.

    Raises 413 over `MAX_PARAMETER_BYTES`, 415 for another media type, `BadRequest` for other JSON.
    """
    data = await read_body(request, MAX_PARAMETER_BYTES)
    if not data:
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "parameters must be JSON; send the header Content-Type: application/json")
    try:
        parameters = from_json(decode_text(data), allow_inf_nan=False)
    except ValueError as error:
        raise BadRequest(f"the body is not valid JSON: {error}") from error
    if not isinstance(parameters, dict):
        raise BadRequest("the body must be a JSON object that holds the parameters, e.g. {}")
    return parameters


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """The whole body; raises 413 as soon as it is over its limit."""
    refuse_by_head(request, limit_bytes)
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > limit_bytes:
            raise too_large(limit_bytes)
    return bytes(data)


async def spool(request: Request, path: Path, limit_bytes: int) -> None:
    """Write the body, which must be one file, to `path` as it arrives; raises 413 as soon as it is over its
    limit."""
    refuse_by_head(request, limit_bytes)
    _refuse_wrapped(request)
    size_bytes = 0
    with path.open("wb") as file:
        async for chunk in request.stream():
            size_bytes += len(chunk)
            if size_bytes > limit_bytes:
                raise too_large(limit_bytes)
            await run_in_threadpool(file.write, chunk)


def refuse_by_head(request: Request, limit_bytes: int) -> None:
    """Raise 413 if the request's own header gives a length over the limit, 415 if the body is compressed."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit_bytes:
        raise too_large(limit_bytes)
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity"):
        raise HTTPException(
            415,
            f"the body is compressed (Content-Encoding: {coding[:40]}); send it as it is, without the header",
            {"Accept-Encoding": "identity"},
        )


def _refuse_wrapped(request: Request) -> None:
    """Raise 415 for a form, in which the file is wrapped, and 400 for a piece of a file."""
    if request.headers.get("content-type", "").strip().lower().startswith("multipart/"):
        raise HTTPException(
            415,
            "the body is a form; send the file's bytes and nothing else, e.g. curl -T picture.jpg <URL>, or "
            "fetch(url, {method: 'PUT', body: file}) in a browser",
        )
    if "content-range" in request.headers:
        raise HTTPException(400, "the body is a piece of the file; send the whole, without Content-Range")

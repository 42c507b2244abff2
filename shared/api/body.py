"""Request bodies, never held in memory beyond a stated limit."""

from pathlib import Path
from typing import Any, Final

from fastapi import HTTPException, Request
from pydantic_core import from_json
from starlette.concurrency import run_in_threadpool

from shared.api.problems import too_large
from shared.errors import BadRequest

MAX_PARAMETER_BYTES: Final = 64 * 1024


async def read_parameters(request: Request) -> dict[str, Any]:
    """The body as a JSON object; an empty body is an empty one.

    Raises 413 over `MAX_PARAMETER_BYTES`, 415 for another media type, `BadRequest` for other JSON.
    """
    data = await read_body(request, MAX_PARAMETER_BYTES)
    if not data:
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "parameters must be JSON; send the header Content-Type: application/json")
    try:
        parameters = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise BadRequest(f"the body is not valid JSON: {error}") from error
    if not isinstance(parameters, dict):
        raise BadRequest("the body must be a JSON object that holds the parameters, e.g. {}")
    return parameters


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """The whole body; raises 413 as soon as it is over its limit."""
    refuse_announced(request, limit_bytes)
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > limit_bytes:
            raise too_large(limit_bytes)
    return bytes(data)


async def spool(request: Request, path: Path, limit_bytes: int) -> None:
    """Write the body to `path` as it arrives; raises 413 as soon as it is over its limit."""
    refuse_announced(request, limit_bytes)
    size_bytes = 0
    with path.open("wb") as file:
        async for chunk in request.stream():
            size_bytes += len(chunk)
            if size_bytes > limit_bytes:
                raise too_large(limit_bytes)
            await run_in_threadpool(file.write, chunk)


def refuse_announced(request: Request, limit_bytes: int) -> None:
    """Raise 413 when the request says itself that its body is over the limit."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit_bytes:
        raise too_large(limit_bytes)

"""Errors as `application/problem+json` (RFC 9457), without anything that only the server may know."""

import errno
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from shared.errors import (
    BadRequest,
    BeingDeleted,
    NoFilm,
    ObjectNotFound,
    PlatformError,
    PreconditionFailed,
    ProviderFailed,
    ReelwrightError,
    StaleAttempt,
    Stopped,
    StoreError,
)
from shared.logs import log
from shared.machine.scratch import FULL, full_scratch
from shared.redact import without_paths

MEDIA_TYPE: Final = "application/problem+json"
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_MOST_PROBLEMS: Final = 20
_RAISED: Final = "Value error, "
"""What pydantic puts before the messages of our own validators."""

_STATUSES: Final[dict[type[Exception], int]] = {
    BadRequest: 422,
    BeingDeleted: 409,
    NoFilm: 404,
    ObjectNotFound: 404,
    PreconditionFailed: 409,
    StoreError: 503,
    PlatformError: 503,
    ProviderFailed: 502,
    StaleAttempt: 409,
    Stopped: 503,
    ReelwrightError: 500,
}
_UNSAID: Final = {
    500: "the server failed; its log says why",
    502: "a provider failed; the server's log says why",
    503: "the store can't be used now; try again soon, the server's log says why",
}


class Problem(BaseModel):
    """What went wrong and what to do about it (RFC 9457)."""

    type: str = "about:blank"
    title: str = Field(description="The status in words.", examples=["Not Found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(
        description="What happened, with its remedy.",
        examples=["no object 'spring/assets/video.mp4' in the store"],
    )
    problems: list[str] = Field(
        default=[], description="Each problem by itself, when there may be more than one."
    )


RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": Problem, "description": "The path has a control character, or the body broke off."},
    401: {"model": Problem, "description": "The bearer token or the session is missing or wrong."},
    403: {
        "model": Problem,
        "description": "No token is set and another machine asks; or a page of another site asks.",
    },
    404: {"model": Problem, "description": "Not found."},
    405: {
        "model": Problem,
        "description": "The path doesn't have this method.",
        "headers": {"Allow": {"description": "The methods that it has.", "schema": {"type": "string"}}},
    },
    408: {"model": Problem, "description": "The request came too slowly."},
    422: {"model": Problem, "description": "The request can't be done as asked."},
    503: {"model": Problem, "description": "The store can't be used now."},
}
"""The answers that every route may give."""


def problem(
    status: int, detail: str, *, problems: Sequence[str] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """The response for a request that failed."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, problems=list(problems))
    return JSONResponse(
        body.model_dump(),
        status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type=MEDIA_TYPE,
    )


def handle_errors(app: FastAPI) -> None:
    """Make every error of the app a problem document."""
    app.add_exception_handler(ReelwrightError, _on_our_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(AnyHTTPException, _on_http_error)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(OSError, _on_want)
    app.add_exception_handler(Exception, _on_surprise)


async def _on_our_error(request: Request, error: Exception) -> Response:
    status = next(_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES)
    if isinstance(error, PreconditionFailed) and _is_conditional(request):
        status = 412
    if status < 500:
        if isinstance(error, BadRequest) and len(error.problems) > _MOST_PROBLEMS:
            error = BadRequest(*_the_first(error.problems))
        problems = error.problems if isinstance(error, BadRequest) else ()
        return problem(status, without_paths(str(error)), problems=[*map(without_paths, problems)])
    log(logging.ERROR, "request_failed", str(error), status=status)
    return problem(status, _UNSAID[status], headers={"Retry-After": "5"} if status == 503 else None)


async def _on_invalid_request(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [f"{'.'.join(map(str, each['loc']))}: {plain(each['msg'])}" for each in error.errors()]
    problems = _the_first(found)
    return problem(422, "; ".join(problems), problems=problems)


def plain(message: str) -> str:
    """A pydantic message in people's words."""
    return message.removeprefix(_RAISED)


def _the_first(problems: Sequence[str]) -> list[str]:
    left = len(problems) - _MOST_PROBLEMS
    return [*problems[:_MOST_PROBLEMS], *([f"and {left} more"] if left > 0 else [])]


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AnyHTTPException)
    if error.status_code == 405:
        allowed = ", ".join(_methods_at(request))
        return problem(
            405, f"this path has no {request.method}; it has {allowed}", headers={"Allow": allowed}
        )
    return problem(error.status_code, str(error.detail), headers=error.headers)


def _methods_at(request: Request) -> list[str]:
    """The methods that the request's path has, from all routes: a router lists only one route's."""
    scopes = [{**request.scope, "method": method} for method in _METHODS]
    routes = request.app.router.routes
    return [
        scope["method"] for scope in scopes if any(route.matches(scope)[0] is Match.FULL for route in routes)
    ]


async def _on_disconnect(_request: Request, _error: Exception) -> Response:
    return problem(400, "the request ended before its body did; send it again")


async def _on_want(request: Request, error: Exception) -> Response:
    """Out of space or file descriptors: logged as one line a request, not as a traceback."""
    assert isinstance(error, OSError)
    if error.errno in FULL:
        return await _on_our_error(request, full_scratch())
    if error.errno in (errno.EMFILE, errno.ENFILE):
        remedy = "close some or raise the limit on open ones (ulimit -n)"
        return await _on_our_error(
            request, StoreError("open", str(error.filename), f"too many files: {remedy}")
        )
    raise error


async def _on_surprise(_request: Request, _error: Exception) -> Response:
    return problem(500, _UNSAID[500])  # the server that runs the app logs the traceback


def _is_conditional(request: Request) -> bool:
    return "if-match" in request.headers or "if-none-match" in request.headers


def too_large(limit_bytes: int, what: str = "the body") -> HTTPException:
    """The error to raise for a body, or one of its fields, over its limit."""
    return HTTPException(413, f"{what} is larger than the {limit_bytes} bytes that are allowed here")

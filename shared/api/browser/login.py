"""Login with the server's token, for people in a browser: a page with a form, and a cookie in return.

Programs send the token itself and need none of this; pages of this server may also log in by JSON.
"""

import hmac
import logging
import re
from typing import Annotated, Any, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import RedirectResponse

from shared.api.browser.brake import Brake
from shared.api.browser.page import form_page, inside_page, open_page
from shared.api.guard.auth import LOGIN_PATH, LOGOUT_PATH
from shared.api.guard.sessions import clear_session, has_session, is_from_elsewhere, is_https, set_session
from shared.api.http.body import read_body
from shared.api.http.prefix import origin_of, server_url
from shared.api.http.problems import RESPONSES, Problem, problem
from shared.api.routes.context import WithSeals, WithSettings
from shared.errors import BadRequest
from shared.logs import log

_MOST_BYTES: Final = 16 * 1024
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"
_FIRST: Final = "/docs"
"""Where a login leads that was not on the way to a page."""
_PATH: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2000}", re.ASCII)
_DOTS: Final = re.compile(r"/(\.|%2e){1,2}([/?#]|$)|//", re.IGNORECASE)
_WRONG: Final = "That is not the token. Try again."
_BUSY: Final = "Too many wrong tokens are being tried. Wait some seconds, then try again."
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="reelwright", error="invalid_token"'}
_PAUSE: Final = {"Retry-After": "10"}
_LOGGING_IN: Final[dict[int | str, dict[str, Any]]] = {
    204: {"description": "The cookie is set; or none is needed."},
    303: {"description": "The same, in answer to a form."},
    413: {"model": Problem, "description": "The body is too large."},
    415: {"model": Problem, "description": "The body is neither a form nor JSON."},
    429: {"model": Problem, "description": "Too many wrong tokens come from this address."},
}


class Login(BaseModel):
    """What a form or a page sends."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field("", max_length=8192, description="The server's API_TOKEN.")
    next: str = Field("", max_length=2001, description="Where a form leads then: a path on this server.")


router = APIRouter(tags=["server"], responses=RESPONSES)
_TAKING: Final = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": Login.model_json_schema()} for kind in (_FORM, _JSON)},
    }
}
Next = Annotated[str, Query(description="Where to go then: a path on this server.")]


@router.get(LOGIN_PATH, response_class=HTMLResponse)
def show_login(
    request: Request,
    settings: WithSettings,
    seals: WithSeals,
    next: Next = "",
) -> Response:
    """The page for logging in."""
    wanted = _path(next)
    if not settings.api_token:
        return open_page(wanted)
    if has_session(request.scope, seals):
        return inside_page(server_url(LOGOUT_PATH), wanted)
    return form_page(server_url(LOGIN_PATH), wanted)


@router.post(LOGIN_PATH, status_code=204, responses=_LOGGING_IN, openapi_extra=_TAKING)
async def log_in(request: Request, settings: WithSettings, seals: WithSeals) -> Response:
    """Exchange the token for a cookie, which is good for a day and for this server's own pages."""
    public_origin = origin_of(settings.root_path)
    if is_from_elsewhere(request.scope, public_origin):
        raise HTTPException(403, "pages of other sites may not log in here")
    is_form = _is_form(request)
    given = _parse(await read_body(request, _MOST_BYTES), is_form=is_form)
    wanted = _path(given.next)
    refusal = await _refusal(request, given.token, settings.api_token)
    if refusal:
        return _refused(*refusal, form_to=wanted if is_form else None)
    answer = RedirectResponse(wanted, 303) if is_form else Response(status_code=204)
    answer.headers["Cache-Control"] = "no-store"
    if settings.api_token:
        set_session(answer, seals, secure=is_https(request.scope, public_origin))
    return answer


@router.post(
    LOGOUT_PATH, status_code=204, responses={303: {"description": "The same, for a browser: to the login."}}
)
async def log_out(request: Request, settings: WithSettings) -> Response:
    """Have the browser forget its cookie. Another API_TOKEN ends all sessions, wherever their cookies are."""
    public_origin = origin_of(settings.root_path)
    if is_from_elsewhere(request.scope, public_origin):
        raise HTTPException(403, "pages of other sites may not log out here")
    wants_page = "text/html" in request.headers.get("accept", "")
    answer = RedirectResponse(server_url(LOGIN_PATH), 303) if wants_page else Response(status_code=204)
    clear_session(answer, secure=is_https(request.scope, public_origin))
    return answer


def _is_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (_FORM, _JSON):
        raise HTTPException(415, f"send a form ({_FORM}) or {_JSON}")
    return kind == _FORM


def _parse(body: bytes, *, is_form: bool) -> Login:
    """Raises `BadRequest`, which never shows what was sent: the token may be in it."""
    try:
        if is_form:
            fields = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=10)
            return Login.model_validate({name: values[-1] for name, values in fields.items()})
        return Login.model_validate_json(body)
    except ValidationError as error:
        places = {".".join(map(str, each["loc"])) or "the body" for each in error.errors()}
        raise BadRequest(f"{', '.join(sorted(places))[:100]}: send token and next, as text") from None
    except ValueError:
        raise BadRequest("the body is no form of UTF-8: send token and next, as text") from None


def _path(wanted: str) -> str:
    """The path on this server, with its prefix; raises `BadRequest` for what might lead elsewhere."""
    if not wanted:
        return server_url(_FIRST)
    if not _PATH.fullmatch(wanted) or _DOTS.search(wanted.partition("?")[0]):
        raise BadRequest("next: use a path on this server that begins with one /, e.g. /docs")
    prefix = server_url("")
    is_below = wanted == prefix or wanted.startswith((f"{prefix}/", f"{prefix}?"))
    return wanted if is_below else server_url(wanted)


async def _refusal(request: Request, given: str, token: str | None) -> tuple[int, str] | None:
    """Why the token is refused, after a while."""
    brake = request.app.state.brake
    assert isinstance(brake, Brake)
    address = request.client.host if request.client else ""
    if token is None:
        return None
    if brake.is_full(address):
        return 429, _BUSY
    if hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
        return None
    log(logging.WARNING, "login_refused", f"a login from {address} was refused: wrong token", address=address)
    await brake.hold(address)
    return 401, _WRONG


def _refused(status: int, why: str, *, form_to: str | None) -> Response:
    headers = _CHALLENGE if status == 401 else _PAUSE
    if form_to is None:
        return problem(status, why, headers=headers)
    answer = form_page(server_url(LOGIN_PATH), form_to, wrong=why, status=status)
    answer.headers.update(headers)
    return answer

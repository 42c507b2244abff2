"""Who may send requests: clients with the bearer token, or, when none is set, only this machine.

Events and sweeps come from a cloud's own services, which can't be configured to send a bearer token: they
send an identity token of that cloud, or else the token as an attribute of the event. Pages in a browser can't
set headers on a WebSocket: they offer the token as a subprotocol, `new WebSocket(url, ["reelwright",
"bearer." + encodeURIComponent(token)])`, and never in the address, which proxies and browsers log. People in
a browser log in, and their cookie (`shared.api.guard.sessions`) is as good as the token.
"""

import hmac
import ipaddress
import logging
import re
from collections.abc import Callable
from typing import Final, TypeAlias
from urllib.parse import quote, unquote_to_bytes

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.api.guard.seals import Seals
from shared.api.guard.sessions import changes_anything, has_session, is_from_here
from shared.api.http.prefix import origin_of, route_path, server_url
from shared.api.http.problems import problem
from shared.errors import InvalidSettings, PlatformError
from shared.logs import log
from shared.settings import Settings

Verify: TypeAlias = Callable[[str], str]
"""Returns why an identity token (a JWT) is refused, or empty text when its bearer may send events. Raises
`PlatformError` when that can't be verified now."""

OPEN_PATHS: Final = frozenset({"/healthz"})
"""Answered without a token: load balancers and orchestrators don't have one."""
LOGIN_PATH: Final = "/login"
LOGOUT_PATH: Final = "/logout"
SHARED_PATH: Final = "/shared/"
"""What is below it is opened by a signature in its address, which its route checks."""
EVENTS_PATH: Final = "/events"
EVENT_PATHS: Final = frozenset({EVENTS_PATH, "/sweep"})
"""Paths where an identity token is as good as the bearer token."""
EVENT_TOKEN_HEADER: Final = "ce-token"  # noqa: S105 - a header's name
"""The header that holds the attribute `token` of a CloudEvent in binary mode."""
SUBPROTOCOL: Final = "reelwright"
"""Offered by a WebSocket's client beside its token, for the server to choose: a browser closes the connection
when none of its subprotocols is chosen."""
TOKEN_SUBPROTOCOL: Final = "bearer."  # noqa: S105 - a token's prefix

_AUTHORITY: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(?::[0-9]{1,5})?", re.ASCII)
_BEARER: Final = re.compile(rb"bearer +(\S+) *", re.IGNORECASE)
_JWT: Final = re.compile(rb"[A-Za-z0-9_-]{1,8192}\.[A-Za-z0-9_-]{1,8192}\.[A-Za-z0-9_-]{0,8192}")
_WANTED: Final = "send the header Authorization: Bearer <token> with the token that API_TOKEN holds"
_WANTED_SOCKET: Final = (
    f"{_WANTED}, or offer the subprotocols {SUBPROTOCOL} and {TOKEN_SUBPROTOCOL}<token, percent-encoded>"
)


def is_loopback(host: str) -> bool:
    """Whether the name or address means this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_listen_address(host: str, settings: Settings) -> None:
    """Raise `InvalidSettings` if listening on `host` would admit other machines without a token."""
    if not settings.api_token and not is_loopback(host):
        raise InvalidSettings(
            f"API_TOKEN is unset: set it to listen on {host!r}, or listen on 127.0.0.1, "
            "where only this machine can ask"
        )


class Guard:
    """ASGI middleware that refuses clients without permission, before the request's body is read.

    Without a token the app is for this machine's users alone. A page from elsewhere in their browser could
    still reach it: under a name of its own that resolves to 127.0.0.1 (DNS rebinding), which the Host header
    reveals, or by a cross-site request, which the Origin header reveals.
    """

    def __init__(
        self, app: ASGIApp, *, settings: Settings, seals: Seals, verify: Verify | None = None
    ) -> None:
        """With `verify`, events and sweeps are also accepted with an identity token; without, events with
        `EVENT_TOKEN_HEADER`."""
        self._app = app
        self._token = settings.api_token.encode() if settings.api_token else None
        self._public_origin = origin_of(settings.root_path)
        self._seals = seals
        self._verify = verify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._refusal(scope) if scope["type"] in {"http", "websocket"} else None
        await (answer or self._app)(scope, receive, send)

    async def _refusal(self, scope: Scope) -> Response | None:
        path = scope["path"]
        if any(char < " " or char == "\x7f" for char in path):
            return problem(400, "the path has a control character; leave it out")
        if route_path(scope) in OPEN_PATHS:
            return None
        if self._token is None:
            return self._without_token(scope)
        return await self._with_token(scope, self._token)

    async def _with_token(self, scope: Scope, token: bytes) -> Response | None:
        given = _values(scope, b"authorization")
        match = _BEARER.fullmatch(given[0]) if len(given) == 1 else None
        if _is_for_everyone(scope) or (match and hmac.compare_digest(match[1], token)):
            return None
        offered = None if given else _offered_token(scope, token)
        if not given and offered is None and has_session(scope, self._seals):
            return self._with_session(scope)
        if scope["type"] == "websocket":
            return None if offered else _unauthorized(_WANTED_SOCKET, wrong=bool(given) or offered is False)
        return await self._of_a_service(scope, token)

    async def _of_a_service(self, scope: Scope, token: bytes) -> Response | None:
        """Events and sweeps may be permitted in other ways; what is not is refused here."""
        path, given = route_path(scope), _values(scope, b"authorization")
        match = _BEARER.fullmatch(given[0]) if len(given) == 1 else None
        if self._verify and path in EVENT_PATHS and match and _JWT.fullmatch(match[1]):
            return await _refused_identity(self._verify, match[1].decode("ascii"))
        if not self._verify and path == EVENTS_PATH and not given and _has_event_token(scope, token):
            return None
        if not given and _wants_page(scope):
            return _to_login(scope)
        return _unauthorized(_WANTED, wrong=bool(given))

    def _with_session(self, scope: Scope) -> Response | None:
        if not changes_anything(scope) or is_from_here(scope, self._public_origin):
            return None
        return problem(
            403,
            "with a session only this server's own pages may do that, and neither Origin nor Sec-Fetch-Site "
            f"says that one asks; {_WANTED}",
        )

    def _without_token(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        client = scope.get("client")
        if not client or not is_loopback(client[0]):
            return problem(403, "only this machine may ask as long as API_TOKEN is unset on the server")
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not _names_loopback(hosts[0]):
            return problem(403, "ask for localhost or 127.0.0.1: API_TOKEN is unset on the server")
        if not all(map(_is_local_origin, headers.getlist("origin"))):
            return problem(
                403, "pages of other sites may not ask as long as API_TOKEN is unset on the server"
            )
        return None


def _is_for_everyone(scope: Scope) -> bool:
    path, method = route_path(scope), scope.get("method")
    is_link = path.startswith(SHARED_PATH) and method in ("GET", "HEAD")
    return is_link or (path in (LOGIN_PATH, LOGOUT_PATH) and method is not None)


def _wants_page(scope: Scope) -> bool:
    """Whether a browser asks for a page that a person will see."""
    return scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "").lower()


def _to_login(scope: Scope) -> Response:
    query = scope["query_string"].decode("ascii", "replace")
    wanted = server_url(quote(route_path(scope))) + (f"?{query}" if query else "")
    place = f"{server_url(LOGIN_PATH)}?next={quote(wanted, safe='')}"
    return RedirectResponse(place, 303, {"Cache-Control": "no-store", "Vary": "Accept, Cookie"})


async def _refused_identity(verify: Verify, identity: str) -> Response | None:
    try:
        reason = await run_in_threadpool(verify, identity)
    except PlatformError as error:
        log(logging.ERROR, "request_failed", str(error), status=503)
        detail = "the sender can't be verified now; try again soon, the server's log says why"
        return problem(503, detail, headers={"Retry-After": "5"})
    if not reason:
        return None
    log(logging.WARNING, "identity_refused", reason)
    return _unauthorized(reason, wrong=True)


def _unauthorized(detail: str, *, wrong: bool) -> Response:
    challenge = 'Bearer realm="reelwright"' + (', error="invalid_token"' if wrong else "")
    return problem(401, detail, headers={"WWW-Authenticate": challenge})


def _has_event_token(scope: Scope, token: bytes) -> bool:
    """Whether the event's attribute is the token. Not every sender percent-encodes attributes."""
    given = _values(scope, EVENT_TOKEN_HEADER.encode())
    return len(given) == 1 and _is_token(given[0], token)


def _offered_token(scope: Scope, token: bytes) -> bool | None:
    """Whether the subprotocol that carries a token carries this one; None without such a subprotocol."""
    offered = [name for name in scope.get("subprotocols", []) if name.startswith(TOKEN_SUBPROTOCOL)]
    if not offered:
        return None
    return len(offered) == 1 and _is_token(offered[0].removeprefix(TOKEN_SUBPROTOCOL).encode(), token)


def _is_token(given: bytes, token: bytes) -> bool:
    return any([hmac.compare_digest(form, token) for form in (given, unquote_to_bytes(given))])


def _values(scope: Scope, header: bytes) -> list[bytes]:
    return [value for name, value in scope["headers"] if name == header]


def _names_loopback(authority: str) -> bool:
    match = _AUTHORITY.fullmatch(authority)
    return match is not None and is_loopback(match[1] or match[2])


def _is_local_origin(origin: str) -> bool:
    scheme, _, authority = origin.partition("://")
    return scheme in {"http", "https"} and _names_loopback(authority)

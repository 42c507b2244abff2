"""Who may ask: whoever has the bearer token, or, when none is set, only this machine."""

import hmac
import ipaddress
import re
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.api.problems import problem
from shared.errors import InvalidSettings
from shared.settings import Settings

OPEN_PATHS: Final = frozenset({"/healthz"})
"""Answered without a token: load balancers and orchestrators have none."""

_AUTHORITY: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(?::[0-9]{1,5})?", re.ASCII)
_BEARER: Final = re.compile(rb"bearer +(\S+) *", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Whether the name or address means this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_listen_address(host: str, settings: Settings) -> None:
    """Raise `InvalidSettings` if listening on `host` would let other machines in without a token."""
    if not settings.api_token and not is_loopback(host):
        raise InvalidSettings(
            f"API_TOKEN is unset: set it to listen on {host!r}, or listen on 127.0.0.1, "
            "where only this machine can ask"
        )


class Guard:
    """ASGI middleware that turns away whoever may not ask, before the request's body is read.

    Without a token the app is for this machine's users alone. A page from elsewhere in their browser could
    still reach it: by a name of its own that resolves to 127.0.0.1 (DNS rebinding), which the Host header
    gives away, or by a cross-site request, which the Origin header gives away.
    """

    def __init__(self, app: ASGIApp, *, token: str | None) -> None:
        self._app = app
        self._token = token.encode() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._refusal(scope) if scope["type"] == "http" else None
        await (answer or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        path = scope["path"]
        if any(char < " " or char == "\x7f" for char in path):
            return problem(400, "the path has a control character; leave it out")
        if path in OPEN_PATHS:
            return None
        return self._without_token(scope) if self._token is None else self._with_token(scope, self._token)

    def _with_token(self, scope: Scope, token: bytes) -> Response | None:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        match = _BEARER.fullmatch(given[0]) if len(given) == 1 else None
        if match and hmac.compare_digest(match[1], token):
            return None
        challenge = 'Bearer realm="reelwright"' + (', error="invalid_token"' if given else "")
        detail = "send the header Authorization: Bearer <token> with the token that API_TOKEN holds"
        return problem(401, detail, headers={"WWW-Authenticate": challenge})

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


def _names_loopback(authority: str) -> bool:
    match = _AUTHORITY.fullmatch(authority)
    return match is not None and is_loopback(match[1] or match[2])


def _is_local_origin(origin: str) -> bool:
    scheme, _, authority = origin.partition("://")
    return scheme in {"http", "https"} and _names_loopback(authority)

"""Sessions of people in a browser: a cookie that is as good as the bearer token, for this server's own pages.

A browser sends its cookies whoever asks it to. What changes anything, and WebSockets, are therefore refused
unless the browser says that a page of this server asks (cross-site request forgery).
"""

from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from shared.api.guard.seals import SESSION, Seals
from shared.api.http.prefix import server_url

COOKIE: Final = "reelwright_session"
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
_SAFE_METHODS: Final = {"GET", "HEAD", "OPTIONS"}


def has_session(scope: Scope, seals: Seals) -> bool:
    """Whether one of the request's cookies is a session's. There may be several of the name, left from other
    prefixes."""
    pairs = [
        pair.partition("=") for each in Headers(scope=scope).getlist("cookie") for pair in each.split(";")
    ]
    return any(seals.is_session(value.strip()) for name, _, value in pairs if name.strip() == COOKIE)


def changes_anything(scope: Scope) -> bool:
    """Whether the request may do more than read. A WebSocket may read what its page may not."""
    return scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS


def is_from_here(scope: Scope, public_origin: str | None) -> bool:
    """Whether the browser says that a page of this server asks: by Origin, else by Sec-Fetch-Site.

    `public_origin` is where clients find this server, if that is known; else the Host header says it.
    """
    headers = Headers(scope=scope)
    origins = headers.getlist("origin")
    if origins:
        return len(origins) == 1 and _is_own(origins[0].lower(), scope, public_origin)
    return headers.getlist("sec-fetch-site") == ["same-origin"]


def is_from_elsewhere(scope: Scope, public_origin: str | None) -> bool:
    """Whether the browser says that another site's page asks; programs that are no browser say nothing."""
    headers = Headers(scope=scope)
    says_nothing = "origin" not in headers and headers.get("sec-fetch-site", "none") == "none"
    return not says_nothing and not is_from_here(scope, public_origin)


def is_https(scope: Scope, public_origin: str | None) -> bool:
    """Whether the client's connection is encrypted, by any sign. A sign that a client forges only makes its
    own cookie stricter."""
    headers = Headers(scope=scope)
    return (
        scope["scheme"] in ("https", "wss")
        or (public_origin or "").startswith("https:")
        or headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower() == "https"
    )


def set_session(answer: Response, seals: Seals, *, secure: bool) -> None:
    answer.set_cookie(
        COOKIE,
        seals.new_session(),
        max_age=int(SESSION.total_seconds()),
        path=server_url("") or "/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def clear_session(answer: Response, *, secure: bool) -> None:
    path = server_url("") or "/"
    answer.delete_cookie(COOKIE, path=path, secure=secure, httponly=True, samesite="strict")


def _is_own(origin: str, scope: Scope, public_origin: str | None) -> bool:
    if public_origin:
        return origin == public_origin
    hosts = Headers(scope=scope).getlist("host")
    scheme, _, authority = origin.partition("://")
    port = _DEFAULT_PORTS.get(scheme)
    if len(hosts) != 1 or not port or (is_https(scope, None) and scheme != "https"):
        return False
    return hosts[0].lower().removesuffix(port) == authority.removesuffix(port) != ""

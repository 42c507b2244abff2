"""The path prefix that a proxy puts before this server's paths, such as `/video`.

Some proxies strip it from the paths that they pass on, others don't. Both are understood: a prefix never
begins like a route of ours (`check_prefix`).
"""

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import InvalidSettings

_PREFIX: Final[ContextVar[str]] = ContextVar("prefix", default="")
"""Of the app whose request is being answered."""


def server_url(path: str) -> str:
    """The URL of this server's `path` as clients know it, relative to the host."""
    return _PREFIX.get() + path


def route_path(scope: Scope) -> str:
    """The request's path without the prefix."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def prefix_of(root_path: str) -> str:
    """The prefix in the setting `ROOT_PATH`, which is a path or a URL."""
    return urlsplit(root_path).path


def origin_of(root_path: str) -> str | None:
    """The origin in the setting `ROOT_PATH`, if it is a URL."""
    parsed = urlsplit(root_path.lower())
    usual = {"http": ":80", "https": ":443"}.get(parsed.scheme)
    return f"{parsed.scheme}://{parsed.netloc.removesuffix(usual)}" if usual else None


def check_prefix(prefix: str, paths: Iterable[str]) -> None:
    """Raise `InvalidSettings` for a prefix that begins like one of the paths: whether a proxy has stripped it
    could not be told."""
    first = prefix.split("/")[1] if prefix else ""
    if first and first in {path.split("/")[1] for path in paths}:
        raise InvalidSettings(
            f"ROOT_PATH={prefix!r}: /{first} is a path of this server itself; use another, such as /video"
        )


class Prefix:
    """ASGI middleware after which `path` begins with the prefix, which is `root_path`, as ASGI wants it."""

    def __init__(self, app: ASGIApp, *, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if path != self._prefix and not path.startswith(f"{self._prefix}/"):
            path = self._prefix + path
        before = _PREFIX.set(self._prefix)
        try:
            await self._app({**scope, "path": path, "root_path": self._prefix}, receive, send)
        finally:
            _PREFIX.reset(before)

"""One line a request: method, path, status, duration. Never headers or queries.

A WebSocket is logged when it closes; 101 means that it was opened.
"""

import logging
import time
from collections.abc import Callable
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.logs import log


class AccessLog:
    """ASGI middleware around everything that answers."""

    def __init__(self, app: ASGIApp, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        began = self._clock()
        status = 500  # the outer layer's answer when the app raises
        sent_bytes = 0

        async def note(message: Message) -> None:
            nonlocal status, sent_bytes
            status = _status(message, status)
            sent_bytes += len(message.get("body", b"")) + len(message.get("text", ""))
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            self._say(scope, status, sent_bytes, round((self._clock() - began) * 1000))

    def _say(self, scope: Scope, status: int, sent_bytes: int, duration_ms: int) -> None:
        method, path = scope.get("method", "WEBSOCKET"), quote(scope["path"])
        log(
            logging.INFO,
            "http_request",
            f"{method} {path}: {status} in {duration_ms} ms",
            method=method,
            path=path,
            status=status,
            sent_bytes=sent_bytes,
            duration_ms=duration_ms,
        )


def _status(message: Message, before: int) -> int:
    """The answer's status after this message."""
    if message["type"] == "websocket.accept":
        return 101
    if message["type"] == "websocket.close" and before != 101:
        return 403  # the server's answer for a WebSocket that is closed before it opened
    return int(message.get("status", before))

"""Listening: uvicorn on a socket of our own, ended by a signal without breaking off an answer."""

import logging
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn
from fastapi import FastAPI

from shared.api.guard.auth import check_listen_address
from shared.api.guard.connections import Patience, Server, TimedProtocol
from shared.errors import InvalidSettings
from shared.logs import LOGGER
from shared.settings import Settings
from shared.video.frames.pictures import DECODERS

EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - containers are reached from outside; the token guards them
_PORT: Final = "8080"
_GRACE_S: Final = 10
_BACKLOG: Final = 1024
_MOST_SAID_BYTES: Final = 4096
"""Limit of one message from a WebSocket's client; messages are not read."""
_PATIENCE: Final = Patience()


def serve(
    app: FastAPI,
    *,
    settings: Settings,
    host: str = "127.0.0.1",
    port: int = 8080,
    on_ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve until SIGTERM or Ctrl-C, then let running answers finish (for 10 s at most) and return.

    `port` 0 takes a free one; `on_ready` gets the server's URL once requests are answered. Raises
    `InvalidSettings` for a non-loopback address without a token, and for an address that can't be used.
    """
    check_listen_address(host, settings)
    with open_socket(host, port) as listener:
        server = make_server(app)
        server.on_started = lambda: on_ready(url_of(listener))
        with _ended_by_signals(server):
            try:
                server.run(sockets=[listener])
            finally:
                DECODERS.end()


def port_in(environ: Mapping[str, str]) -> int:
    """Where a container listens: `PORT`, or 8080; raises `InvalidSettings` for what is no port."""
    text = environ.get("PORT", "").strip() or _PORT
    if not re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) or int(text) > 65_535:
        raise InvalidSettings(f"PORT={text!r}: use a whole number up to 65535")
    return int(text)


def open_socket(host: str, port: int) -> socket.socket:
    """A listening socket; raises `InvalidSettings` when the address is in use or not this machine's."""
    if not 0 <= port <= 65_535:  # some systems take it modulo 65536
        raise InvalidSettings(
            f"port {port} does not exist: choose one from 1 to 65535, or 0 for any free one"
        )
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidSettings(
            f"can't listen on {host} port {port}: {reason}; choose another port or address"
        ) from error
    # Connections inherit it. asyncio sets it only on sockets made with their protocol's number, which
    # create_server leaves out, and without it each answer on a kept connection waits for an ACK: 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def make_server(app: FastAPI, patience: Patience = _PATIENCE) -> Server:
    """A server for the app that logs in our format. Set its `should_exit` to end it."""
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers[:] = LOGGER.handlers if name == "uvicorn" else []
        logger.setLevel(logging.WARNING)
        logger.propagate = name != "uvicorn"
    logging.getLogger("uvicorn.error").addFilter(_is_no_refusal)
    return Server(
        uvicorn.Config(
            app,
            loop="asyncio",  # uvloop, which others may have installed, has other transports
            http=TimedProtocol,
            log_config=None,
            access_log=False,  # the app logs each request itself
            server_header=False,
            proxy_headers=False,  # access depends on the client's address: only the connection is proof
            timeout_graceful_shutdown=_GRACE_S,
            ws="websockets-sansio",  # the one implementation that is not deprecated
            ws_max_size=_MOST_SAID_BYTES,
        ),
        patience,
    )


def _is_no_refusal(record: logging.LogRecord) -> bool:
    """uvicorn takes a WebSocket that was refused with a status and a body for an app that failed."""
    return record.msg != "ASGI callable returned without completing handshake."


@contextmanager
def _ended_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """End the server on SIGTERM and SIGINT, also before and after uvicorn's own handlers are in place.

    uvicorn raises the signal again at its end, which would kill this process before the caller could stop its
    jobs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Clients that don't do their part, over real sockets, with little patience."""

import asyncio
import errno
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from unittest import mock

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from shared.api.app import create_app
from shared.api.guard.connections import Patience, TimedProtocol, Watchman
from shared.api.guard.serve import make_server, open_socket
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.file import FileStore
from tests.support.api import STORY, NotingPlatform

HASTY = Patience(head_s=0.3, body_s=0.3, silence_s=0.3, yield_s=0.0, back_off_s=0.01)
MORE_THAN_KERNELS_KEEP = 48 << 20
"""Of what was sent and not read: Linux keeps up to 4 MiB for the sender and 32 for the receiver."""
CAPTION = "/me/creation/spring/assets/1/1.txt"
PUT = f"PUT {CAPTION} HTTP/1.1\r\nHost: localhost\r\n"


@contextmanager
def served(folder: Path, patience: Patience, listener: socket.socket | None = None) -> Iterator[FileStore]:
    """A server on the listener."""
    store = FileStore(folder / "store")
    app = create_app(Trigger(store, NotingPlatform(), {"story": STORY}), settings=Settings())
    server = make_server(app, patience)
    assert listener
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield store
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with open_socket("127.0.0.1", 0) as opened:
        yield opened


@pytest.fixture
def connect(listener: socket.socket) -> Iterator[Callable[[], socket.socket]]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(socket.create_connection(listener.getsockname(), timeout=20))


def rest(connection: socket.socket) -> bytes:
    """All that is sent until the server hangs up; `TimeoutError` if it does not."""
    said = b""
    with suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            said += chunk
    return said


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("", b"HTTP/1.1 408"),
        ("GET /healthz HT", b"HTTP/1.1 408"),
        ("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ", b"HTTP/1.1 408"),
        ("GET /ws/job/x HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n", b"HTTP/1.1 408"),
        (PUT + "Content-Length: 100\r\n\r\nSpring", b"HTTP/1.1 408"),
        (PUT + "Transfer-Encoding: chunked\r\n\r\n5\r\nSp", b"HTTP/1.1 408"),
        (PUT + "Content-Length: 9999999999\r\n\r\n", b"HTTP/1.1 413"),
        ("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /heal", b"HTTP/1.1 200"),
    ],
)
def test_a_request_that_does_not_go_on_is_ended(
    tmp_path: Path, listener: socket.socket, connect: Callable[[], socket.socket], said: str, answer: bytes
) -> None:
    with served(tmp_path, HASTY, listener):
        connection = connect()
        connection.sendall(said.encode())
        assert rest(connection).startswith(answer)


@pytest.mark.parametrize("said", ["GET /healthz HTTP/1.1\r\nX: ", PUT + "Content-Length: 100000\r\n\r\n"])
def test_bytes_that_drop_in_one_by_one_buy_no_time(
    tmp_path: Path, listener: socket.socket, connect: Callable[[], socket.socket], said: str
) -> None:
    with served(tmp_path, HASTY, listener):
        connection = connect()
        connection.sendall(said.encode())
        connection.settimeout(0.05)
        for _ in range(400):
            try:
                connection.sendall(b"a")
                answer = connection.recv(1000)
                break
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408")


def test_an_answer_that_nobody_takes_is_given_up(
    tmp_path: Path, listener: socket.socket, connect: Callable[[], socket.socket]
) -> None:
    with served(tmp_path, HASTY, listener) as store:
        store.write("spring/assets/video.mp4", bytes(MORE_THAN_KERNELS_KEEP))
        connection = connect()
        connection.sendall(b"GET /me/creation/spring/assets/video.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for _ in range(5):  # each is ended for its silence, and the other one, which came first, by then too
            rest(connect())
        assert len(rest(connection)) < MORE_THAN_KERNELS_KEEP


def test_who_asks_comes_in_though_others_hold_all_connections(
    tmp_path: Path,
    listener: socket.socket,
    connect: Callable[[], socket.socket],
    caplog: pytest.LogCaptureFixture,
) -> None:
    patience = Patience(connections=3, yield_s=0.0)
    with served(tmp_path, patience, listener):
        silent = [connect() for _ in range(6)]
        for connection in silent:
            connection.sendall(b"GET /he")
        asker = connect()
        asker.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert rest(asker).startswith(b"HTTP/1.1 200")
        assert rest(silent[0]) == b""
    assert len([line for line in caplog.messages if "all 3 connections" in line]) == 1


class Starved(socket.socket):
    """Has no descriptors for those who come, for some time."""

    refusals = 20

    def accept(self) -> tuple[socket.socket, object]:
        if self.refusals:
            self.refusals -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


def test_running_out_of_descriptors_is_one_line_and_is_got_over(
    tmp_path: Path, listener: socket.socket, connect: Callable[[], socket.socket]
) -> None:
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    for name in ("reelwright", "asyncio"):
        logging.getLogger(name).addHandler(handler)
    starved = Starved(fileno=listener.dup().detach())
    try:
        with starved, served(tmp_path, HASTY, starved):
            asker = connect()
            asker.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert rest(asker).startswith(b"HTTP/1.1 200")
    finally:
        for name in ("reelwright", "asyncio"):
            logging.getLogger(name).removeHandler(handler)
    assert starved.refusals == 0
    assert len([line for line in said if "Too many open files" in line]) == 1


def test_a_long_upload_over_a_slow_line_has_all_the_time_it_needs() -> None:
    """Half a gigabyte at 5 kB/s is a day; then it stops, and that is not waited for as long."""
    left = _upload(chunks=[5000 * 60] * 1440, step_s=60.0)
    assert left == ["all"]


@pytest.mark.parametrize(
    ("chunks", "step_s"),
    [
        ([1] * 100, 60.0),  # a byte a minute
        ([3000] * 200, 1.0),  # slower than any line in use
        ([1 << 24, *[0] * 100], 1.0),  # much, then nothing
    ],
)
def test_an_upload_slower_than_any_line_is_ended(chunks: list[int], step_s: float) -> None:
    assert _upload(chunks, step_s) == ["late"]


def _upload(chunks: list[int], step_s: float) -> list[str]:
    """What becomes of a body that comes so, with the usual patience, by a clock of ours."""

    async def swallow(_scope: Scope, receive: Receive, _send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async def play() -> list[str]:
        config = uvicorn.Config(swallow, http=TimedProtocol, log_config=None)
        state = ServerState()
        transport = mock.create_autospec(asyncio.Transport, instance=True)
        transport.get_write_buffer_size.return_value = 0
        transport.is_closing.return_value = False
        transport.get_extra_info.return_value = None
        protocol = TimedProtocol(config, state, {})
        protocol.connection_made(transport)
        protocol.data_received(PUT.encode() + b"Content-Length: 999999999999\r\n\r\n")
        watchman = Watchman(patience=Patience())
        for size in chunks:
            for at in range(0, size, 1 << 20):
                protocol.data_received(bytes(min(size - at, 1 << 20)))
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            watchman.check(state.connections, step_s)
            if transport.close.called:
                break
        late = transport.close.called
        protocol.connection_lost(None)
        await asyncio.gather(*state.tasks)
        return ["late"] if late else ["all"]

    return asyncio.run(play())

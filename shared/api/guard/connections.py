"""Connections: how many there may be, and how long a client may keep one without doing its part.

uvicorn waits without limit for the rest of a request, and accepts connections until descriptors run out.
"""

import asyncio
import errno
import logging
import resource
import socket
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from shared.api.http.problems import problem
from shared.logs import log

_CHECK_EVERY_TICKS: Final = 5
"""Of uvicorn's, which are 0.1 s."""
_LONGEST_STEP_S: Final = 1.0
"""At most this much is counted between two checks: clients are not to blame for a blocked event loop."""
_NAP_S: Final = 0.05
_QUIET_S: Final = 60.0
"""Between two lines about the same problem."""
_MOST: Final = 1000
_FILES_A_CONNECTION: Final = 2
"""Descriptors that are reserved for each connection: its own, and one for a body on the disk or the store."""
_OUT_OF_RESOURCES: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a client may take; time counts only while the server waits for the client."""

    head_s: float = 20.0
    """For a request's first line and headers, counted from the connection or the previous answer; and for the
    rest of a body after its answer."""
    body_s: float = 30.0
    """For a body, plus 1 s for each `body_bytes_per_s` that have arrived."""
    body_bytes_per_s: int = 4096
    silence_s: float = 60.0
    """Without a byte of a body, or without reading a byte of an answer."""
    yield_s: float = 0.5
    """After this a connection that waits for its next request may be dropped to make room for others."""
    back_off_s: float = 1.0
    """Pause before accepting again when descriptors have run out."""
    connections: int = _MOST
    """Maximum; and never more than half of the descriptors that the process may open."""

    @property
    def most(self) -> int:
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return self.connections if files < 0 else max(1, min(self.connections, files // _FILES_A_CONNECTION))


class TimedProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, which also reports whether the client or the server must act next."""

    received_bytes = 0

    def data_received(self, data: bytes) -> None:
        self.received_bytes += len(data)
        super().data_received(data)

    @property
    def turn(self) -> tuple[object, object, bool]:
        """Changes with every part of every request."""
        return self.conn.their_state, self.cycle, self.cycle is not None and self.cycle.response_complete

    @property
    def awaits_head(self) -> bool:
        return self.conn.their_state is h11.IDLE and (self.cycle is None or self.cycle.response_complete)

    @property
    def is_idle(self) -> bool:
        return self.awaits_head and not self.transport.is_closing()

    @property
    def awaits_body(self) -> bool:
        is_sending = self.conn.their_state is h11.SEND_BODY and self.cycle is not None
        return is_sending and not (self.flow.read_paused or self.cycle.waiting_for_100_continue)

    @property
    def is_answered(self) -> bool:
        return self.cycle is not None and self.cycle.response_complete

    def refuse(self, detail: str) -> None:
        """Answer 408 if there is no answer yet, and close."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        answer = problem(408, detail, headers={"Connection": "close"})
        response = h11.Response(status_code=408, headers=answer.raw_headers, reason=b"Request Timeout")
        for event in (response, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


@dataclass(kw_only=True)
class _Waiting:
    """How long a client has kept one connection waiting."""

    turn: object = None
    turn_s: float = 0.0
    began_at_bytes: int = 0
    """How many bytes had arrived when this turn began."""
    heard_bytes: int = 0
    silent_s: float = 0.0
    unsent_bytes: int = 0
    stalled_s: float = 0.0

    def note_unsent(self, unsent_bytes: int, step_s: float) -> None:
        has_moved = unsent_bytes != self.unsent_bytes or not unsent_bytes
        self.stalled_s = 0.0 if has_moved else self.stalled_s + step_s
        self.unsent_bytes = unsent_bytes

    def note_turn(self, protocol: TimedProtocol, step_s: float) -> None:
        heard = protocol.received_bytes
        if protocol.turn != self.turn:
            self.turn, self.turn_s, self.began_at_bytes = protocol.turn, 0.0, self.heard_bytes
            self.silent_s = 0.0
        elif protocol.awaits_head or protocol.awaits_body:
            self.turn_s += step_s
            self.silent_s = self.silent_s + step_s if heard == self.heard_bytes else 0.0
        self.heard_bytes = heard

    def lateness(self, protocol: TimedProtocol, patience: Patience) -> str | None:
        """Which part of the request is late, in words."""
        if protocol.awaits_head:
            return "the request's head did not come in time" if self.turn_s > patience.head_s else None
        if not protocol.awaits_body:
            return None
        if protocol.is_answered:
            return "the request was answered before its end" if self.turn_s > patience.head_s else None
        earned_s = (self.heard_bytes - self.began_at_bytes) / patience.body_bytes_per_s
        is_late = self.turn_s > patience.body_s + earned_s or self.silent_s > patience.silence_s
        return "the request's body came too slowly; send it again over a faster line" if is_late else None


@dataclass(kw_only=True)
class Watchman:
    """Closes the connections of clients that take too long."""

    patience: Patience
    _waiting: dict[asyncio.Protocol, _Waiting] = field(default_factory=dict)

    def check(self, connections: Collection[asyncio.Protocol], step_s: float) -> None:
        """Call this repeatedly; `step_s` is the time since the last call."""
        self._waiting = {each: self._waiting.get(each) or _Waiting() for each in connections}
        for protocol, waiting in list(self._waiting.items()):
            transport = _transport(protocol)
            waiting.note_unsent(transport.get_write_buffer_size(), step_s)
            if waiting.stalled_s > self.patience.silence_s:
                transport.abort()  # close() would wait for the unread rest
            elif isinstance(protocol, TimedProtocol) and not transport.is_closing():
                waiting.note_turn(protocol, step_s)
                late = waiting.lateness(protocol, self.patience)
                if late:
                    protocol.refuse(late)

    def make_room(self) -> bool:
        """Drop the connection that has waited longest for its next request, if one has waited long enough."""
        idle = [(waiting.turn_s, protocol) for waiting, protocol in self._idle()]
        longest_s, protocol = max(idle, key=lambda each: each[0], default=(0.0, None))
        if protocol is None or longest_s < self.patience.yield_s:
            return False
        protocol.transport.abort()
        return True

    def _idle(self) -> Iterator[tuple[_Waiting, TimedProtocol]]:
        for protocol, waiting in self._waiting.items():
            if isinstance(protocol, TimedProtocol) and protocol.is_idle:
                yield waiting, protocol


def _transport(protocol: asyncio.Protocol) -> asyncio.Transport:
    """uvicorn's protocols have a transport from the start."""
    transport = getattr(protocol, "transport", None)
    assert isinstance(transport, asyncio.Transport)
    return transport


class Door:
    """Accepts connections, as long as there is room."""

    def __init__(
        self,
        listener: socket.socket,
        connections: Collection[asyncio.Protocol],
        watchman: Watchman,
        make_protocol: Callable[[], asyncio.Protocol],
    ) -> None:
        self._listener = listener
        self._connections = connections
        self._watchman = watchman
        self._make_protocol = make_protocol
        self._told_at: dict[str, float] = {}
        listener.setblocking(False)
        self._task = asyncio.create_task(self._let_in())

    def close(self) -> None:
        """Call this before the listener is closed."""
        self._task.cancel()
        asyncio.get_running_loop().remove_reader(self._listener.fileno())

    async def _let_in(self) -> None:
        loop = asyncio.get_running_loop()
        most = self._watchman.patience.most
        while True:
            while len(self._connections) >= most:
                self._report("connections_full", f"all {most} connections are in use; others have to wait")
                await asyncio.sleep(0.0 if self._watchman.make_room() else _NAP_S)
            try:
                connection, _ = await loop.sock_accept(self._listener)
                await loop.connect_accepted_socket(self._make_protocol, connection)
            except OSError as error:
                if error.errno in _OUT_OF_RESOURCES:
                    await self._back_off(error)
                else:  # Linux's error for a connection that was lost while it waited
                    await asyncio.sleep(_NAP_S)

    async def _back_off(self, error: OSError) -> None:
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._report(
            "accept_failed",
            f"no connection can be accepted: {error.strerror}; this process may open {files} files, which "
            "`ulimit -n` raises",
        )
        self._watchman.make_room()
        await asyncio.sleep(self._watchman.patience.back_off_s)

    def _report(self, action: str, message: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told_at.get(action, float("-inf")) >= _QUIET_S:
            log(logging.WARNING, action, message)
            self._told_at[action] = now


class Server(uvicorn.Server):
    """uvicorn's server with a `Door` of our own."""

    def __init__(self, config: uvicorn.Config, patience: Patience) -> None:
        super().__init__(config)
        self.on_started: Callable[[], None] = lambda: None
        """Called once requests are answered at once."""
        self._watchman = Watchman(patience=patience)
        self._doors: list[Door] = []
        self._checked_at = 0.0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        connections = self.server_state.connections
        self._doors = [Door(each, connections, self._watchman, self._protocol) for each in sockets or []]
        self._checked_at = asyncio.get_running_loop().time()
        if not self.should_exit:
            self.on_started()

    async def on_tick(self, counter: int) -> bool:
        if counter % _CHECK_EVERY_TICKS == 0:
            now = asyncio.get_running_loop().time()
            self._watchman.check(self.server_state.connections, min(now - self._checked_at, _LONGEST_STEP_S))
            self._checked_at = now
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for door in self._doors:
            door.close()
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        return TimedProtocol(self.config, self.server_state, self.lifespan.state)

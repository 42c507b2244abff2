"""A stand-in for a paid HTTP API on loopback, which counts what it would charge for and misbehaves on demand.

A stand-in is a subclass with `serve`; what it charges for it adds to `paid` there. Tests plan faults:

    server.faults.append(Fault(kind="reset", match="POST /v1/messages", after_work=True))

makes the next such call be carried out, paid for, and its answer lost.
"""

import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Literal, Self, cast
from urllib.parse import parse_qs, urlsplit

Kind = Literal["status", "reset", "silent", "slow_drip", "truncated", "wrong_type", "malformed"]
"""An error status; the connection reset; no answer until the server closes; an answer byte by byte that never
ends; one that ends before its `Content-Length`; one of type text/html; one that is no JSON."""

_RESET: Final = struct.pack("ii", 1, 0)
_DRIP_S: Final = 0.02
_PAGE: Final = b"<html><body>Something else</body></html>"


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that came in."""

    method: str
    path: str
    """Without the query."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By lower-case name."""
    data: bytes
    json: Any
    """The body parsed; None where it is no JSON."""

    @property
    def line(self) -> str:
        """E.g. `POST /v1/messages`."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer: bytes as they are, anything else as JSON."""

    body: Any
    status: int = 200
    content_type: str = ""
    """Empty: that of JSON, or application/octet-stream for bytes."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()

    def all_headers(self) -> dict[str, str]:
        usual = "application/octet-stream" if isinstance(self.body, bytes) else "application/json"
        return {"Content-Type": self.content_type or usual, **self.headers}


class Refusal(Exception):
    """Raised by `serve`: the answer is this error."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.reply = reply


@dataclass(kw_only=True)
class Fault:
    """What goes wrong with the next calls whose `line` has `match` in it."""

    kind: str
    """A `Kind`, or one of a subclass, which looks for it with `take`."""
    match: str = ""
    times: int = 1
    """How many calls it is still to hit."""
    after_work: bool = False
    """Whether the call is carried out, and paid for, before its answer goes wrong."""
    skip: int = 0
    """How many matching calls go well first."""
    status: int = 500
    body: Any = None
    """Of `status`; None: a body with `message`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of `status`, e.g. `{"Retry-After": "1"}`."""
    message: str = "something went wrong"


class PaidServer:
    """On a free port of the loopback interface, while the `with` block lasts."""

    kinds: frozenset[str] = frozenset()
    """Of faults that the subclass takes itself."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.paid: Counter[str] = Counter()
        """By kind of thing, how many were charged."""
        self.lock = threading.RLock()
        """`serve` is called with it held by no one: take it around what calls share."""
        self.closing = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True
        )

    def serve(self, call: Call) -> Reply:
        """Carry the call out; may raise `Refusal`."""
        raise NotImplementedError

    def error_body(self, status: int, message: str) -> Any:
        """The API's form of an error."""
        return {"status": status, "message": message}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def charge(self, kind: str) -> None:
        with self.lock:
            self.paid[kind] += 1

    def pause(self, seconds: float) -> None:
        """Take this long, unless the server is closed before."""
        self.closing.wait(seconds)

    def calls_of(self, line: str) -> list[Call]:
        """All calls that had this in their `line`, in order."""
        with self.lock:
            return [call for call in self.calls if line in call.line]

    def take(self, call: Call, kind: str) -> Fault | None:
        """For `serve`: the fault of this kind (one of `kinds`) that hits the call, if any; it is used up."""
        return self._take(call, frozenset({kind}))

    def take_basic(self, call: Call) -> Fault | None:
        """The fault that the call's way through HTTP is hit by."""
        with self.lock:
            self.calls.append(call)
            return self._take(call, None)

    def _take(self, call: Call, kinds: frozenset[str] | None) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                wanted = fault.kind in kinds if kinds else fault.kind not in self.kinds
                if not wanted or fault.times <= 0 or fault.match not in call.line:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # joined by server_close, so that no test leaves a thread behind

    def __init__(self, api: PaidServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.api = api
        self.connections: set[socket.socket] = set()

    def hang_up(self) -> None:
        """Close connections that clients keep open."""
        with self.api.lock:
            for connection in self.connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def _mine(self) -> _Server:
        return cast("_Server", self.server)

    def setup(self) -> None:
        super().setup()
        with self._mine.api.lock:
            self._mine.connections.add(self.connection)

    def handle(self) -> None:
        with suppress(ConnectionError):  # clients may leave whenever they like
            super().handle()

    def finish(self) -> None:
        with self._mine.api.lock:
            self._mine.connections.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def do_GET(self) -> None:
        api, call = self._mine.api, self._call()
        fault = api.take_basic(call)
        if fault is None:
            self._send(self._carry_out(call))
            return
        reply = self._carry_out(call) if fault.after_work else Reply(body={"status": "unfinished"})
        self._break(fault, reply)

    do_POST = do_GET  # noqa: N815 - the names that http.server calls
    do_PUT = do_GET  # noqa: N815
    do_PATCH = do_GET  # noqa: N815
    do_DELETE = do_GET  # noqa: N815

    def _call(self) -> Call:
        url = urlsplit(self.path)
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            parsed = json.loads(data) if data else None
        except ValueError:
            parsed = None
        return Call(
            method=self.command,
            path=url.path,
            query={name: values[0] for name, values in parse_qs(url.query).items()},
            headers={name.lower(): value for name, value in self.headers.items()},
            data=data,
            json=parsed,
        )

    def _carry_out(self, call: Call) -> Reply:
        try:
            return self._mine.api.serve(call)
        except Refusal as refusal:
            return refusal.reply

    def _break(self, fault: Fault, reply: Reply) -> None:
        if fault.kind == "status":
            body = fault.body if fault.body is not None else self._error(fault)
            self._send(Reply(body=body, status=fault.status, headers=fault.headers))
        elif fault.kind == "wrong_type":
            self._send(Reply(body=_PAGE, content_type="text/html; charset=utf-8"))
        elif fault.kind == "malformed":
            self._send(Reply(body=b'{"id": "unfinis', content_type="application/json"))
        else:
            self.close_connection = True
            self._break_off(fault.kind, reply)

    def _error(self, fault: Fault) -> Any:
        return self._mine.api.error_body(fault.status, fault.message)

    def _break_off(self, kind: str, reply: Reply) -> None:
        if kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            with self._mine.api.lock:
                self._mine.connections.discard(self.connection)
            socket.close(self.connection.detach())
        elif kind == "silent":
            self._mine.api.closing.wait()
        elif kind == "slow_drip":
            self._drip(reply)
        elif kind == "truncated":
            data = reply.data()
            self._start(reply, length=len(data) + 1)
            self.wfile.write(data[: len(data) // 2])
        else:
            raise AssertionError(f"no fault is called {kind!r}")

    def _drip(self, reply: Reply) -> None:
        """The answer's bytes one by one, and spaces after them, until the client or the server leaves."""
        self._start(reply, length=1 << 20)
        data = iter(reply.data())
        while not self._mine.api.closing.wait(_DRIP_S):
            self.wfile.write(bytes([next(data, 32)]))

    def _send(self, reply: Reply) -> None:
        data = reply.data()
        self._start(reply, length=len(data))
        self.wfile.write(data)

    def _start(self, reply: Reply, *, length: int) -> None:
        self.send_response(reply.status)
        for name, value in {**reply.all_headers(), "Content-Length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Tests look at `calls`."""

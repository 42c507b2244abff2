"""How the stand-in for Code Engine talks HTTP, and breaks when it is told to."""

import json
import secrets
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Literal, Protocol, cast
from urllib.parse import parse_qs, urlsplit

Kind = Literal["refused", "refused after", "reset", "reset after", "silent after"]
"""Refused, reset or never answered: instead of being carried out, or `after` it was."""

_RESET: Final = struct.pack("ii", 1, 0)


@dataclass(kw_only=True)
class Fault:
    """What happens to the next calls of this method with this text in their path."""

    kind: Kind
    method: str
    path: str
    status: int = 503
    code: str = "unavailable"
    message: str = "the service is unavailable"
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    """How many calls it is still to hit."""


class Refusal(Exception):
    """An answer that is an error.

    Its form is that of https://cloud.ibm.com/docs/codeengine?topic=codeengine-getting-started-api.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.body = {
            "errors": [{"code": code, "message": message}],
            "trace": f"codeengine-api-{secrets.token_hex(16)}",
            "status_code": status,
        }


class Engine(Protocol):
    """What answers the calls."""

    calls: list[tuple[str, str]]
    faults: list[Fault]
    tokens: set[str]
    closing: threading.Event

    def issue_token(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]: ...

    def serve(
        self, method: str, path: str, query: Mapping[str, str], body: Any, tag: str
    ) -> tuple[int, Any]: ...


class Server(ThreadingHTTPServer):
    """On a free port of the loopback interface."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.engine = engine


class _Handler(BaseHTTPRequestHandler):
    @property
    def _engine(self) -> Engine:
        return cast("Server", self.server).engine

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if url.path == "/identity/token":
            form = {key: values[0] for key, values in parse_qs(data.decode()).items()}
            self._answer(*self._engine.issue_token(form))
            return
        self._engine.calls.append((self.command, url.path))
        fault = next((each for each in self._engine.faults if self._is_hit(each, url.path)), None)
        if fault:
            fault.times -= 1
            if fault.kind.endswith("after"):
                self._carry_out(url.path, url.query, data)
            self._break(fault)
        else:
            self._answer(*self._carry_out(url.path, url.query, data))

    do_POST = do_GET  # noqa: N815 - the names that http.server calls
    do_PATCH = do_GET  # noqa: N815
    do_DELETE = do_GET  # noqa: N815

    def _is_hit(self, fault: Fault, path: str) -> bool:
        return fault.times > 0 and fault.method == self.command and fault.path in path

    def _carry_out(self, path: str, query: str, data: bytes) -> tuple[int, Any]:
        options = {key: values[0] for key, values in parse_qs(query).items()}
        try:
            self._check_headers()
            body = json.loads(data) if data else None
            return self._engine.serve(self.command, path, options, body, self.headers.get("If-Match", ""))
        except Refusal as refusal:
            return refusal.status, refusal.body

    def _check_headers(self) -> None:
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self._engine.tokens:
            raise Refusal(401, "unauthorized", "the token is not valid")
        if self.command != "PATCH":
            return
        if self.headers.get("Content-Type") != "application/merge-patch+json":
            raise Refusal(415, "unsupported_media_type", "application/merge-patch+json is needed")
        if not self.headers.get("If-Match"):
            raise Refusal(400, "missing_header", "If-Match is needed")

    def _break(self, fault: Fault) -> None:
        if fault.kind == "silent after":
            self._engine.closing.wait()
        if fault.kind.startswith("refused"):
            refusal = Refusal(fault.status, fault.code, fault.message)
            self._answer(refusal.status, refusal.body, fault.headers)
            return
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        socket.close(self.connection.detach())

    def _answer(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Tests look at `calls`."""

"""A stand-in for Amazon S3 and IBM COS: moto, behind a server that breaks things when it is told to.

The server passes requests on one at a time, since moto's preconditions are checked and then acted upon, and
refuses bodies that don't fit their Content-MD5, which moto doesn't look at. Whatever is broken is accounted
for, so that a test can't pass because its fault never came.

`python -m tests.emulators.s3 --port 0 --bucket films` prints its URL and serves until it is killed.
"""

import argparse
import base64
import hashlib
import random
import socket
import struct
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import cache
from http.client import HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from types import SimpleNamespace
from typing import Any, Final, Literal, cast, get_args

from moto import backends
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)

Kind = Literal["answer-before", "answer-after", "reset-before", "reset-after", "broken-stream"]
"""Refused or reset before the request is done, or after; or half of the answer's body, then a reset."""
Damage = Literal[
    "wrong-bytes",
    "short-answer",
    "long-answer",
    "other-etag",
    "other-place",
    "range-ignored",
    "page",
    "xhtml",
    "missing-page",
    "redirect",
    "cut-body",
    "no-headers",
    "odd-headers",
]
"""What a store itself does not do, but something in between might: an answer other than the one asked for."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_HOP_BY_HOP: Final = frozenset({"connection", "expect", "keep-alive", "transfer-encoding", "content-length"})
_RESET: Final = struct.pack("ii", 1, 0)
_ERROR: Final = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}, on request</Message></Error>"


@dataclass(kw_only=True)
class Fault:
    """What happens to the `call`th request from now on that has this method and this text in its path."""

    kind: Kind | Damage
    method: str = ""
    path: str = ""
    call: int = 1
    status: int = 503
    code: str = "ServiceUnavailable"
    done: bool = False

    def strikes(self, method: str, path: str) -> bool:
        if self.done or self.method not in ("", method) or self.path not in path:
            return False
        self.call -= 1
        self.done = self.call == 0
        return self.done


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer as it goes over the wire."""

    status: int
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    length: str = ""
    """Content-Length when it is not the body's, after a HEAD."""


def _refusal(status: int, code: str) -> Answer:
    return Answer(
        status=status, headers=[("Content-Type", "application/xml")], body=_ERROR.format(code=code).encode()
    )


_PAGES: Final = {
    "page": (200, b"<html><body><hr>Please sign in</body></html>"),
    "xhtml": (200, b"<?xml version='1.0'?><html><body>Please sign in</body></html>"),
    "missing-page": (404, b"<html><body>Not found</body></html>"),
    "redirect": (302, b"<html><body>Please sign in</body></html>"),
}


def _damaged(answer: Answer, kind: str, method: str) -> Answer:
    if kind in _PAGES:
        status, page = _PAGES[kind]
        return Answer(
            status=status,
            headers=[("Content-Type", "text/html"), ("Location", "http://127.0.0.1:1/sign-in")],
            body=b"" if method == "HEAD" else page,
        )
    if answer.status >= 300:
        return answer
    bodies = {
        "wrong-bytes": bytes([answer.body[0] ^ 1]) + answer.body[1:] if answer.body else b"",
        "short-answer": answer.body[: len(answer.body) * 2 // 3],
        "long-answer": answer.body + b"more",
        "cut-body": answer.body[:-5],
    }
    changed = [(name, value) for name, value in answer.headers if name.lower() not in _CHANGES.get(kind, {})]
    changed += [(name, value) for name, value in _CHANGES.get(kind, {}).items() if value]
    return replace(answer, headers=changed, body=bodies.get(kind, answer.body))


_CHANGES: Final[dict[str, dict[str, str]]] = {
    "other-etag": {"etag": '"0123456789abcdef0123456789abcdef"'},
    "other-place": {"content-range": "bytes 7-8/9"},
    "no-headers": {"etag": "", "last-modified": ""},
    "odd-headers": {"last-modified": "yesterday", "date": "today"},
}


@cache
def _moto() -> Any:
    """The application that answers, and reads the list of its modules once instead of for each request."""
    modules = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules
    return DomainDispatcherApplication(create_backend_app)


def _environ(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Any:
    """What moto's own server would make of a request."""
    handler = MotoRequestHandler.__new__(MotoRequestHandler)
    server = {"ssl_context": None, "multithread": True, "multiprocess": False}
    handler.server = cast(Any, SimpleNamespace(**server, server_address=("127.0.0.1", 80)))
    handler.client_address, handler.connection = ("127.0.0.1", 0), cast(Any, None)
    handler.command, handler.path, handler.request_version = method, path, "HTTP/1.1"
    handler.rfile = cast(Any, BytesIO(body))
    handler.headers = HTTPMessage()
    for name, value in headers.items():
        handler.headers[name] = value
    return handler.make_environ()


class FakeS3:
    """The server's controls."""

    def __init__(self, port: int = 0) -> None:
        self._lock = threading.Lock()
        self._passing_on = threading.Lock()
        self._random = random.Random(0)
        self._rate = 0.0
        self._faults: list[Fault] = []
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.fake = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.ignored_headers: frozenset[str] = frozenset()
        """In lower case: the server takes them away, as if the store didn't know them."""
        self.requests: list[tuple[str, str]] = []
        """Method and path of every request, in the order in which they came."""
        self.struck: list[Kind | Damage] = []
        """What was broken."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def create_bucket(self, name: str) -> str:
        answer = self.pass_on("PUT", f"/{name}", [("Host", "127.0.0.1")], b"")
        assert answer.status == 200, answer
        return name

    def forget_all(self) -> None:
        """Every bucket and object of this process."""
        answer = self.pass_on("POST", "/moto-api/reset", [("Host", "127.0.0.1")], b"")
        assert answer.status == 200, answer

    def inject(self, *faults: Fault) -> None:
        with self._lock:
            self._faults.extend(faults)

    def break_at_random(self, rate: float, *, seed: int = 0) -> None:
        """Break this share of all requests, in any of the ways."""
        with self._lock:
            self._rate, self._random = rate, random.Random(seed)

    def heal(self) -> None:
        """Break nothing any more, and forget what was broken."""
        with self._lock:
            self._rate = 0.0
            self.ignored_headers = frozenset()
            for each in (self._faults, self.requests, self.struck):
                each.clear()

    @property
    def waiting(self) -> list[Fault]:
        """The faults that did not come yet."""
        with self._lock:
            return [fault for fault in self._faults if not fault.done]

    def fault(self, method: str, path: str) -> Fault | None:
        """Count a request; returns what is to be broken about it."""
        with self._lock:
            self.requests.append((method, path))
            striking = [fault for fault in self._faults if fault.strikes(method, path)]
            if not striking and self._random.random() < self._rate:
                striking = [Fault(kind=self._random.choice(KINDS))]
            self.struck.extend(fault.kind for fault in striking[:1])
            return striking[0] if striking else None

    def pass_on(self, method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """What moto answers."""
        given = {name.lower(): value for name, value in headers}
        digest = base64.b64encode(hashlib.md5(body).digest()).decode()
        if given.get("content-md5", digest) != digest:
            return _refusal(400, "BadDigest")
        kept = {n: v for n, v in headers if n.lower() not in _HOP_BY_HOP | self.ignored_headers}
        told: list[tuple[str, list[tuple[str, str]]]] = []
        with self._passing_on:
            environ = _environ(method, path, {**kept, "Content-Length": str(len(body))}, body)
            answer = b"".join(
                _moto()(environ, lambda status, headers, _info=None: told.append((status, headers)))
            )
        ((status, found),) = told
        length = dict(found).get("Content-Length", "") if method == "HEAD" else ""
        found = [("Date", formatdate(usegmt=True)), *found]
        return Answer(
            status=int(status.split()[0]),
            headers=[(name, value) for name, value in found if name.lower() not in _HOP_BY_HOP],
            body=answer,
            length=length,
        )


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    fake: FakeS3

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is none of ours."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(cast("socket.socket", request), client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        fake = cast(_Server, self.server).fake
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = fake.fault(self.command, self.path)
        if fault and fault.kind.endswith("-before"):
            self._strike(fault)
            return
        given = self.headers.items()
        if fault and fault.kind == "range-ignored":
            given = [(name, value) for name, value in given if name.lower() != "range"]
        answer = fake.pass_on(self.command, self.path, given, body)
        if fault and fault.kind in get_args(Damage):
            self._send(_damaged(answer, fault.kind, self.command))
            return
        if fault and fault.kind != "broken-stream":
            self._strike(fault)
            return
        self._send(answer, broken=fault is not None)

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _strike(self, fault: Fault) -> None:
        if fault.kind.startswith("reset"):
            self._reset()
        else:
            self._send(_refusal(fault.status, fault.code))

    def _send(self, answer: Answer, *, broken: bool = False) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", answer.length or str(len(answer.body)))
        if broken and not answer.body:  # there is only the head to break
            self._reset()
            return
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: len(answer.body) // 2] if broken else answer.body)
        if broken:
            self._reset()

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def serving(port: int = 0) -> Iterator[FakeS3]:
    """A store without buckets; buckets are shared by all that one process serves."""
    fake = FakeS3(port)
    try:
        yield fake
    finally:
        fake.close()


def environment(url: str, store_url: str) -> dict[str, str]:
    """What a process needs to use `store_url` (`s3://…` or `cos://…`) at the stand-in."""
    if store_url.startswith("cos:"):
        return {
            "STORE_URL": store_url,
            "COS_ENDPOINT": url,
            "COS_HMAC_ACCESS_KEY_ID": "key",
            "COS_HMAC_SECRET_ACCESS_KEY": "secret",
        }
    return {
        "STORE_URL": store_url,
        "AWS_ENDPOINT_URL_S3": url,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.emulators.s3", description="Serve a fake S3.")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--bucket", action="append", default=[], help="create this one; may be repeated")
    parser.add_argument("--rate", type=float, default=0.0, help="share of the requests that are broken")
    parser.add_argument("--seed", type=int, default=0, help="of the broken ones")
    arguments = parser.parse_args()
    with serving(arguments.port) as fake:
        for bucket in arguments.bucket:
            fake.create_bucket(bucket)
        fake.break_at_random(arguments.rate, seed=arguments.seed)
        sys.stdout.write(f"{fake.url}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()

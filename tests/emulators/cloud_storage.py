"""A stand-in for Cloud Storage's JSON API: what google-cloud-storage uses of it, and what can go wrong there.

    with CloudStorageEmulator(buckets=["films"]) as emulator:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator.url)

or, for processes and containers that share it,
`python -m tests.emulators.cloud_storage --port 0 --bucket films`, which prints its URL. Faults are
then planned by HTTP: `POST /_emulator` with
`{"plan": [["objects.insert", 1, "503-after"]], "rates": {"reset-before": 0.1}, "seed": 1, "refuse": "token"}`
(each part optional), and `GET /_emulator` tells `calls`, `injected`, `pending` and `undelivered`.
Whatever it doesn't know it refuses with 501, so that nothing is believed to work that was never looked at.
"""

import argparse
import json
import re
import shutil
import signal
import socket
import struct
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.emulators.cloud_storage_calls import Answer, Broken, Call, Calls, Incoming, refusal
from tests.emulators.cloud_storage_damage import damaged
from tests.emulators.cloud_storage_events import Events, post_to
from tests.emulators.cloud_storage_faults import Faults
from tests.emulators.cloud_storage_objects import Objects, Refused

_ROUTES: Final = [
    ("POST", r"/storage/v1/b", "buckets.insert"),
    ("GET", r"/storage/v1/b/([^/]+)", "buckets.get"),
    ("GET", r"/storage/v1/b/([^/]+)/o", "objects.list"),
    ("GET", r"/storage/v1/b/([^/]+)/o/([^/]+)", "objects.get"),
    ("DELETE", r"/storage/v1/b/([^/]+)/o/([^/]+)", "objects.delete"),
    ("PATCH", r"/storage/v1/b/([^/]+)/o/([^/]+)", "objects.patch"),
    ("GET", r"/download/storage/v1/b/([^/]+)/o/([^/]+)", "objects.media"),
    ("POST", r"/upload/storage/v1/b/([^/]+)/o", "objects.insert"),
    ("PUT", r"/upload/storage/v1/b/([^/]+)/o", "resumable.chunk"),
    ("DELETE", r"/upload/storage/v1/b/([^/]+)/o", "resumable.cancel"),
    ("GET", r"/(?!_emulator)([^/]+)/(.+)", "objects.media"),
]
"""The last is the XML API's address, which is also what a public object has."""
_WRITES: Final = ("buckets.insert", "objects.insert", "objects.delete", "objects.patch", "resumable.start")
REFUSALS: Final = {
    "missing": Refused(404, "notFound", "The specified bucket does not exist."),
    "read-only": Refused(403, "forbidden", "The caller does not have storage.objects.create access."),
    "token": Refused(401, "authError", "Invalid Credentials"),
}


class CloudStorageEmulator:
    """The server, in threads of this process."""

    def __init__(
        self,
        *,
        buckets: Sequence[str] = (),
        folder: Path | None = None,
        address: tuple[str, int] = ("127.0.0.1", 0),
        page_size: int = 1000,
        on_event: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        """`folder` holds objects' bytes, unset a temporary one; `on_event` gets a CloudEvent for each
        object that is finalised."""
        self.faults = Faults()
        self.refuse = ""
        """A key of `REFUSALS`: what every call, or every write, is told; empty for none."""
        self._own = None if folder else Path(tempfile.mkdtemp(prefix="cloud-storage-"))
        self.events = Events(on_event)
        self.objects = Objects(folder or self._own or Path(), self.events.announce)
        self.calls = Calls(self.objects, page_size)
        for bucket in buckets:
            self.objects.create_bucket(bucket)
        self._server = _Server(address, self)
        self.url = f"http://{address[0]}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> "CloudStorageEmulator":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.events.close()
        if self._own:
            shutil.rmtree(self._own, ignore_errors=True)

    def control(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Plan faults as the module says, and tell what was counted so far."""
        for operation, nth, kind in asked.get("plan", []):
            self.faults.plan(operation, nth, kind)
        if "rates" in asked:
            self.faults.rate(asked["rates"], seed=asked.get("seed", 0))
        self.refuse = asked.get("refuse", self.refuse)
        return {
            "calls": dict(self.faults.calls),
            "injected": self.faults.injected,
            "pending": self.faults.pending,
            "undelivered": [event["id"] for event in self.events.undelivered],
        }

    def refusal(self, operation: str) -> Refused | None:
        if not self.refuse or (self.refuse == "read-only" and operation not in _WRITES):
            return None
        return REFUSALS[self.refuse]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], emulator: CloudStorageEmulator) -> None:
        self.emulator = emulator
        self.open: set[socket.socket] = set()
        self.broken: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        if request in self.broken:  # no farewell: closing at once is what makes it a reset
            self.broken.discard(request)
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):  # the client went away
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # closed already
                continue


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 60
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def serve(self) -> None:
        incoming = Incoming(self.rfile, int(self.headers.get("Content-Length", 0)))
        try:
            if urlsplit(self.path).path == "/_emulator":
                asked = json.loads(incoming.read() or b"{}")
                self._send(Answer.of(self.server.emulator.control(asked)))
            else:
                self._serve_call(self._call(incoming))
        except Refused as refused:
            incoming.drain()
            self._send(refusal(refused))
        except Broken:
            self._reset()

    def do_GET(self) -> None:
        self.serve()

    def do_POST(self) -> None:
        self.serve()

    def do_PUT(self) -> None:
        self.serve()

    def do_DELETE(self) -> None:
        self.serve()

    def do_PATCH(self) -> None:
        self.serve()

    def _call(self, incoming: Incoming) -> Call:
        url = urlsplit(self.path)
        parameters = dict(parse_qsl(url.query, keep_blank_values=True))
        for method, pattern, operation in _ROUTES:
            found = re.fullmatch(pattern, url.path)
            if found and method == self.command:
                names = [*map(unquote, found.groups()), "", ""]
                call = Call(operation, names[0], names[1], parameters, self.headers, incoming)
                call.base_url = f"http://{self.headers['Host']}"
                return call.refined()
        raise Refused(501, "notImplemented", f"{self.command} {self.path}: the emulator doesn't know this")

    def _serve_call(self, call: Call) -> None:
        emulator = self.server.emulator
        kind = emulator.faults.draw(call.operation)
        if kind == "reset-before":
            raise Broken
        if kind in {"503-before", "429-before"}:
            raise _unavailable(kind)
        if kind == "broken-upload":
            call.incoming.break_half_way()
        with closing(self._answer(call, kind)) as answer:
            call.incoming.drain()
            if kind in {"reset-after", "broken-upload"}:
                raise Broken
            if kind == "503-after":
                raise _unavailable(kind)
            self._send(damaged(answer, kind), cut=kind == "broken-download")

    def _answer(self, call: Call, kind: str) -> Answer:
        refused = self.server.emulator.refusal(call.operation)
        try:
            if refused:
                raise refused
            return self.server.emulator.calls.do(call, kind)
        except Refused as error:
            return refusal(error, plain=call.operation == "objects.media")

    def _send(self, answer: Answer, *, cut: bool = False) -> None:
        length = answer.length
        if cut and not length:
            raise Broken
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        for chunk in answer.chunks(length // 2 if cut else length):
            self.wfile.write(chunk)
        self.wfile.flush()
        self.close_connection = self.close_connection or cut

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.broken.add(self.connection)
        self.close_connection = True


def _unavailable(kind: str) -> Refused:
    if kind.startswith("429"):
        return Refused(429, "rateLimitExceeded", "The object exceeded the rate limit for object mutations.")
    return Refused(503, "backendError", "We encountered an internal error. Please try again.")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="A stand-in for Cloud Storage's JSON API.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="holds the objects' bytes while it runs")
    parser.add_argument("--bucket", action="append", default=[])
    parser.add_argument("--events", help="a URL that gets a CloudEvent for every object that is finalised")
    asked = parser.parse_args(arguments)
    emulator = CloudStorageEmulator(
        buckets=asked.bucket,
        folder=asked.folder,
        address=(asked.host, asked.port),
        on_event=post_to(asked.events) if asked.events else None,
    )
    with emulator:
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit())
        print(emulator.url, flush=True)  # noqa: T201 - the result of this command
        threading.Event().wait()


if __name__ == "__main__":
    main()

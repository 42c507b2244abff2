"""A voice that can be added, and the place where it is fetched from."""

import hashlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from shared.providers.speech.kokoro import pinned, vectors


@pytest.fixture
def heart(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The bytes that are to be the voice `af_heart`."""
    data = bytes(vectors.SIZE_BYTES)
    monkeypatch.setitem(pinned.SHA256, "af_heart", hashlib.sha256(data).hexdigest())
    return data


@pytest.fixture
def home(heart: bytes) -> Iterator[str]:
    class Home(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = heart if self.path == "/voices/af_heart.bin" else b"none"
            self.send_response(200 if data is heart else 404)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Home) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/voices"
        server.shutdown()
        thread.join()

"""A real server on a free port of this machine."""

import http.client
import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shared.api.app import create_app
from shared.api.guard.serve import make_server, open_socket, serve, url_of
from shared.errors import InvalidSettings, Stopped
from shared.machine.workers import Answer, Workers
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.file import FileStore
from tests.support.api import STORY, NotingPlatform
from tests.support.patience import until

ASSETS = "/me/creation/2025/spring/assets/"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "store")


@pytest.fixture
def real_trigger(files: FileStore, platform: NotingPlatform) -> Trigger:
    return Trigger(files, platform, {"story": STORY})


@pytest.fixture
def address(real_trigger: Trigger) -> Iterator[str]:
    server = make_server(create_app(real_trigger, settings=Settings(max_upload_bytes=4 << 20)))
    with open_socket("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield urlsplit(url_of(listener)).netloc
        server.should_exit = True
        thread.join()


def ask(
    address: str, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(address, timeout=20)
    try:
        connection.request(method, path, body, headers)  # type: ignore[arg-type]
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_a_film_is_put_started_and_played_over_the_wire(
    address: str, files: FileStore, platform: NotingPlatform
) -> None:
    assert ask(address, "PUT", ASSETS + "1/image.png", PNG + b"x" * (3 << 20))[0] == 201
    assert ask(address, "PUT", ASSETS + "1/1.txt", iter([b"Spring ", b"comes."]))[0] == 201
    with ThreadPoolExecutor(20) as pool:
        starts = list(pool.map(lambda _: ask(address, "POST", ASSETS[:-8] + "/generate_video"), range(20)))
    assert [(status, json.loads(body)["run"]) for status, _, body in starts] == [(202, 1)] * 20
    assert len(platform.orders) == 1
    film = os.urandom(3 << 20)
    files.write("2025/spring/assets/video.mp4", film)
    assert ask(address, "GET", ASSETS + "video.mp4")[2] == film
    status, headers, part = ask(address, "GET", ASSETS + "video.mp4", Range="bytes=1048570-2097160")
    assert (status, part) == (206, film[1048570:2097161])
    assert headers["Content-Range"] == f"bytes 1048570-2097160/{len(film)}"
    status, headers, nothing = ask(address, "HEAD", ASSETS + "video.mp4")
    assert (status, headers["Content-Length"], nothing) == (200, str(len(film)), b"")
    assert "Server" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        ASSETS + "../request.json",
        ASSETS + "%2e%2e%2frequest.json",
        ASSETS + "..%5crequest.json",
        "/me/creation/../../assets/1/1.txt",
        "/me/creation/%2e%2e/assets/1/1.txt",
    ],
)
def test_raw_paths_lead_nowhere(address: str, files: FileStore, path: str) -> None:
    files.write("2025/spring/request.json", b"{}")
    status, _, body = ask(address, "GET", path)
    assert 400 <= status < 500
    assert json.loads(body)["status"] == status


def test_an_upload_that_is_announced_too_large_is_refused_before_it_is_sent(address: str) -> None:
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        head = f"PUT {ASSETS}1/image.png HTTP/1.1\r\nHost: {address}\r\nContent-Length: 99999999\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_an_upload_that_breaks_off_leaves_nothing(
    address: str, files: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        head = f"PUT {ASSETS}1/image.png HTTP/1.1\r\nHost: {address}\r\nContent-Length: 1000\r\n\r\n"
        connection.sendall(head.encode() + PNG)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1000):
            pass
    until(lambda: not any(spool.iterdir()))
    assert list(files.list("")) == []


def test_the_host_header_is_checked_on_the_wire(address: str) -> None:
    assert ask(address, "GET", ASSETS, Host="films.example")[0] == 403


def test_a_signal_ends_the_server_and_the_caller_goes_on(real_trigger: Trigger) -> None:
    seen: list[object] = []

    def ask_then_end(url: str) -> None:
        try:
            seen.append(ask(urlsplit(url).netloc, "GET", "/healthz")[0])
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    helper: list[threading.Thread] = []

    def on_ready(url: str) -> None:
        helper.append(threading.Thread(target=ask_then_end, args=(url,)))
        helper[0].start()

    def note(number: int, _frame: object) -> None:
        seen.append(number)  # where the signal would have killed the caller

    before = signal.signal(signal.SIGTERM, note)
    try:
        serve(create_app(real_trigger, settings=Settings()), settings=Settings(), port=0, on_ready=on_ready)
        helper[0].join()
        assert signal.getsignal(signal.SIGTERM) is note
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == [200]


def test_nothing_listens_elsewhere_without_a_token(real_trigger: Trigger) -> None:
    ready: list[str] = []
    app = create_app(real_trigger, settings=Settings())
    with pytest.raises(InvalidSettings):
        serve(app, settings=Settings(), host="0.0.0.0", port=0, on_ready=ready.append)
    assert ready == []


def test_a_taken_port_is_told(real_trigger: Trigger) -> None:
    with open_socket("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(InvalidSettings) as caught:
            open_socket("127.0.0.1", port)
    assert str(port) in caught.value.problems[0]


@pytest.mark.parametrize(
    ("host", "port"),
    [("203.0.113.1", 0), ("127.0.0.1", 70000), ("127.0.0.1", -1), ("nowhere.invalid", 0), ("a" * 100, 0)],
)
def test_an_address_that_can_not_be_listened_on_is_told(host: str, port: int) -> None:
    with pytest.raises(InvalidSettings):
        open_socket(host, port)


def test_answers_are_not_held_back_for_an_acknowledgement() -> None:
    with open_socket("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_the_servers_end_ends_what_is_decoded(
    real_trigger: Trigger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = Workers("tests.support.toy_worker", most=1)
    monkeypatch.setattr("shared.api.guard.serve.DECODERS", workers)
    begun = threading.Event()

    def read(answer: Answer) -> None:
        begun.set()
        answer.read_into(memoryview(bytearray(6)))

    def stop(_: str) -> None:
        begun.wait()
        os.kill(os.getpid(), signal.SIGTERM)

    with ThreadPoolExecutor() as pool:
        slow = pool.submit(workers.ask, {"do": "hang"}, read)
        serve(create_app(real_trigger, settings=Settings()), settings=Settings(), port=0, on_ready=stop)
        assert isinstance(slow.exception(), Stopped)

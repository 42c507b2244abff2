import asyncio
import inspect
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect
from starlette.types import Message

from shared.api.app import create_app
from shared.api.routes.assets import _Streamed
from shared.records.creation import Creation
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ObjectInfo
from shared.storage.file import FileStore
from shared.storage.memory import MemoryStore
from shared.storage.store import Chunks
from tests.support.api import STORY, NotingPlatform
from tests.support.client import TestClient, local_client

PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 100
ASSETS = "/me/creation/spring/assets/"
FILM = bytes(range(256)) * 10
SCOPE = {"type": "http", "asgi": {"spec_version": "2.4"}}


def put(client: TestClient, name: str, data: Any, **headers: str) -> Any:
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    return client.put(ASSETS + name, content=data, headers=sent)


@pytest.fixture
def film(spring: Creation) -> ObjectInfo:
    return spring.write("assets/video.mp4", FILM)


def test_what_is_put_comes_out_again(client: TestClient, store: MemoryStore) -> None:
    answer = put(client, "1/image.png", PNG)
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["etag"] == body["etag"]
    assert (body["name"], body["size_bytes"], body["media_type"]) == ("1/image.png", len(PNG), "image/png")
    assert store.read("spring/assets/1/image.png")[0] == PNG
    got = client.get(body["url"])
    assert (got.content, got.headers["etag"]) == (PNG, body["etag"])
    assert put(client, "1/image.png", PNG + b"q").status_code == 200


def test_a_client_that_goes_away_lets_go_of_what_is_read(film: ObjectInfo, store: MemoryStore) -> None:
    chunks = store.stream(film.key)
    sent: list[str] = []

    async def receive() -> Message:
        raise AssertionError("nothing is to be received")

    async def send(message: Message) -> None:
        sent.append(message["type"])
        if message["type"] == "http.response.body":
            raise OSError("gone")

    with pytest.raises(ClientDisconnect):
        asyncio.run(_Streamed(chunks, 200, {})(SCOPE, receive, send))
    assert sent == ["http.response.start", "http.response.body"]
    assert inspect.getgeneratorstate(chunks) == inspect.GEN_CLOSED


def test_an_asset_is_received_in_pieces(client: TestClient, store: MemoryStore) -> None:
    assert put(client, "1/image.png", iter([PNG[:3], PNG[3:], b"", b"r" * 5000])).status_code == 201
    assert store.read("spring/assets/1/image.png")[0] == PNG + b"r" * 5000


@pytest.mark.parametrize(
    ("name", "size_bytes"),
    [("1/image.png", (1 << 20) + 1), ("1/1.txt", (1 << 20) + 1), ("story.json", 1 << 21)],
)
@pytest.mark.parametrize("announced", [True, False])
def test_too_much_is_refused_and_leaves_nothing(
    client: TestClient, store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    name: str, size_bytes: int, announced: bool,
) -> None:  # fmt: skip
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    data = PNG + b"x" * (size_bytes - len(PNG))
    assert put(client, name, data if announced else iter([data[:9], data[9:]])).status_code == 413
    assert list(store.list("")) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("headers", "status", "remedy"),
    [
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415, "curl -T"),
        ({"Content-Encoding": "gzip"}, 415, "gzip"),
        ({"Content-Range": "bytes 0-9/100"}, 400, "whole"),
    ],
)
def test_a_file_that_is_wrapped_or_cut_is_refused_with_what_to_send(
    client: TestClient, store: MemoryStore, headers: dict[str, str], status: int, remedy: str
) -> None:
    answer = client.put(ASSETS + "1/1.txt", content=b"Spring comes.", headers=headers)
    assert (answer.status_code, list(store.list(""))) == (status, [])
    assert remedy in answer.json()["detail"]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", ""])
def test_whatever_else_a_client_calls_a_file_it_is_taken(client: TestClient, kind: str) -> None:
    headers = {"Content-Type": kind, "Content-Encoding": "identity"}
    assert client.put(ASSETS + "1/1.txt", content=b"Spring comes.", headers=headers).status_code == 201


def test_as_much_as_is_allowed_is_taken(client: TestClient) -> None:
    assert put(client, "1/image.png", PNG + b"x" * ((1 << 20) - len(PNG))).status_code == 201


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("1/image.png", b"%PDF-1.7"),
        ("music.mp3", PNG),
        ("1/1.txt", PNG),
        ("story.json", b"[]"),
        ("1/image.png", b""),
    ],
)
def test_content_of_another_kind_leaves_nothing(
    client: TestClient,
    store: MemoryStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    data: bytes,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert put(client, name, data).status_code == 415
    assert list(store.list("")) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If_None_Match": "*"}, 412),
        ({"If_Match": '"0"'}, 412),
        ({"If_Match": '"nothing"'}, 412),
        ({"If_Match": "*"}, 200),
    ],
)
def test_a_put_heeds_its_condition(
    client: TestClient, spring: Creation, headers: dict[str, str], status: int
) -> None:
    before = spring.stat("assets/1/1.txt")
    assert put(client, "1/1.txt", b"new", **headers).status_code == status
    assert (spring.stat("assets/1/1.txt") == before) == (status == 412)


def test_of_two_puts_over_one_generation_the_later_loses(client: TestClient) -> None:
    tag = put(client, "1/1.txt", b"first", If_None_Match="*").json()["etag"]
    assert put(client, "1/1.txt", b"second", If_Match=tag).status_code == 200
    assert put(client, "1/1.txt", b"third", If_Match=tag).status_code == 412
    assert client.get(ASSETS + "1/1.txt").content == b"second"


class MeanwhileStore(MemoryStore):
    """Someone else writes while an upload is on its way, and once while a download begins."""

    def upload(self, path: Path, key: str, *, expect: str | None = None) -> ObjectInfo:
        self.write(key, b"theirs")
        return super().upload(path, key, expect=expect)

    def stream(self, key: str, *, start: int = 0, end: int | None = None) -> Chunks:
        if self.read(key)[0] != b"longer than theirs":
            self.write(key, b"longer than theirs")
        return super().stream(key, start=start, end=end)


@pytest.fixture
def meanwhile() -> TestClient:
    trigger = Trigger(MeanwhileStore(), NotingPlatform(), {"story": STORY})
    return local_client(create_app(trigger, settings=Settings()))


def test_a_write_that_comes_in_between_is_not_overwritten(meanwhile: TestClient) -> None:
    assert put(meanwhile, "1/1.txt", b"mine", If_None_Match="*").status_code == 412


def test_a_replacement_in_between_is_sent_whole_with_its_own_tag(meanwhile: TestClient) -> None:
    put(meanwhile, "1/1.txt", b"mine")
    answer = meanwhile.get(ASSETS + "1/1.txt")
    assert answer.content == b"longer than theirs"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["etag"] == meanwhile.head(ASSETS + "1/1.txt").headers["etag"]


@pytest.mark.usefixtures("film")
def test_a_film_is_shown_in_the_browser(client: TestClient) -> None:
    answer = client.get(ASSETS + "video.mp4")
    assert (answer.status_code, answer.content) == (200, FILM)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-disposition"].startswith("inline")
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-length"] == str(len(FILM))


@pytest.mark.usefixtures("film")
def test_a_browser_can_seek(client: TestClient) -> None:
    answer = client.get(ASSETS + "video.mp4", headers={"Range": "bytes=1000-1999"})
    assert (answer.status_code, answer.content) == (206, FILM[1000:2000])
    assert answer.headers["content-range"] == "bytes 1000-1999/2560"
    assert answer.headers["content-length"] == "1000"
    tail = client.get(ASSETS + "video.mp4", headers={"Range": "bytes=-5"})
    assert (tail.content, tail.headers["content-range"]) == (FILM[-5:], "bytes 2555-2559/2560")


@pytest.mark.usefixtures("film")
def test_several_ranges_are_answered_with_the_whole(client: TestClient) -> None:
    answer = client.get(ASSETS + "video.mp4", headers={"Range": "bytes=0-1,5-6"})
    assert (answer.status_code, answer.content) == (200, FILM)


@pytest.mark.usefixtures("film")
def test_a_range_beyond_the_end_is_a_problem_that_tells_the_size(client: TestClient) -> None:
    answer = client.get(ASSETS + "video.mp4", headers={"Range": "bytes=2560-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */2560")
    assert answer.json()["status"] == 416


def test_a_head_tells_everything_but_the_bytes(client: TestClient, film: ObjectInfo) -> None:
    whole = client.get(ASSETS + "video.mp4")
    head = client.head(ASSETS + "video.mp4", headers={"Range": "bytes=0-1"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == whole.headers
    assert client.head(ASSETS + "other.mp4").status_code == 404


def test_a_copy_that_stands_is_not_sent_again(client: TestClient, film: ObjectInfo) -> None:
    answer = client.get(ASSETS + "video.mp4", headers={"If-None-Match": f'"{film.generation}"'})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == f'"{film.generation}"'
    assert client.get(ASSETS + "video.mp4", headers={"If-Match": '"other"'}).status_code == 412


@pytest.mark.parametrize(
    ("name", "shown"), [("page.html", "attachment"), ('a b"é.png', "inline"), ("x.svg", "attachment")]
)
def test_what_a_browser_might_run_is_only_ever_saved(
    client: TestClient, spring: Creation, name: str, shown: str
) -> None:
    spring.write(f"assets/{name}", b"<script>")
    answer = client.get(f"{ASSETS}{name}")
    assert answer.headers["content-disposition"].split(";")[0] == shown
    assert "html" not in answer.headers["content-type"]
    assert "svg" not in answer.headers["content-type"]


def test_an_empty_asset_is_sent(client: TestClient, spring: Creation) -> None:
    spring.write("assets/1/2.txt", b"")
    answer = client.get(ASSETS + "1/2.txt")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")


def test_assets_are_listed_by_number(client: TestClient, spring: Creation) -> None:
    for name in ("10/image.png", "2/10.txt", "2/2.txt", "video.mp4"):
        spring.write(f"assets/{name}", b"x")
    spring.write("cache/x", b"x")
    listed = client.get(ASSETS).json()["assets"]
    names = ["1/1.txt", "1/image.png", "2/2.txt", "2/10.txt", "10/image.png", "video.mp4"]
    assert [asset["name"] for asset in listed] == names
    assert client.get(ASSETS.rstrip("/")).json()["assets"] == listed
    assert client.get("/me/creation/other/assets/").json()["assets"] == []


def test_an_asset_is_deleted_once(client: TestClient, spring: Creation) -> None:
    assert client.delete(ASSETS + "1/1.txt", headers={"If-Match": '"other"'}).status_code == 412
    assert client.delete(ASSETS + "1/1.txt").status_code == 204
    assert spring.stat("assets/1/1.txt") is None
    assert client.delete(ASSETS + "1/1.txt").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "%2e%2e%2frequest.json",
        "1/%2e%2e/%2e%2e/request.json",
        "..%2f..%2fother/assets/1/1.txt",
        "%2fetc%2fpasswd",
        "1//1.txt",
        "1%5c1.txt",
        "1/1.txt%00",
        "video.mp4%0a",
        "video.mp4%0d%0aX: y",
        "x" * 2000,
        "%ff%fe",
        "assets/1/1.txt",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_no_name_leads_out_of_the_assets(tmp_path: Path, trigger: Trigger, method: str, name: str) -> None:
    store = FileStore(tmp_path / "store")
    for key in (
        "spring/request.json",
        "spring/assets/1/1.txt",
        "spring/assets/video.mp4",
        "other/assets/1/1.txt",
    ):
        store.write(key, b"here")
    (tmp_path / "request.json").write_text("outside")
    client = local_client(create_app(Trigger(store, NotingPlatform(), {"story": STORY}), settings=Settings()))
    before = {info.key: info.generation for info in store.list("")}
    answer = client.request(method, ASSETS + name, content=b"x" if method == "PUT" else None)
    assert 400 <= answer.status_code < 500
    assert str(tmp_path) not in answer.text
    assert {info.key: info.generation for info in store.list("")} == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.text(min_size=1, max_size=40))
def test_any_name_is_answered_without_a_failure(client: TestClient, name: str) -> None:
    path = ASSETS + quote(name.encode("utf-8", "replace"), safe="")
    assert client.get(path).status_code in {200, 400, 404, 422}
    assert client.put(path, content=b"x").status_code < 500

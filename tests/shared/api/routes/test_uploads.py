"""Resumable uploads (tus 1.0.0): in pieces, over a broken connection, by several clients, and refused."""

import asyncio
from base64 import b64encode
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message

from shared.api.routes.uploads import _receive
from shared.storage.memory import MemoryStore
from tests.support.client import TestClient

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
UPLOADS = "/me/creation/spring/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}


def named(name: str) -> str:
    return f"filename {b64encode(name.encode()).decode()},filetype aW1hZ2U="


def begin(client: TestClient, name: str = "1/image.png", length: int = len(PNG)) -> Any:
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": named(name)}
    return client.post(UPLOADS, headers=headers)


def send(client: TestClient, place: str, offset: int, data: bytes) -> Any:
    return client.patch(place, content=data, headers={**PIECE, "Upload-Offset": str(offset)})


def offset_of(client: TestClient, place: str) -> int:
    return int(client.head(place, headers=TUS).headers["Upload-Offset"])


def test_pieces_become_the_asset(client: TestClient, store: MemoryStore) -> None:
    begun = begin(client)
    assert begun.status_code == 201
    place = begun.headers["location"]
    assert offset_of(client, place) == 0
    first = send(client, place, 0, PNG[:3000])
    assert (first.status_code, first.headers["upload-offset"]) == (204, "3000")
    assert offset_of(client, place) == 3000
    assert send(client, place, 3000, PNG[3000:3001]).status_code == 204
    assert send(client, place, 3001, PNG[3001:]).headers["upload-offset"] == str(len(PNG))
    assert store.read("spring/assets/1/image.png")[0] == PNG
    assert [info.key for info in store.list("spring/cache/")] == []
    assert client.head(place, headers=TUS).status_code == 404


def test_the_server_says_what_it_can(client: TestClient) -> None:
    answer = client.options(UPLOADS)
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,termination"
    assert answer.headers["tus-max-size"] == str(1 << 20)


def test_a_piece_goes_on_where_the_last_one_ended(client: TestClient, store: MemoryStore) -> None:
    place = begin(client).headers["location"]
    send(client, place, 0, PNG[:3000])
    again = send(client, place, 0, PNG[:3000])
    assert again.status_code == 409
    assert "3000 bytes are here" in again.json()["detail"]
    assert send(client, place, 3001, b"x").status_code == 409
    assert offset_of(client, place) == 3000
    assert store.stat("spring/assets/1/image.png") is None


def test_what_arrived_before_the_connection_broke_is_kept(tmp_path: Any) -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": PNG[:500], "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    request = Request({"type": "http", "method": "PATCH", "headers": []}, receive)
    asyncio.run(_receive(request, tmp_path / "piece", len(PNG)))
    assert (tmp_path / "piece").read_bytes() == PNG[:500]


def test_a_piece_that_two_clients_send_counts_once(client: TestClient, store: MemoryStore) -> None:
    place = begin(client).headers["location"]
    upload = place.rpartition("/")[2]
    store.write(f"spring/cache/uploads/{upload}/pieces/{4000:016d}", b"of another, further on")
    assert offset_of(client, place) == 0
    store.write(f"spring/cache/uploads/{upload}/pieces/{0:016d}", PNG[:4000])
    assert send(client, place, 0, PNG[:10]).status_code == 409


def test_a_file_that_is_not_what_its_name_says_is_refused_and_gone(
    client: TestClient, store: MemoryStore
) -> None:
    place = begin(client, length=20).headers["location"]
    answer = send(client, place, 0, b"plain text, no image")
    assert answer.status_code == 415
    assert [info.key for info in store.list("spring/")] == []


def test_an_upload_that_only_had_to_be_joined_is_joined_when_it_is_asked_for(
    client: TestClient, store: MemoryStore
) -> None:
    place = begin(client).headers["location"]
    upload = place.rpartition("/")[2]
    store.write(f"spring/cache/uploads/{upload}/pieces/{0:016d}", PNG)  # then the server died
    assert offset_of(client, place) == len(PNG)
    assert store.read("spring/assets/1/image.png")[0] == PNG


def test_an_upload_is_given_up(client: TestClient, store: MemoryStore) -> None:
    place = begin(client).headers["location"]
    send(client, place, 0, PNG[:3000])
    assert client.delete(place, headers=TUS).status_code == 204
    assert [info.key for info in store.list("spring/")] == []
    assert client.delete(place, headers=TUS).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status", "said"),
    [
        ({"Upload-Length": str(2 << 20)}, 413, "larger"),
        ({"Upload-Length": "-1"}, 422, "upload-length"),
        ({"Upload-Metadata": "colour YQ=="}, 422, "names no asset"),
        ({"Upload-Metadata": "name ???"}, 422, "base64"),
        ({"Upload-Metadata": named("../secret.png")}, 422, "can't be put here"),
        ({"Upload-Metadata": named("1/tool.exe")}, 422, "can't be put here"),
        ({"Tus-Resumable": "0.2"}, 412, "1.0.0"),
    ],
)
def test_what_can_not_be_put_is_refused_before_any_byte(
    client: TestClient, store: MemoryStore, headers: dict[str, str], status: int, said: str
) -> None:
    usual = {**TUS, "Upload-Length": "10", "Upload-Metadata": named("1/image.png")}
    answer = client.post(UPLOADS, headers={**usual, **headers})
    assert answer.status_code == status
    assert said in answer.text.lower() or said in answer.text
    assert [info.key for info in store.list("spring/")] == []


def test_a_piece_has_its_type_and_fits(client: TestClient) -> None:
    place = begin(client, length=100).headers["location"]
    plain = client.patch(place, content=b"x", headers={**TUS, "Upload-Offset": "0"})
    assert plain.status_code == 415
    assert send(client, place, 0, b"x" * 101).status_code == 413
    assert offset_of(client, place) == 0


@pytest.mark.parametrize("upload", ["0" * 32, "...", "x", "0" * 31])
def test_an_unknown_upload_is_not_found(client: TestClient, upload: str) -> None:
    assert client.head(f"{UPLOADS}/{upload}", headers=TUS).status_code == 404


def test_what_was_changed_while_it_was_sent_is_not_written_over(
    client: TestClient, store: MemoryStore
) -> None:
    client.put("/me/creation/spring/assets/1/image.png", content=PNG)
    tag = client.head("/me/creation/spring/assets/1/image.png").headers["etag"]
    about = {**TUS, "Upload-Length": str(len(PNG)), "Upload-Metadata": named("1/image.png")}
    assert client.post(UPLOADS, headers={**about, "If-None-Match": "*"}).status_code == 412
    place = client.post(UPLOADS, headers={**about, "If-Match": tag}).headers["location"]
    store.write("spring/assets/1/image.png", b"by somebody else")
    answer = send(client, place, 0, PNG)
    assert (answer.status_code, "1/image.png was changed" in answer.json()["detail"]) == (412, True)
    assert store.read("spring/assets/1/image.png")[0] == b"by somebody else"
    assert [info.key for info in store.list("spring/cache/")] == []

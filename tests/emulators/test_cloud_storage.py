"""The stand-in keeps what Cloud Storage promises, and breaks it only when told to."""

import base64
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.emulators.cloud_storage import _ROUTES, CloudStorageEmulator
from tests.emulators.cloud_storage_calls import _KNOWN_PARAMETERS
from tests.emulators.cloud_storage_faults import KINDS, OPERATIONS, Faults
from tests.emulators.cloud_storage_objects import crc32c_of

REPOSITORY = Path(__file__).parents[2]
STEP = 256 * 1024
BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[CloudStorageEmulator]:
    with CloudStorageEmulator(buckets=["films"], folder=tmp_path / "bytes", page_size=2) as emulator:
        yield emulator


def call(emulator: CloudStorageEmulator, method: str, path: str, **options: Any) -> requests.Response:
    return requests.request(method, emulator.url + path, timeout=20, **options)


def put(emulator: CloudStorageEmulator, key: str, data: bytes, **parameters: object) -> requests.Response:
    asked = {"uploadType": "media", "name": key, **parameters}
    return call(emulator, "POST", "/upload/storage/v1/b/films/o", params=asked, data=data)


def get(emulator: CloudStorageEmulator, key: str, **parameters: object) -> requests.Response:
    return call(emulator, "GET", f"/storage/v1/b/films/o/{key}", params=parameters)


def generation(emulator: CloudStorageEmulator, key: str) -> int:
    return int(get(emulator, key).json()["generation"])


def start(emulator: CloudStorageEmulator, wanted: dict[str, Any], **parameters: object) -> requests.Response:
    asked = {"uploadType": "resumable", **parameters}
    return call(emulator, "POST", "/upload/storage/v1/b/films/o", params=asked, json=wanted)


def send(session: str, data: bytes, span: str) -> requests.Response:
    headers = {"Content-Range": f"bytes {span}"}
    return requests.put(session, data=data, headers=headers, timeout=20, allow_redirects=False)


def test_an_object_is_described_by_its_bytes(emulator: CloudStorageEmulator) -> None:
    made = put(emulator, "a/b.txt", b"one").json()
    assert made == get(emulator, "a%2Fb.txt").json()
    assert made["md5Hash"] == base64.b64encode(hashlib.md5(b"one").digest()).decode()
    assert made["crc32c"] == crc32c_of(b"one")
    assert (made["name"], made["bucket"], made["size"], made["metageneration"]) == (
        "a/b.txt",
        "films",
        "3",
        "1",
    )
    assert int(put(emulator, "a/b.txt", b"one").json()["generation"]) > int(made["generation"])
    assert crc32c_of(b"123456789") == base64.b64encode(0xE3069283.to_bytes(4, "big")).decode()


def test_a_write_demands_its_generation(emulator: CloudStorageEmulator) -> None:
    assert put(emulator, "a", b"1", ifGenerationMatch=1).status_code == 412
    assert put(emulator, "a", b"1", ifGenerationMatch=0).status_code == 200
    refused = put(emulator, "a", b"2", ifGenerationMatch=0)
    assert (refused.status_code, refused.json()["error"]["errors"][0]["reason"]) == (412, "conditionNotMet")
    first = generation(emulator, "a")
    assert put(emulator, "a", b"2", ifGenerationMatch=first).status_code == 200
    assert put(emulator, "a", b"3", ifGenerationMatch=first).status_code == 412
    assert put(emulator, "a", b"3", ifGenerationNotMatch=generation(emulator, "a")).status_code == 412
    assert get(emulator, "a", alt="media").content == b"2"


def test_reads_and_deletes_demand_theirs(emulator: CloudStorageEmulator) -> None:
    old = int(put(emulator, "a", b"1").json()["generation"])
    new = int(put(emulator, "a", b"2").json()["generation"])
    path = "/storage/v1/b/films/o/a"
    assert get(emulator, "a", alt="media", generation=new).content == b"2"
    assert [get(emulator, "a", generation=old).status_code, get(emulator, "b").status_code] == [404, 404]
    assert get(emulator, "a", ifGenerationMatch=old).status_code == 412
    assert call(emulator, "DELETE", path, params={"ifGenerationMatch": old}).status_code == 412
    assert call(emulator, "DELETE", path, params={"ifGenerationMatch": new}).status_code == 204
    assert call(emulator, "DELETE", path, params={"ifGenerationMatch": new}).status_code == 404


def test_a_patch_changes_the_metageneration_only(emulator: CloudStorageEmulator) -> None:
    made = put(emulator, "a", b"1").json()
    path = "/storage/v1/b/films/o/a"
    for metadata in ({"x": "1", "y": "2"}, {"x": None}):
        patched = call(emulator, "PATCH", path, json={"metadata": metadata}).json()
    assert patched["metadata"] == {"y": "2"}
    assert (patched["generation"], patched["metageneration"]) == (made["generation"], "3")
    late = call(emulator, "PATCH", path, params={"ifMetagenerationMatch": 1}, json={})
    assert late.status_code == 412


def test_one_of_64_racers_creates_an_object(emulator: CloudStorageEmulator) -> None:
    barrier = threading.Barrier(64)

    def create(number: int) -> int:
        barrier.wait()
        return put(emulator, "a", b"%d" % number, ifGenerationMatch=0).status_code

    with ThreadPoolExecutor(64) as pool:
        assert sorted(pool.map(create, range(64))) == [200] + [412] * 63


def test_a_listing_comes_in_pages(emulator: CloudStorageEmulator) -> None:
    for key in ("b/2", "b/1", "a", "b/3", "ñ"):
        put(emulator, key, b"")
    names, token = [], ""
    for _ in range(2):
        page = call(
            emulator, "GET", "/storage/v1/b/films/o", params={"prefix": "b/", "pageToken": token}
        ).json()
        names.append([item["name"] for item in page["items"]])
        token = page.get("nextPageToken", "")
    assert (names, token) == ([["b/1", "b/2"], ["b/3"]], "")


@pytest.mark.parametrize(
    ("asked", "status", "found"),
    [
        (None, 200, b"0123456789"),
        ("bytes=0-", 206, b"0123456789"),
        ("bytes=3-4", 206, b"34"),
        ("bytes=8-99", 206, b"89"),
        ("bytes=-2", 206, b"89"),
        ("bytes=10-", 416, None),
    ],
)
def test_a_range_is_a_part(
    emulator: CloudStorageEmulator, asked: str | None, status: int, found: bytes | None
) -> None:
    put(emulator, "a/b", b"0123456789")
    headers = {"Range": asked} if asked else {}
    for path in ("/download/storage/v1/b/films/o/a%2Fb?alt=media", "/films/a/b"):
        response = call(emulator, "GET", path, headers=headers)
        assert response.status_code == status
        assert found is None or response.content == found


def test_a_resumable_upload_goes_on_where_it_stopped(emulator: CloudStorageEmulator) -> None:
    data = bytes(range(256)) * 3000
    session = start(emulator, {"name": "a", "metadata": {"x": "1"}}).headers["Location"]
    assert "Range" not in send(session, b"", f"*/{len(data)}").headers
    assert send(session, data[:STEP], f"0-{STEP - 1}/*").headers["Range"] == f"bytes=0-{STEP - 1}"
    again = send(session, data[: 2 * STEP], f"0-{2 * STEP - 1}/{len(data)}")
    assert (again.status_code, again.headers["Range"]) == (308, f"bytes=0-{2 * STEP - 1}")
    assert send(session, data[:10], "9999999-10000008/*").status_code == 400
    assert get(emulator, "a").status_code == 404
    last = [send(session, data[2 * STEP :], f"{2 * STEP}-{len(data) - 1}/{len(data)}") for _ in range(2)]
    assert [response.status_code for response in last] == [200, 200]
    assert last[0].json() == last[1].json() == get(emulator, "a").json()
    assert get(emulator, "a", alt="media").content == data


def test_a_resumable_upload_demands_its_generation_at_both_ends(emulator: CloudStorageEmulator) -> None:
    session = start(emulator, {"name": "a"}, ifGenerationMatch=0).headers["Location"]
    put(emulator, "a", b"first")
    assert start(emulator, {"name": "a"}, ifGenerationMatch=0).status_code == 412
    assert [send(session, b"late", "0-3/4").status_code for _ in range(2)] == [412, 412]
    assert get(emulator, "a", alt="media").content == b"first"


def test_bytes_that_do_not_fit_their_sums_are_refused(emulator: CloudStorageEmulator) -> None:
    session = start(emulator, {"name": "a", "crc32c": crc32c_of(b"other")}).headers["Location"]
    assert send(session, b"these", "0-4/5").status_code == 400
    assert get(emulator, "a").status_code == 404


def test_a_cancelled_upload_is_gone(emulator: CloudStorageEmulator, tmp_path: Path) -> None:
    session = start(emulator, {"name": "a"}).headers["Location"]
    send(session, bytes(STEP), f"0-{STEP - 1}/*")
    assert requests.delete(session, timeout=20).status_code == 499
    assert send(session, b"x", f"{STEP}-{STEP}/{STEP + 1}").status_code == 410
    assert not list((tmp_path / "bytes").iterdir())


def test_a_replaced_object_is_read_to_its_end(emulator: CloudStorageEmulator) -> None:
    old = bytes(8 << 20)
    put(emulator, "a", old)
    with call(emulator, "GET", "/films/a", stream=True) as response:
        put(emulator, "a", b"new")
        assert response.content == old


@pytest.mark.parametrize(
    ("refuse", "reads", "writes"), [("missing", 404, 404), ("read-only", 200, 403), ("token", 401, 401)]
)
def test_it_refuses_as_told(emulator: CloudStorageEmulator, refuse: str, reads: int, writes: int) -> None:
    put(emulator, "a", b"x")
    emulator.refuse = refuse
    assert (get(emulator, "a").status_code, put(emulator, "a", b"y").status_code) == (reads, writes)
    emulator.refuse = ""
    assert get(emulator, "a", alt="media").content == b"x"


def test_what_it_does_not_know_it_does_not_pretend_to_know(emulator: CloudStorageEmulator) -> None:
    put(emulator, "a", b"x")
    assert get(emulator, "a", softDeleted="true").status_code == 501
    assert call(emulator, "POST", "/storage/v1/b/films/o/a/compose", json={}).status_code == 501
    assert call(emulator, "GET", "/films/a", headers={"Range": "bytes=0-1,3-4"}).status_code == 501


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"broken-download", "short-chunk", "lost-session"}))
def test_a_fault_strikes_once_before_or_after_the_deed(emulator: CloudStorageEmulator, kind: str) -> None:
    emulator.faults.plan("objects.insert", 2, kind)
    assert put(emulator, "a", b"1").status_code == 200
    assert emulator.faults.pending == [("objects.insert", 2, kind)]
    if kind[0].isdigit():
        assert put(emulator, "a", b"22").status_code == int(kind[:3])
    else:
        with pytest.raises(requests.ConnectionError):
            put(emulator, "a", b"22")
    emulator.faults.verify()
    assert emulator.faults.injected == [("objects.insert", 2, kind)]
    assert get(emulator, "a", alt="media").content == (b"22" if kind.endswith("-after") else b"1")
    assert put(emulator, "a", b"3").status_code == 200


@pytest.mark.parametrize("size", [0, 1, 5 << 20])
def test_a_broken_download_ends_amid_the_bytes(emulator: CloudStorageEmulator, size: int) -> None:
    put(emulator, "a", bytes(size))
    emulator.faults.plan("objects.media", 1, "broken-download")
    with pytest.raises(BROKEN):
        call(emulator, "GET", "/films/a")
    assert call(emulator, "GET", "/films/a").content == bytes(size)


@pytest.mark.parametrize(("kind", "kept"), [("broken-upload", 2), ("short-chunk", 2), ("lost-session", None)])
def test_a_chunk_is_kept_in_part_or_not_at_all(
    emulator: CloudStorageEmulator, kind: str, kept: int | None
) -> None:
    session = start(emulator, {"name": "a"}).headers["Location"]
    size = 5 * STEP
    emulator.faults.plan("resumable.chunk", 1, kind)
    if kind == "broken-upload":
        with pytest.raises(requests.ConnectionError):
            send(session, bytes(size), f"0-{size - 1}/{size}")
    else:
        assert send(session, bytes(size), f"0-{size - 1}/{size}").status_code == (308 if kept else 410)
    emulator.faults.verify()
    state = send(session, b"", f"*/{size}")
    assert state.headers.get("Range") == (f"bytes=0-{kept * STEP - 1}" if kept else None)
    assert get(emulator, "a").status_code == 404


def test_chance_is_the_same_for_the_same_seed() -> None:
    struck: list[list[tuple[str, int, str]]] = []
    for seed in (1, 1, 2):
        faults = Faults()
        faults.rate({"503-before": 0.1, "broken-download": 0.1}, seed=seed)
        for _ in range(500):
            faults.draw("objects.insert")
        struck.append(faults.injected)
    assert struck[0] == struck[1] != struck[2]
    assert {kind for _, _, kind in struck[0]} == {"503-before"}
    assert 20 < len(struck[0]) < 90


def test_a_fault_that_never_struck_is_not_missed() -> None:
    faults = Faults()
    faults.plan("objects.get", 2, "reset-before")
    faults.draw("objects.get")
    with pytest.raises(AssertionError):
        faults.verify()
    for operation, nth, kind in [("objects.list", 1, "broken-download"), ("objects.get", 0, "503-before")]:
        with pytest.raises(ValueError, match=kind):
            faults.plan(operation, nth, kind)
    with pytest.raises(ValueError, match="unknown"):
        faults.rate({"fire": 1.0}, seed=0)


def test_a_listener_hears_of_every_object_once(tmp_path: Path) -> None:
    heard: list[dict[str, Any]] = []

    def listen(event: dict[str, Any]) -> None:
        heard.append(event)
        if event["subject"] == "objects/b":
            raise OSError("refused")

    with CloudStorageEmulator(buckets=["films"], on_event=listen) as emulator:
        made = put(emulator, "a/é", b"1").json()
        emulator.faults.plan("objects.insert", 1, "503-after")
        put(emulator, "b", b"2")
        put(emulator, "b", b"2", ifGenerationMatch=0)
        session = start(emulator, {"name": "c"}).headers["Location"]
        for _ in range(2):
            send(session, b"3", "0-0/1")
        emulator.events.flush()
        assert [event["id"] for event in emulator.events.undelivered] == [heard[1]["id"]]
    assert [event["subject"] for event in heard] == ["objects/a/é", "objects/b", "objects/c"]
    assert heard[0]["data"] == made
    assert {event["type"] for event in heard} == {"google.cloud.storage.object.v1.finalized"}
    assert {event["source"] for event in heard} == {"//storage.googleapis.com/projects/_/buckets/films"}
    assert len({event["id"] for event in heard}) == 3


@pytest.fixture
def listener() -> Iterator[tuple[str, list[tuple[dict[str, str], Any]]]]:
    """A URL, and the headers and bodies that were posted there."""
    posted: list[tuple[dict[str, str], Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            posted.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/events", posted
    server.shutdown()
    thread.join()
    server.server_close()


def test_processes_share_one_and_plan_its_faults(
    tmp_path: Path, listener: tuple[str, list[tuple[dict[str, str], Any]]]
) -> None:
    url, posted = listener
    arguments = ["--port", "0", "--folder", tmp_path / "bytes", "--bucket", "films", "--events", url]
    command = [sys.executable, "-m", "tests.emulators.cloud_storage", *map(str, arguments)]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        base = process.stdout.readline().strip()
        plan = {"plan": [["objects.insert", 1, "503-after"]], "rates": {}, "refuse": ""}
        assert requests.post(f"{base}/_emulator", json=plan, timeout=20).json()["pending"] == plan["plan"]
        asked = {"uploadType": "media", "name": "a"}
        path = f"{base}/upload/storage/v1/b/films/o"
        assert requests.post(path, params=asked, data=b"x", timeout=20).status_code == 503
        assert requests.get(f"{base}/films/a", timeout=20).content == b"x"
        told = requests.get(f"{base}/_emulator", timeout=20).json()
    finally:
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 0
    assert (told["injected"], told["pending"]) == ([["objects.insert", 1, "503-after"]], [])
    assert told["calls"] == {"objects.insert": 1, "objects.media": 1}
    headers, data = posted[0]
    assert (headers["ce-type"], headers["ce-bucket"], headers["ce-subject"]) == (
        "google.cloud.storage.object.v1.finalized",
        "films",
        "objects/a",
    )
    assert (data["name"], data["size"]) == ("a", "1")


def discovery() -> dict[str, Any]:
    """Google's own description of the API, as its API client brings it along."""
    documents = files("googleapiclient") / "discovery_cache" / "documents"
    found: dict[str, Any] = json.loads((documents / "storage.v1.json").read_text(encoding="utf-8"))
    return found


def test_every_call_and_parameter_is_one_of_cloud_storage() -> None:
    resources = discovery()["resources"]
    methods = [*resources["objects"]["methods"].values(), *resources["buckets"]["methods"].values()]
    known = {name for method in methods for name in method["parameters"]}
    known |= discovery()["parameters"].keys() | {"uploadType", "upload_id"}
    assert known >= _KNOWN_PARAMETERS
    for method, pattern, operation in _ROUTES:
        assert operation in OPERATIONS
        kind, _, name = operation.partition(".")
        if pattern.startswith("/storage/v1/") and kind in {"objects", "buckets"}:
            described = resources[kind]["methods"][name]
            path = described["path"].replace("{bucket}", "([^/]+)").replace("{object}", "([^/]+)")
            assert (method, pattern) == (described["httpMethod"], f"/storage/v1/{path}")


def test_every_field_of_an_object_is_one_of_cloud_storage(emulator: CloudStorageEmulator) -> None:
    made = put(emulator, "a", b"x").json()
    assert discovery()["schemas"]["Object"]["properties"].keys() >= made.keys()

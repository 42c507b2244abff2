"""One behaviour for every store: what a store may add of its own is tested in a module of its own."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from urllib3 import BaseHTTPResponse, HTTPConnectionPool

from shared.errors import BadRequest, InvalidSettings, ObjectNotFound, PreconditionFailed, StoreError
from shared.settings import read_settings
from shared.storage import ABSENT, ObjectInfo, ObjectStore
from shared.storage.file import FileStore
from shared.storage.gs.store import CloudStorageStore
from shared.storage.memory import MemoryStore
from shared.storage.s3.store import S3Store
from tests.emulators import s3
from tests.emulators.cloud_storage import CloudStorageEmulator
from tests.support.shards import EXTENTS, Extent

BIG = bytes(range(256)) * 12_345  # a few chunks, and the last one not full

BAD_KEYS = ["", "/a", "a/", "a//b", "..", "a/../b", "a\\b", "a\nb", "\udcff", "é" * 128, ".reelwright/locks"]
ODD_KEYS = [
    *("a'b\"", "100%", "%41", "a#b?c=d&e", "a+b", "a:b", "~", "-rf", "*", "...", "..a", ".hidden/b"),
    *("a b", " a ", "a/.reelwright/b", "ñandú/naïve.txt", "e\u0301", "日本/语.png", "שלום", "🎬/🎞️"),
    *("é" * 127, "/".join(["k" * 255] * 4)),
]
ASKS: dict[str, Callable[[ObjectStore, str, Path], object]] = {
    "stat": lambda store, key, _: store.stat(key),
    "read": lambda store, key, _: store.read(key),
    "stream": lambda store, key, _: store.stream(key),
    "write": lambda store, key, _: store.write(key, b"x"),
    "upload": lambda store, key, path: store.upload(path, key),
    "download": lambda store, key, path: store.download(key, path),
    "delete": lambda store, key, _: store.delete(key),
    "signed_url": lambda store, key, _: store.signed_url(key),
}


@pytest.fixture(scope="module")
def empty_bucket() -> Iterator[Callable[[str], ObjectStore]]:
    """Takes `s3` or `cos`; one store each for all tests, since its client is slow to make."""
    with s3.serving() as fake, pytest.MonkeyPatch.context() as patch:

        @cache
        def bucket(scheme: str) -> ObjectStore:
            environ = s3.environment(fake.url, f"{scheme}://suite")
            for variable, value in environ.items():
                patch.setenv(variable, value)
            return S3Store.from_settings(environ["STORE_URL"], read_settings(environ))

        def emptied(scheme: str) -> ObjectStore:
            fake.forget_all()
            fake.create_bucket("suite")
            return bucket(scheme)

        yield emptied


@pytest.fixture
def empty_films(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """The bucket gs://films."""
    with CloudStorageEmulator(buckets=["films"]) as emulator:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator.url)
        yield CloudStorageStore("films")


@pytest.fixture(params=["file", "memory", "gs", "s3", "cos"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    makers: dict[str, Callable[[], ObjectStore]] = {
        "file": lambda: FileStore(tmp_path / "store"),
        "memory": lambda: MemoryStore("memory://suite"),
        "gs": lambda: request.getfixturevalue("empty_films"),
        "s3": lambda: request.getfixturevalue("empty_bucket")("s3"),
        "cos": lambda: request.getfixturevalue("empty_bucket")("cos"),
    }
    return makers[request.param]()


@pytest.fixture(params=["file", "file below", "gs"])
def useless(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """A store that can't be used: a file is in its folder's place, or there is no such bucket."""
    (tmp_path / "file").write_bytes(b"x")
    if request.param == "gs":
        request.getfixturevalue("empty_films")
        return CloudStorageStore("missing")
    return FileStore(tmp_path / request.param.replace(" ", "/"))


def keys(store: ObjectStore, prefix: str = "") -> list[str]:
    return [info.key for info in store.list(prefix)]


def listed(store: ObjectStore, info: ObjectInfo) -> ObjectInfo:
    """How a listing shows it: S3's would have to read each object to know its hash."""
    return replace(info, content_hash="") if isinstance(store, S3Store) else info


def test_a_check_leaves_a_store_that_works_as_it_was(store: ObjectStore) -> None:
    store.check()
    assert keys(store) == []
    written = store.write("a", b"x")
    store.check()
    assert keys(store) == ["a"]
    assert store.stat("a") == written


def test_a_check_names_a_store_that_is_of_no_use(useless: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings) as caught:
        useless.check()
    assert f"STORE_URL={useless.url!r}: " in caught.value.problems[0]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_check_leaves_nothing_in_a_folder(tmp_path: Path) -> None:
    FileStore(tmp_path / "new/root").check()
    assert list((tmp_path / "new/root").iterdir()) == []


def test_what_is_written_is_read(store: ObjectStore) -> None:
    for data in (b"", b"one", BIG):
        written = store.write("a/b.bin", data)
        assert store.read("a/b.bin") == (data, written)
        assert store.stat("a/b.bin") == written
        assert b"".join(store.stream("a/b.bin")) == data
        assert (written.key, written.size_bytes) == ("a/b.bin", len(data))
        assert written.content_hash == hashlib.sha256(data).hexdigest()


def test_a_stream_is_written_as_one_object(store: ObjectStore) -> None:
    info = store.write("a", (BIG[at : at + 1000] for at in range(0, len(BIG), 1000)))
    assert store.read("a") == (BIG, info)
    assert store.write("a", iter([b"", b"x", b""])).size_bytes == 1
    assert store.write("a", []).size_bytes == 0


def test_an_object_knows_when_it_was_written_in_utc(store: ObjectStore) -> None:
    modified_at = store.write("a", b"x").modified_at
    assert modified_at.tzinfo is UTC
    assert abs(datetime.now(UTC) - modified_at) < timedelta(minutes=5)


def test_what_is_not_there_is_not_found(store: ObjectStore, tmp_path: Path) -> None:
    store.write("folder/a", b"x")
    for key in ("missing", "folder", "folder/b", "folder/a/b"):
        assert store.stat(key) is None
        for ask in ("read", "stream", "download"):
            with pytest.raises(ObjectNotFound) as caught:
                ASKS[ask](store, key, tmp_path / "target")
            assert caught.value.args == (key,)
    assert not (tmp_path / "target").exists()


def test_a_create_only_write_never_replaces(store: ObjectStore) -> None:
    first = store.write("a", b"first", expect=ABSENT)
    with pytest.raises(PreconditionFailed) as caught:
        store.write("a", b"second", expect=ABSENT)
    assert caught.value.args == ("a", ABSENT, first.generation)
    assert store.read("a") == (b"first", first)


def test_a_late_writer_loses(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "late").write_bytes(b"late")
    first = store.write("a", b"first")
    second = store.write("a", b"second", expect=first.generation)
    with pytest.raises(PreconditionFailed) as caught:
        store.write("a", iter([b"late"]), expect=first.generation)
    assert caught.value.args == ("a", first.generation, second.generation)
    with pytest.raises(PreconditionFailed):
        store.upload(tmp_path / "late", "a", expect=first.generation)
    assert store.read("a") == (b"second", second)


@pytest.mark.parametrize(
    ("expected", "found", "words"),
    [
        (ABSENT, ABSENT, "was deleted since"),
        ("7", "7", "was changed and changed back"),
        (ABSENT, "7", "exists already"),
        ("7", ABSENT, "was deleted by another process"),
        ("7", "8", "is at generation '8', not '7'"),
    ],
)
def test_a_precondition_that_failed_is_told_as_what_is_the_case(
    expected: str, found: str, words: str
) -> None:
    text = str(PreconditionFailed("a/b", expected, found))
    assert words in text
    assert text.startswith("'a/b' ")
    assert "'0'" not in text
    assert f"{found!r}, not {found!r}" not in text


def test_a_generation_can_not_be_replaced_once_it_is_deleted(store: ObjectStore) -> None:
    gone = store.write("a/b", b"x")
    store.delete("a/b")
    with pytest.raises(PreconditionFailed) as caught:
        store.write("a/b", b"y", expect=gone.generation)
    assert caught.value.args == ("a/b", gone.generation, ABSENT)
    assert keys(store) == []


def test_every_write_makes_a_new_generation(store: ObjectStore) -> None:
    generations = [ABSENT]
    for count in range(40):
        # An S3 generation is an ETag, and equal bytes have equal ones: there it is other bytes that make one.
        data = str(count).encode() if isinstance(store, S3Store) else b"same"
        generations.append(store.write("a", data).generation)
        if count % 4 == 0:
            store.delete("a")
    assert len(set(generations)) == len(generations)


def test_files_go_up_and_come_down(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "up").write_bytes(BIG)
    up = store.upload(tmp_path / "up", "a/b")
    target = tmp_path / "new" / "folder" / "down"
    assert store.download("a/b", target) == up == store.stat("a/b")
    assert target.read_bytes() == BIG
    store.write("a/b", b"less")
    store.download("a/b", target)
    assert target.read_bytes() == b"less"
    assert list(target.parent.iterdir()) == [target]


def test_a_file_that_can_not_be_read_is_not_uploaded(store: ObjectStore, tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(StoreError) as caught:
            store.upload(path, "a")
        assert caught.value.args[:2] == ("upload", "a")
    assert store.stat("a") is None


def test_a_failed_download_leaves_the_target_as_it_was(store: ObjectStore, tmp_path: Path) -> None:
    store.write("a", b"x")
    (tmp_path / "targets" / "folder").mkdir(parents=True)
    (tmp_path / "targets" / "file").write_bytes(b"old")
    with pytest.raises(ObjectNotFound):
        store.download("missing", tmp_path / "targets" / "file")
    for target in ("folder", "file/below"):
        with pytest.raises(StoreError):
            store.download("a", tmp_path / "targets" / target)
    assert (tmp_path / "targets" / "file").read_bytes() == b"old"
    assert {path.name for path in (tmp_path / "targets").iterdir()} == {"folder", "file"}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[BaseHTTPResponse]:
    """All that comes over HTTP."""
    seen: list[BaseHTTPResponse] = []
    plain = HTTPConnectionPool.urlopen

    def urlopen(*args: Any, **more: Any) -> BaseHTTPResponse:
        seen.append(plain(*args, **more))
        return seen[-1]

    monkeypatch.setattr(HTTPConnectionPool, "urlopen", urlopen)
    return seen


def test_a_failed_download_lets_go_of_its_connection(
    store: ObjectStore, tmp_path: Path, answers: list[BaseHTTPResponse]
) -> None:
    store.write("a", BIG)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError) as caught:
        store.download("a", tmp_path / "file" / "below")
    assert caught.tb, "whose frames still hold all that they held"
    assert [answer.closed for answer in answers] == [True] * len(answers)


def test_a_stream_that_is_closed_early_lets_go_of_its_connection(
    store: ObjectStore, answers: list[BaseHTTPResponse]
) -> None:
    store.write("a", BIG)
    chunks = store.stream("a")
    next(chunks)
    chunks.close()
    assert [answer.closed for answer in answers] == [True] * len(answers)


@pytest.mark.parametrize("start", [-1, 0, 1, 1 << 20, len(BIG) - 1, len(BIG), len(BIG) + 5])
def test_a_range_is_the_bytes_from_start_to_before_end(store: ObjectStore, start: int) -> None:
    store.write("a", BIG)
    for end in (None, -1, 0, 1, (1 << 20) + 1, len(BIG) - 1, len(BIG), len(BIG) + 5):
        stop = len(BIG) if end is None else max(end, 0)
        assert b"".join(store.stream("a", start=start, end=end)) == BIG[max(start, 0) : stop], end


def test_a_stream_has_no_empty_chunks(store: ObjectStore) -> None:
    store.write("a", BIG)
    store.write("empty", b"")
    assert all(store.stream("a"))
    assert list(store.stream("empty")) == []


def test_a_stream_goes_on_with_the_generation_that_it_began_with(store: ObjectStore) -> None:
    store.write("a/b", BIG)
    unread, begun = store.stream("a/b"), store.stream("a/b")
    head = next(begun)
    store.write("a/b", b"new")
    assert head + b"".join(begun) == BIG
    assert b"".join(unread) == BIG


def test_a_stream_goes_on_when_its_object_is_deleted(store: ObjectStore) -> None:
    store.write("a/b", BIG)
    begun = store.stream("a/b")
    head = next(begun)
    store.delete("a/b")
    assert head + b"".join(begun) == BIG


def test_a_store_can_copy_an_object_to_itself(store: ObjectStore) -> None:
    store.write("a", BIG)
    store.write("a", store.stream("a", start=5))
    assert store.read("a")[0] == BIG[5:]


@pytest.mark.parametrize("error", [OSError("a socket broke"), ValueError("a bug"), KeyboardInterrupt()])
def test_a_source_that_breaks_leaves_the_old_object(store: ObjectStore, error: BaseException) -> None:
    def broken() -> Iterator[bytes]:
        yield BIG
        raise error

    old = store.write("old", b"old")
    for key in ("old", "new/b"):
        with pytest.raises(type(error)) as caught:
            store.write(key, broken())
        assert caught.value is error
    assert list(store.list("")) == [listed(store, old)]
    assert store.read("old")[0] == b"old"


def test_heads_show_what_there_is_without_what_is_in_it(store: ObjectStore) -> None:
    heads = ["a/request.json", "a/manifest.json", "2025/10/b/request.json", "a/inner/request.json"]
    hidden = ["a/assets/1.txt", "a/assets/request.json", "2025/10/b/cache/x/y", "a/loose.txt", "_mark/a/1"]
    firsts = ["new/assets/1/1.txt", "new/claims/held", "2025/11/c/cache/one"]
    for key in (*heads, *hidden, *firsts, "new/assets/2/1.txt", "2025/11/c/cache/two"):
        store.write(key, key.encode())
    found = list(store.heads({"request.json", "manifest.json"}, {"assets", "claims", "cache"}))
    assert sorted(info.key for info in found) == sorted([*heads, *firsts])
    for info in found:
        there = store.stat(info.key)
        assert there
        assert (info.generation, info.size_bytes) == (there.generation, there.size_bytes)


def test_a_list_is_in_the_order_of_keys(store: ObjectStore) -> None:
    names = [
        "a-b",
        "a.txt",
        "a/b",
        "a/b-c/d",
        "a/b.c",
        "a/é",
        "a/z/1",
        "a/z/10",
        "a/z/2",
        "a0",
        "B",
        "日",
        "🎬",
    ]
    infos = {name: store.write(f"top/{name}", name.encode()) for name in reversed(names)}
    assert list(store.list("")) == [listed(store, infos[name]) for name in sorted(names)]


def test_a_prefix_may_end_anywhere(store: ObjectStore) -> None:
    for key in ("d", "c/10/a", "c/1/b", "c/1/a", "c1", ".h/a"):
        store.write(key, b"x")
    wanted: dict[str, list[str]] = {
        "": [".h/a", "c/1/a", "c/1/b", "c/10/a", "c1", "d"],
        "c": ["c/1/a", "c/1/b", "c/10/a", "c1"],
        "c/": ["c/1/a", "c/1/b", "c/10/a"],
        "c/1": ["c/1/a", "c/1/b", "c/10/a"],
        "c/1/": ["c/1/a", "c/1/b"],
        "c/1/b": ["c/1/b"],
        "c/1/b/": [],
        ".": [".h/a"],
        "c/1/.": [],
        "C": [],
        "missing/": [],
    }
    assert {prefix: keys(store, prefix) for prefix in wanted} == wanted


def test_an_empty_store_lists_nothing(store: ObjectStore) -> None:
    assert keys(store) == []
    store.delete("never/there")
    assert keys(store, "a/b") == []


def test_a_bad_prefix_is_refused_before_the_list_is_read(store: ObjectStore) -> None:
    with pytest.raises(BadRequest):
        store.list("a/../b")


def test_a_list_survives_what_is_deleted_meanwhile(store: ObjectStore) -> None:
    for count in range(6):
        store.write(f"a/{count}/b", b"x")
    found = []
    for info in store.list(""):
        found.append(info.key)
        for count in (1, 2, 4):
            store.delete(f"a/{count}/b")
    assert {"a/0/b", "a/3/b", "a/5/b"} <= set(found)
    assert keys(store) == ["a/0/b", "a/3/b", "a/5/b"]


def test_a_deleted_object_is_gone_and_stays_gone(store: ObjectStore) -> None:
    store.write("a/b/c", b"x")
    store.write("a/d", b"y")
    store.delete("a/b/c")
    store.delete("a/b/c")
    assert store.stat("a/b/c") is None
    assert keys(store) == ["a/d"]
    assert store.write("a/b", b"now an object", expect=ABSENT).size_bytes == 13


def test_only_the_expected_generation_is_deleted(store: ObjectStore) -> None:
    old = store.write("a", b"old")
    new = store.write("a", b"new")
    for expect in (old.generation, ABSENT):
        with pytest.raises(PreconditionFailed) as caught:
            store.delete("a", expect=expect)
        assert caught.value.args == ("a", expect, new.generation)
    store.delete("a", expect=new.generation)
    store.delete("a", expect=ABSENT)
    with pytest.raises(PreconditionFailed) as caught:
        store.delete("a", expect=new.generation)
    assert caught.value.args == ("a", new.generation, ABSENT)


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_a_bad_key_is_refused(store: ObjectStore, ask: Callable[..., object], tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    for key in BAD_KEYS:
        with pytest.raises(BadRequest):
            ask(store, key, tmp_path / "file")
    assert keys(store) == []


def test_odd_keys_are_keys(store: ObjectStore, tmp_path: Path) -> None:
    for key in ODD_KEYS:
        store.write(key, key.encode(), expect=ABSENT)
    assert keys(store) == sorted(ODD_KEYS)
    for key in ODD_KEYS:
        assert store.read(key)[0] == key.encode()
        assert store.download(key, tmp_path / "down") == store.stat(key)
        assert keys(store, key)[0] == key
        store.delete(key)
    assert keys(store) == []


def test_signed_addresses_are_plain_and_different(store: ObjectStore) -> None:
    # What follows the name in a cloud's address is its signature.
    addresses = [store.signed_url(key).partition("?X-")[0] for key in ODD_KEYS]
    assert len(set(addresses)) == len(ODD_KEYS)
    for address in addresses:
        assert address.isascii()
        assert not set(address) & set(' "#?')


def test_one_of_many_threads_creates_an_object(store: ObjectStore) -> None:
    start = threading.Barrier(16)

    def create(number: int) -> int | None:
        start.wait()
        try:
            store.write("claims/1", str(number).encode(), expect=ABSENT)
        except PreconditionFailed:
            return None
        return number

    with ThreadPoolExecutor(16) as pool:
        winners = [number for number in pool.map(create, range(16)) if number is not None]
    assert [str(number).encode() for number in winners] == [store.read("claims/1")[0]]


@pytest.mark.parametrize("extent", EXTENTS)
def test_threads_that_count_with_preconditions_lose_no_count(store: ObjectStore, extent: Extent) -> None:
    threads = 8 if extent == "all" else 4

    def count() -> None:
        done = 0
        while done < 5:
            data, info = store.read("count")
            try:
                store.write("count", str(int(data) + 1).encode(), expect=info.generation)
                done += 1
            except PreconditionFailed:
                continue

    store.write("count", b"0")
    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(count) for _ in range(threads)]:
            future.result()
    assert int(store.read("count")[0]) == 5 * threads


@pytest.mark.parametrize("extent", EXTENTS)
def test_a_read_is_of_one_generation_while_others_write(store: ObjectStore, extent: Extent) -> None:
    reads = 25 if extent != "all" and isinstance(store, S3Store) else 100  # one request has all that S3 tells
    stop = threading.Event()

    def replace() -> None:
        for count in range(1 << 30):
            if stop.is_set():
                return
            store.write("a", bytes([count % 256]) * (1 + count % 5000))

    store.write("a", b"x")
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(replace)
        try:
            for _ in range(reads):
                data, info = store.read("a")
                assert (info.size_bytes, info.content_hash) == (len(data), hashlib.sha256(data).hexdigest())
                seen = store.stat("a")
                assert seen is not None
                assert len(set(b"".join(store.stream("a")))) == 1
        finally:
            stop.set()
        writing.result()


def test_neighbours_come_and_go_without_harm(store: ObjectStore) -> None:
    def come_and_go(number: int) -> None:
        for _ in range(15):
            store.write(f"a/b/c/{number}", b"x")
            store.delete(f"a/b/c/{number}")

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(come_and_go, number) for number in range(4)]:
            future.result()
    assert keys(store) == []

"""What a store in a folder promises beyond the behaviour of every store."""

import errno
import fcntl
import hashlib
import os
import resource
import time
import tracemalloc
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from shared.errors import BadRequest, ObjectNotFound, StoreError
from shared.storage import ABSENT, ObjectInfo, open_store
from shared.storage.file import FileStore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def store(root: Path) -> FileStore:
    return FileStore(root)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one with every file that is hashed."""
    calls: list[str] = []
    digest = hashlib.file_digest

    def counted(*arguments: object) -> object:
        calls.append("hashed")
        return digest(*arguments)  # type: ignore[arg-type]  # passed on as they come

    monkeypatch.setattr(hashlib, "file_digest", counted)
    return calls


def described(store: FileStore, key: str) -> ObjectInfo:
    info = store.stat(key)
    assert info is not None
    return info


def unfinished(root: Path) -> list[Path]:
    return list((root / ".reelwright" / "tmp").glob("*"))


def test_objects_are_plain_files(store: FileStore, root: Path) -> None:
    store.write("a/b.txt", b"x")
    assert (root / "a/b.txt").read_bytes() == b"x"
    (root / "plain").write_bytes(b"")
    store.delete("a/b.txt")
    assert sorted(path.name for path in root.iterdir()) == [".reelwright", "plain"]


def test_files_put_by_hand_are_objects(store: FileStore, root: Path) -> None:
    (root / "a").mkdir(parents=True)
    (root / "a/b.txt").write_bytes(b"by hand")
    assert [info.key for info in store.list("")] == ["a/b.txt"]
    assert store.read("a/b.txt") == (b"by hand", described(store, "a/b.txt"))
    info = store.write("a/b.txt", b"by store", expect=described(store, "a/b.txt").generation)
    assert info == described(store, "a/b.txt")


def test_an_edit_by_hand_makes_a_new_generation(store: FileStore, root: Path) -> None:
    before = store.write("a", b"same size 1")
    with (root / "a").open("r+b") as file:
        file.write(b"same size 2")
    after = described(store, "a")
    assert after.generation != before.generation
    assert after.content_hash == hashlib.sha256(b"same size 2").hexdigest()
    assert store.read("a") == (b"same size 2", after)


def test_what_the_store_wrote_is_not_hashed_again(store: FileStore, root: Path, hashed: list[str]) -> None:
    written = [store.write(f"a/{number}", b"x" * number) for number in range(5)]
    assert list(FileStore(root).list("")) == written
    assert described(FileStore(root), "a/1") == written[1]
    assert hashed == []


def test_a_file_put_by_hand_is_hashed_once(
    store: FileStore, root: Path, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root.mkdir()
    (root / "a").write_bytes(b"by hand")
    now_ns = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now_ns + 10**9)
    infos = [described(FileStore(root), "a") for _ in range(3)]
    assert infos == list(store.list("")) * 3
    assert len(hashed) == 1
    (root / "a").write_bytes(b"again")
    assert described(store, "a").content_hash == hashlib.sha256(b"again").hexdigest()
    assert len(hashed) == 2


def test_the_hash_of_a_file_edited_this_moment_is_not_trusted(
    store: FileStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root.mkdir()
    (root / "a").write_bytes(b"1")
    edited = (root / "a").stat()
    monkeypatch.setattr(time, "time_ns", lambda: edited.st_ctime_ns)
    assert described(store, "a").content_hash == hashlib.sha256(b"1").hexdigest()
    (root / "a").write_bytes(b"2")
    os.utime(root / "a", ns=(edited.st_mtime_ns, edited.st_mtime_ns))  # as within one tick of the clock
    assert described(store, "a").content_hash == hashlib.sha256(b"2").hexdigest()


@pytest.mark.parametrize("spoilt", ["", "0" * 64, "\0" * 80, "é", "0 0 0"])
def test_a_spoilt_book_entry_is_made_anew(store: FileStore, root: Path, spoilt: str) -> None:
    info = store.write("a", b"x")
    (entry,) = (root / ".reelwright/hashes").iterdir()
    entry.write_text(spoilt, "utf-8")
    assert described(store, "a") == info


def test_a_store_without_room_for_its_books_is_read_all_the_same(root: Path, store: FileStore) -> None:
    root.mkdir()
    (root / "a").write_bytes(b"x")
    (root / ".reelwright").write_bytes(b"in the way")
    assert store.read("a") == (b"x", described(store, "a"))
    with pytest.raises(StoreError):
        store.write("b", b"x")
    assert [info.key for info in store.list("")] == ["a"]


def test_generations_differ_while_the_clock_stands_or_goes_back(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([2_000_000_000] * 5 + [1_000_000_000] * 5)
    monkeypatch.setattr(time, "time_ns", lambda: next(clock))
    infos = [store.write("a", b"same") for _ in range(10)]
    times = [int(info.generation.split("-")[0], 16) for info in infos]
    assert times == list(range(2_000_000_000, 2_000_000_010))


def test_generations_differ_on_a_disk_that_counts_in_seconds(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    utime = os.utime

    def coarse(path: int, *, ns: tuple[int, int]) -> None:
        utime(path, ns=(ns[0] // 10**9 * 10**9, ns[1] // 10**9 * 10**9))

    monkeypatch.setattr(os, "utime", coarse)
    times = [store.write("a", b"same").modified_at for _ in range(5)]
    assert times == sorted(set(times))


def test_a_stream_tells_that_its_object_was_edited_in_place(store: FileStore, root: Path) -> None:
    store.write("a", b"x" * (3 << 20))
    chunks = store.stream("a")
    next(chunks)
    with (root / "a").open("r+b") as file:
        file.truncate(2 << 20)
    with pytest.raises(StoreError) as caught:
        list(chunks)
    assert caught.value.args[:2] == ("read", "a")


def test_a_file_that_grows_while_it_is_read_is_read_again(
    store: FileStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root.mkdir()
    (root / "a").write_bytes(b"half")
    fstat, edits = os.fstat, [b" whole", b""]

    def edited(descriptor: int) -> os.stat_result:
        status = fstat(descriptor)
        with (root / "a").open("ab") as file:
            file.write(edits.pop(0) if edits else b"")
        return status

    monkeypatch.setattr(os, "fstat", edited)
    data, info = store.read("a")
    assert (data, info.size_bytes) == (b"half whole", 10)
    assert info.content_hash == hashlib.sha256(data).hexdigest()


def test_a_long_stream_takes_little_memory(store: FileStore, tmp_path: Path) -> None:
    size = 64 << 20
    tracemalloc.start()
    try:
        store.write("a", (bytes(1 << 20) for _ in range(64)))
        store.upload(store._root / "a", "b")
        store.download("b", tmp_path / "down")
        assert sum(map(len, store.stream("b"))) == size
        assert described(store, "b").size_bytes == size
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20
    assert (tmp_path / "down").stat().st_size == size


def test_an_object_can_not_be_a_folder_too(store: FileStore, root: Path) -> None:
    store.write("a/b", b"x")
    for key in ("a", "a/b/c", "a/b/c/d"):
        with pytest.raises(StoreError) as caught:
            store.write(key, b"y")
        assert caught.value.args[:2] == ("write", key)
        assert store.stat(key) is None
        store.delete(key)
    assert [info.key for info in store.list("")] == ["a/b"]
    assert unfinished(root) == []


def test_a_root_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreError) as caught:
            FileStore(root).write("a", b"x")
        assert caught.value.args[:2] == ("write", "a")
    store = FileStore(tmp_path / "file")
    for ask in (store.stat, store.read, store.stream, store.delete):
        with pytest.raises(StoreError) as caught:
            ask("a")
        assert not isinstance(caught.value, ObjectNotFound)
    with pytest.raises(StoreError):
        next(store.list(""))
    assert (tmp_path / "file").read_bytes() == b"x"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO])
def test_a_disk_that_refuses_leaves_the_old_object(
    store: FileStore, root: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    old = store.write("a", b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        for key in ("a", "new/b"):
            with pytest.raises(StoreError) as caught:
                store.write(key, b"new")
            assert caught.value.args[:2] == ("write", key)
            assert isinstance(caught.value.__cause__, OSError)
            assert caught.value.__cause__.errno == number
        with pytest.raises(StoreError):
            store.download("a", root.parent / "down")
    assert list(store.list("")) == [old]
    assert unfinished(root) == []
    assert list(root.parent.iterdir()) == [root]


def test_a_write_is_on_the_disk_when_it_returns(
    store: FileStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(Path(f"/proc/self/fd/{file}").readlink()))
    store.write("a/b/c", b"x")
    assert {root.parent, root, root / "a", root / "a/b"} <= set(synced)
    (content,) = (path for path in synced if path.parent == root / ".reelwright/tmp")
    assert synced.index(content) < synced.index(root / "a/b")


def test_a_disk_that_takes_half_of_an_object_keeps_none_of_it(store: FileStore, root: Path) -> None:
    old = store.write("a", b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(StoreError) as caught:
            store.write("a", (b"x" * 30_000 for _ in range(10)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.EFBIG
    assert list(store.list("")) == [old]
    assert unfinished(root) == []


def test_links_that_lead_out_are_not_followed(store: FileStore, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_bytes(b"secret")
    store.write("b", b"inside")
    (root / "file").symlink_to(tmp_path / "outside/secret")
    (root / "folder").symlink_to("../outside")
    (root / "nowhere").symlink_to(tmp_path / "outside/new")
    (root / "books").symlink_to(".reelwright")
    (root / "top").symlink_to(".")
    for key in ("file", "folder/secret", "folder/new", "nowhere", "books/locks/00", "books", "top"):
        for ask in (store.stat, store.read, store.stream, store.delete, store.signed_url):
            with pytest.raises(StoreError) as caught:
                ask(key)
            assert caught.value.args[1] == key
        with pytest.raises(StoreError):
            store.write(key, b"x")
    assert [info.key for info in store.list("")] == ["b"]
    assert list(store.list("folder/")) == list(store.list("books/lo")) == []
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["secret"]


def test_a_list_resolves_links_alone(store: FileStore, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        store.write(f"a/{number}", b"x")
    (root / "link").symlink_to("a/1")
    resolved: list[str] = []
    resolve = os.path.realpath

    def noted(path: str | Path) -> str:
        resolved.append(Path(path).name)
        return resolve(path)

    monkeypatch.setattr(os.path, "realpath", noted)
    assert len(list(store.list(""))) == 21
    assert resolved == [root.name, root.name, "link"]


def test_links_inside_the_root_are_other_names(store: FileStore, root: Path) -> None:
    store.write("a/b", b"1")
    (root / "also").symlink_to("a")
    (root / "a/top").symlink_to("..")
    (root / "a/deep").mkdir()
    (root / "a/deep/back").symlink_to("../../a")
    (root / "a/itself").symlink_to("itself")
    (root / "one").symlink_to("a/b")
    assert [info.key for info in store.list("")] == ["a/b", "also/b", "one"]
    generation = described(store, "also/b").generation
    assert generation == described(store, "a/b").generation == described(store, "one").generation
    store.write("one", b"2", expect=generation)
    assert store.read("also/b")[0] == b"2"
    assert (root / "one").is_symlink()


def test_the_root_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    info = FileStore(tmp_path / "link").write("a/b", b"x")
    assert (
        list(FileStore(tmp_path / "link").list("")) == list(FileStore(tmp_path / "real").list("")) == [info]
    )
    FileStore(tmp_path / "link").delete("a/b")
    assert not (tmp_path / "real/a").exists()


def test_what_is_no_object_is_not_listed(store: FileStore, root: Path) -> None:
    store.write("a", b"x")
    os.mkfifo(root / "pipe")
    (root / "empty/folder").mkdir(parents=True)
    (root / "two\nlines").write_bytes(b"x")
    (root / "back\\slash").write_bytes(b"x")
    (root / os.fsdecode(b"latin-\xe9")).write_bytes(b"x")
    (root / "dangling").symlink_to("missing")
    assert [info.key for info in store.list("")] == ["a"]
    assert store.stat("pipe") is None
    with pytest.raises(ObjectNotFound):
        store.read("pipe")


def test_what_killed_processes_left_is_removed(store: FileStore, root: Path) -> None:
    folder = root / ".reelwright/tmp"
    folder.mkdir(parents=True)
    for name, age_s in {"old": 4000, "old but writing": 4000, "new": 3000}.items():
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (time.time() - age_s,) * 2)
    with (folder / "old but writing").open("rb") as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        store.write("a", b"x")
    assert sorted(path.name for path in unfinished(root)) == ["new", "old but writing"]


def test_a_url_names_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_store("file://below/it").write("a", b"x")
    assert (tmp_path / "below/it/a").read_bytes() == b"x"
    assert FileStore.from_url(f"file://{tmp_path}/below/it").read("a")[0] == b"x"
    for url in ("file:", "file://", "file:/srv", "file://a%00b"):
        with pytest.raises(BadRequest):
            open_store(url)


@pytest.mark.parametrize("name", ["plain", "a b", "100%", "a#b?c", "%41", "ñ"])
def test_the_url_of_a_store_opens_it_again(tmp_path: Path, name: str) -> None:
    store = FileStore(tmp_path / name)
    store.write("a", b"x", expect=ABSENT)
    assert open_store(store.url).read("a")[0] == b"x"
    assert open_store(store.url).url == store.url


@pytest.mark.parametrize("key", ["a/b", "a b", "100%", "a#b?c", "%41", "ñ/🎬"])
def test_a_signed_address_leads_to_the_file(store: FileStore, key: str) -> None:
    store.write(key, b"x")
    assert Path(url2pathname(urlsplit(store.signed_url(key)).path)).read_bytes() == b"x"


def test_a_reader_who_stops_early_leaves_no_file_open(store: FileStore) -> None:
    store.write("a", b"x" * (3 << 20))
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - no paths, a count
    store.stream("a")
    next(store.stream("a"))
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - no paths, a count


def modes(root: Path) -> set[int]:
    """Permissions of all that is in the folder, without those to run files and to enter folders."""
    return {path.stat().st_mode & 0o666 for path in root.rglob("*")}


@pytest.mark.parametrize(
    ("given", "expected"), [(None, 0o600), (0o755, 0o600), (0o1777, 0o600), (0o777, 0o666), (0o2770, 0o660)]
)
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_objects_are_their_owners_alone_unless_others_may_write_to_the_root(
    tmp_path: Path, given: int | None, expected: int, umask: int
) -> None:
    root = tmp_path / "films"
    before = os.umask(umask)
    try:
        if given is not None:
            root.mkdir()
            root.chmod(given)
        store = FileStore(root)
        store.check()
        store.write("spring/assets/1/1.txt", b"Spring comes.")
        store.write("spring/assets/1/1.txt", b"Spring is here.")
        assert modes(root) == {expected}
        assert root.stat().st_mode & 0o7777 == (given or 0o700)
        assert (root / "spring").stat().st_mode & 0o2000 == (given or 0) & 0o2000
    finally:
        os.umask(before)

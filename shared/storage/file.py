"""Objects as plain files in a folder, where people may add, read and edit them by hand.

An object is at `<root>/<key>`. The store's own files are in `<root>/.reelwright/`: `tmp/` holds files that
are being written, `locks/` the files that are locked (`flock`, which the kernel releases when a process is
killed) while an object changes, `hashes/` the SHA-256 of objects and the generation that each belongs to.
These files may be deleted while no process writes.

Objects, own files and folders are readable by their owner alone, unless a group or everybody may write to the
root: then these may read and write everything below it.
"""

import errno
import fcntl
import hashlib
import io
import os
import secrets
import stat
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.parse import unquote

from shared.errors import ABSENT, BadRequest, InvalidSettings, ObjectNotFound, PreconditionFailed, StoreError
from shared.storage.disk import access_in, arriving, departing, make_folders, opener, publish, refusals, sync
from shared.storage.keys import RESERVED, check_key, check_prefix
from shared.storage.store import Chunks, ObjectInfo
from shared.storage.walk import heads, is_inside, keys

_CHUNK_BYTES = 1 << 20
_TRIES = 10
_ABANDONED_S = 3600
_TICK_NS = 100_000_000
"""Longer than a tick of the kernel's clock: two edits within one tick can leave the same time behind."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Made = TypeVar("_Made")


@dataclass(frozen=True, kw_only=True)
class _Place:
    """An object's path with every symbolic link resolved: two keys that mean one file have one place."""

    root: Path
    path: Path

    @property
    def name(self) -> str:
        """Its name among the store's own files, the same wherever the root is mounted. Called once for each
        file of a listing, for which pathlib is too slow."""
        inside = os.fsencode(self.path).removeprefix(os.fsencode(self.root)).lstrip(b"/")
        return hashlib.sha256(inside).hexdigest()


class FileStore:
    """An `ObjectStore` in a folder. Its methods may be called from several threads and processes.

    Unlike in a bucket, `a` and `a/b` can't both be objects, since no path is a file and a folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._books = self._root / RESERVED
        self._hashes = str(self._books / "hashes")
        self._swept = False
        self.url = self._root.as_uri()

    @classmethod
    def from_url(cls, url: str) -> "FileStore":
        """`file:///srv/films` is an absolute folder, `file://films` one below the working folder.

        Percent-encoding is undone, so that `url` opens the same store again.
        """
        scheme, _, path = url.partition("://")
        path = unquote(path)
        if scheme.lower() != "file" or not path or "\0" in path:
            raise BadRequest(f"store URL {url!r} names no folder: write file://folder or file:///folder")
        return cls(Path(path))

    def check(self) -> None:
        try:
            with refusals("open", ""):
                make_folders(self._real_root("open", ""))
                folders = [self._books / "tmp", self._books, self._root]
                with tempfile.TemporaryFile(dir=next(filter(Path.is_dir, folders))) as probe:
                    fcntl.flock(probe, fcntl.LOCK_EX)
                    probe.write(b"x")
        except StoreError as error:
            raise InvalidSettings(f"STORE_URL={self.url!r}: {error.args[2]}") from error

    def stat(self, key: str) -> ObjectInfo | None:
        return self._seen(key, self._locate("look at", key))

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        place = self._locate("read", key)
        with refusals("read", key), _opened(key, place) as file:
            data, status = _steadily("read", key, file, io.FileIO.readall)
        content_hash = self._recall(place, status) or hashlib.sha256(data).hexdigest()
        return data, _info(key, status, content_hash)

    def stream(self, key: str, *, start: int = 0, end: int | None = None) -> Chunks:
        chunks = self._chunks(key, max(start, 0), end)
        next(chunks)  # opens the object, so that errors are raised now and its generation is fixed
        return chunks

    def write(self, key: str, data: bytes | Iterable[bytes], *, expect: str | None = None) -> ObjectInfo:
        place = self._locate("write", key)
        with self._staging(key) as file:
            content_hash = _fill(key, file, [data] if isinstance(data, bytes) else data)
            with refusals("write", key), self._locked(place):
                previous = _status(place.path)
                _demand(key, previous, expect)
                _date(file, previous)
                publish(Path(os.fsdecode(file.name)), place.path, access_in(self._root))
                status = os.fstat(file.fileno())
                self._remember(place, status, content_hash)
        return _info(key, status, content_hash)

    def upload(self, path: Path, key: str, *, expect: str | None = None) -> ObjectInfo:
        return self.write(key, departing(key, path), expect=expect)

    def download(self, key: str, path: Path) -> ObjectInfo:
        place = self._locate("download", key)
        with refusals("download", key), _opened(key, place) as file, arriving(key, path) as target:
            content_hash, status = _steadily("download", key, file, partial(_copy, target))
        return _info(key, status, content_hash)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        return self._listed(check_prefix(prefix))

    def heads(self, names: Collection[str], folders: Collection[str]) -> Iterator[ObjectInfo]:
        with refusals("list", ""):
            root = self._real_root("list", "")
            for key, path in heads(root, "", str(root), names, folders):
                status = _status(path)
                if status:
                    yield _info(key, status, "")

    def delete(self, key: str, *, expect: str | None = None) -> None:
        place = self._locate("delete", key)
        with refusals("delete", key):
            if _status(place.path) is None:
                _demand(key, None, expect)
                return  # without a lock, which would create a folder where there is no store
            with self._locked(place):
                found = _status(place.path)
                _demand(key, found, expect)
                if found is not None:
                    self._remove(place)

    def signed_url(self, key: str, *, valid_s: int = 3600) -> str:  # noqa: ARG002 - a file's address has no end
        return self._locate("address", key).path.as_uri()

    def _real_root(self, action: str, key: str) -> Path:
        root = Path(os.path.realpath(self._root))
        with refusals(action, key):
            if root.exists() and not root.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(root))
        return root

    def _locate(self, action: str, key: str) -> _Place:
        root = self._real_root(action, check_key(key))
        path = os.path.realpath(root / key)
        if not is_inside(path, root):
            reason = "a symbolic link on its path leads out of the store: put what it shows in its place"
            raise StoreError(action, key, reason)
        return _Place(root=root, path=Path(path))

    def _chunks(self, key: str, start: int, end: int | None) -> Chunks:
        place = self._locate("read", key)
        with refusals("read", key), _opened(key, place) as file:
            opened = os.fstat(file.fileno())
            stop = opened.st_size if end is None else min(end, opened.st_size)
            yield b""
            for at in range(start, stop, _CHUNK_BYTES):
                chunk = os.pread(file.fileno(), min(_CHUNK_BYTES, stop - at), at)
                if _generation(os.fstat(file.fileno())) != _generation(opened):
                    raise StoreError("read", key, "it was edited in place meanwhile: read it again")
                yield chunk

    def _listed(self, prefix: str) -> Iterator[ObjectInfo]:
        with refusals("list", prefix):
            root = self._real_root("list", prefix)
            folder = prefix[: prefix.rfind("/") + 1]
            real = os.path.realpath(root / folder)
            if folder and not is_inside(real, root):
                return
            for key, path in keys(root, folder, real, prefix, frozenset()):
                info = self._seen(key, _Place(root=root, path=Path(path)))
                if info is not None:
                    yield info

    def _seen(self, key: str, place: _Place) -> ObjectInfo | None:
        with refusals("look at", key):
            status = _status(place.path)
            known = self._recall(place, status) if status else None
            if status and known:
                return _info(key, status, known)
            with suppress(ObjectNotFound), _opened(key, place) as file:
                return self._describe(key, place, file)
        return None

    def _describe(self, key: str, place: _Place, file: io.FileIO) -> ObjectInfo:
        status = os.fstat(file.fileno())
        known = self._recall(place, status)
        if known is not None:
            return _info(key, status, known)
        began_ns = time.time_ns()
        content_hash, status = _steadily("look at", key, file, _hash)
        if began_ns - status.st_ctime_ns > _TICK_NS:
            self._remember(place, status, content_hash)
        return _info(key, status, content_hash)

    def _recall(self, place: _Place, status: os.stat_result) -> str | None:
        """The hash of this generation, or None if it is not saved, or a power cut damaged the entry."""
        try:
            with open(f"{self._hashes}/{place.name}", "rb") as entry:  # noqa: PTH123 - once a file in a list
                content_hash, generation = entry.read().decode("ascii").split()
        except (OSError, ValueError):
            return None
        return content_hash if generation == _generation(status) else None

    def _remember(self, place: _Place, status: os.stat_result, content_hash: str) -> None:
        entry = self._books / "hashes" / place.name
        temporary = self._books / "tmp" / secrets.token_hex(16)
        # a saved hash only saves time, and a store that is only read may be read-only
        with suppress(OSError):
            access = access_in(self._root)
            make_folders(entry.parent, access)
            make_folders(temporary.parent, access)
            try:
                with open(temporary, "x", encoding="ascii", opener=opener(access)) as file:
                    file.write(f"{content_hash} {_generation(status)}")
                temporary.replace(entry)
            finally:
                temporary.unlink(missing_ok=True)

    @contextmanager
    def _staging(self, key: str) -> Iterator[io.FileIO]:
        """A new file outside the keys, deleted at the end unless moved. Locked while its writer lives."""
        folder = self._books / "tmp"
        temporary = folder / secrets.token_hex(16)
        with refusals("write", key):
            access = access_in(self._root)
            for changed in make_folders(folder, access):
                sync(changed)
            self._sweep(folder)
            file = io.FileIO(temporary, "xb", opener=opener(access))
        try:
            with file:
                with refusals("write", key):
                    fcntl.flock(file, fcntl.LOCK_EX)
                yield file
        finally:
            temporary.unlink(missing_ok=True)

    def _sweep(self, folder: Path) -> None:
        """Remove the files of killed processes, at most once for each store object."""
        if self._swept:
            return
        self._swept = True
        for temporary in folder.iterdir():
            with suppress(OSError):  # another process removed it, or its writer lives and holds its lock
                if time.time() - temporary.stat().st_mtime > _ABANDONED_S:
                    with temporary.open("rb") as file:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        temporary.unlink()

    @contextmanager
    def _locked(self, place: _Place) -> Iterator[None]:
        folder = self._books / "locks"
        access = access_in(self._root)
        make_folders(folder, access)
        with open(folder / place.name[:2], "ab", opener=opener(access)) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield
            finally:  # explicitly, since a forked child may keep the same file open for longer
                fcntl.flock(lock, fcntl.LOCK_UN)

    def _remove(self, place: _Place) -> None:
        place.path.unlink(missing_ok=True)
        (self._books / "hashes" / place.name).unlink(missing_ok=True)
        folder = place.path.parent
        with suppress(FileNotFoundError):  # the delete of a neighbour removed the folder
            sync(folder)
        with suppress(OSError):  # not empty, or not ours to remove
            while folder != place.root:
                folder.rmdir()
                folder = folder.parent


def _generation(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns:x}-{status.st_ino:x}-{status.st_size:x}"


def _info(key: str, status: os.stat_result, content_hash: str) -> ObjectInfo:
    return ObjectInfo(
        key=key,
        size_bytes=status.st_size,
        generation=_generation(status),
        content_hash=content_hash,
        modified_at=_EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000),
    )


def _status(path: Path | str) -> os.stat_result | None:
    with suppress(FileNotFoundError, NotADirectoryError):
        status = os.stat(path)  # noqa: PTH116 - once a file in a list
        return status if stat.S_ISREG(status.st_mode) else None
    return None


def _demand(key: str, status: os.stat_result | None, expect: str | None) -> None:
    found = ABSENT if status is None else _generation(status)
    if expect not in {None, found}:
        raise PreconditionFailed(key, str(expect), found)


def _opened(key: str, place: _Place) -> io.FileIO:
    """Unbuffered, so that reading it again reads the disk again."""
    with suppress(FileNotFoundError, NotADirectoryError):
        if place.path.is_file():
            return place.path.open("rb", buffering=0)
    raise ObjectNotFound(key)


def _steadily(
    action: str, key: str, file: io.FileIO, make: Callable[[io.FileIO], _Made]
) -> tuple[_Made, os.stat_result]:
    """Return `make` of the file, and its status; repeated if the file was edited in place meanwhile."""
    for _ in range(_TRIES):
        status = os.fstat(file.fileno())
        file.seek(0)
        made = make(file)
        if _generation(os.fstat(file.fileno())) == _generation(status):
            return made, status
    raise StoreError(action, key, "it keeps changing: wait until its editor is done")


def _hash(file: io.FileIO) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(target: BinaryIO, file: io.FileIO) -> str:
    digest = hashlib.sha256()
    target.seek(0)
    target.truncate()
    while chunk := file.read(_CHUNK_BYTES):
        target.write(chunk)
        digest.update(chunk)
    return digest.hexdigest()


def _fill(key: str, file: io.FileIO, chunks: Iterable[bytes]) -> str:
    """Write and sync all chunks, return their SHA-256. Errors of the chunks' iterator are not translated."""
    digest = hashlib.sha256()
    for chunk in chunks:
        rest = memoryview(chunk)
        with refusals("write", key):
            while rest:
                rest = rest[file.write(rest) :]
        digest.update(chunk)
    with refusals("write", key):
        os.fsync(file.fileno())
    return digest.hexdigest()


def _date(file: io.FileIO, previous: os.stat_result | None) -> None:
    """Give the file a later time than its predecessor had, also on a disk that counts in seconds."""
    last_ns = previous.st_mtime_ns if previous else 0
    for step_ns in (1, 2_000_000_000):
        now_ns = max(time.time_ns(), last_ns + step_ns)
        os.utime(file.fileno(), ns=(now_ns, now_ns))
        if os.fstat(file.fileno()).st_mtime_ns > last_ns:
            return

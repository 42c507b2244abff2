"""The local disk: downloads from a store and uploads to one."""

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from shared.errors import ReelwrightError, StoreError

PRIVATE: Final = 0o700
"""Permissions of folders, and of files except for the execute bits."""
_CHUNK_BYTES = 1 << 20
_TRIES = 100
_FULL = "free some space on its disk"
_FORBIDDEN = "let this user read and write there"
_FILE_ON_THE_WAY = "a part of this path is a file and no folder: move it away or choose another name"
_FOLDER_IN_THE_WAY = "a folder has this name already: remove it or choose another key"
_REMEDIES: Final = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: "raise the limit on file sizes (ulimit -f)",
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: "mount it writable or name another store",
    errno.ENOTDIR: _FILE_ON_THE_WAY,
    errno.EEXIST: _FILE_ON_THE_WAY,
    errno.EISDIR: _FOLDER_IN_THE_WAY,
    errno.ENOTEMPTY: _FOLDER_IN_THE_WAY,
    errno.ENAMETOOLONG: "choose a shorter key or a store nearer to the top of the disk",
    errno.EMFILE: "close some files or raise the limit on open ones (ulimit -n)",
}


@contextmanager
def arriving(key: str, path: Path) -> Iterator[BinaryIO]:
    """A file to fill with the object `key`, which is moved to `path` only on success."""
    temporary = path.parent / f".{secrets.token_hex(8)}.part"
    with refusals("download", key):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def departing(key: str, path: Path) -> Iterator[bytes]:
    """The file at `path` in chunks, to be uploaded as the object `key`."""
    with refusals("upload", key), path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


@contextmanager
def refusals(action: str, key: str) -> Iterator[None]:
    """Translates the operating system's refusals into a `StoreError` with a remedy."""
    try:
        yield
    except ReelwrightError:
        raise
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "check the disk, then try again")
        path = error.filename2 or error.filename
        where = f" at {os.fsdecode(path)!r}" if isinstance(path, str | bytes) else ""
        raise StoreError(action, key, f"{error.strerror or error}{where}: {remedy}") from error


def publish(source: Path, target: Path, access: int) -> None:
    """Move a file to its place durably: all folders that this changed are synced."""
    for left in reversed(range(_TRIES)):
        try:
            changed = make_folders(target.parent, access)
            source.replace(target)
            break
        except (FileNotFoundError, FileExistsError):  # a delete removed an emptied folder meanwhile
            if not left:
                raise
    for folder in (target.parent, *changed):
        sync(folder)


def access_in(root: Path) -> int:
    """Permission bits for what is made below a folder: access for its owner, and for those who may write in
    it, except in a folder where each user has files of their own, such as /tmp."""
    try:
        mode = root.stat().st_mode
    except FileNotFoundError:
        return PRIVATE
    if mode & stat.S_ISVTX:
        return PRIVATE
    return PRIVATE | (0o070 if mode & stat.S_IWGRP else 0) | (0o007 if mode & stat.S_IWOTH else 0)


def make_folders(folder: Path, access: int = PRIVATE) -> list[Path]:
    """Make the folder and its missing parents; returns the folders that got an entry."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(access, exist_ok=True)
        if access != PRIVATE:  # the umask took some of it away
            with suppress(PermissionError):  # another user made it first
                each.chmod(each.stat().st_mode & stat.S_ISGID | access)
    return [each.parent for each in missing]


def opener(access: int) -> Callable[[str, int], int]:
    """An opener for `open` that makes new files with these permissions."""

    def open_file(path: str, flags: int) -> int:
        descriptor = os.open(path, flags, access & 0o666)
        if access != PRIVATE:
            with suppress(PermissionError):  # another user made it
                os.fchmod(descriptor, access & 0o666)
        return descriptor

    return open_file


def sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Folders for files that are needed for a while, in the system's temporary folder.

<temporary folder>/reelwright-…/
  .reelwright-scratch     the mark: the program made this folder; locked (`flock`) for as long as it is used
  files/                  what it is used for

The kernel releases the lock when the process is killed. So a marked folder whose lock is free is unused, also
by containers that share the temporary folder, and may be removed by any process that finds it.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote

_PREFIX: Final = "reelwright-"
_MARK: Final = ".reelwright-scratch"
_FILES: Final = "files"


@dataclass(frozen=True, kw_only=True)
class Abandoned:
    """A scratch folder that no process uses any more."""

    folder: Path
    made_at: datetime
    bytes: int


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder that is deleted at the end, or after a kill by `remove_abandoned`."""
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder, _held(Path(folder)):
        files = Path(folder, _FILES)
        files.mkdir()
        try:
            yield files
        finally:
            shutil.rmtree(files, ignore_errors=True)  # before the mark, by which leftovers are found


def abandoned(store_url: str) -> list[Abandoned]:
    """The scratch folders that killed processes of this user left, except those in or around the store."""
    found = []
    for folder in _marked(store_url):
        with _taken(folder) as made_at:
            if made_at:
                found.append(Abandoned(folder=folder, made_at=made_at, bytes=_bytes_in(folder)))
    return found


def remove(folder: Path) -> None:
    """Remove a scratch folder, unless a process uses it."""
    with _taken(folder) as made_at:
        if made_at:
            shutil.rmtree(folder / _FILES, ignore_errors=True)
            if not (folder / _FILES).exists():
                shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned(store_url: str) -> None:
    """Remove the folders that killed processes of this user left."""
    for folder in _marked(store_url):
        remove(folder)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Lock the mark before it gets its name: no process ever sees an unlocked mark of a folder in use."""
    unnamed = folder / f"{_MARK}.new"
    with unnamed.open("xb") as mark:
        with suppress(OSError):  # no locks on this disk: a folder without a mark is never taken for abandoned
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unnamed.rename(folder / _MARK)
        yield


def _marked(store_url: str) -> Iterator[Path]:
    """Folders with a mark that neither hold the store nor are in it."""
    store = _store_folder(store_url)
    with suppress(FileNotFoundError):
        for path in sorted(Path(tempfile.gettempdir()).glob(f"{_PREFIX}*")):
            real = path.resolve()
            apart = store is None or not (store.is_relative_to(real) or real.is_relative_to(store))
            if apart and (path / _MARK).is_file():
                yield path


def _store_folder(store_url: str) -> Path | None:
    scheme, _, path = store_url.partition("://")
    return Path(unquote(path)).resolve() if scheme == "file" else None


def _is_own_folder(path: Path) -> bool:
    found = path.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def _is_own_file(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.getuid()


@contextmanager
def _taken(folder: Path) -> Iterator[datetime | None]:
    """Hold the mark, so that no other process removes the folder; None if it is held, or not a mark."""
    mark = folder / _MARK
    with ExitStack() as stack:
        made_at = None
        with suppress(OSError):  # it is locked, gone, or a link
            descriptor = os.open(mark, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
            stack.callback(os.close, descriptor)
            found = os.fstat(descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_own_folder(folder) and _is_own_file(found) and os.path.samestat(found, mark.lstat()):
                made_at = datetime.fromtimestamp(found.st_mtime, UTC)
        yield made_at


def _bytes_in(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        with suppress(OSError):
            total += sum(Path(place, name).lstat().st_size for name in names)
    return total

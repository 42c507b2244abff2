"""Object storage: the only memory that stages share.

To add a store:
1. write `shared/storage/<scheme>.py` with a class that has `ObjectStore`'s methods,
2. add its scheme to `_OPENERS`,
3. add it to the `store` fixture of `tests/shared/test_storage.py`, which holds every store to one behaviour.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from shared.errors import UnknownName

ABSENT: Final = "0"
"""The generation of an object that does not exist: `expect=ABSENT` makes a write create-only."""


@dataclass(frozen=True, kw_only=True)
class ObjectInfo:
    """What a store knows of an object without reading it."""

    key: str
    size_bytes: int
    generation: str
    """Opaque, changes with every write, never `ABSENT`."""
    content_hash: str
    """SHA-256 of the bytes, in hex, the same in every store."""
    modified_at: datetime
    """With a time zone, UTC."""


class ObjectStore(Protocol):
    """A bucket: flat keys, whole-object writes that are atomic, preconditions on generations.

    Keys are relative paths in NFC-agnostic UTF-8 without empty, `.` or `..` segments; others raise
    `BadRequest`. A missing object raises `ObjectNotFound`, a failed precondition `PreconditionFailed`,
    anything else that the store refuses `StoreError`.
    """

    url: str

    def stat(self, key: str) -> ObjectInfo | None:
        """The object's description, or None when there is none."""

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        """The whole object and the description of exactly the generation that was read."""

    def stream(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes `start <= i < end` in chunks, all of one generation even if it is replaced meanwhile."""

    def write(self, key: str, data: bytes | Iterable[bytes], *, expect: str | None = None) -> ObjectInfo:
        """Create or replace the object in one step; a stream is never held in memory whole.

        `expect=ABSENT` writes only if there is no object, `expect=<generation>` only over that one.
        """

    def upload(self, path: Path, key: str, *, expect: str | None = None) -> ObjectInfo:
        """`write` from a file of any size."""

    def download(self, key: str, path: Path) -> ObjectInfo:
        """Write the object to `path`, whole or not at all."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """All objects whose keys start with `prefix`, by key. Numbers sort as text: see `numeric_order`."""

    def delete(self, key: str, *, expect: str | None = None) -> None:
        """Remove the object; not an error when it is gone already (unless `expect` names a generation)."""

    def signed_url(self, key: str, *, valid_s: int = 3600) -> str:
        """An address at which whoever has it can read the object (`file://` for a local store)."""


def numeric_order(name: str) -> tuple[int, str]:
    """Sort key that puts part numbers as numbers (1, 2, 10), and any other name after them."""
    return (int(name), "") if name.isascii() and name.isdigit() else (1 << 62, name)


def open_store(url: str) -> ObjectStore:
    """The store that a URL names, e.g. `file://creations`, `file:///srv/creations` or `memory://test`."""
    scheme = urlsplit(url).scheme
    if scheme not in _OPENERS:
        raise UnknownName("store scheme", scheme or url, list(_OPENERS))
    return _OPENERS[scheme](url)


def _open_file(url: str) -> ObjectStore:
    from shared.storage.file import FileStore

    return FileStore.from_url(url)


def _open_memory(url: str) -> ObjectStore:
    from shared.storage.memory import MemoryStore

    return MemoryStore.named(url)


_OPENERS: Final[dict[str, Callable[[str], ObjectStore]]] = {"file": _open_file, "memory": _open_memory}

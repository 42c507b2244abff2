"""The interface of every store: the protocol, an object's description, and the order of names for people."""

import re
from collections.abc import Collection, Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from shared.errors import BadRequest

Chunks = Generator[bytes, None, None]
"""Bytes as they arrive; closing it closes the file or connection that they come from."""


@dataclass(frozen=True, kw_only=True)
class ObjectInfo:
    """An object's description, known without reading it."""

    key: str
    size_bytes: int
    generation: str
    """Opaque, changes with every write, never `ABSENT`."""
    content_hash: str
    """SHA-256 of the bytes, in hex, the same in every store; empty in a listing if the store would have to
    read the object to know it."""
    modified_at: datetime
    """With a time zone, UTC."""


class ObjectStore(Protocol):
    """A bucket: flat keys, whole-object writes that are atomic, preconditions on generations.

    Keys are relative paths in NFC-agnostic UTF-8 without empty, `.` or `..` segments; others raise
    `BadRequest`. A missing object raises `ObjectNotFound`, a failed precondition `PreconditionFailed`,
    anything else that the store refuses `StoreError`.
    """

    url: str

    def check(self) -> None:
        """Raise `InvalidSettings`, naming STORE_URL, unless the store is reachable, accepts objects and keeps
        preconditions."""

    def stat(self, key: str) -> ObjectInfo | None:
        """The object's description, or None if it doesn't exist."""

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        """The whole object and the description of the generation that was read."""

    def stream(self, key: str, *, start: int = 0, end: int | None = None) -> Chunks:
        """The bytes `start <= i < end` in chunks, all of one generation even if it is replaced meanwhile.

        A reader that stops before the end closes it, so that the connection behind it doesn't stay open.
        """

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

    def heads(self, names: Collection[str], folders: Collection[str]) -> Iterator[ObjectInfo]:
        """Every object whose last segment is one of `names`; and where none of these stands beside a folder
        of `folders`, the first object in it. These folders hide what is in them otherwise.

        A folder on disk is not read beyond that; a bucket lists all its keys. Hashes may be left empty.
        """

    def delete(self, key: str, *, expect: str | None = None) -> None:
        """Remove the object; no error if it doesn't exist (unless `expect` names a generation)."""

    def signed_url(self, key: str, *, valid_s: int = 3600) -> str:
        """A URL that lets its holders read the object (`file://` for a local store)."""


def numeric_order(name: str) -> tuple[int, str]:
    """Sort key that puts part numbers in numeric order (1, 2, 10), and all other names after them."""
    return (int(name), "") if name.isascii() and name.isdigit() else (1 << 62, name)


def heads_among(
    infos: Iterable[ObjectInfo], names: Collection[str], folders: Collection[str]
) -> Iterator[ObjectInfo]:
    """`ObjectStore.heads` of a whole listing; the first objects of folders come after all else."""
    firsts: dict[tuple[str, str], ObjectInfo] = {}
    headed: set[str] = set()
    for info in infos:
        *above, name = info.key.split("/")
        inner = next((depth for depth, segment in enumerate(above) if segment in folders), None)
        if inner is not None:
            firsts.setdefault(("/".join(above[:inner]), above[inner]), info)
        elif name in names:
            headed.add("/".join(above))
            yield info
    yield from (info for (place, _), info in firsts.items() if place not in headed)


def nothing() -> Chunks:
    """No bytes."""
    yield from ()


def bucket_of(url: str) -> str:
    """The bucket of `<scheme>://<bucket>`; raises `BadRequest` for anything more or less."""
    found = _BUCKET.fullmatch(url)
    if not found:
        scheme = urlsplit(url).scheme
        raise BadRequest(f"STORE_URL={url!r}: write {scheme}://<bucket>, without a folder")
    return found[1]


_BUCKET: Final = re.compile(r"[a-z][a-z0-9]*://([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])/?", re.ASCII)

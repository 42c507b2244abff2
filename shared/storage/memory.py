"""Objects in this process's memory: for tests and experiments."""

import hashlib
import itertools
import threading
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from shared.errors import ABSENT, ObjectNotFound, PreconditionFailed
from shared.storage.disk import arriving, departing
from shared.storage.keys import check_key, check_prefix
from shared.storage.store import Chunks, ObjectInfo, heads_among

_CHUNK_BYTES = 1 << 20


class MemoryStore:
    """An `ObjectStore` that ends with the process. Its methods may be called from several threads."""

    _named: ClassVar[dict[str, "MemoryStore"]] = {}
    _naming: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, url: str = "memory://unnamed") -> None:
        self.url = url
        self._objects: dict[str, tuple[bytes, ObjectInfo]] = {}
        self._lock = threading.Lock()
        self._generations = itertools.count(1)

    @classmethod
    def named(cls, url: str) -> "MemoryStore":
        """The only store with this URL in this process."""
        with cls._naming:
            return cls._named.setdefault(url, cls(url))

    def check(self) -> None:
        """Always usable."""

    def stat(self, key: str) -> ObjectInfo | None:
        with self._lock:
            found = self._objects.get(check_key(key))
        return found[1] if found else None

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        with self._lock:
            found = self._objects.get(check_key(key))
        if found is None:
            raise ObjectNotFound(key)
        return found

    def stream(self, key: str, *, start: int = 0, end: int | None = None) -> Chunks:
        data, _ = self.read(key)
        stop = len(data) if end is None else min(end, len(data))
        return (data[at : min(at + _CHUNK_BYTES, stop)] for at in range(max(start, 0), stop, _CHUNK_BYTES))

    def write(self, key: str, data: bytes | Iterable[bytes], *, expect: str | None = None) -> ObjectInfo:
        check_key(key)
        whole = data if isinstance(data, bytes) else b"".join(data)
        content_hash = hashlib.sha256(whole).hexdigest()
        with self._lock:
            self._demand(key, expect)
            info = ObjectInfo(
                key=key,
                size_bytes=len(whole),
                generation=str(next(self._generations)),
                content_hash=content_hash,
                modified_at=datetime.now(UTC),
            )
            self._objects[key] = whole, info
        return info

    def upload(self, path: Path, key: str, *, expect: str | None = None) -> ObjectInfo:
        return self.write(key, departing(key, path), expect=expect)

    def download(self, key: str, path: Path) -> ObjectInfo:
        data, info = self.read(key)
        with arriving(key, path) as file:
            file.write(data)
        return info

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        check_prefix(prefix)
        with self._lock:
            found = sorted(key for key in self._objects if key.startswith(prefix))
            return iter([self._objects[key][1] for key in found])

    def heads(self, names: Collection[str], folders: Collection[str]) -> Iterator[ObjectInfo]:
        return heads_among(self.list(""), names, folders)

    def delete(self, key: str, *, expect: str | None = None) -> None:
        with self._lock:
            self._demand(check_key(key), expect)
            self._objects.pop(key, None)

    def signed_url(self, key: str, *, valid_s: int = 3600) -> str:  # noqa: ARG002 - ends with the process anyway
        return f"{self.url.rstrip('/')}/{quote(check_key(key))}"

    def _demand(self, key: str, expect: str | None) -> None:
        found = self._objects[key][1].generation if key in self._objects else ABSENT
        if expect not in {None, found}:
            raise PreconditionFailed(key, str(expect), found)

"""A creation: one piece of work, and its view of the store."""

import hashlib
import json
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from shared.errors import InvalidCreationId, PreconditionFailed, StoreError
from shared.logs import log
from shared.records.names import ASSETS, REQUEST, RESERVED, mark_key
from shared.storage import ABSENT, ObjectInfo, ObjectStore

_SEGMENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")


def check_creation_id(creation_id: str) -> str:
    """Return the ID unchanged, or raise `InvalidCreationId`.

    1 to 128 characters: up to 6 segments of `[A-Za-z0-9][A-Za-z0-9._-]*` joined by `/`, none of which is a
    reserved name, so that no creation can be inside another's folders.
    """
    if not creation_id:
        raise InvalidCreationId(creation_id, "is empty; give it 1 to 128 characters")
    if len(creation_id) > 128:
        raise InvalidCreationId(creation_id, f"has {len(creation_id)} characters; at most 128 are allowed")
    segments = creation_id.split("/")
    if len(segments) > 6:
        raise InvalidCreationId(creation_id, f"has {len(segments)} segments; at most 6 are allowed")
    for segment in segments:
        if not _SEGMENT.match(segment):
            raise InvalidCreationId(
                creation_id,
                f"has the segment {segment[:40]!r}; each must start with a letter or digit "
                "and hold only letters, digits, '.', '_' and '-'",
            )
        if segment in RESERVED:
            raise InvalidCreationId(creation_id, f"has the segment {segment!r}, which is a reserved name")
    return creation_id


def creation_ids(store: ObjectStore, *, having: str = REQUEST) -> list[str]:
    """Every creation with this object; by default, all ever started. Reads every key of the store."""
    keys = (info.key for info in store.list(""))
    names = [key.removesuffix(f"/{having}") for key in keys if key.endswith(f"/{having}")]
    return [name for name in names if is_creation_id(name)]


def is_creation_id(name: str) -> bool:
    try:
        check_creation_id(name)
    except InvalidCreationId:
        return False  # a user's own file, such as <creation_id>/assets/request.json
    return True


@dataclass(kw_only=True)
class Traffic:
    """Bytes that a stage transferred from and to the store."""

    bytes_in: int = 0
    bytes_out: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, *, bytes_in: int = 0, bytes_out: int = 0) -> None:
        with self._lock:
            self.bytes_in += bytes_in
            self.bytes_out += bytes_out


class Creation:
    """The objects under `<creation_id>/`, by keys that are relative to it; counts the traffic."""

    def __init__(self, store: ObjectStore, creation_id: str) -> None:
        self.store = store
        self.creation_id = check_creation_id(creation_id)
        self.traffic = Traffic()
        self._wrote: dict[str, str] = {}
        """The generation of each key that this view wrote last."""

    def key(self, name: str) -> str:
        """The store's key of `name`, e.g. `assets/1/image.png`."""
        return f"{self.creation_id}/{name}"

    def stat(self, name: str) -> ObjectInfo | None:
        return self.store.stat(self.key(name))

    def has_request(self) -> bool:
        """Whether it was ever started, and not removed since."""
        return self.stat(REQUEST) is not None

    def has_assets(self) -> bool:
        return next(self.list(ASSETS), None) is not None

    def read(self, name: str) -> tuple[bytes, ObjectInfo]:
        data, info = self.store.read(self.key(name))
        self.traffic.add(bytes_in=len(data))
        return data, info

    def write(self, name: str, data: bytes, *, expect: str | None = None) -> ObjectInfo:
        info = self._noted(self.store.write(self.key(name), data, expect=expect))
        self.traffic.add(bytes_out=len(data))
        return info

    def download(self, name: str, path: Path) -> Path:
        """Download the object to `path` and return the path."""
        info = self.store.download(self.key(name), path)
        self.traffic.add(bytes_in=info.size_bytes)
        return path

    def upload(self, path: Path, name: str, *, expect: str | None = None) -> ObjectInfo:
        info = self._noted(self.store.upload(path, self.key(name), expect=expect))
        self.traffic.add(bytes_out=info.size_bytes)
        return info

    def bring(self, path: Path, name: str, *, expect: str | None = None) -> ObjectInfo:
        """Upload, unless the object holds these bytes already: then its generation stays the same."""
        there = self.stat(name)
        if there is None or expect not in (None, there.generation) or not holds(there, path):
            return self.upload(path, name, expect=expect)
        return there

    def upload_once(self, path: Path, name: str) -> None:
        """Publish an object whose name determines its content; an existing one is as good."""
        try:
            self.upload(path, name, expect=ABSENT)
        except PreconditionFailed:
            return

    def bring_bytes(self, data: bytes, name: str) -> None:
        """`bring` for bytes in memory."""
        there = self.stat(name)
        if there is None or there.content_hash != hashlib.sha256(data).hexdigest():
            self.write(name, data)

    def mark(self, run: int) -> None:
        """Mark the run as under way, so that a sweep looks at it."""
        self._noted(self.store.write(self.mark_of(run), b""))

    def mark_of(self, run: int) -> str:
        """The key of the run's mark."""
        return mark_key(self.creation_id, run)

    def delete(self, name: str) -> None:
        self.store.delete(self.key(name))

    def withdraw_if_removed(self) -> None:
        """Delete what this view wrote if the creation has no request (any more)."""
        try:
            if self._wrote and not self.has_request():
                self._withdraw()
        except StoreError as error:
            text = f"{self.creation_id}: it is unknown whether it was removed meanwhile: {error}"
            log(logging.WARNING, "removal_unseen", text, creation_id=self.creation_id)

    def _withdraw(self) -> None:
        while self._wrote:
            key, generation = self._wrote.popitem()
            with suppress(PreconditionFailed):  # another process has replaced it
                self.store.delete(key, expect=generation)

    def _noted(self, info: ObjectInfo) -> ObjectInfo:
        self._wrote[info.key] = info.generation
        return info

    def list(self, folder: str) -> Iterator[tuple[str, ObjectInfo]]:
        """Names and descriptions of all objects below `folder` (which ends in `/`)."""
        skip = len(self.creation_id) + 1
        for info in self.store.list(self.key(folder)):
            yield info.key[skip:], info


def holds(info: ObjectInfo, path: Path) -> bool:
    """Whether the object's content is the file's."""
    if info.size_bytes != path.stat().st_size:
        return False
    with path.open("rb") as file:
        return info.content_hash == hashlib.file_digest(file, "sha256").hexdigest()


def canonical_json(value: Any) -> bytes:
    """JSON with the same bytes for the same data."""
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()

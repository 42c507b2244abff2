"""Buckets and objects with generations and preconditions, as Cloud Storage keeps them; bytes lie on disk.

Formats: https://cloud.google.com/storage/docs/json_api/v1/objects#resource
"""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import google_crc32c

STEP_BYTES: Final = 256 * 1024
"""Chunks of a resumable upload, but the last, are multiples of this."""
CHUNK_BYTES: Final = 1 << 20

_Checksum: Any = google_crc32c.Checksum  # has no types

Resource = dict[str, Any]
Parameters = Mapping[str, str]


class Refused(Exception):
    """An answer that says no: HTTP status, reason, message."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(status, reason, message)
        self.status, self.reason, self.message = status, reason, message


@dataclass
class Stored:
    """One generation of an object, and the file that holds its bytes."""

    resource: Resource
    path: Path

    @property
    def generation(self) -> int:
        return int(self.resource["generation"])

    @property
    def metageneration(self) -> int:
        return int(self.resource["metageneration"])


@dataclass
class Session:
    """A resumable upload under way."""

    bucket: str
    wanted: Resource
    parameters: Parameters
    path: Path
    lock: threading.Lock = field(default_factory=threading.Lock)
    result: Resource | Refused | None = None

    @property
    def received(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0


class Objects:
    """All buckets. Every change is one step under one lock, so that of many racers one wins."""

    def __init__(self, folder: Path, on_finalised: Callable[[Resource], None]) -> None:
        self._on_finalised = on_finalised
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._buckets: dict[str, dict[str, Stored]] = {}
        self._sessions: dict[str, Session] = {}
        self._generation = 0

    def create_bucket(self, name: str) -> Resource:
        with self._lock:
            if name in self._buckets:
                raise Refused(409, "conflict", "Your previous request to create the named bucket succeeded.")
            self._buckets[name] = {}
        return self.bucket(name)

    def bucket(self, name: str) -> Resource:
        with self._lock:
            self._keys(name)
        return {"kind": "storage#bucket", "id": name, "name": name, "location": "US", "metageneration": "1"}

    def new_file(self) -> Path:
        return self._folder / secrets.token_hex(16)

    def insert(self, bucket: str, wanted: Resource, parameters: Parameters, path: Path) -> Resource:
        """Make the file at `path` the object that `wanted` describes."""
        sums = _sums(path)
        for name in ("md5Hash", "crc32c"):
            if wanted.get(name) not in {None, sums[name]}:
                message = f"Provided {name} {wanted[name]!r} doesn't match calculated {sums[name]!r}."
                raise Refused(400, "invalid", message)
        with self._lock:
            keys = self._keys(bucket)
            before = keys.get(wanted["name"])
            demand(before, parameters)
            self._generation = max(self._generation + 1, time.time_ns() // 1000)
            stored = Stored(_resource(bucket, wanted, sums, self._generation), path)
            keys[wanted["name"]] = stored
            if before:
                before.path.unlink()
            resource = dict(stored.resource)
        self._on_finalised(resource)
        return resource

    def check_insert(self, bucket: str, key: str, parameters: Parameters) -> None:
        with self._lock:
            demand(self._keys(bucket).get(key), parameters)

    def get(self, bucket: str, key: str, parameters: Parameters) -> Resource:
        with self._lock:
            return dict(self._found(bucket, key, parameters).resource)

    def open(self, bucket: str, key: str, parameters: Parameters) -> tuple[Resource, BinaryIO]:
        """The object and its bytes, which stay readable when it is replaced or deleted."""
        with self._lock:
            stored = self._found(bucket, key, parameters)
            return dict(stored.resource), stored.path.open("rb")

    def delete(self, bucket: str, key: str, parameters: Parameters) -> None:
        with self._lock:
            stored = self._found(bucket, key, parameters)
            del self._buckets[bucket][key]
            stored.path.unlink()

    def patch(self, bucket: str, key: str, parameters: Parameters, changes: Resource) -> Resource:
        with self._lock:
            stored = self._found(bucket, key, parameters)
            for name, value in changes.items():
                if name == "metadata" and value is not None:
                    merged = {**stored.resource.get("metadata", {}), **value}
                    stored.resource["metadata"] = {k: v for k, v in merged.items() if v is not None}
                elif name in _SETTABLE:
                    stored.resource[name] = value
            stored.resource["metageneration"] = str(stored.metageneration + 1)
            stored.resource["updated"] = _now()
            return dict(stored.resource)

    def list(self, bucket: str, prefix: str, after: str, limit: int) -> tuple[list[Resource], str]:
        """At most `limit` objects behind the key `after`, and the last key if there are more."""
        with self._lock:
            keys = self._keys(bucket)
            found = sorted(key for key in keys if key.startswith(prefix) and key > after)
            items = [dict(keys[key].resource) for key in found[:limit]]
        return items, found[limit - 1] if len(found) > limit else ""

    def start(self, bucket: str, wanted: Resource, parameters: Parameters) -> str:
        self.check_insert(bucket, wanted["name"], parameters)
        name = secrets.token_hex(16)
        path = self.new_file()
        path.touch()
        with self._lock:
            self._sessions[name] = Session(bucket, wanted, parameters, path)
        return name

    @contextmanager
    def session(self, name: str) -> Iterator[Session]:
        """The upload, for one request at a time."""
        with self._lock:
            found = self._sessions.get(name)
        if found is None:
            raise Refused(410, "uploadGone", "The upload session is gone.")
        with found.lock:
            yield found

    def forget(self, name: str) -> None:
        with self._lock:
            session = self._sessions.pop(name)
        if not isinstance(session.result, dict):  # else its file is an object's now
            session.path.unlink(missing_ok=True)

    def finish(self, session: Session) -> Resource:
        """Make the uploaded bytes an object; a repeated request gets the same answer."""
        if session.result is None:
            try:
                path = session.path
                session.result = self.insert(session.bucket, session.wanted, session.parameters, path)
            except Refused as refused:
                session.result = refused
        if isinstance(session.result, Refused):
            raise session.result
        return session.result

    def _keys(self, bucket: str) -> dict[str, Stored]:
        if bucket not in self._buckets:
            raise Refused(404, "notFound", "The specified bucket does not exist.")
        return self._buckets[bucket]

    def _found(self, bucket: str, key: str, parameters: Parameters) -> Stored:
        stored = self._keys(bucket).get(key)
        wanted = int(parameters.get("generation", 0))
        if stored is None or (wanted and stored.generation != wanted):
            raise Refused(404, "notFound", f"No such object: {bucket}/{key}")
        demand(stored, parameters)
        return stored


def demand(found: Stored | None, parameters: Parameters) -> None:
    """Raise 412 unless the preconditions hold; an object that isn't there has generation 0."""
    now = {
        "Generation": found.generation if found else 0,
        "Metageneration": found.metageneration if found else 0,
    }
    for what, number in now.items():
        match, other = parameters.get(f"if{what}Match"), parameters.get(f"if{what}NotMatch")
        if (match and int(match) != number) or (other and int(other) == number):
            message = "At least one of the pre-conditions you specified did not hold."
            raise Refused(412, "conditionNotMet", message)


def crc32c_of(data: bytes) -> str:
    return base64.b64encode(_Checksum(data).digest()).decode()


def _sums(path: Path) -> dict[str, str]:
    md5, crc32c, size = hashlib.md5(), _Checksum(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            md5.update(chunk)
            crc32c.update(chunk)
            size += len(chunk)
    return {
        "md5Hash": base64.b64encode(md5.digest()).decode(),
        "crc32c": base64.b64encode(crc32c.digest()).decode(),
        "size": str(size),
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _resource(bucket: str, wanted: Resource, sums: Mapping[str, str], generation: int) -> Resource:
    now = _now()
    return {
        "kind": "storage#object",
        "id": f"{bucket}/{wanted['name']}/{generation}",
        "name": wanted["name"],
        "bucket": bucket,
        "generation": str(generation),
        "metageneration": "1",
        "etag": base64.b64encode(str(generation).encode()).decode(),
        "storageClass": "STANDARD",
        "timeCreated": now,
        "updated": now,
        **{name: wanted[name] for name in _SETTABLE if wanted.get(name) is not None},
        **sums,
    }


_SETTABLE: Final = (
    *("cacheControl", "contentDisposition", "contentEncoding", "contentLanguage", "contentType"),
    *("customTime", "metadata"),
)

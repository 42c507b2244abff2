"""Objects in a Google Cloud Storage bucket.

Every change names the generation that it applies to, so that repeating it does no harm. Every write also
stores its SHA-256 and a random token in the object's metadata: when an answer is lost, the client sends the
write again and gets 412 because of its own success, which the token distinguishes from another writer's.

With STORAGE_EMULATOR_HOST set (scheme included) the client talks to an emulator, without credentials.
"""

import io
import mimetypes
import secrets
import tempfile
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from shared.errors import ABSENT, InvalidSettings, ObjectNotFound, PreconditionFailed, StoreError
from shared.storage.disk import arriving, departing, refusals
from shared.storage.gs.client import Remote, described
from shared.storage.gs.download import Download, Replaced, new_sums
from shared.storage.gs.errors import Unmet, in_short, is_garbled, is_interruption, problem_of, translated
from shared.storage.keys import check_key, check_prefix, is_key
from shared.storage.store import Chunks, ObjectInfo, heads_among, nothing
from shared.storage.sums import Beginnings, Sums

_SHA256: Final = "sha256"
_WRITE: Final = "write-token"
_AT_ONCE_BYTES: Final = 8 << 20
"""Up to this size an object is sent in one request and kept in memory meanwhile; a larger one is sent in
chunks of this size. Cloud Storage requires a multiple of 256 KiB."""
_CONTENDED: Final = 20
_RESTARTS: Final = 3
_REMEMBERED: Final = 4096
_SKEW: Final = timedelta(seconds=60)
_CHECK_S: Final = 7.0
_CHECK_TIMEOUT_S: Final = 4.0
"""How long a call of the check is repeated, and its timeout: together about 10 s."""
_WEEK_S: Final = 7 * 24 * 3600
"""The longest validity of a V4 signature."""
_Made = TypeVar("_Made")


@dataclass(frozen=True, kw_only=True)
class _Body:
    """Data to write: a file at its start, and the checksums of its content."""

    file: IO[bytes]
    sums: Sums


class _Doubtful(PreconditionFailed):
    """Another object is there, but this one may have been there before: an answer was lost."""


class CloudStorageStore:
    """An `ObjectStore` in a bucket. Its methods may be called from several threads."""

    def __init__(self, bucket: str, *, deadline_s: float = 120.0, first_delay_s: float = 1.0) -> None:
        """A request that fails temporarily is repeated until `deadline_s` is over, first after at most
        `first_delay_s`, then with growing delays."""
        self.url = f"gs://{bucket}"
        self._name = bucket
        self._deadline_s = deadline_s
        self._first_delay_s = first_delay_s
        self._lock = threading.Lock()
        self._connected: Remote | None = None
        self._known = _Known()
        self._beginnings = Beginnings()

    def check(self) -> None:
        probe = f"_probe/{secrets.token_hex(8)}"
        began = datetime.now(UTC)
        try:
            hasty = self._hasty()
            info = hasty.write(probe, b"", expect=ABSENT)
            kept = hasty._refuses_second(probe)
            hasty.delete(probe)
        except StoreError as error:
            problem = problem_of(error)
            if not problem:
                raise
            raise InvalidSettings(f"STORE_URL={self.url!r}: {problem}") from error.__cause__
        if not kept:
            remedy = "it ignores preconditions: name a bucket of Cloud Storage or another emulator"
            raise InvalidSettings(f"STORE_URL={self.url!r}: {remedy}")
        if not began - _SKEW < info.modified_at < datetime.now(UTC) + _SKEW:
            remedy = f"this machine's clock is not Cloud Storage's ({info.modified_at:%H:%M:%S} UTC): set it"
            raise InvalidSettings(f"STORE_URL={self.url!r}: {remedy}")

    def stat(self, key: str) -> ObjectInfo | None:
        blob = self._look("look at", check_key(key))
        if blob is None:
            return None
        found = self._listed_info(blob)
        if found.content_hash:
            return found
        with suppress(ObjectNotFound):
            return self._settled("look at", key, _exhaust)
        return None

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        return self._settled("read", check_key(key), lambda chunks, info: (b"".join(chunks), info()))

    def stream(self, key: str, *, start: int = 0, end: int | None = None) -> Chunks:
        check_key(key)
        start = max(start, 0)
        if end is not None and end <= start:
            if self._look("read", key) is None:
                raise ObjectNotFound(key)
            return nothing()
        chunks = self._download("read", key, start, end).chunks()
        next(chunks)
        return chunks

    def write(self, key: str, data: bytes | Iterable[bytes], *, expect: str | None = None) -> ObjectInfo:
        check_key(key)
        if isinstance(data, bytes):
            return self._put("write", key, _Body(file=io.BytesIO(data), sums=_sums([data])), expect)
        with tempfile.SpooledTemporaryFile(max_size=_AT_ONCE_BYTES) as file:
            body = _Body(file=file, sums=_sums(_copied(key, data, file)))
            return self._put("write", key, body, expect)

    def upload(self, path: Path, key: str, *, expect: str | None = None) -> ObjectInfo:
        sums = _sums(departing(check_key(key), path))
        with refusals("upload", key), path.open("rb") as file:
            return self._put("upload", key, _Body(file=file, sums=sums), expect)

    def download(self, key: str, path: Path) -> ObjectInfo:
        def take(chunks: Iterator[bytes], info: Callable[[], ObjectInfo]) -> ObjectInfo:
            with arriving(key, path) as file:
                for chunk in chunks:
                    file.write(chunk)
                return info()

        return self._settled("download", check_key(key), take)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        return self._listed(check_prefix(prefix))

    def heads(self, names: Collection[str], folders: Collection[str]) -> Iterator[ObjectInfo]:
        return heads_among(self.list(""), names, folders)

    def delete(self, key: str, *, expect: str | None = None) -> None:
        check_key(key)
        for _ in range(_CONTENDED):
            blob = self._look("delete", key)
            found = str(blob.generation) if blob else ABSENT
            if expect not in {None, found}:
                raise PreconditionFailed(key, str(expect), found)
            if blob is None or self._delete(blob, any_generation=expect is None):
                return
        raise _contended("delete", key)

    def signed_url(self, key: str, *, valid_s: int = 3600) -> str:
        """Valid for at most a week. On an emulator, which accepts no signatures, the object's plain URL."""
        return self._remote().signed_url(check_key(key), min(valid_s, _WEEK_S))

    def _remote(self) -> Remote:
        with self._lock:
            if self._connected is None:
                self._connected = Remote(self._name, self._deadline_s, self._first_delay_s)
            return self._connected

    def _hasty(self) -> "CloudStorageStore":
        """The same with shorter limits: a start must not wait for a missing bucket."""
        hasty = CloudStorageStore(self._name)
        hasty._connected = self._remote().hasty(min(self._deadline_s, _CHECK_S), _CHECK_TIMEOUT_S)
        return hasty

    def _look(self, action: str, key: str, generation: str | None = None) -> Any:
        return self._remote().look(action, key, generation)

    def _download(self, action: str, key: str, start: int = 0, stop: int | None = None) -> Download:
        remote, read = self._remote(), self._beginnings
        return Download(remote=remote, action=action, key=key, beginnings=read, start=start, stop=stop)

    def _settled(
        self, action: str, key: str, take: Callable[[Iterator[bytes], Callable[[], ObjectInfo]], _Made]
    ) -> _Made:
        """Return `take` of all bytes of one generation and its description, which it may call for after the
        bytes have arrived; repeated when the generation is replaced meanwhile."""
        for _ in range(_CONTENDED):
            download = self._download(action, key)
            with closing(download.chunks()) as chunks, suppress(Replaced):
                next(chunks)
                return take(chunks, partial(self._describe, download))
        raise _contended(action, key)

    def _describe(self, download: Download) -> ObjectInfo:
        known = self._known.get(download.key, download.generation)
        if known is None:
            blob = self._look(download.action, download.key, download.generation)
            if blob is None:
                raise Replaced(download.action, download.key)
            content_hash = (blob.metadata or {}).get(_SHA256) or download.sha256
            known = self._known.add(_info(blob, content_hash))
        if known.content_hash != download.sha256:
            reason = "its bytes have another SHA-256 than its metadata say: put it there again"
            raise StoreError(download.action, download.key, reason)
        return known

    def _listed(self, prefix: str) -> Iterator[ObjectInfo]:
        remote = self._remote()
        with translated("list", prefix):
            for blob in remote.list(prefix):
                if is_key(blob.name):
                    yield self._listed_info(blob)

    def _listed_info(self, blob: Any) -> ObjectInfo:
        content_hash = (blob.metadata or {}).get(_SHA256, "")
        known = None if content_hash else self._known.get(blob.name, str(blob.generation))
        return known or _info(blob, content_hash)

    def _put(self, action: str, key: str, body: _Body, expect: str | None) -> ObjectInfo:
        """Without `expect`, replaces the present generation, but only that one. An unconditional write that
        is repeated after a lost answer would undo a later write by a process that saw the first."""
        if expect is not None:
            return self._insert(action, key, body, expect)
        for _ in range(_CONTENDED):
            blob = self._look(action, key)
            try:
                return self._insert(action, key, body, str(blob.generation) if blob else ABSENT)
            except _Doubtful as error:
                remedy = "an answer was lost and another process wrote it since: read it, then write it again"
                raise StoreError(action, key, remedy) from error
            except PreconditionFailed:
                continue
        raise _contended(action, key)

    def _insert(self, action: str, key: str, body: _Body, expect: str) -> ObjectInfo:
        token = secrets.token_hex(16)
        failures = deque[Exception]()
        blob = self._remote().bucket.blob(key, chunk_size=_AT_ONCE_BYTES)
        blob.metadata = {_SHA256: body.sums.sha256, _WRITE: token}
        blob.crc32c = body.sums.other_base64
        try:
            with translated(action, key):
                self._send(action, blob, body, expect, failures)
                described(blob)
        except Unmet as error:
            blob = self._look(action, key)
            if blob is None or (blob.metadata or {}).get(_WRITE) != token:
                kind = _Doubtful if failures else PreconditionFailed
                raise kind(key, expect, str(blob.generation) if blob else ABSENT) from error.__cause__
        return self._known.add(_info(blob, body.sums.sha256))

    def _send(self, action: str, blob: Any, body: _Body, expect: str, failures: deque[Exception]) -> None:
        """Upload; start again when Cloud Storage has lost the upload.

        The client's own comparison of checksums stays off: on a mismatch it deletes the live generation,
        whichever it is. The CRC32C is in the metadata, so that Cloud Storage refuses bytes that don't match.
        """
        if not expect.isdecimal():
            raise Unmet
        remote = self._remote()
        send = partial(
            blob.upload_from_file,
            body.file,
            rewind=True,
            size=body.sums.size_bytes,
            content_type=mimetypes.guess_type(blob.name)[0] or "application/octet-stream",
            if_generation_match=int(expect),
            checksum=None,
            timeout=remote.timeout_s,
            retry=remote.retry,
        )
        if body.sums.size_bytes <= _AT_ONCE_BYTES:  # one request, whose failures matter
            send = partial(remote.retry(send, on_error=failures.append), retry=None)
        for _ in range(_RESTARTS):
            try:
                send()
                return
            except Exception as error:
                if not is_interruption(error):
                    raise
                failures.append(error)
        if is_garbled(failures[-1]):
            raise failures[-1]
        reason = "the upload was cut off repeatedly: don't change its source meanwhile, and try again"
        raise StoreError(action, blob.name, reason) from in_short(failures[-1])

    def _delete(self, blob: Any, *, any_generation: bool) -> bool:
        """Whether it is done: False when another process has replaced or deleted the object."""
        remote, failures = self._remote(), deque[Exception]()
        attempt = remote.retry(blob.delete, on_error=failures.append)
        generation = blob.generation
        try:
            with translated("delete", blob.name):
                attempt(if_generation_match=generation, timeout=remote.timeout_s, retry=None)
        except ObjectNotFound:
            return bool(failures)  # an attempt whose answer was lost did it
        except Unmet:
            return bool(failures) and any_generation
        return True

    def _refuses_second(self, key: str) -> bool:
        try:
            self.write(key, b"", expect=ABSENT)
        except PreconditionFailed:
            return True
        return False


class _Known:
    """The latest descriptions of objects; a generation never changes. Safe among threads."""

    def __init__(self) -> None:
        self._infos: OrderedDict[tuple[str, str], ObjectInfo] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, generation: str) -> ObjectInfo | None:
        with self._lock:
            return self._infos.get((key, generation))

    def add(self, info: ObjectInfo) -> ObjectInfo:
        with self._lock:
            self._infos[info.key, info.generation] = info
            if len(self._infos) > _REMEMBERED:
                self._infos.popitem(last=False)
        return info


def _info(blob: Any, content_hash: str) -> ObjectInfo:
    return ObjectInfo(
        key=blob.name,
        size_bytes=blob.size,
        generation=str(blob.generation),
        content_hash=content_hash,
        modified_at=blob.time_created,
    )


def _exhaust(chunks: Iterator[bytes], info: Callable[[], ObjectInfo]) -> ObjectInfo:
    deque(chunks, maxlen=0)
    return info()


def _sums(chunks: Iterable[bytes]) -> Sums:
    sums = new_sums()
    for chunk in chunks:
        sums.update(chunk)
    return sums


def _copied(key: str, chunks: Iterable[bytes], file: IO[bytes]) -> Iterator[bytes]:
    """The chunks, also written to the file. Errors raised by the chunks' iterator are not translated."""
    for chunk in chunks:
        with refusals("write", key):
            file.write(chunk)
        yield chunk


def _contended(action: str, key: str) -> StoreError:
    return StoreError(action, key, "other processes keep replacing it: try again when they are done")

"""Objects in a bucket with the S3 protocol: Amazon's own and compatible ones (`s3://`), IBM's (`cos://`).

A generation is the object's ETag. For objects written here that is the MD5 of the bytes, so **writing the
same bytes again leaves the generation unchanged**, and a precondition compares contents: "replace what I
saw". That is enough where documents that are written twice always differ (a claim holds a token, a record its
owner and the time of its heartbeat), and where an object's name determines its content. It is weaker than a
counter where the same bytes are written again: an attempt that was taken over, and wakes up between its last
look at its record and the upload of an output, is stopped by what its successor published there, unless that
has the same bytes as before.

Each object's metadata carries the SHA-256 of its bytes, and the token of the write that made it. The token
shows the outcome of a write whose answer was lost: its repetition is refused, or fails for good, although the
stored object is our own.
"""

import io
import secrets
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from urllib.parse import urlsplit

from shared.errors import ABSENT, BadRequest, InvalidSettings, ObjectNotFound, PreconditionFailed, StoreError
from shared.settings import Settings
from shared.storage.disk import arriving, refusals
from shared.storage.keys import check_key, check_prefix
from shared.storage.s3.access import (
    UNMET,
    Access,
    asking,
    check_deleted,
    check_listed,
    code_of,
    connect,
    cos_access,
    is_settled,
    problem_of,
)
from shared.storage.s3.download import Download, Source, info_of
from shared.storage.s3.put import Put, measured, spooled
from shared.storage.store import Chunks, ObjectInfo, bucket_of, heads_among, nothing
from shared.storage.sums import Beginnings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_REMEMBERED: Final = 1024
_MAX_SIGNED_S: Final = 7 * 24 * 3600
_NO_SUCH_BYTES: Final = ("InvalidRange", "416")
"""The refusal of a range that begins at or after the object's end."""


class S3Store:
    """An `ObjectStore` in a bucket. Its methods may be called from several threads.

    A conditional `delete` looks first and then deletes, since COS has no such request; an object that is
    written in between is deleted too. Only the HTTP API uses it, for a DELETE with If-Match.
    """

    def __init__(self, access: Access) -> None:
        self.url = access.url.rstrip("/")
        self._bucket = bucket_of(access.url)
        self._access = access
        self._lock = threading.Lock()
        self._connected: S3Client | None = None
        self._hashes: dict[tuple[str, str], str] = {}
        self._beginnings = Beginnings()

    @classmethod
    def from_settings(cls, url: str, settings: Settings) -> "S3Store":
        """The bucket of `s3://<bucket>` or `cos://<bucket>`; raises `InvalidSettings`."""
        return cls(cos_access(url, settings) if urlsplit(url).scheme == "cos" else Access(url=url))

    def check(self) -> None:
        try:
            ignored = self._ignored()
        except StoreError as error:
            problem = problem_of(self._access, error.__cause__)
            if not problem:
                raise
            raise InvalidSettings(problem) from error.__cause__
        if ignored:
            raise InvalidSettings(
                f"STORE_URL={self.url!r}: the store ignores {' and '.join(ignored)} on writes, so that two "
                "attempts could publish over each other: use one that keeps preconditions"
            )

    def stat(self, key: str) -> ObjectInfo | None:
        found = self._find("look at", check_key(key))
        if found is None:
            return None
        info = self._recall(info_of(key, found))
        if info.content_hash:
            return info
        try:
            return self._fetch("look at", key, lambda _: None)
        except ObjectNotFound:
            return None

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        whole = io.BytesIO()
        info = self._fetch("read", check_key(key), whole.write)
        return whole.getvalue(), info

    def stream(self, key: str, *, start: int = 0, end: int | None = None) -> Chunks:
        start = max(start, 0)
        if end is not None and end <= start:
            return self._nothing(check_key(key))
        try:
            return self._begin(self._open("read", check_key(key), start, end))
        except StoreError as error:
            if code_of(error.__cause__) not in _NO_SUCH_BYTES:
                raise
            return self._nothing(key, size_bytes=start)

    def write(self, key: str, data: bytes | Iterable[bytes], *, expect: str | None = None) -> ObjectInfo:
        check_key(key)
        if isinstance(data, bytes):
            return self._put("write", key, io.BytesIO(data), expect)
        with spooled(key, data) as file:
            return self._put("write", key, file, expect)

    def upload(self, path: Path, key: str, *, expect: str | None = None) -> ObjectInfo:
        check_key(key)
        with refusals("upload", key), path.open("rb") as file:
            return self._put("upload", key, file, expect)

    def download(self, key: str, path: Path) -> ObjectInfo:
        download = self._open("download", check_key(key))
        with closing(self._begin(download)) as chunks, arriving(key, path) as file:
            return self._taken(download, chunks, file.write)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        return self._listed(check_prefix(prefix))

    def heads(self, names: Collection[str], folders: Collection[str]) -> Iterator[ObjectInfo]:
        return heads_among(self.list(""), names, folders)

    def delete(self, key: str, *, expect: str | None = None) -> None:
        check_key(key)
        if expect is not None:
            answer = self._find("delete", key)
            found = info_of(key, answer).generation if answer else ABSENT
            if found != expect:
                raise PreconditionFailed(key, expect, found)
        with self._asking("delete", key):
            check_deleted(self._client.delete_object(Bucket=self._bucket, Key=key))

    def signed_url(self, key: str, *, valid_s: int = 3600) -> str:
        if not 0 < valid_s <= _MAX_SIGNED_S:
            raise BadRequest(f"a signed address can't be valid for {valid_s} s: ask for 1 to {_MAX_SIGNED_S}")
        where = {"Bucket": self._bucket, "Key": check_key(key)}
        with self._asking("address", key):
            return self._client.generate_presigned_url("get_object", Params=where, ExpiresIn=valid_s)

    @property
    def _client(self) -> "S3Client":
        with self._lock:
            if self._connected is None:
                self._connected = connect(self._access)
            return self._connected

    def _ignored(self) -> Sequence[str]:
        """The preconditions that the store ignores; the check also writes, lists and reads."""
        key = f"_probe/{secrets.token_hex(16)}"
        self.write(key, b"first", expect=ABSENT)
        try:
            tried = {"If-None-Match": ABSENT, "If-Match": "0" * 32}
            ignored = [header for header, expect in tried.items() if self._accepts(key, expect)]
            for info in self.list(key):
                self.read(info.key)
        finally:
            self.delete(key)
        return ignored

    def _accepts(self, key: str, expect: str) -> bool:
        try:
            self.write(key, b"second", expect=expect)
        except PreconditionFailed:
            return False
        return True

    def _put(self, action: str, key: str, file: BinaryIO, expect: str | None) -> ObjectInfo:
        put = measured(action, key, file, expect)
        try:
            with self._asking(action, key):
                answer = self._client.put_object(**put.request(self._bucket))
                etag = answer["ETag"].strip('"')
        except StoreError as error:
            return self._outcome(put, error)
        return self._written(put, etag, answer)

    def _written(self, put: Put, etag: str, answer: Any) -> ObjectInfo:
        """The description of the object that was put. The answer has no modification time, only a date."""
        try:
            found = self._find(put.action, put.key, IfMatch=f'"{etag}"')
        except StoreError:  # the object was written all the same
            found = None
        if found:
            return info_of(put.key, found)
        return ObjectInfo(
            key=put.key,
            size_bytes=put.size_bytes,
            generation=etag,
            content_hash=put.sha256,
            modified_at=_sent_at(answer),
        )

    def _outcome(self, put: Put, error: StoreError) -> ObjectInfo:
        """The outcome of a put that was refused or got no answer: it may have succeeded all the same."""
        cause = error.__cause__
        if not is_settled(cause):
            found = self._find(put.action, put.key)
            if found and found["Metadata"].get("write") == put.token:
                return info_of(put.key, found)
            if put.expect is not None and code_of(cause) in UNMET:
                generation = info_of(put.key, found).generation if found else ABSENT
                raise PreconditionFailed(put.key, put.expect, generation) from cause
        raise error

    def _find(self, action: str, key: str, **condition: Any) -> Any | None:
        """The answer to a HEAD of the object, or None if it doesn't exist."""
        try:
            with self._asking(action, key):
                found = self._client.head_object(Bucket=self._bucket, Key=key, **condition)
                info_of(key, found)
                return found
        except ObjectNotFound:
            return None

    def _nothing(self, key: str, size_bytes: int | None = None) -> Chunks:
        """No bytes, for a range beyond an object's end; the object must exist, with at most `size_bytes`."""
        found = self._find("read", key)
        if found is None:
            raise ObjectNotFound(key)
        if size_bytes is not None and found["ContentLength"] > size_bytes:
            reason = f"none of its bytes from {size_bytes} on came, though it is longer: read it again"
            raise StoreError("read", key, reason)
        return nothing()

    def _open(self, action: str, key: str, start: int = 0, end: int | None = None) -> Download:
        source = Source(
            client=self._client, access=self._access, bucket=self._bucket, beginnings=self._beginnings
        )
        return Download(source, action, key, start=start, end=end)

    def _begin(self, download: Download) -> Chunks:
        """The download's bytes."""
        chunks = self._bytes(download)
        next(chunks)  # so that its connection is returned even if the reader stops
        return chunks

    def _bytes(self, download: Download) -> Chunks:
        info = download.info
        try:
            yield from download.chunks(self._recall(info).content_hash)
        except StoreError:
            with self._lock:  # the bytes that were read before may be wrong
                self._hashes.pop((info.key, info.generation), None)
            raise

    def _fetch(self, action: str, key: str, take: Callable[[bytes], object]) -> ObjectInfo:
        download = self._open(action, key)
        with closing(self._begin(download)) as chunks:
            return self._taken(download, chunks, take)

    def _taken(
        self, download: Download, chunks: Iterable[bytes], take: Callable[[bytes], object]
    ) -> ObjectInfo:
        """Read the whole object."""
        for chunk in chunks:
            take(chunk)
        self._remember(download.info, download.sha256)
        return replace(download.info, content_hash=download.sha256)

    def _recall(self, info: ObjectInfo) -> ObjectInfo:
        """With the hash of an object that others wrote, if it was read already."""
        if info.content_hash:
            return info
        with self._lock:
            return replace(info, content_hash=self._hashes.get((info.key, info.generation), ""))

    def _remember(self, info: ObjectInfo, content_hash: str) -> None:
        if info.content_hash:
            return
        with self._lock:
            while len(self._hashes) >= _REMEMBERED:
                del self._hashes[next(iter(self._hashes))]
            self._hashes[info.key, info.generation] = content_hash

    def _listed(self, prefix: str) -> Iterator[ObjectInfo]:
        with self._asking("list", prefix):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                check_listed(page)
                for entry in page.get("Contents", []):
                    if _is_key(entry["Key"]):
                        yield info_of(entry["Key"], {**entry, "ContentLength": entry["Size"]})

    def _asking(self, action: str, key: str) -> AbstractContextManager[None]:
        return asking(self._access, action, key)


def _sent_at(answer: Any) -> datetime:
    try:
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).astimezone(UTC)
    except (LookupError, ValueError):
        return datetime.now(UTC)


def _is_key(text: str) -> bool:
    """Whether it is a valid key: consoles leave objects like `folder/` behind."""
    try:
        check_key(text)
    except BadRequest:
        return False
    return True

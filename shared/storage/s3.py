"""Objects in a bucket that speaks the S3 protocol: Amazon's own and its kin (`s3://`), IBM's (`cos://`).

A generation is the object's ETag. Of what is written here that is the MD5 of the bytes, so **writing the same
bytes again leaves the generation as it was**, and a precondition compares contents: "replace what I saw".
That is enough where documents that are written twice always differ (a claim holds a token, a record its owner
and the time of its heartbeat), and where an object's name tells its content. It is less than a counter gives
where the same bytes are written anew: an attempt that was taken over, and wakes up between its last look at
its record and the upload of an output, is stopped by what its successor published there unless that has the
bytes of before.

Each object carries in its metadata the SHA-256 of its bytes, and the token of the write that made it. The
token settles what became of a write whose answer was lost: the repetition is then refused, or fails for good,
although what stands is our own.
"""

import hashlib
import io
import re
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from urllib.parse import urlsplit

from shared.errors import BadRequest, InvalidSettings, ObjectNotFound, PreconditionFailed, StoreError
from shared.settings import Settings
from shared.storage import ABSENT, Chunks, ObjectInfo, bucket_of, nothing
from shared.storage.disk import arriving, refusals
from shared.storage.keys import check_key, check_prefix
from shared.storage.s3_access import (
    UNMET,
    Access,
    code_of,
    connect,
    cos_access,
    is_settled,
    problem_of,
    refusal,
)
from shared.storage.s3_put import Put, measured, spooled

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

_CHUNK_BYTES: Final = 1 << 20
_RESUMES: Final = 5
_REMEMBERED: Final = 1024
_MAX_SIGNED_S: Final = 7 * 24 * 3600
_HASH: Final = re.compile(r"[0-9a-f]{64}")


class S3Store:
    """An `ObjectStore` in a bucket. Its methods may be called from several threads.

    A conditional `delete` looks first and then deletes, since COS has no such request; what is written in
    between is deleted too. Its one user is the HTTP face, for a DELETE with If-Match.
    """

    def __init__(self, access: Access) -> None:
        self.url = access.url.rstrip("/")
        self._bucket = bucket_of(access.url)
        self._access = access
        self._lock = threading.Lock()
        self._connected: S3Client | None = None
        self._hashes: dict[tuple[str, str], str] = {}

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
        info = self._recall(_info(key, found))
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
            if self._find("read", check_key(key)) is None:
                raise ObjectNotFound(key)
            return nothing()
        try:
            return self._open("read", check_key(key), start, end)[1]
        except StoreError as error:
            if code_of(error.__cause__) != "InvalidRange":  # which begins at or after the object's end
                raise
            return nothing()

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
        info, chunks = self._open("download", check_key(key))
        with closing(chunks), arriving(key, path) as file:
            return self._verified("download", info, chunks, file.write)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        return self._listed(check_prefix(prefix))

    def delete(self, key: str, *, expect: str | None = None) -> None:
        check_key(key)
        if expect is not None:
            answer = self._find("delete", key)
            found = _info(key, answer).generation if answer else ABSENT
            if found != expect:
                raise PreconditionFailed(key, expect, found)
        with self._asking("delete", key):
            self._client.delete_object(Bucket=self._bucket, Key=key)

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
        """The preconditions that the store does not keep; on the way it is written, listed and read."""
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
        from botocore.exceptions import BotoCoreError, ClientError

        put = measured(action, key, file, expect)
        try:
            answer = self._client.put_object(**put.request(self._bucket))
        except (ClientError, BotoCoreError) as error:
            return self._outcome(put, error)
        return self._written(put, answer)

    def _written(self, put: Put, answer: Any) -> ObjectInfo:
        """The description of what was put. Its time is not in the answer, only the answer's own."""
        try:
            found = self._find(put.action, put.key, IfMatch=answer["ETag"])
        except StoreError:  # written it is all the same
            found = None
        if found:
            return _info(put.key, found)
        return ObjectInfo(
            key=put.key,
            size_bytes=put.size_bytes,
            generation=answer["ETag"].strip('"'),
            content_hash=put.sha256,
            modified_at=_sent_at(answer),
        )

    def _outcome(self, put: Put, error: Exception) -> ObjectInfo:
        """What became of a put that was refused or got no answer: it may be there all the same."""
        if not is_settled(error):
            found = self._find(put.action, put.key)
            if found and found["Metadata"].get("write") == put.token:
                return _info(put.key, found)
            if put.expect is not None and code_of(error) in UNMET:
                generation = _info(put.key, found).generation if found else ABSENT
                raise PreconditionFailed(put.key, put.expect, generation) from error
        raise refusal(self._access, put.action, put.key, error) from error

    def _find(self, action: str, key: str, **condition: Any) -> Any | None:
        """The answer to a HEAD of the object, or None when there is none."""
        try:
            with self._asking(action, key):
                return self._client.head_object(Bucket=self._bucket, Key=key, **condition)
        except ObjectNotFound:
            return None

    def _fetch(self, action: str, key: str, take: Callable[[bytes], object]) -> ObjectInfo:
        info, chunks = self._open(action, key)
        with closing(chunks):
            return self._verified(action, info, chunks, take)

    def _open(
        self, action: str, key: str, start: int = 0, end: int | None = None
    ) -> tuple[ObjectInfo, Chunks]:
        """The object as it is now, and its bytes `start <= i < end`."""
        span: dict[str, Any] = {} if (start, end) == (0, None) else {"Range": _range(start, end)}
        with self._asking(action, key):
            answer = self._client.get_object(Bucket=self._bucket, Key=key, **span)
        info = _info(key, answer)
        chunks = self._chunks(action, info, answer["Body"], start, start + answer["ContentLength"])
        next(chunks)  # so that its connection is given back even if nobody reads on
        return info, chunks

    def _chunks(self, action: str, info: ObjectInfo, body: "StreamingBody", at: int, stop: int) -> Chunks:
        """The bytes from `at`. Where a body breaks off the rest is asked for, of the same generation."""
        resumes = 0
        try:
            yield b""
            while at < stop:
                if chunk := _next_chunk(body):
                    at, resumes = at + len(chunk), 0
                    yield chunk
                    continue
                if resumes == _RESUMES:
                    raise StoreError(action, info.key, "its bytes break off again and again: try again later")
                resumes += 1
                body.close()
                body = self._resumed(action, info, at, stop)
        finally:
            body.close()

    def _resumed(self, action: str, info: ObjectInfo, at: int, stop: int) -> "StreamingBody":
        with self._asking(action, info.key):
            answer = self._client.get_object(
                Bucket=self._bucket, Key=info.key, Range=_range(at, stop), IfMatch=f'"{info.generation}"'
            )
        return answer["Body"]

    def _verified(
        self, action: str, info: ObjectInfo, chunks: Iterable[bytes], take: Callable[[bytes], object]
    ) -> ObjectInfo:
        """Take the whole object; raises `StoreError` unless it is what was written."""
        digest = hashlib.sha256()
        for chunk in chunks:
            digest.update(chunk)
            take(chunk)
        if info.content_hash not in {"", digest.hexdigest()}:
            raise StoreError(action, info.key, "its bytes are not those that were written: write it again")
        self._remember(info, digest.hexdigest())
        return replace(info, content_hash=digest.hexdigest())

    def _recall(self, info: ObjectInfo) -> ObjectInfo:
        """With the hash of an object that others put there, if it was read already."""
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
                for entry in page.get("Contents", []):
                    if _is_key(entry["Key"]):
                        yield _info(entry["Key"], {**entry, "ContentLength": entry["Size"]})

    @contextmanager
    def _asking(self, action: str, key: str) -> Iterator[None]:
        """Turns what the client raises into a `StoreError` with a remedy."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise refusal(self._access, action, key, error) from error


def _info(key: str, answer: Any) -> ObjectInfo:
    """From the answer to a HEAD or a GET, or from an entry of a listing, which has no metadata."""
    content_hash = answer.get("Metadata", {}).get("sha256", "")
    return ObjectInfo(
        key=key,
        size_bytes=answer["ContentLength"],
        generation=answer["ETag"].strip('"'),
        content_hash=content_hash if _HASH.fullmatch(content_hash) else "",
        # A HEAD has whole seconds, a listing may have more.
        modified_at=answer["LastModified"].astimezone(UTC).replace(microsecond=0),
    )


def _sent_at(answer: Any) -> datetime:
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(date).astimezone(UTC) if date else datetime.now(UTC)


def _range(start: int, end: int | None) -> str:
    """RFC 9110, section 14.1.2, whose last position is included."""
    return f"bytes={start}-{'' if end is None else end - 1}"


def _next_chunk(body: "StreamingBody") -> bytes:
    """The next bytes, or none: the body ended or broke off."""
    from botocore.exceptions import BotoCoreError
    from urllib3.exceptions import HTTPError

    try:
        return body.read(_CHUNK_BYTES)
    except (BotoCoreError, HTTPError):
        return b""


def _is_key(text: str) -> bool:
    """Whether anyone could ask for it: consoles leave objects like `folder/` behind."""
    try:
        check_key(text)
    except BadRequest:
        return False
    return True

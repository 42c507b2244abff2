"""Downloading one generation of an object from an S3 bucket."""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from shared.errors import StoreError
from shared.storage.s3.access import Access, asking, close_unread
from shared.storage.store import Chunks, ObjectInfo
from shared.storage.sums import Beginnings, Sums

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

_CHUNK_BYTES: Final = 1 << 20
_RESUMES: Final = 5
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_MD5: Final = re.compile(r"[0-9a-f]{32}")
_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+)", re.ASCII)
_DIRECTORY_BUCKET: Final = "--x-s3"
"""The ending of a bucket's name whose ETags are not MD5."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """The bucket that downloads come from."""

    client: "S3Client"
    access: Access
    bucket: str
    beginnings: Beginnings


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """An open response."""

    info: ObjectInfo
    """Of the whole object."""
    body: "StreamingBody"
    first: int
    md5: str
    """Of the whole object, in hex, if its ETag is an MD5."""


class Download:
    """The bytes `start <= i < end` of an object as it is when this is created."""

    def __init__(
        self, source: Source, action: str, key: str, *, start: int = 0, end: int | None = None
    ) -> None:
        """Raises `ObjectNotFound`, or `StoreError`, caused by code `InvalidRange` for missing bytes."""
        self._source = source
        self._action = action
        self._key = key
        self._start = start
        span = {} if (start, end) == (0, None) else {"Range": _range(start, end)}
        self._opened = self._get(start, **span)
        self.info = self._opened.info
        """Of the whole object."""
        self.sha256 = ""
        """Of a whole object's bytes, in hex, after all have arrived."""
        size = self.info.size_bytes
        self._stop = size if end is None else min(end, size)

    def chunks(self, content_hash: str) -> Chunks:
        """The bytes, after one empty chunk. Where a body breaks off, the rest is requested, of the same
        generation. `content_hash` is the whole object's, if it is known.

        The last chunk comes only after verification: a reader of a whole object with wrong bytes always gets
        an error.
        """
        sums, at, held, resumes, body = self._begun(), self._start, b"", 0, self._opened.body
        try:
            yield b""
            while at < self._stop:
                if chunk := _next_chunk(body):
                    if held:
                        yield held
                    held, at, resumes = chunk, at + len(chunk), 0
                    self._take(sums, chunk, at)
                    continue
                body.close()
                resumes += 1
                body = self._resumed(at, resumes)
            self._settle(sums, content_hash)
            if held:
                yield held
        finally:
            body.close()

    def _begun(self) -> Sums | None:
        """The sums of all bytes before `start`, if they were read."""
        if not self._start:
            return new_sums()
        return self._source.beginnings.up_to(self._key, self.info.generation, self._start)

    def _take(self, sums: Sums | None, chunk: bytes, at: int) -> None:
        if at > self._stop:
            raise self._damaged("more bytes came than were asked for")
        if sums:
            sums.update(chunk)

    def _settle(self, sums: Sums | None, content_hash: str) -> None:
        """Verify the object if all of it was read, even in pieces; otherwise keep the sums so far."""
        if sums is None:
            return
        if sums.size_bytes < self.info.size_bytes:
            self._source.beginnings.keep(self._key, self.info.generation, sums)
            return
        if content_hash not in {"", sums.sha256}:
            raise self._damaged("its bytes are not those that were written: they have another SHA-256")
        if not content_hash and self._opened.md5 not in {"", sums.other.hex()}:
            raise self._damaged("its bytes have another MD5 than its ETag says")
        self.sha256 = sums.sha256

    def _resumed(self, at: int, resumes: int) -> "StreamingBody":
        if resumes > _RESUMES:
            remedy = "check this machine's network, then try again"
            raise StoreError(self._action, self._key, f"its bytes break off repeatedly: {remedy}")
        generation = self.info.generation
        answer = self._get(at, Range=_range(at, self._stop), IfMatch=f'"{generation}"')
        if (answer.info.generation, answer.info.size_bytes) != (generation, self.info.size_bytes):
            answer.body.close()
            raise StoreError(self._action, self._key, "it was replaced meanwhile: read it again")
        return answer.body

    def _get(self, first: int, **asked: Any) -> _Answer:
        """The response with the bytes from `first` on."""
        with asking(self._source.access, self._action, self._key):
            try:
                answer = self._source.client.get_object(Bucket=self._source.bucket, Key=self._key, **asked)
                found = _answer(self._key, self._source.bucket, answer)
            except BaseException:
                close_unread()
                raise
        if found.first != first:
            found.body.close()
            raise self._damaged(f"bytes from {found.first} on came, not those from {first} on")
        return found

    def _damaged(self, what: str) -> StoreError:
        remedy = "read it again, or check what changes answers on their way, or write it again"
        return StoreError(self._action, self._key, f"{what}: {remedy}")


def new_sums() -> Sums:
    """SHA-256 and MD5."""
    return Sums(hashlib.md5(usedforsecurity=False))


def info_of(key: str, answer: Any) -> ObjectInfo:
    """From the answer to a HEAD or a GET, or from an entry of a listing, which has no metadata.

    Raises `LookupError` if it doesn't describe an object.
    """
    content_hash = answer.get("Metadata", {}).get("sha256", "")
    return ObjectInfo(
        key=key,
        size_bytes=answer["ContentLength"],
        generation=answer["ETag"].strip('"'),
        content_hash=content_hash if _HASH.fullmatch(content_hash) else "",
        # A HEAD has whole seconds, a listing may have more.
        modified_at=answer["LastModified"].astimezone(UTC).replace(microsecond=0),
    )


def _answer(key: str, bucket: str, answer: Any) -> _Answer:
    """Raises `LookupError` or `ValueError` if it is not an answer to a GET of an object."""
    info, first = info_of(key, answer), 0
    if answer["ResponseMetadata"]["HTTPStatusCode"] == 206:
        found = _CONTENT_RANGE.fullmatch(answer["ContentRange"])
        if not found:
            raise ValueError(f"Content-Range: {answer['ContentRange']!r}")
        first, info = int(found[1]), replace(info, size_bytes=int(found[2]))
    return _Answer(info=info, body=answer["Body"], first=first, md5=_md5(bucket, info.generation, answer))


def _md5(bucket: str, etag: str, answer: Any) -> str:
    """The ETag, where S3 promises that it is the MD5: not after an upload in parts, not with other keys than
    the store's own, and not in a directory bucket.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    if answer.get("ServerSideEncryption", "AES256") != "AES256" or "SSECustomerAlgorithm" in answer:
        return ""
    return etag if _MD5.fullmatch(etag) and not bucket.endswith(_DIRECTORY_BUCKET) else ""


def _range(start: int, end: int | None) -> str:
    """The Range header (RFC 9110, section 14.1.2), whose last position is included."""
    return f"bytes={start}-{'' if end is None else end - 1}"


def _next_chunk(body: "StreamingBody") -> bytes:
    """The next bytes; empty when the body ended or broke off."""
    from botocore.exceptions import BotoCoreError
    from urllib3.exceptions import HTTPError

    try:
        return body.read(_CHUNK_BYTES)
    except (BotoCoreError, HTTPError, OSError):
        return b""

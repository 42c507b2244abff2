"""An upload to an S3 bucket: one object, whose length and digests are known before it is sent."""

import base64
import hashlib
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from shared.errors import ABSENT, StoreError
from shared.storage.disk import refusals

_CHUNK_BYTES: Final = 1 << 20
_MAX_BYTES: Final = 5 * 1024**3
"""Limit of one PutObject. A multipart upload takes more, but COS doesn't keep preconditions on those."""


@dataclass(frozen=True, kw_only=True)
class Put:
    """One object to upload."""

    action: str
    key: str
    body: BinaryIO
    expect: str | None
    size_bytes: int
    sha256: str
    """In hex."""
    md5: str
    """In base64. The store refuses a body that doesn't match it."""
    token: str
    """Identifies this write, so that it can be recognised later."""

    def request(self, bucket: str) -> dict[str, Any]:
        """The parameters of the PutObject request."""
        return {
            "Bucket": bucket,
            "Key": self.key,
            "Body": self.body,
            "ContentLength": self.size_bytes,
            "ContentMD5": self.md5,
            "Metadata": {"sha256": self.sha256, "write": self.token},
            **_condition(self.expect),
        }


@contextmanager
def spooled(key: str, chunks: Iterable[bytes]) -> Iterator[BinaryIO]:
    """A file of the chunks: a put needs their length and digest first, and rewinds when it is retried."""
    with refusals("write", key):
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
    with file:
        for chunk in chunks:  # its errors are not the disk's refusals
            with refusals("write", key):
                file.write(chunk)
        with refusals("write", key):
            file.flush()
        yield file


def measured(action: str, key: str, file: BinaryIO, expect: str | None) -> Put:
    """Read the file once; raises `StoreError` if it is too large."""
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    file.seek(0)
    while chunk := file.read(_CHUNK_BYTES):
        sha256.update(chunk)
        md5.update(chunk)
        size += len(chunk)
    file.seek(0)
    if size > _MAX_BYTES:
        reason = f"it has {size} bytes, of which a conditional write takes {_MAX_BYTES}: make it smaller"
        raise StoreError(action, key, reason)
    return Put(
        action=action,
        key=key,
        body=file,
        expect=expect,
        size_bytes=size,
        sha256=sha256.hexdigest(),
        md5=base64.b64encode(md5.digest()).decode(),
        token=secrets.token_hex(16),
    )


def _condition(expect: str | None) -> dict[str, str]:
    if expect is None:
        return {}
    return {"IfNoneMatch": "*"} if expect == ABSENT else {"IfMatch": f'"{expect}"'}

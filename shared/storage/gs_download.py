"""One generation of an object in Cloud Storage on its way here.

The client's own downloads are not used: they push into a file where a stream is to be pulled, and leave
unverified what they went on with after a broken connection.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shared.errors import ObjectNotFound, StoreError
from shared.storage import Chunks
from shared.storage.gs_client import Remote
from shared.storage.gs_errors import code_of, translated

if TYPE_CHECKING:
    import requests

_CHUNK_BYTES: Final = 1 << 20
_BREAKS: Final = 20


class Replaced(StoreError):
    """The generation that was being read is gone."""

    def __init__(self, action: str, key: str) -> None:
        super().__init__(action, key, "it was replaced meanwhile: read it again")


@dataclass(kw_only=True)
class Download:
    """The bytes `start <= i < stop` of the generation that is live when they are first asked for."""

    remote: Remote
    action: str
    key: str
    start: int = 0
    stop: int | None = None
    generation: str = ""
    """Known once the first chunk has come."""
    sha256: str = ""
    """Of the bytes, in hex, known once all have come."""
    _crc32c: str = ""

    def chunks(self) -> Chunks:
        """The bytes, after one empty chunk that says that they are there.

        Goes on where a broken connection ended. Raises `ObjectNotFound`, or `Replaced` when there is no
        going on; a whole object's bytes are verified at the end.
        """
        at, breaks = self.start, 0
        sums = Sums()
        response = self._open(at)
        try:
            yield b""
            while response is not None:
                chunk = self._read(response)
                if chunk == b"":
                    break
                if chunk is None:
                    response.close()
                    breaks += 1
                    response = self._reopen(at, breaks)
                    continue
                at += len(chunk)
                sums.update(chunk)
                yield chunk
        finally:
            if response is not None:
                response.close()
        self._verify(sums)

    def _open(self, at: int) -> "requests.Response | None":
        """The answer with the bytes from `at` on; None when the object ends before."""
        with translated(self.action, self.key):
            response: requests.Response | None = self.remote.retry(self._ask)(at)
        if response is not None:
            self.generation = response.headers.get("X-Goog-Generation", "")
            self._crc32c = _crc32c_in(response.headers.get("X-Goog-Hash", ""))
        return response

    def _reopen(self, at: int, breaks: int) -> "requests.Response | None":
        if breaks > _BREAKS:
            reason = f"the connection broke {breaks} times: see to this machine's network, then try again"
            raise StoreError(self.action, self.key, reason)
        try:
            return self._open(at)
        except ObjectNotFound as error:
            raise Replaced(self.action, self.key) from error

    def _ask(self, at: int) -> "requests.Response | None":
        from google.api_core import exceptions

        from_http_response: Any = exceptions.from_http_response  # has no types
        headers = {"Accept-Encoding": "gzip"}  # else an object stored as gzip would come unpacked
        if at or self.stop is not None:
            headers["Range"] = f"bytes={at}-{'' if self.stop is None else self.stop - 1}"
        parameters = {"alt": "media", **({"generation": self.generation} if self.generation else {})}
        response: requests.Response = self.remote.session.get(
            self.remote.media_url(self.key),
            params=parameters,
            headers=headers,
            stream=True,
            timeout=self.remote.timeout_s,
        )
        if response.status_code == (206 if "Range" in headers else 200):
            return response
        with response:
            error = from_http_response(response)
        if code_of(error) == 416:
            return None
        raise error

    def _read(self, response: "requests.Response") -> bytes | None:
        """The next chunk, empty at the end, None when the connection broke."""
        import urllib3

        try:
            return bytes(response.raw.read(_CHUNK_BYTES, decode_content=False))
        except (urllib3.exceptions.HTTPError, ConnectionError, TimeoutError):
            return None

    def _verify(self, sums: "Sums") -> None:
        if self.start or self.stop is not None:
            return
        self.sha256 = sums.sha256
        if self._crc32c and self._crc32c != sums.crc32c:
            raise StoreError(self.action, self.key, "its bytes were damaged on the way: read it again")


class Sums:
    """SHA-256 and CRC32C of bytes as they pass."""

    def __init__(self) -> None:
        import google_crc32c

        kind: Any = google_crc32c.Checksum  # has no types
        self._crc32c = kind()
        self._sha256 = hashlib.sha256()
        self.size_bytes = 0

    def update(self, chunk: bytes) -> None:
        self._sha256.update(chunk)
        self._crc32c.update(chunk)
        self.size_bytes += len(chunk)

    @property
    def sha256(self) -> str:
        """In hex."""
        return self._sha256.hexdigest()

    @property
    def crc32c(self) -> str:
        """As Cloud Storage writes it: base64 of the big-endian bytes."""
        return base64.b64encode(self._crc32c.digest()).decode()


def _crc32c_in(header: str) -> str:
    """The CRC32C in `crc32c=…,md5=…`, or nothing."""
    parts = dict(part.strip().partition("=")[::2] for part in header.split(","))
    return parts.get("crc32c", "")

"""Downloading one generation of an object from Cloud Storage.

The client's own downloads are not used: they push into a file where a stream is pulled here, and they don't
verify the rest after a broken connection, nor any range.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shared.errors import ObjectNotFound, StoreError
from shared.storage.gs.client import Remote
from shared.storage.gs.errors import NOT_CLOUD_STORAGE, code_of, translated
from shared.storage.store import Chunks
from shared.storage.sums import Beginnings, Sums

if TYPE_CHECKING:
    import requests

_CHUNK_BYTES: Final = 1 << 20
_BREAKS: Final = 20
_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+)", re.ASCII)


class Replaced(StoreError):
    """The generation that was being read was replaced."""

    def __init__(self, action: str, key: str) -> None:
        super().__init__(action, key, "it was replaced meanwhile: read it again")


@dataclass(kw_only=True)
class Download:
    """The bytes `start <= i < stop` of the generation that is live at the first request."""

    remote: Remote
    action: str
    key: str
    beginnings: Beginnings
    start: int = 0
    stop: int | None = None
    generation: str = ""
    """Known after the first chunk."""
    sha256: str = ""
    """Of a whole object's bytes, in hex, known after all have arrived."""
    _size_bytes: int = 0
    """Of the whole object."""
    _crc32c: str = ""

    def chunks(self) -> Chunks:
        """The bytes, after one empty chunk that shows that the object exists.

        Continues where a broken connection or a short answer ended. Raises `ObjectNotFound`, or `Replaced`
        when it can't continue. The last chunk comes only after verification: a reader of a whole object with
        wrong bytes always gets an error.
        """
        response = self._open(self.start)
        try:
            yield b""
            if response is None:
                self._check_end()
                return
            sums, stop, held, breaks = self._begun(), self._stop(), b"", 0
            at = self.start
            while at < stop:
                chunk = self._read(response)
                if not chunk:
                    response.close()
                    breaks += 1
                    response = self._reopen(at, breaks)
                    continue
                if held:
                    yield held
                held, at = chunk, at + len(chunk)
                self._take(sums, chunk, at <= stop)
            self._settle(sums)
            if held:
                yield held
        finally:
            if response is not None:
                response.close()

    def _begun(self) -> Sums | None:
        """The sums of all bytes before `start`, if they were read."""
        return self.beginnings.up_to(self.key, self.generation, self.start) if self.start else new_sums()

    def _stop(self) -> int:
        return self._size_bytes if self.stop is None else min(self.stop, self._size_bytes)

    def _take(self, sums: Sums | None, chunk: bytes, fits: bool) -> None:
        if not fits:
            raise self._damaged("more bytes came than it has")
        if sums:
            sums.update(chunk)

    def _settle(self, sums: Sums | None) -> None:
        """Verify the object if all of it was read, even in pieces; otherwise keep the sums so far."""
        if sums is None:
            return
        if sums.size_bytes < self._size_bytes:
            self.beginnings.keep(self.key, self.generation, sums)
            return
        wanted = self._crc32c or self._looked_up().crc32c
        if wanted and wanted != sums.other_base64:
            raise self._damaged("its bytes have another CRC32C than Cloud Storage has noted")
        self.sha256 = sums.sha256

    def _check_end(self) -> None:
        """Check that the object has no bytes from `start` on, as the answer says."""
        blob = self._looked_up()
        if blob.size > self.start:
            raise self._damaged(f"none of its {blob.size} bytes from {self.start} on came")
        self.generation = str(blob.generation)
        self.sha256 = "" if self.start else new_sums().sha256

    def _looked_up(self) -> Any:
        """The description of this generation."""
        blob = self.remote.look(self.action, self.key, self.generation or None)
        if blob is None:
            raise Replaced(self.action, self.key)
        return blob

    def _open(self, at: int) -> "requests.Response | None":
        """The response with the bytes from `at` on; None when the object ends before."""
        with translated(self.action, self.key):
            response: requests.Response | None = self.remote.retry(self._ask)(at)
        if response is None:
            return None
        try:
            self._check_answer(response, at)
        except BaseException:
            response.close()
            raise
        return response

    def _reopen(self, at: int, breaks: int) -> "requests.Response":
        if breaks > _BREAKS:
            reason = f"the connection broke {breaks} times: check this machine's network, then try again"
            raise StoreError(self.action, self.key, reason)
        try:
            response = self._open(at)
        except ObjectNotFound as error:
            raise Replaced(self.action, self.key) from error
        if response is None:
            raise self._damaged(f"it ends at byte {at} of {self._size_bytes}")
        return response

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
            if response.status_code < 400:
                raise self._damaged(f"status {response.status_code} came, not the bytes that were asked for")
            error = from_http_response(response)
        if code_of(error) == 416:
            return None
        raise error

    def _check_answer(self, response: "requests.Response", at: int) -> None:
        """Check that these are bytes of this generation as stored, from `at` on."""
        headers = response.headers
        generation = headers.get("X-Goog-Generation", "")
        if not generation:
            raise self._damaged(f"the answer has no generation: {NOT_CLOUD_STORAGE}")
        if generation != (self.generation or generation):
            raise Replaced(self.action, self.key)
        self.generation = generation
        stored = headers.get("X-Goog-Stored-Content-Encoding")
        if stored and ("gzip" in stored) != ("gzip" in headers.get("Content-Encoding", "")):
            raise self._damaged(f"it is stored as {stored!r}, and was packed or unpacked on its way")
        first, size = self._place(response)
        if first != at or size != (self._size_bytes or size):
            raise self._damaged(f"bytes from {first} on of {size} came, not those from {at} on")
        self._size_bytes = size
        self._crc32c = self._crc32c or _crc32c_in(headers.get("X-Goog-Hash", ""))

    def _place(self, response: "requests.Response") -> tuple[int, int]:
        """Where the response's bytes begin, and the object's size."""
        if response.status_code == 206:
            found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if not found:
                raise self._damaged("the answer does not say which part of it came")
            return int(found[1]), int(found[2])
        length = response.headers.get("X-Goog-Stored-Content-Length", "")
        return 0, int(length) if length.isdecimal() else int(self._looked_up().size)

    def _read(self, response: "requests.Response") -> bytes:
        """The next chunk; empty at the end, or when the connection broke."""
        import urllib3

        try:
            return bytes(response.raw.read(_CHUNK_BYTES, decode_content=False))
        except (urllib3.exceptions.HTTPError, OSError):
            return b""

    def _damaged(self, what: str) -> StoreError:
        remedy = "read it again; if it happens again, check what changes answers on their way, e.g. a proxy"
        return StoreError(self.action, self.key, f"{what}: {remedy}")


def new_sums() -> Sums:
    """SHA-256 and CRC32C."""
    import google_crc32c

    kind: Any = google_crc32c.Checksum  # has no types
    return Sums(kind())


def _crc32c_in(header: str) -> str:
    """The CRC32C in `crc32c=…,md5=…`; empty if there is none."""
    parts = dict(part.strip().partition("=")[::2] for part in header.split(","))
    return parts.get("crc32c", "")

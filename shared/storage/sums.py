"""Checksums of bytes as they arrive, which verify a whole object even when it is read in pieces."""

import base64
import hashlib
import threading
from collections import OrderedDict
from typing import Any, Final, Protocol, Self

_REMEMBERED: Final = 256


class Digest(Protocol):
    """The interface of hashlib's and google_crc32c's checksums."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...
    def copy(self) -> Self: ...


class Sums:
    """SHA-256, and the store's own kind of checksum, of bytes as they pass."""

    def __init__(self, other: Any) -> None:
        """`other` is a new `Digest`."""
        self._sha256 = hashlib.sha256()
        self._other: Digest = other
        self.size_bytes = 0

    def update(self, chunk: bytes) -> None:
        self._sha256.update(chunk)
        self._other.update(chunk)
        self.size_bytes += len(chunk)

    def copy(self) -> "Sums":
        copied = Sums(self._other.copy())
        copied._sha256 = self._sha256.copy()
        copied.size_bytes = self.size_bytes
        return copied

    @property
    def sha256(self) -> str:
        """In hex."""
        return self._sha256.hexdigest()

    @property
    def other(self) -> bytes:
        return self._other.digest()

    @property
    def other_base64(self) -> str:
        return base64.b64encode(self.other).decode()


class Beginnings:
    """The sums of objects that were read only in part, from the start to some byte.

    A reader that reads an object piece by piece, each starting where the last one ended, has read all of it
    in the end: then it is verified like any other. Safe among threads.
    """

    def __init__(self) -> None:
        self._sums: OrderedDict[tuple[str, str, int], Sums] = OrderedDict()
        self._lock = threading.Lock()

    def up_to(self, key: str, generation: str, at: int) -> Sums | None:
        with self._lock:
            sums = self._sums.get((key, generation, at))
            return sums.copy() if sums else None

    def keep(self, key: str, generation: str, sums: Sums) -> None:
        with self._lock:
            self._sums[key, generation, sums.size_bytes] = sums
            if len(self._sums) > _REMEMBERED:
                self._sums.popitem(last=False)

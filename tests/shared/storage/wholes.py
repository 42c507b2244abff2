"""The ways in which a whole object can be asked for; each gets the store, the key and the object's size."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from shared.storage import ObjectStore

STEP: Final = 1 << 18


def _in_pieces(store: ObjectStore, key: str, size: int) -> bytes:
    return b"".join(b"".join(store.stream(key, start=at, end=at + STEP)) for at in range(0, size, STEP))


def _by_download(store: ObjectStore, key: str, _size: int) -> bytes:
    with TemporaryDirectory() as folder:
        store.download(key, Path(folder) / "down")
        return (Path(folder) / "down").read_bytes()


WHOLES: Final[dict[str, Callable[[ObjectStore, str, int], bytes]]] = {
    "read": lambda store, key, _: store.read(key)[0],
    "download": _by_download,
    "stream": lambda store, key, _: b"".join(store.stream(key)),
    "stream to the end": lambda store, key, size: b"".join(store.stream(key, start=0, end=size)),
    "stream past the end": lambda store, key, size: b"".join(store.stream(key, start=-1, end=size * 2)),
    "streams of pieces": _in_pieces,
}

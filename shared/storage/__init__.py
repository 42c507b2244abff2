"""Object storage: the only memory that stages share.

To add a store:
1. write `shared/storage/<scheme>.py` with a class that has `ObjectStore`'s methods,
2. add its scheme to `_OPENERS`,
3. add it to the `store` fixture of `tests/shared/storage/test_stores.py`, which holds all to one behaviour.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from shared.errors import ABSENT, UnknownName
from shared.settings import Settings
from shared.storage.store import Chunks, ObjectInfo, ObjectStore, bucket_of, nothing, numeric_order

__all__ = [
    "ABSENT",
    "Chunks",
    "ObjectInfo",
    "ObjectStore",
    "bucket_of",
    "nothing",
    "numeric_order",
    "open_store",
]


def open_store(url: str, settings: Settings | None = None) -> ObjectStore:
    """The store of a URL: `file://creations`, `file:///srv/creations`, `gs://<bucket>`, `s3://<bucket>`,
    `cos://<bucket>` or `memory://test`."""
    scheme = urlsplit(url).scheme
    if scheme not in _OPENERS:
        raise UnknownName("store scheme (variable STORE_URL)", scheme or url, list(_OPENERS))
    return _OPENERS[scheme](url, settings or Settings())


def _open_file(url: str, _settings: Settings) -> ObjectStore:
    from shared.storage.file import FileStore

    return FileStore.from_url(url)


def _open_gs(url: str, _settings: Settings) -> ObjectStore:
    from shared.storage.gs.store import CloudStorageStore

    return CloudStorageStore(bucket_of(url))


def _open_s3(url: str, settings: Settings) -> ObjectStore:
    from shared.storage.s3.store import S3Store

    return S3Store.from_settings(url, settings)


def _open_memory(url: str, _settings: Settings) -> ObjectStore:
    from shared.storage.memory import MemoryStore

    return MemoryStore.named(url)


_OPENERS: Final[dict[str, Callable[[str, Settings], ObjectStore]]] = {
    "file": _open_file,
    "gs": _open_gs,
    "s3": _open_s3,
    "cos": _open_s3,
    "memory": _open_memory,
}

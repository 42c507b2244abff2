"""One small talk for all tests that only look at what was made, and copies for those that go on with it."""

from collections.abc import Iterator

import pytest

from shared.storage.memory import MemoryStore
from tests.support.shared import made_once
from tests.support.stories import Hum
from tests.support.talks import given, humming, new_talk


@pytest.fixture
def voice() -> Iterator[Hum]:
    hum = Hum()
    with humming(hum):
        yield hum


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bytes]]:
    """Of a finished talk, by key, in the order in which they were written."""

    def make() -> list[tuple[str, bytes]]:
        store = new_talk()
        with humming():
            given(store)
        written = sorted(store.list(""), key=lambda info: int(info.generation))
        return [(info.key, store.read(info.key)[0]) for info in written]

    return made_once(tmp_path_factory, "presenter-talk", make)


@pytest.fixture(scope="session")
def made(objects: list[tuple[str, bytes]]) -> MemoryStore:
    """A finished talk. Tests must not change it."""
    return holding(objects)


@pytest.fixture
def finished(objects: list[tuple[str, bytes]]) -> MemoryStore:
    """A finished talk of the test's own."""
    return holding(objects)


def holding(objects: list[tuple[str, bytes]]) -> MemoryStore:
    store = MemoryStore()
    for key, data in objects:
        store.write(key, data)
    return store

"""One small talk for all tests that only look at what was made."""

from collections.abc import Iterator

import pytest

from shared.storage.memory import MemoryStore
from tests.support.stories import Hum
from tests.support.talks import given, humming, new_talk


@pytest.fixture
def voice() -> Iterator[Hum]:
    hum = Hum()
    with humming(hum):
        yield hum


@pytest.fixture(scope="session")
def made() -> MemoryStore:
    """A finished talk. Tests must not change it."""
    store = new_talk()
    with humming():
        given(store)
    return store

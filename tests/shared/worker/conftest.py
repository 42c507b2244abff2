import pytest

from shared.storage.memory import MemoryStore
from tests.support.toys import filled


@pytest.fixture
def store() -> MemoryStore:
    return filled()

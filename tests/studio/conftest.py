"""The page over a store in memory and a platform that starts nothing: tests write what happens to a run."""

from collections.abc import Iterator

import pytest

from jobs.catalogue import pipelines
from shared.runs.trigger import Trigger
from shared.storage.memory import MemoryStore
from tests.support.api import NotingPlatform, finish, platform, record, spring, store
from tests.support.browser import browser, page
from tests.support.listening import listening
from tests.support.studio import studio_of

__all__ = ["browser", "finish", "page", "platform", "record", "spring", "store"]


@pytest.fixture
def trigger(store: MemoryStore, platform: NotingPlatform) -> Trigger:
    """Of all pipelines, but without their stills, which are drawn too slowly for so many pages."""
    found = {name: each.model_copy(update={"still": None}) for name, each in pipelines().items()}
    return Trigger(store, platform, found, stale_after_s=1e9)  # records tell of 2025


@pytest.fixture
def studio(trigger: Trigger) -> Iterator[str]:
    """The page's address, beside all pipelines and an empty store."""
    with listening(studio_of(trigger)) as url:
        yield f"{url}/studio/"

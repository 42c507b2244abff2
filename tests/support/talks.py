"""Small talks, spoken by a voice that hums."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from jobs.fused import run_fused
from jobs.presenter import narrate
from shared.providers.account import Account
from shared.providers.speech import SpeechProvider, speech_provider
from shared.runs.status import RunStatus
from shared.settings import Settings
from shared.storage import ObjectStore
from shared.storage.memory import MemoryStore
from tests.support.stories import Hum

ID = "speech"
SETTINGS = Settings(speech_provider="hum", cores=2)
SMALL = {"size": "320x180", "frame_rate": 10, "language": "en", "name": "Ada Byron"}
TEXT = """# Metals

For people with pockets.

## Three of them

Gold is rare. Silver is not.

- Gold
- Silver

## How to weigh one

```python
print(gold / silver)
```

Weigh it twice.
"""


@contextmanager
def humming(voice: SpeechProvider | None = None) -> Iterator[None]:
    """Every talk in this block is spoken by a voice that hums."""
    hum = voice or Hum()

    def chosen(settings: Settings, account: Account) -> SpeechProvider:
        return hum if settings.speech_provider == hum.name else speech_provider(settings, account)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(narrate, "speech_provider", chosen)
        yield


def put(store: ObjectStore, name: str, data: bytes | str) -> None:
    store.write(f"{ID}/assets/{name}", data.encode() if isinstance(data, str) else data)


def new_talk(text: str = TEXT, **options: Any) -> MemoryStore:
    store = MemoryStore()
    put(store, "talk.md", text)
    put(store, "talk.json", json.dumps({**SMALL, **options}))
    return store


def give(store: ObjectStore, settings: Settings = SETTINGS, **parameters: Any) -> RunStatus:
    """Run the whole pipeline in this process."""
    return run_fused("presenter", ID, store, settings, sleep=lambda _s: None, **parameters)


def given(store: ObjectStore, settings: Settings = SETTINGS) -> RunStatus:
    """The same; it must succeed."""
    status = give(store, settings)
    assert status.status == "completed", status.error
    return status


def data(store: ObjectStore, name: str) -> bytes:
    return store.read(f"{ID}/{name}")[0]


def names(store: ObjectStore, folder: str) -> list[str]:
    return [info.key.removeprefix(f"{ID}/") for info in store.list(f"{ID}/{folder}")]

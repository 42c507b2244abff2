"""Small stories, made by code: pictures with detail, captions, music, and a voice that hums."""

import io
import itertools
import json
import math
import signal
import threading
import wave
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest

from jobs.__main__ import main
from jobs.fused import run_fused
from jobs.story import PIPELINE_FILE, narrate
from shared.errors import ProviderFailed
from shared.pipelines.definition import load_pipeline
from shared.providers.account import Account
from shared.providers.speech import Speech, SpeechProvider, SpokenWord, Voice, speech_provider
from shared.records.documents import Record
from shared.records.names import record_name
from shared.runs.status import RunStatus
from shared.settings import Settings
from shared.stages.stage import Stage
from shared.storage import ObjectStore, open_store
from shared.storage.memory import MemoryStore
from shared.text.language import words_of
from shared.worker.entry import stage_main

PIPELINE = load_pipeline(PIPELINE_FILE)
SETTINGS = Settings(speech_provider="hum", cores=2)
ID = "tale"
SMALL = {"size": "160x284", "frame_rate": 12, "language": "en"}
"""Since the language is set, processes need not load the model."""
OUTPUTS = [
    f"assets/{name}" for name in ("captions.srt", "captions.vtt", "poster.jpg", "timeline.json", "video.mp4")
]
PARTS = (("One morning the sea was calm.",), ("A boat set out.", "Gulls followed it."))


class Hum:
    """Hums 30 ms a character, at a pitch that depends on the text; counts its orders."""

    name = "hum"
    version = "1"
    paces = False

    def __init__(self, *, concurrency: int = 4) -> None:
        self.concurrency = concurrency
        self.asked: list[str] = []
        self.fails: set[str] = set()
        self.meeting: threading.Barrier | None = None
        """Every call waits here for the others."""

    def voices(self) -> Sequence[Voice]:
        return (Voice(name="hum", language="en", description="a hum"),)

    def estimate_usd(self, characters: int) -> float:
        return 0.0

    def speak(self, text: str, *, language: str, voice: str | None, rate: float) -> Speech:
        self.asked.append(text)
        if self.meeting:
            self.meeting.wait(timeout=10)
        if text in self.fails:
            raise ProviderFailed("hum", f"can't hum {text!r}; try again later")
        spans = words_of(text)
        each_ms = max(90, 30 * len(text) // max(1, len(spans)))
        words = [
            SpokenWord(start=start, end=end, start_ms=number * each_ms, end_ms=(number + 1) * each_ms)
            for number, (start, end) in enumerate(spans)
        ]
        return Speech(
            pcm=hum(len(spans) * each_ms, 200 + len(text)), sample_rate_hz=48_000, words=tuple(words)
        )


@cache
def hum(duration_ms: int, pitch_hz: float, *, rate_hz: int = 48_000) -> bytes:
    """A tone as 16-bit mono, with a little noise: AAC's encoder takes four times as long for a pure one."""
    import numpy as np

    turns = math.tau * pitch_hz * np.arange(duration_ms * rate_hz // 1000) / rate_hz
    noise = np.random.default_rng(1).standard_normal(turns.size)
    return bytes(np.rint(9000 * np.sin(turns) + 90 * noise).astype("<i2").data)


def use_voice(monkeypatch: pytest.MonkeyPatch, voice: SpeechProvider) -> None:
    def chosen(settings: Settings, account: Account) -> SpeechProvider:
        return voice if settings.speech_provider == voice.name else speech_provider(settings, account)

    monkeypatch.setattr(narrate, "speech_provider", chosen)


@cache
def picture(number: int, *, size: tuple[int, int] = (200, 355), kind: str = "PNG") -> bytes:
    """Crossing waves and a disc, different for each number: detail everywhere makes shifts visible."""
    import numpy as np
    from PIL import Image

    wide, tall = size
    down, right = np.mgrid[0:tall, 0:wide].astype(np.float32)
    waves = np.sin(right / (5 + number % 3)) + np.sin(down / (7 + number % 4)) + np.sin((right + down) / 11)
    rgb = np.stack([128 + 40 * waves, 100 + 30 * waves + 30 * (number % 4), 200 - 45 * waves], axis=-1)
    disc = (right - wide * (0.2 + number % 5 / 8)) ** 2 + (down - tall / 3) ** 2 < (wide / 6) ** 2
    rgb[disc] = (250, 220, 40 + 40 * (number % 5))
    buffer = io.BytesIO()
    Image.fromarray(rgb.clip(0, 255).astype(np.uint8)).save(buffer, kind)
    return buffer.getvalue()


def wav(duration_ms: int, pitch_hz: float = 330) -> bytes:
    """Simple music."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(hum(duration_ms, pitch_hz))
    return buffer.getvalue()


def put(store: ObjectStore, name: str, data: bytes | str, *, creation_id: str = ID) -> None:
    store.write(f"{creation_id}/assets/{name}", data.encode() if isinstance(data, str) else data)


def put_options(store: ObjectStore, *, creation_id: str = ID, **options: Any) -> None:
    put(store, "story.json", json.dumps({**SMALL, **options}), creation_id=creation_id)


def put_story(
    store: ObjectStore,
    parts: Sequence[Sequence[str]] = PARTS,
    *,
    creation_id: str = ID,
    music: bytes | None = None,
    **options: Any,
) -> None:
    """Part n shows picture n."""
    for number, captions in enumerate(parts, 1):
        put(store, f"{number}/image.png", picture(number), creation_id=creation_id)
        for line, caption in enumerate(captions, 1):
            put(store, f"{number}/{line}.txt", caption, creation_id=creation_id)
    if music:
        put(store, "music.wav", music, creation_id=creation_id)
    put_options(store, creation_id=creation_id, **options)


def new_story(parts: Sequence[Sequence[str]] = PARTS, **options: Any) -> MemoryStore:
    store = MemoryStore()
    put_story(store, parts, **options)
    return store


def tell(store: ObjectStore, *, creation_id: str = ID, settings: Settings = SETTINGS) -> RunStatus:
    """Run the whole pipeline in this process."""
    return run_fused("story", creation_id, store, settings, sleep=lambda _s: None)


def told(store: ObjectStore, *, creation_id: str = ID, settings: Settings = SETTINGS) -> RunStatus:
    """The same; it must succeed."""
    status = tell(store, creation_id=creation_id, settings=settings)
    assert status.status == "completed", status.error
    return status


def already_told(parts: Sequence[Sequence[str]] = PARTS, *, music: bytes | None = None) -> MemoryStore:
    """A store of your own as `told(new_story(…))` leaves it; the same story is told once in a process."""
    known = _told(tuple(map(tuple, parts)), music)
    store = MemoryStore()
    with known._lock:
        store._objects = dict(known._objects)
    store._generations = itertools.count(1 + max(int(info.generation) for _, info in store._objects.values()))
    return store


@cache
def _told(parts: tuple[tuple[str, ...], ...], music: bytes | None) -> MemoryStore:
    store = new_story(parts, music=music)
    told(store)
    return store


def command(store_url: str, creation_id: str = ID, **environ: str) -> int:
    """The exit code of `python -m jobs story <creation_id>`."""
    wanted = {"STORE_URL": store_url, "SPEECH_PROVIDER": "hum", "CORES": "2", **environ}
    with signals_restored():
        return main(["story", creation_id], wanted)


def stage_command(stage: Stage, environ: Mapping[str, str]) -> int:
    """The exit code of `python -m jobs.story.<stage> tale`."""
    with signals_restored():
        return stage_main(stage, PIPELINE_FILE, [ID], environ)


@contextmanager
def signals_restored() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def record(store: ObjectStore, stage: str, index: int | None = None, *, creation_id: str = ID) -> Record:
    return Record.model_validate_json(store.read(f"{creation_id}/{record_name(stage, index)}")[0])


def names(store: ObjectStore, folder: str = "", *, creation_id: str = ID) -> list[str]:
    """The names below `folder`, without the creation's ID."""
    skip = len(creation_id) + 1
    return [info.key[skip:] for info in store.list(f"{creation_id}/{folder}")]


def data(store: ObjectStore, name: str, *, creation_id: str = ID) -> bytes:
    return store.read(f"{creation_id}/{name}")[0]


def outputs(store: ObjectStore) -> dict[str, bytes]:
    """The outputs for people, by name."""
    return {name: data(store, name) for name in OUTPUTS}


def here(store_url: str) -> ObjectStore:
    """The store that a process with this STORE_URL opens."""
    return open_store(store_url)

"""Deployments as users have them: every job of a pipeline on a platform's stand-in, over a store's stand-in.

The jobs are the real entrypoints, as processes; every written object becomes an event for the trigger.
"""

import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from cloudrun.platform import CloudRunPlatform, connect
from codeengine.client import open_client
from codeengine.platform import CodeEnginePlatform
from shared.errors import ReelwrightError
from shared.pipelines.definition import Pipeline
from shared.pipelines.deployed import deployed_jobs
from shared.platforms import Platform
from shared.platforms.local import LocalPlatform
from shared.runs.launch import Fuses, never_fuses
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ObjectStore, open_store
from tests.emulators import s3
from tests.emulators.cloud_run import CloudRunEmulator
from tests.emulators.cloud_storage import CloudStorageEmulator
from tests.emulators.code_engine import CodeEngine
from tests.support.patience import until

BUCKET: Final = "films"
Entry = Callable[[str], Sequence[str]]
"""The command of an image."""


@dataclass(kw_only=True)
class Place:
    """A store that this process and the jobs' processes share."""

    store: ObjectStore
    environ: dict[str, str]
    """The variables with which a process finds it."""
    emulator: Any = None
    listeners: list[Callable[[str], object]] = field(default_factory=list)
    """Receive the key of every object that was written, if the store has events."""


@contextmanager
def place(kind: str, folder: Path) -> Iterator[Place]:
    """The store of this kind: file, gs, s3 or cos."""
    with ExitStack() as stack:
        found = _PLACES[kind](stack, folder)
        stack.enter_context(patch.dict(os.environ, found.environ))
        found.store = open_store(found.environ["STORE_URL"], _settings_of(found.environ))
        yield found


def _settings_of(environ: Mapping[str, str]) -> Settings:
    from shared.settings import read_settings

    return read_settings(environ)


def _file(_stack: ExitStack, folder: Path) -> Place:
    url = (folder / "store").as_uri()
    return Place(store=open_store(url), environ={"STORE_URL": url})


def _gs(stack: ExitStack, _folder: Path) -> Place:
    listeners: list[Callable[[str], object]] = []

    def tell(event: dict[str, Any]) -> None:
        for listener in listeners:
            listener(event["data"]["name"])

    emulator = stack.enter_context(CloudStorageEmulator(buckets=[BUCKET], on_event=tell))
    environ = {"STORE_URL": f"gs://{BUCKET}", "STORAGE_EMULATOR_HOST": emulator.url}
    return Place(store=open_store("memory://none"), environ=environ, emulator=emulator, listeners=listeners)


def _s3(scheme: str) -> Callable[[ExitStack, Path], Place]:
    def make(stack: ExitStack, _folder: Path) -> Place:
        emulator = stack.enter_context(s3.serving())
        emulator.forget_all()
        emulator.create_bucket(BUCKET)
        environ = s3.environment(emulator.url, f"{scheme}://{BUCKET}")
        return Place(store=open_store("memory://none"), environ=environ, emulator=emulator)

    return make


_PLACES: Final[dict[str, Callable[[ExitStack, Path], Place]]] = {
    "file": _file,
    "gs": _gs,
    "s3": _s3("s3"),
    "cos": _s3("cos"),
}


def entrypoint(pipelines: Mapping[str, Pipeline]) -> Entry:
    """The command of each job; the stand-ins use a job's name as its image."""
    commands = {job.name: [sys.executable, *job.command[1:]] for job in deployed_jobs(pipelines)}
    return lambda image: commands[image]


@contextmanager
def deployed(
    kind: str, at: Place, pipelines: Mapping[str, Pipeline], *, entry: Entry | None = None, **environ: str
) -> Iterator[Platform]:
    """A platform (local, cloudrun or codeengine) on which every job is deployed."""
    variables = {"PYTHONWARNINGS": "ignore", "SPEECH_PROVIDER": "espeak", **at.environ, **environ}
    with _DEPLOYERS[kind](at, pipelines, entry or entrypoint(pipelines), variables) as platform:
        yield platform


@contextmanager
def _local(
    at: Place, _pipelines: Mapping[str, Pipeline], _entry: Entry, environ: dict[str, str]
) -> Iterator[Platform]:
    platform = LocalPlatform(at.store, environ=environ, on_log=lambda _line: None)
    try:
        yield platform
    finally:
        platform.stop()


@contextmanager
def _cloud_run(
    _at: Place, pipelines: Mapping[str, Pipeline], entry: Entry, environ: dict[str, str]
) -> Iterator[Platform]:
    with CloudRunEmulator(entry, environ=environ, grace_s=0.5) as emulator:
        for job in deployed_jobs(pipelines):
            limits = {
                "max_retries": job.definition.retries,
                "timeout": {"seconds": job.definition.time_limit_s},
            }
            emulator.deploy(f"reelwright-{job.name}", job.name, **limits)
        platform = CloudRunPlatform(
            connect(emulator.address),
            location="projects/film/locations/us-central1",
            job_prefix="reelwright",
            clock=_quick_clock,
        )
        EMULATORS[id(platform)] = emulator
        yield platform


@contextmanager
def _code_engine(
    _at: Place, pipelines: Mapping[str, Pipeline], entry: Entry, environ: dict[str, str]
) -> Iterator[Platform]:
    with CodeEngine(entry, environ=environ, grace_s=0.5) as emulator:
        for job in deployed_jobs(pipelines):
            limits = {
                "scale_retry_limit": job.definition.retries,
                "scale_max_execution_time": job.definition.time_limit_s,
            }
            emulator.deploy(f"reelwright-{job.name}", job.name, **limits)
        client = open_client(emulator.settings())
        platform = CodeEnginePlatform(client, job_prefix="reelwright", clock=_quick_clock)
        EMULATORS[id(platform)] = emulator
        yield platform


def _quick_clock() -> float:
    """Makes platforms forget earlier what they saw."""
    return time.monotonic() * 10


_DEPLOYERS: Final = {"local": _local, "cloudrun": _cloud_run, "codeengine": _code_engine}
EMULATORS: Final[dict[int, Any]] = {}
"""By the `id` of the platform that uses it."""


def make_trigger(
    at: Place,
    platform: Platform,
    pipelines: Mapping[str, Pipeline],
    *,
    fuses: Fuses = never_fuses,
    **options: Any,
) -> Trigger:
    """A trigger that is advanced by the store's events and the local platform's ends."""
    trigger = Trigger(at.store, platform, pipelines, fuses=fuses, **options)
    if isinstance(platform, LocalPlatform):
        platform.on_end = trigger.advance
    return trigger


@dataclass(kw_only=True)
class Mail:
    """Delivers events of written records to a trigger: late, and optionally lost or doubled."""

    trigger: Trigger
    lost_or_doubled: float = 0.0
    """The share of faulty events: half of them are lost, half doubled."""
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    brought: int = 0
    spoilt: int = 0

    def __call__(self, key: str) -> None:
        creation_id, _, name = key.partition("/stages/")
        if not name:
            return
        times = 1
        if self.chance.random() < self.lost_or_doubled:
            self.spoilt += 1
            times = self.chance.choice((0, 2))
        for _ in range(times):
            self.brought += 1
            threading.Thread(target=self._advance, args=(creation_id,), daemon=True).start()

    def _advance(self, creation_id: str) -> None:
        try:
            self.trigger.advance(creation_id)
        except ReelwrightError:  # the sender would repeat it; here the sweep makes up for it
            self.spoilt += 1


def until_ended(trigger: Trigger, *, every_s: float = 0.25) -> None:
    """Sweep, as a scheduler does, until no run is under way."""
    until(lambda: not trigger.sweep().advanced, every_s=every_s)

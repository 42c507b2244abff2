"""What the status endpoint says: pending, completed or failed, as the seed's table has it, on each cloud."""

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from jobs.catalogue import pipelines
from shared.api.app import create_app
from shared.api.guard.serve import make_server, open_socket, url_of
from shared.runs.launch import Fuses, always_fuses, never_fuses
from shared.settings import Settings
from tests.emulators.code_engine import CodeEngine
from tests.support.clouds import EMULATORS, Entry, Place, deployed, entrypoint, make_trigger, place
from tests.support.patience import until
from tests.support.shards import in_turn
from tests.support.stories import ID, data, names, put, put_story
from tests.support.toys import ROOT

STORES = {"cloudrun": "gs", "codeengine": "cos"}
SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]
FAILS = [sys.executable, "-c", "raise SystemExit(3)"]


class Deployment:
    """The story on a cloud, seen through its HTTP API."""

    def __init__(self, client: httpx.Client, at: Place, trigger: Any, emulator: Any) -> None:
        self._client = client
        self.store = at.store
        self.trigger = trigger
        self.emulator = emulator

    def start(self) -> str:
        return str(self._client.post("/generate_video").json()["status"])

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self._client.get("/generate_video_status").json()
        return found

    def ended(self) -> dict[str, Any]:
        """The status when it is no longer pending; a scheduler sweeps meanwhile."""
        until(lambda: self.trigger.sweep() and self.status()["status"] != "pending", every_s=0.25)
        return self.status()


def cancel(cloud: Deployment) -> None:
    assert cloud._client.post("/generate_video/cancel").status_code == 202


def cancel_in_the_console(cloud: Deployment) -> None:
    """A person cancels the execution, and doesn't tell us."""
    if isinstance(cloud.emulator, CodeEngine):
        next(iter(cloud.emulator.runs.values())).delete()
    else:
        cloud.emulator.executions[0].cancel(grace_s=0.1)


def run_out_of_memory(cloud: Deployment) -> None:
    """Every container will want more than it has."""
    if isinstance(cloud.emulator, CodeEngine):
        cloud.emulator.strike("oom")
    else:
        threading.Thread(target=_kill_for_memory, args=(cloud.emulator,)).start()


def _kill_for_memory(emulator: Any) -> None:
    until(lambda: bool(emulator.executions and emulator.executions[0].attempts[0].process))
    emulator.executions[0].kill(0, message="The configured memory limit was reached.")


def lose_the_image(cloud: Deployment) -> None:
    """Nobody can pull it any more."""
    if isinstance(cloud.emulator, CodeEngine):
        cloud.emulator.strike("image_pull")
    else:
        cloud.emulator._machine.entrypoint.gone = True


class Image:
    """One command for all images, as long as they can be pulled."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = command
        self.gone = False

    def __call__(self, image: str) -> Sequence[str]:
        if self.gone:
            raise LookupError(image)
        return self.command


@contextmanager
def served(
    kind: str,
    folder: Path,
    entry: Entry,
    *,
    fuses: Fuses = never_fuses,
    stale_after_s: float = 0.2,
    **limits: Any,
) -> Iterator[Deployment]:
    story = pipelines()["story"]
    stages = {name: stage.model_copy(update=limits) for name, stage in story.stages.items()}
    known = {"story": story.model_copy(update={"stages": stages})}
    with place(STORES[kind], folder) as at, deployed(kind, at, known, entry=entry) as platform:
        put_story(at.store, [["A caption."]])
        trigger = make_trigger(at, platform, known, fuses=fuses, stale_after_s=stale_after_s)
        server = make_server(create_app(trigger, settings=Settings()))
        with open_socket("127.0.0.1", 0) as listener:
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                with httpx.Client(base_url=f"{url_of(listener)}/me/creation/{ID}", timeout=30) as client:
                    yield Deployment(client, at, trigger, EMULATORS[id(platform)])
            finally:
                server.should_exit = True
                thread.join()


@pytest.fixture(autouse=True)
def _repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("kind", in_turn([(kind,) for kind in STORES], kind=lambda _case: ""))
def test_a_run_is_pending_until_its_own_video_is_there(kind: str, tmp_path: Path) -> None:
    entry = entrypoint(pipelines())
    with served(kind, tmp_path, entry, fuses=always_fuses, stale_after_s=60) as cloud:
        assert cloud.status()["status"] == "pending"
        assert cloud.start() == "pending"
        assert "assets/video.mp4" not in names(cloud.store, "assets/")
        assert cloud.ended()["status"] == "completed"
        first = data(cloud.store, "assets/video.mp4")
        put(cloud.store, "1/1.txt", "Another caption.")
        assert cloud.start() == "pending"
        assert data(cloud.store, "assets/video.mp4") == first, "the old video is still there"
        assert cloud.ended()["status"] == "completed"
        assert data(cloud.store, "assets/video.mp4") != first


@dataclass(frozen=True, kw_only=True)
class Row:
    """A run that can't end well."""

    command: list[str]
    limits: dict[str, Any]
    before: Callable[[Deployment], None] | None = None
    amid: Callable[[Deployment], None] | None = None
    words: str
    """In the reason."""


ONCE: dict[str, Any] = {"command": SLEEPS, "limits": {"retries": 0}}
ROWS = {
    "exits": Row(command=FAILS, limits={"retries": 0}, words="exit code 3"),
    "exits twice": Row(command=FAILS, limits={"retries": 1}, words="exit code 3"),
    "time out": Row(command=SLEEPS, limits={"retries": 0, "time_limit_s": 1}, words="longer than"),
    "no image": Row(**ONCE, before=lose_the_image, words="image"),
    "memory": Row(**ONCE, before=run_out_of_memory, words="memory"),
    "cancelled": Row(**ONCE, amid=cancel, words="cancel"),
    "cancelled elsewhere": Row(**ONCE, amid=cancel_in_the_console, words="run it again to resume"),
}


@pytest.mark.parametrize(("row", "kind"), in_turn([(row, kind) for row in ROWS for kind in STORES]))
def test_a_run_that_can_not_end_well_is_failed_with_the_reason(row: str, kind: str, tmp_path: Path) -> None:
    """Each day on one of the clouds: half of the rows on this one, half on that."""
    command, limits, words = ROWS[row].command, ROWS[row].limits, ROWS[row].words
    before, amid = ROWS[row].before, ROWS[row].amid
    with served(kind, tmp_path, Image(command), **limits) as cloud:
        if before:
            before(cloud)
        assert cloud.start() == "pending" or before or command is FAILS
        if amid:
            amid(cloud)
        ended = cloud.ended()
        assert ended["status"] == "failed"
        assert words in ended["error"]
        assert cloud.status()["error"] == ended["error"], "also when the platform has forgotten it"

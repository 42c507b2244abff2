"""`PLATFORM=compose`: the whole of Reelwright on this machine, each task in a container of podman."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.catalogue import pipelines
from shared.platforms.compose import ComposePlatform
from shared.records.creation import Creation
from shared.records.documents import Record, load
from shared.runs.launch import always_fuses, never_fuses
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.file import FileStore
from tests.containers.compose import PROGRAM, ROOT, Compose
from tests.containers.podman import Podman
from tests.support.clouds import make_trigger, place, until_ended
from tests.support.patience import until
from tests.support.stories import ID, OUTPUTS, data, put_story, wav
from tests.test_conformance import PARTS, fanned_out, in_this_process, without_times

LARGE: dict[str, Any] = {"size": "1080x1920", "frame_rate": 60}


class Host:
    """This machine, with podman-compose to run jobs with."""

    def __init__(self, podman: Podman, compose: Compose, folder: Path) -> None:
        self.podman = podman
        self.environ = compose.environ
        self.file = folder / "compose.yaml"
        document = yaml.safe_load((ROOT / "infra/compose.yaml").read_text())
        for service in document["services"].values():
            service["network_mode"] = "host"  # where the stores' stand-ins listen
            service.pop("ports", None)
        self.file.write_text(yaml.safe_dump(document))

    @property
    def settings(self) -> Settings:
        return Settings(platform="compose", compose_command=(PROGRAM,), compose_file=str(self.file))

    @property
    def left(self) -> list[str]:
        """Containers of tasks, and volumes without a name."""
        containers = self.podman.call("ps", "--all", "--filter", "name=reelwright-", "--format", "{{.Names}}")
        volumes = self.podman.call("volume", "ls", "--quiet", "--filter", "dangling=true")
        return [*containers.stdout.split(), *(name for name in volumes.stdout.split() if len(name) == 64)]

    def command(self, store: FileStore, *arguments: str) -> "subprocess.Popen[str]":
        """`reelwright …`, with the compose file as it comes."""
        environ = {
            **self.environ, "PLATFORM": "compose", "COMPOSE_COMMAND": PROGRAM, "STORE_URL": store.url,
            "HEARTBEAT_S": "1",
        }  # fmt: skip
        return subprocess.Popen(
            [sys.executable, "-m", "scripts", *arguments],
            cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip


@pytest.fixture
def host(podman: Podman, compose: Compose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    host = Host(podman, compose, tmp_path)
    for name in set(host.environ) - set(os.environ):
        monkeypatch.setenv(name, host.environ[name])
    monkeypatch.chdir(ROOT)
    before = host.left
    yield host
    assert host.left == before


def record(store: FileStore, name: str) -> Record | None:
    return load(Creation(store, ID), f"stages/{name}.json", Record)[0]


def is_running(store: FileStore, name: str) -> bool:
    found = record(store, name)
    return found is not None and found.status == "running"


def error_of(store: FileStore, name: str) -> str:
    found = record(store, name)
    assert found
    assert found.error
    assert (found.status, found.final) == ("failed", True)
    return found.error.kind


@pytest.mark.parametrize("fused", [False, True], ids=["fanned out", "fused"])
@pytest.mark.parametrize("kind", ["file", "s3"])
def test_containers_make_the_same_film_as_processes_and_tell_the_same_of_it(
    host: Host, kind: str, fused: bool, tmp_path: Path
) -> None:
    lines: list[str] = []
    with place(kind, tmp_path) as at:
        put_story(at.store, PARTS, music=wav(1200))
        platform = ComposePlatform(at.store, host.settings, on_log=lines.append)
        trigger = make_trigger(at, platform, fanned_out(), fuses=always_fuses if fused else never_fuses)
        trigger.start("story", ID)
        until_ended(trigger)
        platform.wait()
        made = {name: data(at.store, name) for name in (*OUTPUTS, "manifest.json")}
    expected = in_this_process("fused" if fused else "fanned out")
    assert without_times(json.loads(made.pop("manifest.json"))) == expected["manifest"], "\n".join(lines)
    assert made == {name: expected[name] for name in OUTPUTS}


def test_the_command_makes_a_film_in_containers(host: Host, store: FileStore) -> None:
    put_story(store)
    with host.command(store, "run", "story", ID) as command:
        _, told = command.communicate(timeout=120)
    assert command.returncode == 0, told
    assert data(store, "assets/video.mp4")[4:8] == b"ftyp"


def test_ctrl_c_stops_the_containers_cleanly(host: Host, store: FileStore) -> None:
    put_story(store, PARTS * 3, **LARGE)
    with host.command(store, "run", "story", ID) as command:
        until(lambda: is_running(store, "render/0"))
        command.send_signal(signal.SIGINT)
        _, told = command.communicate(timeout=60)
    assert command.returncode == 1, told
    assert error_of(store, "render/0") == "Stopped"
    with host.command(store, "run", "story", ID) as command:
        until(lambda: is_running(store, "render/0"))
        command.send_signal(signal.SIGTERM)
        command.communicate(timeout=60)
    assert error_of(store, "render/0") == "Stopped"


def test_a_container_that_has_yet_to_start_is_stopped_too(host: Host, store: FileStore) -> None:
    put_story(store, PARTS * 3, **LARGE)
    platform = ComposePlatform(store, host.settings, on_log=lambda _line: None)
    trigger = Trigger(store, platform, pipelines())
    platform.on_end = trigger.advance
    trigger.start("story", ID)
    platform.stop()
    assert error_of(store, "narrate") == "Stopped"


@pytest.mark.parametrize(
    ("how", "kind"), [("cancelled", "Stopped"), ("too long", "TimeLimit"), ("compose killed", "Stopped")]
)
def test_no_container_outlives_its_attempt(host: Host, store: FileStore, how: str, kind: str) -> None:
    put_story(store, PARTS * 3, **LARGE)
    story = pipelines()["story"]
    limits = {"retries": 0, "time_limit_s": 4 if how == "too long" else 600}
    render = story.stages["render"].model_copy(update=limits)
    known = {"story": story.model_copy(update={"stages": {**story.stages, "render": render}})}
    platform = ComposePlatform(store, host.settings, on_log=lambda _line: None)
    trigger = Trigger(store, platform, known)
    platform.on_end = trigger.advance
    trigger.start("story", ID)
    until(lambda: is_running(store, "render/0"))
    if how == "cancelled":
        trigger.cancel(ID)
    elif how == "compose killed":
        os.kill(compose_of(host), signal.SIGKILL)
    until_ended(trigger)
    platform.wait()
    assert error_of(store, "render/0") == kind


def compose_of(host: Host) -> int:
    """The process of podman-compose that runs a job."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended in between
            words = (process / "cmdline").read_bytes().split(b"\0")
            if {PROGRAM.encode(), str(host.file).encode(), b"run"} <= set(words):
                return int(process.name)
    raise AssertionError("podman-compose does not run")

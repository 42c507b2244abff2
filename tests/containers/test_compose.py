"""The compose file, brought up by podman-compose."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.containers.podman import Podman
from tests.stories import picture

ROOT = Path(__file__).parent.parent.parent
TOKEN = "test-token"


@dataclass(frozen=True, kw_only=True)
class Compose:
    environ: dict[str, str]
    port: int

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = [str(Path(sys.executable).with_name("podman-compose")), "--profile", "jobs"]
        return subprocess.run(
            [*program, "-f", "infra/compose.yaml", *arguments],
            cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def http(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, {"Authorization": f"Bearer {TOKEN}"})
        answer = connection.getresponse()
        try:
            return answer.status, answer.read()
        finally:
            connection.close()


@pytest.fixture
def compose(podman: Podman) -> Iterator[Compose]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    project = f"reelwright-test-{os.getpid()}"
    environ = {**podman.environ, "COMPOSE_PROJECT_NAME": project, "PORT": str(port), "API_TOKEN": TOKEN}
    environ.pop("CREATIONS", None)
    compose = Compose(environ=environ, port=port)
    yield compose
    down = compose.call("down", "--volumes", "--timeout", "5")
    assert down.returncode == 0, down.stderr


def wait_until_up(compose: Compose) -> None:
    for _ in range(300):
        with suppress(OSError):  # it doesn't listen yet
            if compose.http("GET", "/healthz")[0] == 200:
                return
        time.sleep(0.1)
    pytest.fail("the trigger did not answer within 30 s")


def status_of(compose: Compose, creation: str) -> str:
    for _ in range(600):
        status: str = json.loads(compose.http("GET", f"{creation}/generate_video_status")[1])["status"]
        if status != "pending":
            return status
        time.sleep(0.1)
    return "pending"


def test_a_film_is_made_over_http_and_jobs_share_its_volume(compose: Compose) -> None:
    up = compose.call("up", "--detach", "trigger")
    assert up.returncode == 0, up.stderr
    wait_until_up(compose)
    creation = "/me/creation/tale"
    assets = {
        "1/image.png": picture(1),
        "1/1.txt": b"One morning the sea was calm.",
        "story.json": b'{"size": "160x284", "frame_rate": 12}',
    }
    for name, data in assets.items():
        status, body = compose.http("PUT", f"{creation}/assets/{name}", data)
        assert status in (200, 201, 204), body
    assert compose.http("POST", f"{creation}/generate_video")[0] == 202
    assert status_of(compose, creation) == "completed"
    assert compose.http("GET", f"{creation}/assets/video.mp4")[1][4:8] == b"ftyp"

    done = compose.call("run", "--rm", "-T", "story-assemble", "tale")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["video"] == "assets/video.mp4"


def test_a_job_hands_its_exit_code_through(compose: Compose) -> None:
    assert compose.call("run", "--rm", "-T", "story-narrate", "nothing").returncode == 2

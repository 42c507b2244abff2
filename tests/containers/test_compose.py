"""The compose file, brought up by podman-compose."""

import json
import time
from contextlib import suppress

import pytest

from tests.containers.compose import Compose
from tests.support.stories import picture

JOBS = ("--profile", "jobs")


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
    up = compose.call("up", "--detach")
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

    done = compose.call(*JOBS, "run", "--rm", "-T", "story-assemble", "tale")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["video"] == "assets/video.mp4"


def test_a_job_hands_its_exit_code_through(compose: Compose) -> None:
    assert compose.call(*JOBS, "run", "--rm", "-T", "story-narrate", "nothing").returncode == 2

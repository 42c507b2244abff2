"""Launches on the stand-in for Cloud Run, whose images are shell scripts and the toys' stages."""

import sys
from typing import Any

from cloudrun.platform import CloudRunPlatform, connect
from shared.pipelines.definition import JobDefinition
from shared.platforms import LaunchOrder
from tests.emulators.cloud_run import LOCATION, CloudRunEmulator

SCRIPTS = {
    "note": 'echo "$@" > "$NOTES/args"; env > "$NOTES/env"',
    "done": "exit 0",
    "exit": 'exit "$1"',
    "fail second task": '[ "$CLOUD_RUN_TASK_INDEX" != 1 ] || exit 3',
    "wait": 'touch "$NOTES/here"; exec sleep 60',
}


class Clock:
    """Time passes only when someone sleeps."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, pause_s: float) -> None:
        self.now_s += pause_s


def image(name: str) -> list[str]:
    if name.startswith("toys-"):
        return [sys.executable, "-m", "tests.support.toys", name.removeprefix("toys-")]
    return ["sh", "-c", SCRIPTS[name], "sh"]


def platform_at(emulator: CloudRunEmulator, clock: Clock) -> CloudRunPlatform:
    return CloudRunPlatform(
        connect(emulator.address), location=LOCATION, job_prefix="reelwright", sleep=clock.sleep, clock=clock
    )


def order(
    job: str = "loud-shout", *, token: str = "secret", creation_id: str = "toy", **more: Any
) -> LaunchOrder:
    facts: dict[str, Any] = {"tasks": 1, "definition": JobDefinition(), "pipeline": "loud", "stage": "shout"}
    return LaunchOrder(**facts | {"job": job, "creation_id": creation_id, "run": 1, "token": token} | more)


def deploy(emulator: CloudRunEmulator, image_name: str, job: str = "loud-shout", **facts: Any) -> str:
    return emulator.deploy(f"reelwright-{job}", image_name, **facts)


def launch_to_its_end(
    emulator: CloudRunEmulator, platform: CloudRunPlatform, image_name: str, **more: Any
) -> str:
    deploy(emulator, image_name)
    execution = platform.launch(order(**more))
    emulator.wait()
    return execution

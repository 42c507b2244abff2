"""The stand-in for Cloud Run, and the platform that talks to it without waiting."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudrun.platform import CloudRunPlatform
from tests.cloudrun.launches import Clock, image, platform_at
from tests.emulators.cloud_run import CloudRunEmulator


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


@pytest.fixture
def emulator(notes: Path) -> Iterator[CloudRunEmulator]:
    with CloudRunEmulator(image, environ={"NOTES": str(notes)}, grace_s=0.2) as running:
        yield running


@pytest.fixture
def platform(emulator: CloudRunEmulator, clock: Clock) -> CloudRunPlatform:
    return platform_at(emulator, clock)

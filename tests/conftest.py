"""What every test gets: a scrubbed environment in which espeak speaks, no fonts of the machine's own, and a
failure when something logs an ERROR unasked."""

import gc
import http.client
import logging
import os
import subprocess
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing
from functools import partial
from gc import freeze

import pytest

from shared import settings
from shared.logs import LOGGER
from shared.platforms import task
from tests.support import haste
from tests.support.faces import hide_noto, use_fonts
from tests.support.forks import Warm, forking
from tests.support.shards import shard_of_the_day
from tests.support.shared import made_for

_SCRUBBED = frozenset(
    {
        *(*settings.VARIABLES, *settings.CLOUDS, *task.VARIABLES),
        *("GOOGLE_APPLICATION_CREDENTIALS", "STORAGE_EMULATOR_HOST", "XDG_DATA_HOME", "COLUMNS"),
    }
)
_SCRUBBED_PREFIXES = ("AWS_", "COMPOSE_")
"""What boto3 and compose read themselves."""


def pytest_configure() -> None:
    """All processes of a run are of one mind about the day."""
    os.environ["SHARD"] = shard_of_the_day()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """The half million objects of all tests live as long as the run: they are never scanned for garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        freeze()
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores: many tests wait for processes, timers or each other."""
    return (os.cpu_count() or 1) + 1


def pytest_report_header() -> str:
    return f"part of the exhaustive tests: SHARD={shard_of_the_day()}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each reason why tests were skipped, however many they are."""
    skipped = terminalreporter.stats.get("skipped", ())
    for reason, count in Counter(report.longrepr[2] for report in skipped).items():
        terminalreporter.write_line(f"{count} x {reason}")


@pytest.fixture(autouse=True)
def _scrubbed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name in _SCRUBBED or name.startswith(_SCRUBBED_PREFIXES):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SPEECH_PROVIDER", "espeak")  # the neural voice has tests of its own


@pytest.fixture(autouse=True)
def _no_system_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see the same fonts everywhere; those that need others make them with `tests/support/faces.py`."""
    use_fonts(monkeypatch)


@pytest.fixture
def no_noto(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the packages of Noto fonts: few scripts can be drawn."""
    hide_noto(monkeypatch)


@pytest.fixture(autouse=True, scope="session")
def _in_haste(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is loaded or looked at twice, and nobody waits for the disk: no test cuts the power."""
    with pytest.MonkeyPatch.context() as patch:
        for once in haste.IN_EACH_PROCESS:
            once(patch.setattr)
        for once_for_all in haste.FOR_ALL_PROCESSES:
            once_for_all(patch.setattr, partial(made_for, tmp_path_factory))
        patch.setattr(os, "fsync", lambda _file: None)
        with closing(Warm("toys")) as toys, closing(Warm("programs")) as programs:
            patch.setattr(subprocess, "Popen", forking(toys, programs))
            yield


@pytest.fixture(autouse=True, scope="module")
def _frozen_anew(_in_haste: None) -> Iterator[None]:
    """What a module's tests imported lives as long as the run, too."""
    yield
    gc.collect()
    freeze()


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record.getMessage())


@pytest.fixture(autouse=True)
def _no_traces_of_http() -> Iterator[None]:
    """A test that leaves them on makes all later ones slow."""
    yield
    assert http.client.HTTPConnection.debuglevel == 0


@pytest.fixture(autouse=True)
def _no_unasked_errors(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that expect an ERROR line say so with `@pytest.mark.logs_errors`."""
    errors = _Errors()
    LOGGER.handlers[:] = [errors]
    LOGGER.setLevel(logging.DEBUG)
    LOGGER.propagate = True
    yield
    LOGGER.removeHandler(errors)
    if errors.seen and "logs_errors" not in request.keywords:
        pytest.fail(f"logged as ERROR: {errors.seen}")

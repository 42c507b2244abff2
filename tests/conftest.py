"""What every test gets: a scrubbed environment in which espeak speaks, no fonts of the machine's own, and a
failure when something logs an ERROR unasked."""

import logging
import os
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest

from shared.logs import LOGGER
from shared.text import guessing
from tests.support.faces import use_fonts

_SCRUBBED = (
    "ENV",
    "PLATFORM",
    "STORE_URL",
    "API_TOKEN",
    "TEXT_PROVIDER",
    "IMAGE_PROVIDER",
    "VOICES_DIR",
    "XDG_DATA_HOME",
    "DATABASE_URL",
    "REDIS_URL",
    "LOG_LEVEL",
    "LOG_FORMAT",
    "LOG_FILE",
    "CORES",
    "COLUMNS",
    "FUSED",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "STORAGE_EMULATOR_HOST",
    "CODE_ENGINE_URL",
    "K_SERVICE",
)
_SCRUBBED_PREFIXES = (
    *("TASK_", "CLOUD_RUN_", "CE_", "JOB_", "REELWRIGHT_", "HEARTBEAT_", "STALE_", "EVENTS_", "COMPOSE_"),
    *("AWS_", "COS_", "IBM", "ANTHROPIC_", "CLAUDE_", "ELEVENLABS_", "REPLICATE_"),
    *("VIDEO_", "PREDICTION_", "WEBHOOK_"),
)


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
    monkeypatch.setenv(
        "SPEECH_PROVIDER", "espeak"
    )  # the neural voice has tests of its own, and takes its time


@pytest.fixture(autouse=True)
def _no_system_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see the same fonts everywhere; those that need others make them with `tests/support/faces.py`."""
    use_fonts(monkeypatch)


@pytest.fixture(autouse=True, scope="session")
def _one_language_model() -> Iterator[None]:
    """Loaded once in all the tests of a process, not once a story."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guessing, "load_model", cache(guessing.load_model))
        yield


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record.getMessage())


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

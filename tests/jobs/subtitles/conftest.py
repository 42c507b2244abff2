"""Speech whose words and speakers are known, spoken once for all tests."""

import pytest

from tests.jobs.subtitles.voices.known import Known, spoken_once


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """Three people in turn, clean. Tests must not change it."""
    return spoken_once(tmp_path_factory)

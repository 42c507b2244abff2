"""Speech whose words and speakers are known, spoken once for all tests."""

import pytest

from tests.jobs.subtitles.voices.known import Known, speak


@pytest.fixture(scope="session")
def known() -> Known:
    """Three people in turn, clean. Tests must not change it."""
    return speak()

"""Speech whose words and speakers are known."""

import pytest

from tests.jobs.subtitles.voices.known import Known, recorded


@pytest.fixture(scope="session")
def known() -> Known:
    """Three people in turn, clean. Tests must not change it."""
    return recorded()

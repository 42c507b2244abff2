"""Text to speech.

To add a voice provider:
1. write `shared/providers/speech/<name>.py` with a class that has `SpeechProvider`'s methods; a voice that
   reads figures badly speaks `read_aloud(text, …).said`, and `as_written` gives the times back to the text,
2. add its name to the dict in `speech_provider`,
3. add it to the `provider` fixture of `tests/shared/providers/speech/test_espeak.py`.
"""

from collections.abc import Callable, Mapping

from shared.providers.account import Account
from shared.providers.choice import chosen, opened
from shared.providers.speech.provider import Speech, SpeechProvider, SpokenWord, Voice, as_written, say
from shared.settings import Settings

__all__ = [
    "Speech",
    "SpeechProvider",
    "SpokenWord",
    "Voice",
    "as_written",
    "say",
    "speech_provider",
    "speech_provider_name",
]


def speech_provider(settings: Settings, account: Account) -> SpeechProvider:
    """The voice that the settings name."""

    def elevenlabs() -> SpeechProvider:
        from shared.providers.speech.elevenlabs import ElevenLabsProvider

        return ElevenLabsProvider(settings, account)

    def espeak() -> SpeechProvider:
        from shared.providers.speech.espeak import EspeakProvider

        return EspeakProvider()

    providers: Mapping[str, Callable[[], SpeechProvider]] = {"elevenlabs": elevenlabs, "espeak": espeak}
    return opened("SPEECH_PROVIDER", speech_provider_name(settings), providers)


def speech_provider_name(settings: Settings) -> str:
    return chosen(
        settings.speech_provider, paid="elevenlabs", key=settings.elevenlabs_api_key, embedded="espeak"
    )

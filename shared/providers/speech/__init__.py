"""Text to speech.

To add a voice provider:
1. write `shared/providers/speech/<name>.py` with a class that has `SpeechProvider`'s methods,
2. add its name to the dict in `speech_provider`,
3. add it to the `provider` fixture of `tests/shared/providers/speech/test_espeak.py`.
"""

from collections.abc import Callable, Mapping

from shared.machine.process import usable_cores
from shared.providers.account import Account
from shared.providers.choice import chosen, opened
from shared.providers.speech.kokoro.model import missing_packages
from shared.providers.speech.kokoro.vectors import voices_folder
from shared.providers.speech.provider import Speech, SpeechProvider, SpokenWord, Voice, say
from shared.settings import AUTO, Settings

__all__ = [
    "Speech",
    "SpeechProvider",
    "SpokenWord",
    "Voice",
    "say",
    "speech_provider",
    "speech_provider_name",
    "voice_doubts",
    "voices_folder",
]


def speech_provider(settings: Settings, account: Account) -> SpeechProvider:
    """The voice that the settings name."""

    def elevenlabs() -> SpeechProvider:
        from shared.providers.speech.elevenlabs import ElevenLabsProvider

        return ElevenLabsProvider(settings, account)

    def espeak() -> SpeechProvider:
        from shared.providers.speech.espeak import EspeakProvider

        return EspeakProvider()

    def kokoro() -> SpeechProvider:
        from shared.providers.speech.kokoro.provider import KokoroProvider

        return KokoroProvider(voices_folder(settings.voices_dir), cores=settings.cores or usable_cores())

    providers: Mapping[str, Callable[[], SpeechProvider]] = {
        "elevenlabs": elevenlabs,
        "espeak": espeak,
        "kokoro": kokoro,
    }
    return opened("SPEECH_PROVIDER", speech_provider_name(settings), providers)


def speech_provider_name(settings: Settings) -> str:
    embedded = "espeak" if missing_packages() else "kokoro"
    return chosen(
        settings.speech_provider, paid="elevenlabs", key=settings.elevenlabs_api_key, embedded=embedded
    )


def voice_doubts(settings: Settings) -> list[str]:
    """What the asker should know of who was chosen to speak."""
    if settings.speech_provider != AUTO or speech_provider_name(settings) != "espeak":
        return []
    return [
        f"espeak speaks, since the neural voice lacks {', '.join(missing_packages())}: "
        "pip install 'reelwright[voice]', or set SPEECH_PROVIDER=espeak"
    ]

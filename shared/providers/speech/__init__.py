"""Text to speech.

To add a voice provider:
1. write `shared/providers/speech/<name>.py` with a class that has `SpeechProvider`'s methods; a voice that
   reads figures badly speaks `read_aloud(text, …).said`, and `as_written` gives the times back to the text,
2. add it to `SPEECH`, and its key, if it has one, to `shared/settings.py`,
3. give the `provider` fixture of `tests/shared/providers/speech/test_espeak.py` what opens it.
"""

from dataclasses import replace
from typing import Final

from shared.machine.process import usable_cores
from shared.providers.account import Account
from shared.providers.choice import Choice, Provider
from shared.providers.speech.known import check_voice
from shared.providers.speech.kokoro.model import missing_packages
from shared.providers.speech.kokoro.vectors import voices_folder
from shared.providers.speech.provider import (
    Speech,
    SpeechProvider,
    SpokenWord,
    Voice,
    as_wav,
    as_written,
    say,
    spoken_by,
)
from shared.settings import AUTO, Settings

__all__ = [
    "SPEECH",
    "Speech",
    "SpeechProvider",
    "SpokenWord",
    "Voice",
    "add_voice",
    "addable",
    "as_wav",
    "as_written",
    "check_voice",
    "say",
    "speech_provider",
    "speech_provider_name",
    "spoken_by",
    "unpaid",
    "voice_doubts",
    "voices_folder",
]


def _elevenlabs(settings: Settings, account: Account) -> SpeechProvider:
    from shared.providers.speech.elevenlabs import ElevenLabsProvider

    return ElevenLabsProvider(settings, account)


def _kokoro(settings: Settings, _account: Account) -> SpeechProvider:
    from shared.providers.speech.kokoro.provider import KokoroProvider

    return KokoroProvider(voices_folder(settings.voices_dir), cores=settings.cores or usable_cores())


def _espeak(_settings: Settings, _account: Account) -> SpeechProvider:
    from shared.providers.speech.espeak import EspeakProvider

    return EspeakProvider()


SPEECH: Final = Choice(
    setting="speech_provider",
    providers={
        "elevenlabs": Provider(open=_elevenlabs, key="elevenlabs_api_key"),
        "kokoro": Provider(open=_kokoro, missing=missing_packages),
        "espeak": Provider(open=_espeak),
    },
)


def speech_provider(settings: Settings, account: Account) -> SpeechProvider:
    """The voice that the settings name."""
    return SPEECH.open(settings, account)


def speech_provider_name(settings: Settings) -> str:
    return SPEECH.name(settings)


def unpaid(settings: Settings) -> Settings:
    """For pipelines whose films cost no money because a key is set for others: a paid voice must be named."""
    return replace(settings, elevenlabs_api_key=None) if settings.speech_provider == AUTO else settings


def addable(settings: Settings) -> list[Voice]:
    """The neural voices that can be added on this machine, by language."""
    if speech_provider_name(settings) != "kokoro":
        return []
    from shared.providers.speech.kokoro.adding import addable as not_here

    return not_here(voices_folder(settings.voices_dir))


def add_voice(settings: Settings, name: str) -> None:
    """Fetch a neural voice and keep it; one that is here already is left alone. Raises what `add` of
    `kokoro/adding.py` does."""
    from shared.providers.speech.kokoro.adding import add
    from shared.providers.speech.kokoro.vectors import Vectors

    folder = voices_folder(settings.voices_dir)
    if name not in Vectors(folder).added():
        add(name, folder, home=settings.voices_url)


def voice_doubts(settings: Settings) -> list[str]:
    """Warnings about which provider `auto` has chosen."""
    if settings.speech_provider != AUTO or speech_provider_name(settings) != "espeak":
        return []
    missing = ", ".join(missing_packages())
    return [
        f"espeak speaks, since the neural voice lacks the packages {missing}: "
        "pip install 'reelwright[voice]', or set SPEECH_PROVIDER=espeak"
    ]

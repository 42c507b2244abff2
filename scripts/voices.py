"""`reelwright voices`: lists the voices, lets you hear one, and adds more."""

import sys
import wave
from pathlib import Path
from typing import Final

from scripts.report import print_table
from shared.errors import BadRequest
from shared.providers.account import Account
from shared.providers.speech import (
    SpeechProvider,
    check_voice,
    say,
    speech_provider,
    voice_doubts,
    voices_folder,
)
from shared.providers.speech.kokoro.adding import add, languages, names_of
from shared.settings import Settings

_UNSAID: Final = "speech.wav"
"""The file that `--say` writes where none is named."""


def list_voices(settings: Settings, language: str | None) -> None:
    provider = _provider(settings)
    wanted = _primary(language) if language else None
    rows = [
        (voice.name, voice.language, voice.description)
        for voice in provider.voices()
        if wanted in (None, _primary(voice.language))
    ]
    print_table(("voice", "language", "description"), rows, folded=("voice", "description"))
    if provider.name == "kokoro":
        sys.stderr.write("More: reelwright voices add --all en (or af_heart, ff_siwis, ...)\n")


def say_sample(
    settings: Settings, text: str, *, language: str | None, voice: str | None, to: Path | None
) -> Path:
    """Speak a text to a WAV file; raises `BadRequest` where it can't be written, and for an unknown voice."""
    provider = _provider(settings)
    if provider.name == "kokoro":
        check_voice(settings, voice)
    path = to or Path(_UNSAID)
    speech = say(provider, text, language=language or _language_of(provider, voice), voice=voice, rate=1.0)
    try:
        with path.open("wb") as raw, wave.open(raw) as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(speech.sample_rate_hz)
            file.writeframes(speech.pcm)
    except OSError as error:
        raise BadRequest(
            f"{path} can't be written ({error.strerror}): name another file with --to"
        ) from error
    if speech.warning:
        sys.stderr.write(f"{speech.warning}\n")
    return path


def add_voices(settings: Settings, names: list[str], *, language: str | None, source: Path | None) -> None:
    """Fetch voices, or take them from disk, and say where they are."""
    wanted = [*names, *(names_of(language) if language else ())]
    if not wanted:
        raise BadRequest(f"say which: names, or --all with en or one of {', '.join(languages())}")
    folder = voices_folder(settings.voices_dir)
    for name in dict.fromkeys(wanted):
        sys.stdout.write(f"{add(name, folder, source=source, home=settings.voices_url)}\n")


def _provider(settings: Settings) -> SpeechProvider:
    """That of the settings; says if it is not the neural one for lack of packages."""
    for doubt in voice_doubts(settings):
        sys.stderr.write(f"{doubt}\n")
    return speech_provider(settings, Account.closed())


def _language_of(provider: SpeechProvider, voice: str | None) -> str:
    """The language of a voice that speaks only one, else English."""
    found = {each.language for each in provider.voices() if each.name == voice} - {"mul"}
    return found.pop() if len(found) == 1 else "en"


def _primary(language: str) -> str:
    return language.lower().replace("_", "-").split("-")[0]

"""`reelwright voices`: lists the voices, lets you hear one, and adds more."""

import sys
from pathlib import Path
from typing import Final

from scripts.report import print_table
from shared.errors import BadRequest
from shared.providers.account import Account
from shared.providers.speech import (
    SpeechProvider,
    as_wav,
    check_voice,
    say,
    speech_provider,
    spoken_by,
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
    speech = say(provider, text, language=language or spoken_by(provider, voice), voice=voice, rate=1.0)
    try:
        path.write_bytes(as_wav(speech))
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


def _primary(language: str) -> str:
    return language.lower().replace("_", "-").split("-")[0]

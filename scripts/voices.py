"""`reelwright voices`: lists the voices, lets you hear one, and adds more."""

import sys
from pathlib import Path
from typing import Final

from scripts.report import print_table
from shared.errors import BadRequest
from shared.providers.account import Account
from shared.providers.speech import SpeechProvider, as_wav, say, speech_provider, spoken_by, voices_folder
from shared.providers.speech.kokoro.adding import add, names_of
from shared.providers.speech.kokoro.pinned import LANGUAGES
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
    """Speak a text to a WAV file; raises `BadRequest` where that can't be written."""
    provider = _provider(settings)
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
        raise BadRequest(
            f"say which: names, or --all with one of {', '.join(sorted(set(LANGUAGES.values())))}"
        )
    folder = voices_folder(settings.voices_dir)
    for name in dict.fromkeys(wanted):
        sys.stdout.write(f"{add(name, folder, source=source, home=settings.voices_url)}\n")


def _provider(settings: Settings) -> SpeechProvider:
    return speech_provider(settings, Account.closed())


def _primary(language: str) -> str:
    return language.lower().replace("_", "-").split("-")[0]

"""`reelwright voices`: lists the voices."""

from scripts.report import print_table
from shared.providers.account import Account
from shared.providers.speech import speech_provider
from shared.settings import Settings


def list_voices(settings: Settings, language: str | None) -> None:
    known = speech_provider(settings, Account.closed()).voices()
    wanted = language.lower().replace("_", "-").split("-")[0] if language else None
    rows = [
        (voice.name, voice.language, voice.description)
        for voice in known
        if wanted in (None, voice.language.lower().split("-")[0])
    ]
    print_table(("voice", "language", "description"), rows, folded=("voice", "description"))

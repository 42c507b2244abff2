"""`reelwright voices`: who can speak."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.providers.account import Account
from shared.providers.speech import speech_provider
from shared.settings import Settings
from shared.storage.memory import MemoryStore


def list_voices(settings: Settings, language: str | None) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("voice", "language", "description"):
        table.add_column(column)
    for voice in speech_provider(settings, Account(MemoryStore())).voices():
        if language is None or voice.language.lower().split("-")[0] == language.lower().split("-")[0]:
            table.add_row(*map(Text, (voice.name, voice.language, voice.description)))
    Console().print(table)

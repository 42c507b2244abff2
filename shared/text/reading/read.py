"""From a text as it is written to the text that a voice speaks."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from shared.text.language import words_of
from shared.text.markup import Marked, spoken_text
from shared.text.reading import addresses, dates, numerals, quantities, signs
from shared.text.reading.pieces import Piece, Reading
from shared.text.reading.rules import SETTLED, Rule
from shared.text.reading.tongue import Tongue, tongue_for

_REVISION: Final = 2
"""Raise it with every change of the spoken text."""


def reading_version() -> str:
    """Changes whenever the same text may be read otherwise: for the versions of voices.

    Raises `PackageNotFoundError` where num2words is missing.
    """
    return f"{numerals.counted_by()}-r{_REVISION}"


def read_aloud(text: str, language: str, *, has_marks: bool = True) -> Reading:
    """How a person would read `text` aloud: no marks of Markdown or HTML, no emoji, figures and short forms
    as words where the language (BCP 47) has a table, and as they are written where it has none.

    A voice's `speak` gets its text without marks: characters there that look like marks are meant
    (`has_marks=False`).
    """
    marked = spoken_text(text) if has_marks else Marked(text=text, places=tuple(range(len(text))))
    marked = replace(marked, text=signs.narrow(marked.text))
    changes = _changes(marked.text, language)
    return _reading(text, marked, changes)


@dataclass(frozen=True, kw_only=True)
class _Change:
    """A part of a text, and its spoken form."""

    start: int
    end: int
    said: str


@cache
def _rules(language: str) -> tuple[tuple[Rule, ...], Tongue | None]:
    tongue = tongue_for(language)
    if tongue is None:
        return (*signs.silent_rules(), *signs.everywhere_rules()), None
    found = [
        *signs.silent_rules(),
        *addresses.rules(tongue),
        *signs.everywhere_rules(),
        *dates.rules(tongue),
        *addresses.number_rules(tongue),
        *signs.figure_rules(tongue),
        *quantities.rules(tongue),
        *signs.word_rules(tongue),
    ]
    return tuple(found), tongue


def _changes(text: str, language: str) -> list[_Change]:
    rules, tongue = _rules(language)
    changes: list[_Change] = []
    left = text
    for rule in rules:
        left = _applied(rule, left, changes)
    if tongue:
        left = _applied(signs.range_rule(tongue, text), left, changes)
    return sorted(changes, key=lambda change: change.start)


def _applied(rule: Rule, text: str, changes: list[_Change]) -> str:
    """Apply the rule; returns the text that is left for later rules."""

    def settle(found: re.Match[str]) -> str:
        said = rule.read(found)
        if said is None:
            return found[0]
        changes.extend(_by_word(found, said))
        return SETTLED * len(found[0])

    return rule.pattern.sub(settle, text)


def _by_word(found: re.Match[str], said: Sequence[str]) -> Iterator[_Change]:
    """A change for each word if the numbers of spoken and written words agree, else one for all."""
    at = found.start()
    words = [(at + word.start(), at + word.end()) for word in re.finditer(r"\S+", found[0])]
    if len(words) == len(said):
        for (start, end), part in zip(words, said, strict=True):
            yield _Change(start=start, end=end, said=part)
    else:
        start, end = (words[0][0], words[-1][1]) if words else found.span()
        yield _Change(start=start, end=end, said=" ".join(said))


def _reading(text: str, marked: Marked, changes: Sequence[_Change]) -> Reading:
    said, places = _carried_out(marked.text, changes)
    words = [
        _Word(
            written=(start, end),
            first=bisect_left(marked.places, start),
            after=bisect_left(marked.places, end),
        )
        for start, end in words_of(text)
    ]
    pieces = [
        Piece(
            words=tuple(word.written for word in group),
            start=places[group[0].first],
            end=places[group[-1].after],
        )
        for group in _read_together(words, changes)
    ]
    return Reading(written=text, said=said, pieces=tuple(pieces))


@dataclass(frozen=True, kw_only=True)
class _Word:
    """A word of the written text, and where it is in the text without marks."""

    written: tuple[int, int]
    first: int
    after: int


def _carried_out(text: str, changes: Sequence[_Change]) -> tuple[str, list[int]]:
    """The spoken text, and where in it each place of `text` is; places inside of a change are at its end."""
    parts: list[str] = []
    places: list[int] = []
    done = length = 0
    for change in changes:
        kept = text[done : change.start]
        begins = length + len(kept)
        places += range(length, begins + 1)
        length = begins + len(change.said)
        places += [length] * (change.end - change.start - 1)
        parts += kept, change.said
        done = change.end
    places += range(length, length + len(text) - done + 1)
    return "".join([*parts, text[done:]]), places


def _read_together(words: Sequence[_Word], changes: Sequence[_Change]) -> Iterator[list[_Word]]:
    """Single words, but those that one change covers together."""
    group: list[_Word] = []
    until = at = 0
    for word in words:
        if group and word.first >= until:
            yield group
            group = []
        group.append(word)
        while at < len(changes) and changes[at].start < word.after:
            until = changes[at].end
            at += 1
    if group:
        yield group

"""Which spoken words belong to which written words, and when the written words are spoken."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple


class Timed(NamedTuple):
    """A part of a text and when it is spoken."""

    start: int
    """Index of its first character."""
    end: int
    """Index after its last character."""
    start_ms: int
    end_ms: int


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Words that are read together, and their spoken form."""

    words: tuple[tuple[int, int], ...]
    """Places of one or more words in the text as it is written."""
    start: int
    """Place in the spoken text; only space there means that the words are not spoken."""
    end: int


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A text and how it is read aloud."""

    written: str
    said: str
    pieces: tuple[Piece, ...]
    """In order; every word of `written` is in one of them."""


@dataclass(kw_only=True)
class _Group:
    """Words that share a time."""

    words: list[tuple[tuple[int, int], int]]
    """Each with its weight."""
    start_ms: int
    end_ms: int


def times_as_written(reading: Reading, said: Sequence[Timed], duration_ms: int) -> list[Timed]:
    """When each word of the written text is spoken, from the times of the spoken words.

    Words that are read together share their time by length; a word that is not read gets a little of the time
    of the word before it, or of the next one if it is the first.
    """
    groups = list(_groups(reading, said))
    if reading.pieces and not groups:
        words = [word for piece in reading.pieces for word in _weighed(reading, piece, heard=True)]
        groups = [_Group(words=words, start_ms=0, end_ms=duration_ms)]
    return [timed for group in groups for timed in _shared_out(group)]


def _groups(reading: Reading, said: Sequence[Timed]) -> Iterator[_Group]:
    group: _Group | None = None
    silent: list[tuple[tuple[int, int], int]] = []
    at = 0
    for piece in reading.pieces:
        first = at
        while at < len(said) and said[at].start < piece.end:
            at += 1
        words = _weighed(reading, piece, heard=at > first)
        if at == first:
            (group.words if group else silent).extend(words)
            continue
        if group:
            yield group
        group = _Group(words=[*silent, *words], start_ms=said[first].start_ms, end_ms=said[at - 1].end_ms)
        silent = []
    if group:
        yield group


def _weighed(reading: Reading, piece: Piece, *, heard: bool) -> list[tuple[tuple[int, int], int]]:
    """A single word weighs as its spoken form, one of several as it is written, a silent one very little."""
    if not heard:
        return [(word, 1) for word in piece.words]
    if len(piece.words) == 1:
        return [(piece.words[0], _weight(reading.said[piece.start : piece.end]))]
    return [(word, _weight(reading.written[word[0] : word[1]])) for word in piece.words]


def _weight(word: str) -> int:
    """Letters take time, figures four times as much, marks hardly any."""
    return max(1, 2 * sum(map(str.isalnum, word)) + 6 * sum(map(str.isdigit, word)))


def _shared_out(group: _Group) -> Iterator[Timed]:
    lengths = [0, *accumulate(weight for _, weight in group.words)]
    took_ms = group.end_ms - group.start_ms
    edges = (group.start_ms + took_ms * length // lengths[-1] for length in lengths)
    for (word, _), (start_ms, end_ms) in zip(group.words, pairwise(edges), strict=True):
        yield Timed(*word, start_ms, end_ms)

"""A long text in pieces that the model takes at once, parted where a reader pauses."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from shared.providers.speech.kokoro.phonemes.symbols import SENTENCE_ENDS, Said

MOST_SYMBOLS: Final = 150
"""About ten seconds. The model takes 510, and memory grows with them."""
_PAUSES_MS: Final = {"sentence": 380, "clause": 180, "word": 0}
"""Between two pieces, by what the first one ends with."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What is spoken at once."""

    said: tuple[Said, ...]
    pause_ms: int
    """Of silence after it; the last one has none."""


def pieces_of(said: Sequence[Said]) -> list[Piece]:
    """Each as long as may be, and ending at a sentence's end if it holds one, else at a mark."""
    rest = [part for run in said for part in _short(run)]
    pieces: list[Piece] = []
    while rest:
        count = _ending(rest, _fitting(rest))
        piece, rest = rest[:count], rest[count:]
        pieces.append(Piece(said=tuple(piece), pause_ms=_PAUSES_MS[_end(piece[-1])] if rest else 0))
    return pieces


def _fitting(said: Sequence[Said]) -> int:
    """How many runs from the first on the model takes at once; at least one."""
    symbols = 0
    for count, run in enumerate(said):
        symbols += _length(run) + 1
        if symbols > MOST_SYMBOLS and count:
            return count
    return len(said)


def _ending(said: Sequence[Said], fitting: int) -> int:
    """Where to stop: the last sentence's end, else the last mark of their second half."""
    if fitting == len(said):
        return fitting
    for kind, least in (("sentence", 1), ("clause", fitting // 2)):
        for count in range(fitting, max(0, least - 1), -1):
            if _end(said[count - 1]) == kind:
                return count
    return fitting


def _end(run: Said) -> str:
    if SENTENCE_ENDS.intersection(run.after):
        return "sentence"
    return "clause" if run.after else "word"


def _length(run: Said) -> int:
    return len(run.before) + len(run.symbols) + len(run.after)


def _short(run: Said) -> Iterator[Said]:
    """The run, or parts of one that is longer than the model takes."""
    if _length(run) <= MOST_SYMBOLS:
        yield run
        return
    for start in range(0, len(run.symbols), MOST_SYMBOLS):
        yield replace(run, symbols=run.symbols[start : start + MOST_SYMBOLS], before="", after="")

"""A script on what was recognised: the words that agree are anchors, and between two anchors the script's
words lie somewhere between their times."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from jobs.subtitles.hearing.chunks import RATE_HZ, Chunk
from jobs.subtitles.hearing.measuring import pairs
from jobs.subtitles.hearing.words import HeardWord, Times, in_order, spread, within
from shared.text.language import words_of
from shared.text.reading import read_aloud

_SHORTEST_RUN: Final = 2
"""Words in a row that must agree: a single one may agree by chance, unless it is all there is."""
_LONG_WORD: Final = 4
_ALIKE: Final = 0.6
"""Of two words of which one is a misheard other, the least share of equal letters."""
_FASTEST: Final = 30
"""Letters in a second of speech; of more than that, not all was spoken."""
_MARKS: Final = re.compile(r"[^\w']+|_+")

_Token = tuple[str, int]
"""A spoken word, and the place of the written word that it belongs to."""


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A word of the script and about when it is said."""

    word: HeardWord
    """Its timing is `recognised` for anchors, else `spread`."""
    chunk: int
    """The number of the chunk that it is in."""
    is_spoken: bool
    """False where the script has more words than anybody could say there."""


def place(
    script: Sequence[str],
    heard: Sequence[HeardWord],
    chunks: Sequence[Chunk],
    language: str,
    speech: Sequence[Times],
) -> list[Placed]:
    """Every word of the script, in order, with a time."""
    anchors = _anchors(script, heard, language)
    times: list[Times] = [(0.0, 0.0)] * len(script)
    spoken = [True] * len(script)
    for at, found in anchors.items():
        times[at] = found
    for since, until in _gaps(anchors, len(script)):
        start = times[since - 1][1] if since else speech[0][0]
        end = times[until][0] if until < len(script) else max(start, speech[-1][1])
        stretches = within(speech, start, end)
        words = script[since:until]
        times[since:until] = spread(words, stretches)
        spoken[since:until] = [_is_sayable(words, stretches)] * len(words)
    starts = [chunk.spans[0][0] / RATE_HZ for chunk in chunks]
    ordered = in_order(times, 0.0, max(end for _, end in (*times, *speech)))
    return [
        Placed(
            word=HeardWord(
                text=text,
                start=start,
                end=end,
                probability=None,
                timing="recognised" if at in anchors else "spread",
            ),
            chunk=max(0, bisect_right(starts, (start + end) / 2) - 1),
            is_spoken=spoken[at],
        )
        for at, (text, (start, end)) in enumerate(zip(script, ordered, strict=True))
    ]


def _anchors(script: Sequence[str], heard: Sequence[HeardWord], language: str) -> dict[int, Times]:
    """The script's words that were recognised, and when."""
    wanted = list(_tokens(script, language))
    found = list(_tokens([word.text for word in heard], language))
    same = [
        (left, right)
        for left, right in pairs([token for token, _ in wanted], [token for token, _ in found])
        if left is not None and right is not None and wanted[left][0] == found[right][0]
    ]
    sure = list(_in_runs(same, min(_SHORTEST_RUN, len(wanted), len(found))))
    anchors: dict[int, Times] = {}
    for left, right in sorted([*sure, *_alike(wanted, found, sure)]):
        at, word = wanted[left][1], heard[found[right][1]]
        start, end = anchors.get(at, (word.start, word.end))
        anchors[at] = min(start, word.start), max(end, word.end)
    return anchors


def _alike(
    wanted: Sequence[_Token], found: Sequence[_Token], sure: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Longer words between the anchors that were recognised with another spelling, as names are."""
    from rapidfuzz.distance import Levenshtein

    edges = [(-1, -1), *sure, (len(wanted), len(found))]
    for (left, right), (next_left, next_right) in pairwise(edges):
        at = left + 1
        for place in range(right + 1, next_right):
            token = found[place][0]
            for other in range(at, next_left) if len(token) >= _LONG_WORD else ():
                if Levenshtein.normalized_similarity(wanted[other][0], token) >= _ALIKE:
                    yield other, place
                    at = other + 1
                    break


def _in_runs(same: Sequence[tuple[int, int]], shortest: int) -> Iterator[tuple[int, int]]:
    """Those that stand beside so many others, in both texts."""
    run: list[tuple[int, int]] = []
    for pair in same:
        if run and pair != (run[-1][0] + 1, run[-1][1] + 1):
            yield from run if len(run) >= shortest else ()
            run = []
        run.append(pair)
    yield from run if len(run) >= shortest else ()


def _tokens(words: Sequence[str], language: str) -> Iterator[_Token]:
    """What is spoken of the words, in small letters and apart."""
    bare = [word.strip() for word in words]
    text = " ".join(bare)
    starts = [0]
    for word in bare:
        starts.append(starts[-1] + len(word) + 1)
    reading = read_aloud(text, language, has_marks=False)
    for piece in reading.pieces:
        said = _MARKS.sub(" ", reading.said[piece.start : piece.end].lower().replace("’", "'"))
        tokens = [said[start:end].strip("'") for start, end in words_of(said)]
        places = [bisect_right(starts, start) - 1 for start, _ in piece.words]
        for number, token in enumerate(filter(None, tokens)):
            yield token, places[min(number * len(places) // len(tokens), len(places) - 1)]


def _gaps(anchors: dict[int, Times], count: int) -> Iterator[tuple[int, int]]:
    """Runs of words without an anchor: the first, and the one after the last."""
    edges = [-1, *sorted(anchors), count]
    return ((before + 1, after) for before, after in pairwise(edges) if after > before + 1)


def _is_sayable(words: Sequence[str], stretches: Sequence[Times]) -> bool:
    letters = sum(map(len, words))
    return letters <= _FASTEST * sum(end - start for start, end in stretches)

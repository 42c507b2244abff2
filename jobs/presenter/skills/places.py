"""Where the parts of a talk are in its script."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate, pairwise
from typing import Final

_DENSE: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_TOKEN: Final = re.compile(
    rf"\[pause(?:\s+[0-9.]+\s*s)?\]|([{_DENSE}])|((?:(?![{_DENSE}_])[\w\u0300-\u036f])+)"
)
_CUT: Final = re.compile(r"\n[ \t]*|\[pause(?:\s+[0-9.]+\s*s)?\][ \t]*")

Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word, or a character of a script without spaces."""

    text: str
    """For comparison: without case."""
    start: int
    end: int


def words_of_script(text: str) -> list[Word]:
    """All words; pause marks are none."""
    return [
        Word(text=unicodedata.normalize("NFKC", each.group()).casefold(), start=each.start(), end=each.end())
        for each in _TOKEN.finditer(text)
        if each.lastindex
    ]


def cut_script(script: str, parts: Sequence[str], sentence_starts: Sequence[int]) -> list[Span]:
    """The places of the parts in a script that says about the same, in the same order.

    The spans cover the script without gaps. Where the script has other words than the parts, it is cut
    between sentences.
    """
    theirs = words_of_script(script)
    words = [[word.text for word in words_of_script(part)] for part in parts]
    mine = [word for part in words for word in part]
    starts = list(accumulate(map(len, words), initial=0))[:-1]
    same = mine == [word.text for word in theirs]
    places = starts if same else _mapped(starts, mine, [word.text for word in theirs])
    cuts = [_cut_before(script, theirs, place) for place in places]
    if not same:
        cuts = [_nearest(cut, [*sentence_starts, len(script)]) for cut in cuts]
    cuts = list(accumulate([0, *cuts[1:]], max))
    return list(pairwise([*cuts, len(script)]))


def _mapped(places: Sequence[int], mine: Sequence[str], theirs: Sequence[str]) -> list[int]:
    """Places among my words as places among theirs."""
    matching = SequenceMatcher(None, mine, theirs).get_matching_blocks()
    known = [(0, 0)]
    for block in matching:
        known += [(block.a, block.b), (block.a + block.size, block.b + block.size)]
    known = sorted({*known, (len(mine), len(theirs))})
    return [_between(known, place) for place in places]


def _between(known: Sequence[tuple[int, int]], place: int) -> int:
    at = bisect_left(known, (place, 0))
    after = known[min(at, len(known) - 1)]
    before = known[max(0, at - 1)]
    if after[0] == before[0]:
        return after[1]
    return before[1] + round((place - before[0]) * (after[1] - before[1]) / (after[0] - before[0]))


def _cut_before(script: str, words: Sequence[Word], number: int) -> int:
    """Before this word, and before what belongs to it, such as an opening quotation mark."""
    if number >= len(words):
        return len(script)
    before = words[number - 1].end if number else 0
    gap = script[before : words[number].start]
    cuts = [each.end() for each in _CUT.finditer(gap)]
    if cuts:
        return before + cuts[-1]
    place = words[number].start
    while place > before and _opens(script[place - 1]):
        place -= 1
    return place


def _opens(char: str) -> bool:
    return unicodedata.category(char) in ("Ps", "Pi") or char in "\"'¿¡"


def _nearest(place: int, starts: Sequence[int]) -> int:
    at = bisect_left(starts, place)
    return min(starts[max(0, at - 1) : at + 1], key=lambda start: abs(start - place), default=place)

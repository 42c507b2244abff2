"""What the words of a text weigh, and where its topics shift.

Independent of languages: a word that many sentences have weighs little; two stretches of sentences with few
weighty words in common are two topics (Hearst, TextTiling, 1997).
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from jobs.presenter.skills.embedded.sentences import DENSE_SCRIPTS
from shared.text.phrasing import function_words

_RUN: Final = re.compile(rf"[{DENSE_SCRIPTS}]+|(?:(?![{DENSE_SCRIPTS}\d_])[\w\u0300-\u036f])+")
_IS_DENSE: Final = re.compile(rf"[{DENSE_SCRIPTS}]")
_STEM: Final = 6
"""Letters that the forms of a word share."""
_CLEAR: Final = 0.15
"""A fall in likeness that is a shift of topic."""
_WINDOW: Final = 4
"""Sentences on each side of a place that are compared."""


def terms_of(text: str) -> list[str]:
    """The starts of words, and pairs of characters of scripts without spaces; no figures."""
    terms: list[str] = []
    for run in _RUN.findall(text.casefold()):
        if _IS_DENSE.match(run):
            terms += map("".join, pairwise(run)) if len(run) > 1 else [run]
        else:
            terms.append(run[:_STEM])
    return terms


class Weights:
    """Of the terms of one text."""

    def __init__(self, sentences: Sequence[str], language: str) -> None:
        self._found = Counter(term for sentence in sentences for term in set(terms_of(sentence)))
        self._all = len(sentences)
        self._light = {word[:_STEM] for word in function_words(language)}

    def __getitem__(self, term: str) -> float:
        if term in self._light:
            return 0.0
        return math.log1p(self._all / (self._found[term] or 1))

    def of(self, text: str) -> float:
        """The sum over a text's terms."""
        return sum(self[term] for term in terms_of(text))

    def bag(self, text: str) -> Counter[str]:
        return Counter(term for term in terms_of(text) if self[term])


def shifts(sentences: Sequence[str], weights: Weights) -> list[float]:
    """For each sentence how much the topic shifts before it: 0 not at all, 1 as much as anywhere."""
    bags = [weights.bag(sentence) for sentence in sentences]
    alike = [_likeness(bags, place, weights) for place in range(1, len(bags))]
    depths = [0.0, *(_depth(alike, place) for place in range(len(alike)))][: len(bags)]
    deepest = max(_CLEAR, *depths, 0.0)
    return [depth / deepest for depth in depths]


def _likeness(bags: Sequence[Counter[str]], place: int, weights: Weights) -> float:
    before = sum(bags[max(0, place - _WINDOW) : place], Counter())
    after = sum(bags[place : place + _WINDOW], Counter())
    return _cosine(_weighed(before, weights), _weighed(after, weights))


def _weighed(bag: Mapping[str, int], weights: Weights) -> dict[str, float]:
    return {term: number * weights[term] for term, number in bag.items()}


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    shared = sum(value * other[term] for term, value in one.items() if term in other)
    norms = math.sqrt(sum(v * v for v in one.values()) * sum(v * v for v in other.values()))
    return shared / norms if norms else 0.0


def _depth(alike: Sequence[float], place: int) -> float:
    """How far the likeness is below the nearest peaks on both sides."""
    here = alike[place]
    return _peak(alike[place::-1]) + _peak(alike[place:]) - 2 * here


def _peak(values: Sequence[float]) -> float:
    """The first peak on the way up."""
    best = values[0]
    for value in values[1:]:
        if value < best:
            break
        best = value
    return best

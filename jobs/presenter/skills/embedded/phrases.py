"""Short parts of sentences for slides: bullets and titles. No word is added, and no negation is lost."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from jobs.presenter.skills.embedded.sentences import DENSE_SCRIPTS, joining_words
from jobs.presenter.skills.embedded.weights import Weights, terms_of
from jobs.presenter.skills.facts import negations_in
from shared.text.caption_lines import break_points
from shared.text.language import words_of
from shared.text.phrasing import break_costs, function_words

MOST_WORDS: Final = 12
"""Of a bullet; of scripts without spaces twice as many characters."""
_LEAST_WORDS: Final = 4
_MOST_TITLE_WORDS: Final = 4
_STARTS: Final = 0.25
"""The highest cost of a line's end before the start of a fragment: a clause ends there."""
_ENDS: Final = 0.5
_FROM_START: Final = 1.35
_AT_CLAUSE: Final = 1.25
_LATE: Final = 0.6
_REPEATED: Final = 1.6
_LONGER: Final = 0.35
_ENDING: Final = " \t\n.,;:–—-。．，、；：،؛।"
_OPENING: Final = " \t\n,;:–—-，、；：،؛"
_DENSE: Final = re.compile(f"[{DENSE_SCRIPTS}]")
_PAIRS: Final = ("()", "[]", "“”", "„“", "«»", "「」", "『』", "（）")
_PIECE: Final = re.compile(r"[^,;:.!?…()\[\]“”„«»\"–—。！？、，；：「」『』（）،؛؟।\n]+")
_KANJI: Final = re.compile("[\u3400-\u9fff々\u30a0-\u30ff]{2,}(?:の[\u3400-\u9fff々\u30a0-\u30ff]{2,})?")


@dataclass(frozen=True, kw_only=True)
class Fragment:
    """A part of a text."""

    text: str
    at: int
    """Its place in that text."""


def shown_length(text: str) -> int:
    """In words; of scripts without spaces, half the characters."""
    return sum(-(-len(_DENSE.findall(token)) // 2) or 1 for token in text.split())


def fragment(sentence: str, language: str, weights: Weights) -> Fragment | None:
    """The most telling part of a sentence that fits a bullet; None if none is faithful to it.

    The sentence has single spaces and no pause marks.
    """
    whole = _trimmed(sentence, 0, len(sentence))
    if shown_length(whole.text) <= MOST_WORDS:
        return whole if any(map(str.isalnum, whole.text)) else None
    denied = len(negations_in(sentence, language))
    found = [
        (score, part)
        for score, part in _candidates(sentence, language, weights)
        if len(negations_in(part.text, language)) == denied and _is_whole(part.text)
    ]
    return max(found, key=lambda each: each[0], default=(0.0, None))[1]


def _candidates(sentence: str, language: str, weights: Weights) -> Iterator[tuple[float, Fragment]]:
    points = break_points(sentence, {start for start, _ in words_of(sentence)})
    costs = break_costs(sentence, points, language)
    linked = function_words(language, "conjunctions") - joining_words(language)
    for first, (start, start_cost) in enumerate(zip(points, costs, strict=True)):
        if start_cost > _STARTS:
            continue
        begin = _after_join(sentence, start, language)
        opening = sentence[begin:].split(maxsplit=1)[:1]
        if not opening or (opening[0].casefold().strip(_ENDING) in linked):
            continue
        for end, end_cost in zip(points[first + 1 :], costs[first + 1 :], strict=True):
            part = _trimmed(sentence, begin, end)
            length = shown_length(part.text)
            if length > MOST_WORDS:
                break
            if length >= _LEAST_WORDS and end_cost <= _ENDS:
                yield _score(part, weights, start == 0, end_cost <= _STARTS), part


def _score(part: Fragment, weights: Weights, from_start: bool, whole_clause: bool) -> float:
    score = weights.of(part.text) / math.sqrt(2 + shown_length(part.text))
    return score * (_FROM_START if from_start else _LATE) * (_AT_CLAUSE if whole_clause else 1)


def _after_join(sentence: str, start: int, language: str) -> int:
    """After a word such as `and` at this place."""
    word = sentence[start:].split(" ", 1)[0]
    return start + len(word) + 1 if start and word.casefold() in joining_words(language) else start


def _trimmed(text: str, start: int, end: int) -> Fragment:
    """Without the signs around it."""
    part = text[start:end].rstrip(_ENDING)
    bare = part.lstrip(_OPENING)
    return Fragment(text=bare, at=start + len(part) - len(bare))


def _is_whole(text: str) -> bool:
    """Whether brackets and quotation marks are closed."""
    pairs = all(text.count(pair[0]) == text.count(pair[1]) for pair in _PAIRS)
    return pairs and text.count('"') % 2 == 0


def as_shown(text: str, codes: frozenset[str] = frozenset()) -> str:
    """With a capital letter first, unless the word is a name of another kind."""
    word = re.split(r"[\s,;:.!?’']", text, maxsplit=1)[0]
    if word.isalpha() and word.islower() and word not in codes:
        return text[0].upper() + text[1:]
    return text


def title_of(sentences: Sequence[str], language: str, weights: Weights, taken: frozenset[str]) -> str:
    """The most telling phrase of some sentences, but none of `taken` (casefolded)."""
    scores: dict[str, float] = {}
    forms: dict[str, str] = {}
    here = Counter(term for sentence in sentences for term in terms_of(sentence))
    for place, sentence in enumerate(sentences):
        for phrase in _phrases(sentence, language):
            key = phrase.casefold()
            forms.setdefault(key, phrase)
            scores[key] = max(scores.get(key, 0.0), _worth(phrase, place, here, weights))
    best = max((key for key in scores if key not in taken), key=lambda key: scores[key], default="")
    return as_shown(forms[best]) if best else _first_words(sentences, language, weights)


def _worth(phrase: str, place: int, here: Counter[str], weights: Weights) -> float:
    terms = terms_of(phrase) or ["-"]
    each = sum(weights[term] * (_REPEATED if here[term] > 1 else 1) * math.sqrt(here[term]) for term in terms)
    length = len(phrase.split()) if not _DENSE.search(phrase) else min(3, len(phrase) / 2)
    return each / len(terms) * (1 + _LONGER * (min(length, 3) - 1)) / (1 + 0.05 * place)


def _phrases(sentence: str, language: str) -> Iterator[str]:
    """Words between signs and function words; an article or preposition may link two such groups."""
    if _DENSE.search(sentence):
        yield from (each.group() for each in _KANJI.finditer(sentence))
        return
    light = function_words(language)
    links = function_words(language, "genitives", "articles")
    for piece in _PIECE.findall(sentence):
        words = piece.split()
        for start in range(len(words)):
            for end in range(start + 1, min(len(words), start + _MOST_TITLE_WORDS) + 1):
                if _is_phrase(words[start:end], light, links):
                    yield " ".join(words[start:end])


def _is_phrase(words: Sequence[str], light: frozenset[str], links: frozenset[str]) -> bool:
    plain = [word.casefold().replace("’", "'") for word in words]
    ends = (plain[0], plain[-1])
    if any(word in light or not any(map(str.isalpha, word)) or len(word) < 3 for word in ends):
        return False
    return all(word not in light or word in links for word in plain[1:-1])


def _first_words(sentences: Sequence[str], language: str, weights: Weights) -> str:
    found = (fragment(sentence, language, weights) for sentence in sentences)
    return next((as_shown(each.text) for each in found if each), "")

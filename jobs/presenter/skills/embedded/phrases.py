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
from shared.text.phrasing import CLAUSE, break_costs, function_words

MOST_WORDS: Final = 14
"""Of a bullet; of scripts without spaces twice as many characters."""
_LEAST_WORDS: Final = 4
_MOST_TITLE_WORDS: Final = 4
_MOST_TITLE_LENGTH: Final = 8
"""Of a sentence that is a title."""
_FROM_START: Final = 1.35
_LATE: Final = 0.6
_STOPS: Final = (";", ":", "—", "–")
"""Signs after which a clause stands alone."""
_REPEATED: Final = 1.6
_LONGER: Final = 0.35
_LATER: Final = 0.15
_ENDING: Final = " \t\n.,;:–—-。．，、；：،؛।"
_OPENING: Final = " \t\n,;:–—-，、；：،؛"
_DENSE: Final = re.compile(f"[{DENSE_SCRIPTS}]")
_PAIRS: Final = ("()", "[]", "“”", "„“", "«»", "「」", "『』", "（）")
_PIECE: Final = re.compile(r"[^,;:.!?…()\[\]“”„«»\"–—。！？、，；：「」『』（）،؛؟।\n]+")
_NAME_LIKE: Final = re.compile(r"(?![\d_])\w[\w'\u0300-\u036f-]{2,}")
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


def fragment(sentence: str, language: str, weights: Weights, most_words: int = MOST_WORDS) -> Fragment | None:
    """The most telling part of a sentence that fits a bullet; None if none is faithful to it.

    The sentence has single spaces and no pause marks.
    """
    whole = _trimmed(sentence, _after_join(sentence, 0, language), len(sentence))
    if shown_length(whole.text) <= most_words:
        return whole if any(map(str.isalnum, whole.text)) else None
    denied = len(negations_in(sentence, language))
    found = [
        (score, part)
        for score, part in _candidates(sentence, language, weights)
        if len(negations_in(part.text, language)) == denied and _is_whole(part.text)
    ]
    return max(found, key=lambda each: each[0], default=(0.0, None))[1]


def _candidates(sentence: str, language: str, weights: Weights) -> Iterator[tuple[float, Fragment]]:
    """Clauses, from the start of the sentence or of one that stands alone."""
    points = break_points(sentence, {start for start, _ in words_of(sentence)})
    costs = break_costs(sentence, points, language)
    for first, start in enumerate(points[:-1]):
        begin = _after_join(sentence, start, language)
        if costs[first] > CLAUSE or not _stands_alone(sentence, start, begin, language):
            continue
        for end, cost in zip(points[first + 1 :], costs[first + 1 :], strict=True):
            part = _trimmed(sentence, begin, end)
            length = shown_length(part.text)
            if length > MOST_WORDS:
                break
            if cost <= CLAUSE and length >= _LEAST_WORDS and _says_something(part.text, language):
                yield _score(part, weights, start == 0), part


def _stands_alone(sentence: str, start: int, begin: int, language: str) -> bool:
    """Whether the clause at `begin` is no part of one before `start`: it follows a word such as `and`, or a
    stop."""
    joined = begin > start or sentence[:start].rstrip().endswith(_STOPS)
    return start == 0 or (joined and not _is_linked(sentence[begin:], language))


def _is_linked(text: str, language: str) -> bool:
    """Whether it depends on another clause."""
    linked = function_words(language, "conjunctions", "prepositions") - joining_words(language)
    opening = text.split(maxsplit=1)[:1]
    return not opening or opening[0].casefold().strip(_ENDING) in linked


def _says_something(text: str, language: str) -> bool:
    """Whether it is not just `In the Bay of Fundy`, `When you ask` or `A man, later Lord Kelvin`."""
    last = re.split(r"[,;:，、；：]\s*", text)[-1]
    return shown_length(last) >= _LEAST_WORDS and not _is_linked(last, language)


def _score(part: Fragment, weights: Weights, from_start: bool) -> float:
    score = weights.of(part.text) / math.sqrt(2 + shown_length(part.text))
    return score * (_FROM_START if from_start else _LATE)


def _after_join(sentence: str, start: int, language: str) -> int:
    """After a word such as `and` at this place."""
    word = sentence[start:].split(" ", 1)[0]
    return start + len(word) + 1 if word.casefold() in joining_words(language) else start


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


def title_of(
    sentences: Sequence[str], language: str, weights: Weights, taken: frozenset[str], least_words: int = 1
) -> str:
    """A title for some sentences: the first if it is short and stands alone, else their most telling phrase.

    It is none of `taken` (casefolded); empty if there is no other.
    """
    first = _trimmed(sentences[0], 0, len(sentences[0])).text if sentences else ""
    if _is_title(first, language) and first.casefold() not in taken:
        return as_shown(first)
    here = Counter(term for sentence in sentences for term in terms_of(sentence))
    found = (
        (_worth(phrase, here, weights) * fitness / (1 + _LATER * place), phrase)
        for place, sentence in enumerate(sentences)
        for fitness, phrase in _phrases(sentence, language)
        if phrase.casefold() not in taken and shown_length(phrase) >= least_words
    )
    best = max(found, key=lambda each: each[0], default=(0.0, ""))[1]
    best = best or _first_words(sentences, language, weights)
    return "" if best.casefold() in taken else as_shown(best)


def _is_title(sentence: str, language: str) -> bool:
    depends = function_words(language, "pronouns", "determiners", "conjunctions")
    words = sentence.split()
    return (
        len(words) + len(_DENSE.findall(sentence)) > 1
        and shown_length(sentence) <= _MOST_TITLE_LENGTH
        and words[0].casefold().strip(_ENDING) not in depends
        and _is_whole(sentence)
    )


def _worth(phrase: str, here: Counter[str], weights: Weights) -> float:
    terms = terms_of(phrase) or ["-"]
    each = sum(weights[term] * (_REPEATED if here[term] > 1 else 1) * math.sqrt(here[term]) for term in terms)
    length = len(phrase.split()) if not _DENSE.search(phrase) else min(3, len(phrase) / 2)
    return each / len(terms) * (1 + _LONGER * (min(length, 3) - 1))


def _phrases(sentence: str, language: str) -> Iterator[tuple[float, str]]:
    """Words between signs and function words, and how much their neighbours make them look like a thing.

    An article or preposition may link two such groups.
    """
    if _DENSE.search(sentence):
        yield from ((1.0, each.group()) for each in _KANJI.finditer(sentence))
        return
    light, links = function_words(language), function_words(language, "genitives", "articles")
    for piece in _PIECE.findall(sentence):
        words = piece.split()
        plain = [word.casefold().replace("’", "'") for word in words]
        heavy = [word not in light and _NAME_LIKE.fullmatch(word) is not None for word in plain]
        linked = [ok or word in links for ok, word in zip(heavy, plain, strict=True)]
        for start in (place for place, ok in enumerate(heavy) if ok):
            for end in range(start, min(len(words), start + _MOST_TITLE_WORDS)):
                if not linked[end]:
                    break
                if heavy[end]:
                    yield _fitness(words, heavy, (start, end), language), " ".join(words[start : end + 1])


def _fitness(words: Sequence[str], heavy: Sequence[bool], span: tuple[int, int], language: str) -> float:
    start, end = span
    opens = function_words(language, "articles", "determiners", "prepositions", "genitives")
    fitness = 1.0
    if start and words[start - 1].casefold() in opens:
        fitness *= 1.6
    elif start and heavy[start - 1]:
        fitness *= 0.5
    if end + 1 < len(words) and heavy[end + 1]:
        fitness *= 0.5
    return fitness * (1.3 if start and words[start][0].isupper() else 1)


def _first_words(sentences: Sequence[str], language: str, weights: Weights) -> str:
    found = (fragment(sentence, language, weights) for sentence in sentences)
    return next((as_shown(each.text) for each in found if each), "")

"""The cost to a reader of ending a caption's line at a place, by the phrases that are read at once.

Best is where a sentence or clause ends, then before a word that opens the next phrase; an article, a
preposition or a name stays with the words that it belongs to. In languages with spaces, tables of function
words (`function_words.yaml`) decide, in Japanese, Chinese and Thai BudouX's models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.text.language import scripts_of
from shared.validation import from_yaml

if TYPE_CHECKING:
    from budoux import Parser

NEVER: Final = 9.0
"""Of an article and its noun."""
_ABBREVIATION: Final = 6.0
"""After `Dr.` or an initial: hardly better, where the line must end after one of both."""
_NAME: Final = 3.0
_NUMBER: Final = 1.7
"""Of a number and what it counts."""
_OPENS_CLAUSE: Final = 0.25
_BEFORE: Final = (
    ("enclitics", 1.6),
    ("conjunctions", _OPENS_CLAUSE),
    ("genitives", 0.85),
    ("prepositions", 0.5),
    ("pronouns", 0.55),
    ("articles", 0.65),
    ("determiners", 0.65),
    ("helpers", 0.7),
)
"""Costs of a line that starts with a word of a list; the first list that has the word counts."""
_AFTER: Final = (
    ("articles", NEVER),
    ("titles", NEVER),
    ("prepositions", 2.4),
    ("conjunctions", 2.4),
    ("determiners", 2.2),
    ("pronouns", 2.2),
    ("helpers", 1.3),
    ("particles", 2.4),
)
"""The same for a line that ends with it."""
_STAND_ALONE: Final = ("determiners", "pronouns", "helpers")
"""Lists whose words may also end a phrase: they do before a conjunction."""
_ALONE: Final = 0.6
_VERB_LAST: Final = 2.4
"""Of a helper that ends a clause, as verbs do in German, and what it helps."""
_ORDINARY: Final = 1.0
CLAUSE: Final = 0.1
"""Of an ending with a comma or the like."""
_BRACKET: Final = 0.3
_HYPHEN: Final = 2.2
_IN_PHRASE: Final = 3.0
_ENCLITICS: Final = frozenset("的了着著过過吗嗎呢吧们們得地")
"""Chinese words that go with the word before them."""
_PROCLITICS: Final = frozenset("在把被和与與跟从從对對向每很不没沒这這那一")
"""Chinese words that go with the word after them."""
_LONGEST_WORD: Final = 80
"""How far back to look for the start of the word before a place."""
_BETWEEN_PHRASES: Final = 0.6
_SENTENCE_ENDS: Final = frozenset(".!?…。．！？।॥؟۔።။")
_CLAUSE_ENDS: Final = frozenset(",;:–—、，；：،؛၊፣")
_CLOSING: Final = frozenset("\"')]}»›”’）］｝」』】〕〉》")
_OPENING: Final = frozenset("\"'([{«‹“‘„‚¿¡（［｛「『【〔〈《")
_HYPHENS: Final = frozenset("-‐")
_TRADITIONAL: Final = ("zh-hant", "zh-tw", "zh-hk", "zh-mo", "yue")
_UNSPACED: Final = frozenset({"Hani", "Hira", "Kana", "Thai"})
_TABLES: Final = Path(__file__).with_name("function_words.yaml")


def break_costs(text: str, points: Sequence[int], language: str) -> list[float]:
    """For each point, where a line may start, the cost of ending one there: from 0 to `NEVER`.

    `language` is BCP 47. The ends of the text cost nothing.
    """
    inner = (_cost(text, around, language) for around in zip(points, points[1:], points[2:], strict=False))
    costs = [0.0, *inner, 0.0][: len(points)]
    phrases = _phrase_starts(text, language)
    return [_in_unspaced(text, place, cost, phrases) for place, cost in zip(points, costs, strict=True)]


def ends_sentence(text: str, place: int, language: str) -> bool:
    """Whether a sentence ends before this place."""
    word = text[max(0, place - _LONGEST_WORD) : place].rstrip(" ").rsplit(" ", 1)[-1]
    bare = word.rstrip("".join(_CLOSING))
    return bare[-1:] in _SENTENCE_ENDS and bare[-1:] != "" and not _is_abbreviation(bare, language)


@cache
def function_words(language: str, *lists: str) -> frozenset[str]:
    """The words of these lists of `function_words.yaml`, by default of all but the titles."""
    names = lists or tuple(name for name, _ in (*_BEFORE, *_AFTER) if name != "titles")
    return frozenset().union(*(_words(language, name) for name in names))


def _is_abbreviation(word: str, language: str) -> bool:
    """`Dr.`, `z. B.`, `J. S. Bach`."""
    plain = word.strip("".join(_OPENING))
    if not plain.endswith(".") or plain.endswith(".."):
        return False
    stem = plain[:-1].lower()
    return (len(stem) == 1 and stem.isalpha()) or stem in _words(language, "titles")


def _cost(text: str, around: tuple[int, int, int], language: str) -> float:
    start, place, end = around
    before, after = text[start:place].strip(" "), text[place:end].strip(" ")
    if ends_sentence(text, place, language):
        return 0.0
    marked = _by_marks(text[max(0, place - _LONGEST_WORD) : place].rstrip(" "), after)
    if marked is not None:
        return marked
    if text[place - 1] in _HYPHENS:
        return _HYPHEN
    return _by_words(_Words(before=before, after=after, text=text, start=start, language=language))


def _by_marks(before: str, after: str) -> float | None:
    bare = before.rstrip("".join(_CLOSING))
    if bare[-1:] in _CLAUSE_ENDS and bare:
        return CLAUSE
    if bare != before or after[:1] in _OPENING:
        return _BRACKET
    return None


@dataclass(frozen=True, kw_only=True)
class _Words:
    """The words on both sides of a possible line end."""

    before: str
    after: str
    text: str
    start: int
    """Of the word before."""
    language: str


def _by_words(words: _Words) -> float:
    ending = _last_part(words.before, words.language)
    if _is_abbreviation(words.before, words.language):
        return _ABBREVIATION
    after = _listed(_AFTER, ending, words.language)
    if _is_name(words):
        return max(_NAME, after or 0)
    if words.before[-1:].isdigit() or words.before[-1:] in "$€£¥№§#":
        return _NUMBER
    before = _before(words.after, words.language)
    if after is None:
        return before
    alone = before == _OPENS_CLAUSE and any(ending in _words(words.language, name) for name in _STAND_ALONE)
    return _ALONE if alone else after


def _before(word: str, language: str) -> float:
    first = _first_part(word, language)
    if first in _words(language, "helpers") and word[-1:] in _CLAUSE_ENDS | _SENTENCE_ENDS:
        return _VERB_LAST
    return _listed(_BEFORE, first, language) or _ORDINARY


def _listed(lists: Sequence[tuple[str, float]], word: str, language: str) -> float | None:
    return next((cost for name, cost in lists if word in _words(language, name)), None)


def _last_part(word: str, language: str) -> str:
    """The last part of a word: `une` of `d'une`; English words are whole, so is `it's`."""
    plain = _plain(word)
    return plain if _base(language) == "en" else plain.rstrip("'").rsplit("'", 1)[-1]


def _first_part(word: str, language: str) -> str:
    plain = _plain(word)
    return plain if _base(language) == "en" else plain.split("'", 1)[0]


def _plain(word: str) -> str:
    return word.strip('.,;:!?…–—()[]{}«»“”„‚‘"¿¡').replace("’", "'").lower()


def _is_name(words: _Words) -> bool:
    """Whether both words are parts of one name, or of a name and what follows it."""
    one, other = words.before, words.after
    if _is_capital(one) and _is_capital(other):
        return not _is_function_word(one, words.language) and not _is_function_word(other, words.language)
    particles = _words(words.language, "particles")
    if _is_capital(one) and other.lower() in particles and other[:1].islower():
        following = words.text[words.start + len(one) :][:_LONGEST_WORD].split()[1:3]
        return any(_is_capital(word) for word in following if word.lower() not in particles)
    return False


def _is_capital(word: str) -> bool:
    plain = word.strip("".join(_OPENING))
    return plain[:1].isupper() and not (len(plain) > 1 and plain.isupper())


def _is_function_word(word: str, language: str) -> bool:
    return any(_plain(word) in _words(language, name) for name, _ in _AFTER if name != "titles")


def _in_unspaced(text: str, place: int, cost: float, phrases: frozenset[int]) -> float:
    """The cost of a break between letters of a script without spaces; other breaks keep theirs."""
    if not 0 < place < len(text) or text[place - 1] == " " or cost < _ORDINARY:
        return cost
    scripts = scripts_of(text[place - 1 : place + 1])
    if _UNSPACED.isdisjoint(scripts):
        return cost
    torn = scripts["Hani"] == 2 and (text[place] in _ENCLITICS or text[place - 1] in _PROCLITICS)
    return _BETWEEN_PHRASES if place in phrases and not torn else _IN_PHRASE


def _phrase_starts(text: str, language: str) -> frozenset[int]:
    """In scripts without spaces."""
    model = _model(text, language.lower())
    return frozenset(accumulate(map(len, _parser(model).parse(text)))) if model else frozenset()


def _model(text: str, language: str) -> str | None:
    scripts = scripts_of(text)
    if scripts["Thai"]:
        return "th"
    if scripts["Hira"] or scripts["Kana"] or (scripts["Hani"] and language.startswith("ja")):
        return "ja"
    if scripts["Hani"]:
        return "zh-hant" if language.startswith(_TRADITIONAL) else "zh-hans"
    return None


@cache
def _parser(model: str) -> "Parser":
    import budoux

    return {
        "ja": budoux.load_default_japanese_parser,
        "th": budoux.load_default_thai_parser,
        "zh-hans": budoux.load_default_simplified_chinese_parser,
        "zh-hant": budoux.load_default_traditional_chinese_parser,
    }[model]()


def _base(language: str) -> str:
    return language.lower().replace("_", "-").partition("-")[0]


@cache
def _words(language: str, name: str) -> frozenset[str]:
    return frozenset(_tables().get(_base(language), {}).get(name, "").split())


@cache
def _tables() -> dict[str, dict[str, str]]:
    tables: dict[str, dict[str, str]] = from_yaml(_TABLES.read_text(encoding="utf-8"))
    return tables

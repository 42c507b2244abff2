"""Sentences in any script: how long they take to say, and where a speaker would cut a long one."""

import re
from collections.abc import Collection, Iterator
from itertools import accumulate, pairwise
from typing import Final

from jobs.presenter.deck.notes import between_pauses, pause_mark, without_pauses
from shared.text.language import main_script, words_of
from shared.text.phrasing import ends_sentence

Span = tuple[int, int]

_CLOSING: Final = "\"')\\]}»›”’）］｝」』】〕〉》*_"
_END: Final = re.compile(
    rf"(?:[.!?…]+[{_CLOSING}]*(?=\s)|[。！？．।॥؟۔።]+[{_CLOSING}]*)"
    r"|\n[ \t]*\n|\[pause(?:\s+[0-9.]+\s*s)?\]"
)
_PAUSES: Final = re.compile(r"(?:\s*\[pause(?:\s+[0-9.]+\s*s)?\])*\s*")
DENSE_SCRIPTS: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
)
"""Ranges of scripts written without spaces, or with a syllable to each character."""
_DENSE: Final = re.compile(f"[{DENSE_SCRIPTS}]")
_DENSE_IN_A_WORD: Final = 2
_DIGITS_IN_A_WORD: Final = 2
_ORDINALS: Final = frozenset(
    {"cs", "da", "de", "et", "fi", "hr", "hu", "lv", "nb", "no", "pl", "sk", "sl", "sr", "tr"}
)
"""Languages in which `3.` is `third`."""
_AFTER_END: Final = re.compile(r"[^\w.!?…。！？．।॥؟۔።။։,;:、，；：،؛%‰°€$£¥+#-]+\Z")
"""Closing marks and emoji, which may stand after the sign that ends a sentence."""
MOST_WORDS: Final = 25
"""Of a sentence that is easy to follow."""
_MOST_IN_A_ROW: Final = 120
_STRETCH: Final = 40
_LEAST_PART: Final = 6
_PARTS: Final = r";\s+|[；؛]\s*"
_COMMAS: Final = r"[,:;،]\s+|[、，：；]"
_THAI_SPACE: Final = r"(?<=[\u0e00-\u0eff])\s+"
_BREATH_AFTER: Final = 35
_BREATH_S: Final = 0.2
_STOPS: Final = {"Hani": "。", "Hira": "。", "Deva": "।", "Beng": "।", "Ethi": "።", "Mymr": "။", "Armn": "։"}
_JOINS: Final = {
    "en": "and but so yet", "de": "und aber denn doch sondern", "es": "y e pero", "fr": "et mais donc car",
    "it": "e ma", "pt": "e mas", "nl": "en maar want dus", "pl": "i ale więc", "ru": "и но а",
}  # fmt: skip
_STEPS: Final = {**dict.fromkeys("([{«“„「『（", 1), **dict.fromkeys(")]}»”」』）", -1)}


def words_in(text: str) -> int:
    """About how long this takes to say, in words: characters of dense scripts count half, figures more."""
    return sum(map(_words_of, text.split()))


def _words_of(token: str) -> int:
    dense = len(_DENSE.findall(token))
    digits = sum(map(str.isdecimal, token))
    others = any(char.isalnum() for char in _DENSE.sub("", token))
    return -(-dense // _DENSE_IN_A_WORD) + max(others, -(-digits // _DIGITS_IN_A_WORD))


def seconds_of(notes: str, words_per_minute: float) -> float:
    """How long it takes to say, pauses included."""
    words = words_in(without_pauses(notes))
    pauses_ms = sum(spoken.pause_ms for spoken in between_pauses(notes))
    return round(words * 60 / words_per_minute + pauses_ms / 1000, 1)


def sentences(text: str, language: str) -> list[Span]:
    """Where sentences start and end; pause marks and space belong to the sentence before them."""
    starts = [0]
    for found in _END.finditer(text):
        if found.end() <= starts[-1] or not _ends(text, found, language):
            continue
        pauses = _PAUSES.match(text, found.end())
        starts.append(pauses.end() if pauses else found.end())
    spans = pairwise(dict.fromkeys([*starts, len(text)]))
    return [part for span in spans for part in _stretches(text, span)]


def _stretches(text: str, span: Span) -> Iterator[Span]:
    """The sentence, or its stretches if it is so long that its text has no signs."""
    start, end = span
    if words_in(text[start:end]) <= _MOST_IN_A_ROW:
        yield span
        return
    words = [start + begin for begin, _ in words_of(text[start:end])]
    yield from pairwise([start, *words[_STRETCH::_STRETCH], end])


def _ends(text: str, found: re.Match[str], language: str) -> bool:
    sign = found.group()
    if sign[0] not in ".!?…":
        return True
    after = text[found.end() : found.end() + 100].lstrip()
    if after[:1].islower() or not ends_sentence(text, found.end(), language):
        return False
    before = text[max(0, found.end() - 8) : found.end()]
    ordinal = sign == "." and re.search(r"(?<![\d.,])\d{1,2}\.\Z", before)
    return not (ordinal and language.partition("-")[0].lower() in _ORDINALS)


def full_stop(text: str) -> str:
    """The sign that ends a sentence in the text's script."""
    return _STOPS.get(main_script(text), ".")


def as_sentence(text: str) -> str:
    """The text with an end: headings and items have none."""
    text = text.strip()
    bare = _AFTER_END.sub("", text)
    if not bare or bare[-1] in ".!?…。！？．।॥؟۔።။։":
        return text
    return text.rstrip(" ,;:、，；：،؛") + full_stop(text)


def speakable(text: str, language: str, codes: Collection[str] = ()) -> str:
    """The text with long sentences cut in two, or a breath in them; all words are kept, in order."""
    parts = [text[start:end] for start, end in sentences(text, language)]
    return "".join(_shortened(part, language, codes) for part in parts)


def _shortened(sentence: str, language: str, codes: Collection[str]) -> str:
    words = words_in(sentence)
    if words <= MOST_WORDS:
        return sentence
    for signs in (_PARTS, _joins(language)):
        place = _best(sentence, _places(sentence, signs))
        if place is not None:
            first = as_sentence(sentence[:place])
            rest = _opened(sentence[place:], codes)
            return f"{_shortened(first, language, codes)} {_shortened(rest, language, codes)}"
    place = _best(sentence, _breaths(sentence)) if words > _BREATH_AFTER else None
    if place is None:
        return sentence
    first, rest = sentence[:place].rstrip(), sentence[place:]
    return f"{_shortened(first, language, codes)} {pause_mark(_BREATH_S)} {_shortened(rest, language, codes)}"


def joining_words(language: str) -> frozenset[str]:
    """Words such as `and`, which may open a sentence as well as a clause."""
    return frozenset(_JOINS.get(language.partition("-")[0].lower(), "").split())


def _joins(language: str) -> str:
    words = sorted(joining_words(language))
    return rf",\s+(?=(?:{'|'.join(words)})\s)" if words else ""


def _places(sentence: str, signs: str) -> list[int]:
    """Where the rest can be a sentence of its own."""
    found = [each.end() for each in re.finditer(signs, sentence)] if signs else []
    return _outside_brackets(sentence, found)


def _breaths(sentence: str) -> list[int]:
    return _places(sentence, _COMMAS) or _places(sentence, _THAI_SPACE)


def _outside_brackets(sentence: str, places: list[int]) -> list[int]:
    depths = accumulate(_STEPS.get(char, 0) for char in sentence)
    inside = {place for place, depth in enumerate(depths, 1) if depth > 0}
    return [place for place in places if place not in inside and sentence[:place].count('"') % 2 == 0]


def _best(sentence: str, places: list[int]) -> int | None:
    """The place nearest to the middle, if neither part is too short."""
    place = min(places, key=lambda place: abs(2 * place - len(sentence)), default=None)
    if place is None or min(words_in(sentence[:place]), words_in(sentence[place:])) < _LEAST_PART:
        return None
    return place


def _opened(text: str, codes: Collection[str]) -> str:
    """With a capital letter, unless the first word is a name of some other kind: `iPhone`, `numpy`."""
    word = text.split(maxsplit=1)[0]
    plain = word.strip(",;:.!?()[]\"'")
    if plain.isalpha() and plain.islower() and plain not in codes:
        return text[0].upper() + text[1:] if text[0].isalpha() else text
    return text

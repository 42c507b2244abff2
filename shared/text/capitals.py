"""Capitals as each language writes them: https://www.unicode.org/Public/UCD/latest/ucd/SpecialCasing.txt and
CLDR's transforms `el-Upper`, `ga-Upper`, `lt-Upper`, `hy-Upper`.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_TURKIC: Final = frozenset({"tr", "az", "crh", "gag", "kaa"})
"""Languages whose `i` keeps its dot."""
_ACCENTS: Final = re.compile("[\u0300\u0301\u0304\u0306\u0313\u0314\u0340-\u0343\u0342]")
"""Marks that Greek omits on capitals; the dialytika (U+0308) stays, the ypogegrammeni becomes an iota."""
_STRESSED: Final = re.compile("[\u0300\u0301\u0342]")
_IRISH: Final = re.compile(
    r"\b(?:bh(?=F)|[hnt](?=[AEIOUÁÉÍÓÚ])|[nt]-(?=[aeiouáéíóúAEIOUÁÉÍÓÚ])"
    r"|t(?=S)|m(?=B)|g(?=C)|n(?=[DG])|b(?=P)|d(?=T))"
)
"""Prefixes that grammar puts before a word's own first letter: `na hÉireann`, `an tAthair`, `i bhFraince`."""
_SOFT_DOTTED: Final = frozenset("ijįị")


def capitals(text: str, language: str) -> list[str]:
    """The capital form of each character of `text`; letters and marks may become empty or several letters."""
    primary = language.replace("_", "-").partition("-")[0].lower()
    prefixes = _prefixes(text) if primary == "ga" else frozenset()
    return [_capital(text, at, primary, prefixed=at in prefixes) for at in range(len(text))]


def _prefixes(text: str) -> frozenset[int]:
    return frozenset(at for found in _IRISH.finditer(text) for at in range(*found.span()))


def _capital(text: str, at: int, language: str, *, prefixed: bool) -> str:
    char = text[at]
    if prefixed:
        return char.replace("-", "")
    if char == "i" and language in _TURKIC:
        return "İ"
    if char == "և" and language == "hy":
        return "ԵՎ"
    if language == "lt" and char == "\u0307" and text[at - 1 : at] in _SOFT_DOTTED:
        return ""
    if "\u0370" <= char <= "\u03ff" or "\u1f00" <= char <= "\u1fff" or _is_mark_of_greek(text, at):
        return _greek(text, at)
    return char.upper()


def _is_mark_of_greek(text: str, at: int) -> bool:
    if not unicodedata.combining(text[at]):
        return False
    letter = next((char for char in reversed(text[:at]) if not unicodedata.combining(char)), "")
    return "\u0370" <= letter <= "\u03ff" or "\u1f00" <= letter <= "\u1fff"


def _greek(text: str, at: int) -> str:
    char = text[at]
    if char in "ήΉ" and _stands_alone(text, at):
        return "Ή"  # the word for "or" keeps its accent, which distinguishes it from the article
    parts = unicodedata.normalize("NFD", char)
    bare = _ACCENTS.sub("", parts).upper()
    if bare in ("Ι", "Υ") and parts == char and _parts_a_diphthong(text, at):
        bare += "\u0308"
    return unicodedata.normalize("NFC", bare)


def _stands_alone(text: str, at: int) -> bool:
    return not any(map(str.isalpha, text[max(0, at - 1) : at] + text[at + 1 : at + 2]))


def _parts_a_diphthong(text: str, at: int) -> bool:
    """Whether the accent on the vowel before shows that two vowels are spoken: `μάιος` is `ΜΑΪΟΣ`."""
    before = "".join(_letter_before(text, at))
    return (
        bool(_STRESSED.search(before))
        and before[:1].upper() in ("Α", "Ε", "Ο", "Υ")
        and "\u0308" not in before
    )


def _letter_before(text: str, at: int) -> Iterator[str]:
    """The letter before this place with its marks, decomposed."""
    start = at - 1
    while start > 0 and unicodedata.combining(text[start]):
        start -= 1
    yield from unicodedata.normalize("NFD", text[max(0, start) : at])

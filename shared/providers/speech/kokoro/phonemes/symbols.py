"""The 114 symbols that the model knows, and a word of a text in them."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

IDS: Final[dict[str, int]] = {
    ";": 1, ":": 2, ",": 3, ".": 4, "!": 5, "?": 6, "—": 9, "…": 10, "\"": 11, "(": 12, ")": 13, "“": 14,
    "”": 15, " ": 16, "\u0303": 17, "ʣ": 18, "ʥ": 19, "ʦ": 20, "ʨ": 21, "ᵝ": 22, "ꭧ": 23, "A": 24, "I": 25,
    "O": 31, "Q": 33, "S": 35, "T": 36, "W": 39, "Y": 41, "ᵊ": 42, "a": 43, "b": 44, "c": 45, "d": 46,
    "e": 47, "f": 48, "h": 50, "i": 51, "j": 52, "k": 53, "l": 54, "m": 55, "n": 56, "o": 57, "p": 58,
    "q": 59, "r": 60, "s": 61, "t": 62, "u": 63, "v": 64, "w": 65, "x": 66, "y": 67, "z": 68, "ɑ": 69,
    "ɐ": 70, "ɒ": 71, "æ": 72, "β": 75, "ɔ": 76, "ɕ": 77, "ç": 78, "ɖ": 80, "ð": 81, "ʤ": 82, "ə": 83,
    "ɚ": 85, "ɛ": 86, "ɜ": 87, "ɟ": 90, "ɡ": 92, "ɥ": 99, "ɨ": 101, "ɪ": 102, "ʝ": 103, "ɯ": 110, "ɰ": 111,
    "ŋ": 112, "ɳ": 113, "ɲ": 114, "ɴ": 115, "ø": 116, "ɸ": 118, "θ": 119, "œ": 120, "ɹ": 123, "ɾ": 125,
    "ɻ": 126, "ʁ": 128, "ɽ": 129, "ʂ": 130, "ʃ": 131, "ʈ": 132, "ʧ": 133, "ʊ": 135, "ʋ": 136, "ʌ": 138,
    "ɣ": 139, "ɤ": 140, "χ": 142, "ʎ": 143, "ʒ": 147, "ʔ": 148, "ˈ": 156, "ˌ": 157, "ː": 158, "ʰ": 162,
    "ʲ": 164, "↓": 169, "→": 171, "↗": 172, "↘": 173, "ᵻ": 177,}  # fmt: skip
"""The number of each symbol in the model; 0 is what stands at both ends."""

PAUSE_MARKS: Final = frozenset(';:,.!?—…"()“”')
"""Punctuation that the model reads as a pause or a change of tone."""
SENTENCE_ENDS: Final = frozenset(".!?…")
_MARKS: Final = {
    **{"。": ".", "．": ".", "।": ".", "！": "!", "？": "?", "‼": "!", "⁇": "?"},
    **{"、": ",", "，": ",", "：": ":", "；": ";", "–": "—", "―": "—"},
    **{"«": "“", "»": "”", "„": "“", "‟": "“", "「": "“", "」": "”", "[": "(", "]": ")"},
    **{"『": "“", "』": "”", "《": "“", "》": "”", "（": "(", "）": ")"},
}
"""What stands for a mark of `PAUSE_MARKS`."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """A word of a text: what stands between two spaces, or as much as is read together without."""

    at: int
    """Index of its first letter or figure in the text."""
    end: int
    """Index after its last one."""
    symbols: str
    """How it sounds, with a space where espeak hears several words (`20`); empty for a mark alone."""
    before: str
    """Pause marks before it."""
    after: str
    """Those after it."""


def marks_of(text: str) -> str:
    """The pause marks in what stands beside a word's letters, each once (`!!!` is no longer than `!`)."""
    found = (_MARKS.get(char, char) for char in text)
    return "".join(dict.fromkeys(char for char in found if char in PAUSE_MARKS))


def known(char: str) -> str:
    """The character, or those of its parts that the model knows."""
    if char in IDS:
        return char
    return "".join(part for part in unicodedata.normalize("NFD", char) if part in IDS)


def with_marks(text: str, words: Iterable[Said]) -> list[Said]:
    """The words with the marks beside them: an opening one before the word that follows, others after."""
    found: list[Said] = []
    opening = ""
    for word in words:
        if word.symbols:
            found.append(replace(word, before=opening))
            opening = ""
        elif unicodedata.category(text[word.at : word.at + 1] or " ") in {"Ps", "Pi"}:
            opening += word.after
        elif word.after and found:
            found[-1] = replace(found[-1], after=marks_of(found[-1].after + word.after))
    return found

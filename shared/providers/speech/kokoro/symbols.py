"""From the phonemes that espeak writes to the symbols that the model was trained on.

The model knows 114 symbols. For English they are those of misaki (https://github.com/hexgrad/misaki): one
capital for a diphthong, one letter for an affricate, a flap as `T`.
"""

import re
import unicodedata
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
}
"""What stands for a mark of `PAUSE_MARKS`."""

_JOINED: Final = (("aɪ", "I"), ("aʊ", "W"), ("dz", "ʣ"), ("dʒ", "ʤ"), ("eɪ", "A"), ("oʊ", "O"), ("əʊ", "Q"),
                  ("ts", "ʦ"), ("tʃ", "ʧ"), ("ɔɪ", "Y"))  # fmt: skip
_ENGLISH: Final = (
    *(("aɪɚ", "Iəɹ"), ("aɪə", "Iə"), ("aʊɚ", "Wəɹ"), ("aʊə", "Wə"), ("aɪ", "I"), ("aʊ", "W"), ("eɪ", "A")),
    *(("ɔɪ", "Y"), ("dʒ", "ʤ"), ("tʃ", "ʧ"), ("əl", "ᵊl")),
    *(("ɚ", "əɹ"), ("ɐ", "ə"), ("r", "ɹ"), ("ɬ", "l"), ("x", "k"), ("ç", "k"), ("ʲ", ""), ("\u0303", "")),
)
_AMERICAN: Final = (
    *(("oʊ", "O"), *_ENGLISH, ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɪə", "iə"), ("ː", "")),
    *(("e", "A"), ("o", "ɔ"), ("ɾ", "T"), ("ʔ", "t")),
)
_BRITISH: Final = (("əʊ", "Q"), ("eə", "ɛː"), ("iə", "ɪə"), *_ENGLISH, ("e", "A"), ("o", "ɔ"), ("ʔ", "t"))
_CHANGES: Final = {"en-US": _AMERICAN, "en-GB": _BRITISH}
_STRESS: Final = "ˈˌ"
_SYLLABIC: Final = re.compile("(.)\u0329")


def symbols_of(ipa: str, language: str) -> str:
    """The model's symbols for one of espeak's phonemes in a language, e.g. `ˈI` for `ˈaɪ` in `en-US`."""
    sound = ipa.lstrip(_STRESS)
    stress = ipa[: len(ipa) - len(sound)]
    sound = _SYLLABIC.sub(r"ᵊ\1", sound.translate(dict.fromkeys(map(ord, _STRESS))))
    for written, meant in _CHANGES.get(language, _JOINED):
        sound = sound.replace(written, meant)
    return stress + "".join(_known(char) for char in sound)


def marks_of(text: str) -> str:
    """The pause marks in what stands beside a word's letters, each once (`!!!` is no longer than `!`)."""
    found = (_MARKS.get(char, char) for char in text)
    return "".join(dict.fromkeys(char for char in found if char in PAUSE_MARKS))


def _known(char: str) -> str:
    """The character, or those of its parts that the model knows."""
    if char in IDS:
        return char
    return "".join(part for part in unicodedata.normalize("NFD", char) if part in IDS)

"""What the model is given for a text: the symbols of every word, by espeak's reading of it.

The model knows 114 symbols. For English they are those of misaki (https://github.com/hexgrad/misaki): one
capital for a diphthong, one letter for an affricate, a flap as `T`.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from shared.providers.speech.espeak_library import Phoneme, phonemes

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
_RUN: Final = re.compile(r"\S+")
_SOUND: Final = re.compile(r"[^\W_]")
_LENGTH_AND_STRESS: Final = str.maketrans("", "", "ˈˌː")


@dataclass(frozen=True, kw_only=True)
class Said:
    """What stands between two spaces of a text."""

    at: int
    """Index of its first letter or figure in the text."""
    symbols: str
    """How it sounds, with a space where espeak hears several words (`20`); empty for a mark alone."""
    before: str
    """Pause marks before it."""
    after: str
    """Those after it."""


def said_of(text: str, reader: str, language: str) -> list[Said]:
    """Every run of a text that is heard or is a pause, as a voice of espeak reads it."""
    runs = [(found.start(), found.end()) for found in _RUN.finditer(text)]
    groups = _by_run(phonemes([text], reader)[0], [start for start, _ in runs])
    _share_out(text, runs, groups, reader)
    found = (_said(text, run, group, language) for run, group in zip(runs, groups, strict=True))
    return [said for said in found if said.symbols or said.before or said.after]


def _by_run(heard: Sequence[Phoneme], starts: Sequence[int]) -> list[list[str]]:
    """The phonemes of each run; an empty one where a word begins within a run."""
    groups: list[list[str]] = [[] for _ in starts]
    for phoneme in heard:
        if phoneme.ipa.startswith("("):
            continue  # espeak's mark for a change of language
        group = groups[max(0, bisect_right(starts, phoneme.at) - 1)]
        if phoneme.ipa or (group and group[-1]):
            group.append(phoneme.ipa)
    return groups


def _share_out(text: str, runs: Sequence[tuple[int, int]], groups: list[list[str]], reader: str) -> None:
    """Give each of the runs that espeak says as one (`for the`) its part of what is heard.

    It is the part that is most like what the run sounds like alone.
    """
    merged = list(_merged(text, runs, groups))
    written = [text[start:end] for first, last in merged for start, end in runs[first:last]]
    alone = iter([[each.ipa for each in heard if each.ipa] for heard in phonemes(written, reader)])
    for first, last in merged:
        whole = [ipa for ipa in groups[first] if ipa]
        cuts = _cuts(
            [_plain(ipa) for ipa in whole], [list(map(_plain, next(alone))) for _ in runs[first:last]]
        )
        for number, (start, end) in enumerate(zip([0, *cuts], cuts, strict=False)):
            groups[first + number] = whole[start:end]


def _merged(
    text: str, runs: Sequence[tuple[int, int]], groups: Sequence[list[str]]
) -> Iterator[tuple[int, int]]:
    """Where runs that have letters and no sound follow one that has: the first one's number, and the end."""
    silent = [
        bool(_SOUND.search(text[start:end])) and not group
        for (start, end), group in zip(runs, groups, strict=True)
    ]
    for is_silent, members in groupby(range(len(runs)), key=silent.__getitem__):
        numbers = list(members)
        if is_silent and numbers[0] > 0 and groups[numbers[0] - 1]:
            yield numbers[0] - 1, numbers[-1] + 1


def _cuts(whole: Sequence[str], parts: Sequence[Sequence[str]]) -> list[int]:
    """Where each part ends in the whole, so that the pieces differ least from the parts."""
    best: dict[int, tuple[int, list[int]]] = {0: (0, [])}
    for number, part in enumerate(parts, 1):
        ends = range(len(whole) + 1) if number < len(parts) else (len(whole),)
        best = {
            end: min(
                (cost + _distance(whole[start:end], part), [*path, end])
                for start, (cost, path) in best.items()
                if start <= end
            )
            for end in ends
        }
    return best[len(whole)][1]


def _distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Levenshtein's: how many phonemes are added, left out or changed."""
    row = list(range(len(other) + 1))
    for number, left in enumerate(one, 1):
        above, row = row, [number]
        for at, right in enumerate(other, 1):
            row.append(min(above[at] + 1, row[-1] + 1, above[at - 1] + (left != right)))
    return row[-1]


def _plain(ipa: str) -> str:
    return ipa.translate(_LENGTH_AND_STRESS)


def _said(text: str, run: tuple[int, int], group: Sequence[str], language: str) -> Said:
    start, end = run
    letters = [found.start() for found in _SOUND.finditer(text, start, end)]
    first, after = (letters[0], letters[-1] + 1) if letters else (end, end)
    symbols = "".join(symbols_of(ipa, language) if ipa else " " for ipa in group).strip()
    if not letters:
        return Said(at=start, symbols="", before="", after=marks_of(text[start:end]))
    return Said(
        at=first, symbols=symbols, before=marks_of(text[start:first]), after=marks_of(text[after:end])
    )


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

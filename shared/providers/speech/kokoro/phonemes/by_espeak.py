"""The symbols of every word by espeak's reading of it.

For English they are those of misaki (https://github.com/hexgrad/misaki): one capital for a diphthong, one
letter for an affricate, a flap as `T`.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from shared.providers.speech.espeak_library import Phoneme, phonemes
from shared.providers.speech.kokoro.phonemes.symbols import Said, known, marks_of

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
        return Said(at=start, end=end, symbols="", before="", after=marks_of(text[start:end]))
    return Said(
        at=first,
        end=after,
        symbols=symbols,
        before=marks_of(text[start:first]),
        after=marks_of(text[after:end]),
    )


def symbols_of(ipa: str, language: str) -> str:
    """The model's symbols for one of espeak's phonemes in a language, e.g. `ˈI` for `ˈaɪ` in `en-US`."""
    sound = ipa.lstrip(_STRESS)
    stress = ipa[: len(ipa) - len(sound)]
    sound = _SYLLABIC.sub(r"ᵊ\1", sound.translate(dict.fromkeys(map(ord, _STRESS))))
    for written, meant in _CHANGES.get(language, _JOINED):
        sound = sound.replace(written, meant)
    return stress + "".join(known(char) for char in sound)

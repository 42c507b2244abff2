"""How far apart two words sound: a weighted edit distance over the sounds that espeak would make of them.

The weights are coarse classes of the International Phonetic Alphabet: a vowel taken for another costs half as
much as for a consonant, and so does a consonant for its voiced or unvoiced twin.
"""

from collections.abc import Sequence
from typing import Final

Sounds = tuple[str, ...]

_IGNORED: Final = frozenset("ˈˌː.ʲ ̩‿")
_VOWELS: Final = frozenset("aɑɐæeəɚɜɝɛiɪoɔœøuʊʌyɒᵻɨ")
_TWINS: Final = (
    *("pb", "td", "kɡ", "kg", "fv", "sz", "ʃʒ", "θð", "lɹ", "ɹr", "ɹɾ", "tɾ", "dɾ", "mn", "nŋ", "vw", "xh"),
    *("bv", "θt", "ðd", "sʃ", "zʒ", "lɫ"),
)
_ALIKE: Final = frozenset({frozenset(pair) for pair in _TWINS})
_NEAR: Final = 0.5
_WEAK: Final = frozenset("əɪᵻɨh")
"""Sounds that are easily not heard."""


def sounds_of(texts: Sequence[str], voice: str) -> dict[str, Sounds]:
    """The sounds of each text; `voice` is espeak's name of a language. Raises `ProviderFailed`."""
    from shared.providers.speech.espeak_library import phonemes

    wanted = list(dict.fromkeys(texts))
    found = phonemes(wanted, voice)
    return {
        text: tuple(char for phoneme in heard for char in phoneme.ipa if char not in _IGNORED)
        for text, heard in zip(wanted, found, strict=True)
    }


def distance(one: Sounds, other: Sounds) -> float:
    """0: they sound the same; 1: they have nothing in common."""
    longest = max(len(one), len(other))
    if not longest:
        return 0.0
    row = [0.0]
    for sound in other:
        row.append(row[-1] + _gap(sound))
    for left in one:
        line = [row[0] + _gap(left)]
        for at, right in enumerate(other):
            line.append(min(row[at + 1] + _gap(left), line[-1] + _gap(right), row[at] + _change(left, right)))
        row = line
    return row[-1] / longest


def _gap(sound: str) -> float:
    return _NEAR if sound in _WEAK else 1.0


def _change(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if frozenset((one, other)) in _ALIKE or (one in _VOWELS and other in _VOWELS):
        return _NEAR
    return 1.0

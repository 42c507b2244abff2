"""How words are pronounced that the aligner's dictionary does not know: espeak says it, in the dictionary's
letters (ARPAbet)."""

from collections.abc import Iterator, Sequence
from typing import Final

from shared.providers.speech.espeak_library import phonemes

_VOICE: Final = "en-us"
_SOUNDS: Final = {
    **{"tʃ": "CH", "dʒ": "JH", "əl": "AH L", "aɪɚ": "AY ER", "aɪə": "AY AH", "aʊ": "AW", "aɪ": "AY"},
    **{"eɪ": "EY", "oʊ": "OW", "əʊ": "OW", "ɔɪ": "OY", "iə": "IY AH", "ɑː": "AA", "ɔː": "AO", "ɜː": "ER"},
    **{"iː": "IY", "uː": "UW", "n̩": "AH N", "l̩": "AH L", "ɔ̃": "AO N", "ɑ̃": "AA N", "eː": "EY", "oː": "OW"},
    **{"æ": "AE", "ɐ": "AH", "ʌ": "AH", "ə": "AH", "ᵻ": "IH", "ɪ": "IH", "i": "IY", "ɛ": "EH", "e": "EH"},
    **{"ɚ": "ER", "ɝ": "ER", "ɔ": "AO", "ɒ": "AA", "ɑ": "AA", "a": "AA", "o": "OW", "ʊ": "UH", "u": "UW"},
    **{"b": "B", "d": "D", "ð": "DH", "f": "F", "ɡ": "G", "g": "G", "h": "HH", "j": "Y", "k": "K", "l": "L"},
    **{"ɫ": "L", "m": "M", "n": "N", "ŋ": "NG", "p": "P", "ɹ": "R", "r": "R", "ɾ": "T", "s": "S", "ʃ": "SH"},
    **{"t": "T", "θ": "TH", "v": "V", "w": "W", "x": "K", "ç": "HH", "z": "Z", "ʒ": "ZH", "y": "UW"},
    **{"ɬ": "L", "β": "V", "ɣ": "G", "ɲ": "N Y", "ʎ": "L Y", "ø": "ER", "œ": "ER", "ʁ": "R", "ɟ": "G"},
}
"""By espeak's symbols; the longest that fits is taken, and what is in none (stress, glottal stops) is not
heard."""
_LONGEST: Final = max(map(len, _SOUNDS))


def pronunciations(words: Sequence[str]) -> list[str]:
    """Sounds of each word, separated by spaces; empty for one that espeak does not read."""
    return [" ".join(_sounds("".join(part.ipa for part in said))) for said in phonemes(words, _VOICE)]


def _sounds(ipa: str) -> Iterator[str]:
    at = 0
    while at < len(ipa):
        for length in range(_LONGEST, 0, -1):
            if sound := _SOUNDS.get(ipa[at : at + length]):
                yield sound
                break
        else:
            length = 1
        at += length

"""The symbols of Mandarin: words by jieba, their pinyin by pypinyin, and that in phonetic letters and tones.

The extra `voice-zh` brings these packages.
"""

import re
from collections.abc import Iterator
from typing import Final

from shared.providers.speech.kokoro.phonemes import by_espeak
from shared.providers.speech.kokoro.phonemes.symbols import Said, known, marks_of, with_marks

PACKAGES: Final = ("cn2an", "pinyin-to-ipa", "pypinyin", "rjieba")
_LATIN: Final = re.compile("[A-Za-zÀ-ɏ]")
_NUMBER: Final = re.compile(r"(?P<year>[12][0-9]{3})(?=年)|[0-9][0-9,]*(?:\.[0-9]+)?(?P<percent>[%％])?")
_LETTERS: Final = (
    *(("ʈʂ", "ꭧ"), ("tɕ", "ʨ"), ("ts", "ʦ"), ("ɻ\u0329", "ɨ"), ("ɹ\u0329", "ɨ")),
    *(("˧˩˧", "↓"), ("˧˥", "↗"), ("˥˩", "↘"), ("˥", "→")),
)
"""The model has one letter for an affricate, and arrows for tones."""


def said_of(text: str) -> list[Said]:
    """Every word of a text that is heard or is a pause."""
    return with_marks(text, _words(text))


def _words(text: str) -> Iterator[Said]:
    at = 0
    for number in _NUMBER.finditer(text):
        yield from _by_jieba(text[at : number.start()], at)
        yield _said(*number.span(), _sounds(_in_characters(number)), "")
        at = number.end()
    yield from _by_jieba(text[at:], at)


def _in_characters(number: re.Match[str]) -> str:
    """`25%` as 百分之二十五; a year, and what is too long for a number, figure by figure."""
    import cn2an

    figures = number[0].rstrip("%％").replace(",", "")
    try:
        said = cn2an.an2cn(figures, "direct" if number["year"] else "low")
    except ValueError:
        said = cn2an.an2cn(figures, "direct")
    return f"百分之{said}" if number["percent"] else str(said)


def _by_jieba(text: str, at: int) -> Iterator[Said]:
    import rjieba

    for word in rjieba.cut(text):
        end = at + len(word)
        if _LATIN.search(word):
            english = by_espeak.said_of(word, "gmw/en-US", "en-US")
            yield _said(at, end, " ".join(run.symbols for run in english), "")
        else:
            symbols = _sounds(word)
            yield _said(at, end, symbols, "" if symbols else marks_of(word))
        at = end


def _said(at: int, end: int, symbols: str, after: str) -> Said:
    return Said(at=at, end=end, symbols=symbols, before="", after=after)


def _sounds(word: str) -> str:
    """Those of its Han characters; of other characters none."""
    from pypinyin import Style, lazy_pinyin

    syllables = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")
    return "".join(map(_symbols, syllables))


def _symbols(syllable: str) -> str:
    from pinyin_to_ipa import pinyin_to_ipa

    sound = "".join(pinyin_to_ipa(syllable)[0])
    for written, meant in _LETTERS:
        sound = sound.replace(written, meant)
    return "".join(map(known, sound))

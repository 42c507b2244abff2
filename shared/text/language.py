"""The script of a text, its direction, and its words; from Unicode alone."""

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from typing import Final

_SCRIPTS: Final[dict[str, str]] = {
    "ARABIC": "Arab",
    "ARMENIAN": "Armn",
    "BENGALI": "Beng",
    "BOPOMOFO": "Bopo",
    "CANADIAN": "Cans",
    "CHEROKEE": "Cher",
    "CJK": "Hani",
    "COPTIC": "Copt",
    "CYRILLIC": "Cyrl",
    "DEVANAGARI": "Deva",
    "ETHIOPIC": "Ethi",
    "GEORGIAN": "Geor",
    "GREEK": "Grek",
    "GUJARATI": "Gujr",
    "GURMUKHI": "Guru",
    "HANGUL": "Hang",
    "HEBREW": "Hebr",
    "HIRAGANA": "Hira",
    "IDEOGRAPHIC": "Hani",
    "JAVANESE": "Java",
    "KANNADA": "Knda",
    "KATAKANA": "Kana",
    "KATAKANA-HIRAGANA": "Kana",
    "KHMER": "Khmr",
    "LAO": "Laoo",
    "LATIN": "Latn",
    "MALAYALAM": "Mlym",
    "MONGOLIAN": "Mong",
    "MYANMAR": "Mymr",
    "NKO": "Nkoo",
    "ORIYA": "Orya",
    "SINHALA": "Sinh",
    "SYRIAC": "Syrc",
    "TAMIL": "Taml",
    "TELUGU": "Telu",
    "THAANA": "Thaa",
    "THAI": "Thai",
    "TIBETAN": "Tibt",
    "TIFINAGH": "Tfng",
    "YI": "Yiii",
}
"""The first word of a character's Unicode name, and the script's ISO 15924 code."""

LANGUAGES: Final[dict[str, tuple[str, ...]]] = {
    "Arab": ("ar", "fa", "ur", "ps", "ug", "sd", "ku", "ckb"),
    "Armn": ("hy", "hyw"),
    "Beng": ("bn", "as"),
    "Bopo": ("zh", "cmn"),
    "Cyrl": ("ru", "uk", "bg", "sr", "be", "mk", "kk", "ky", "tt", "ba", "cv", "mn", "tg", "uz", "bs"),
    "Deva": ("hi", "mr", "ne", "kok", "sa"),
    "Ethi": ("am", "ti"),
    "Geor": ("ka",),
    "Grek": ("el", "grc"),
    "Gujr": ("gu",),
    "Guru": ("pa",),
    "Hang": ("ko",),
    "Hani": ("zh", "cmn", "yue", "hak", "ja"),
    "Hebr": ("he", "yi"),
    "Hira": ("ja",),
    "Knda": ("kn",),
    "Khmr": ("km",),
    "Laoo": ("lo",),
    "Mlym": ("ml",),
    "Mymr": ("my",),
    "Orya": ("or",),
    "Sinh": ("si",),
    "Taml": ("ta",),
    "Telu": ("te",),
    "Thaa": ("dv",),
    "Thai": ("th",),
    "Tibt": ("bo",),
}
"""Languages of a script, the likeliest first."""

_RUN: Final = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\u200b\ufeff]+")
"""Matches text between spaces; a zero width space separates words too, in the scripts without spaces."""

_UNSPACED: Final = frozenset({"Bopo", "Hani", "Hira", "Kana", "Khmr", "Laoo", "Mymr", "Thai"})
_SPOKEN_BEFORE: Final = frozenset("เแโใไເແໂໃໄ")
"""Thai and Lao vowels that are written before the consonant they follow."""

_SPOKEN_AFTER: Final = frozenset("ะาำๅๆฯະາຳຽໆຯ")
_STACKING: Final = frozenset("\u1039\u17d2")
"""The signs by which the next Burmese or Khmer consonant goes below this one."""

_ASAT: Final = "\u103a"
"""Makes the Burmese consonant before it the end of its syllable."""


def primary_of(language: str) -> str:
    """The language of a BCP 47 tag without its region: `pt` of `pt-BR`."""
    return language.replace("_", "-").split("-")[0].lower()


def scripts_of(text: str) -> Counter[str]:
    """How many letters and marks `text` has of each script, by ISO 15924 code, e.g. `Latn`, `Hani`, `Hira`.

    Digits, punctuation, symbols, emoji and letters of rare scripts are not counted.
    """
    return Counter(filter(None, map(_script, text)))


def main_script(text: str) -> str:
    """The script of most of the content, empty without letters; Japanese is `Hira`, even if mostly Han."""
    counts = scripts_of(text)
    kana = counts.pop("Hira", 0) + counts.pop("Kana", 0)
    if kana * 8 >= counts["Hani"]:
        counts["Hira"] = kana + counts.pop("Hani", 0)
    else:
        counts["Hani"] += kana
    for dense in ("Hani", "Hira", "Hang"):
        counts[dense] *= 2
    script, letters = max(counts.items(), key=lambda item: item[1])
    return script if letters else ""


def is_right_to_left(text: str) -> bool:
    """Whether the first character with a direction runs from right to left (rule P2 of UAX #9)."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in {"L", "R", "AL"}:
            return direction != "L"
    return False


def words_of(text: str) -> list[tuple[int, int]]:
    """Where each word of `text` starts and ends, its punctuation included.

    A word is the text between spaces. Scripts without spaces are split further: Han and kana by character,
    Thai, Lao, Khmer and Burmese by written cluster (a consonant with all its marks).
    """
    spans: list[tuple[int, int]] = []
    for run in _RUN.finditer(text):
        starts = [run.start() + at for at in _word_starts(run.group())]
        spans += pairwise([*starts, run.end()])
    return spans


@lru_cache(maxsize=4096)
def _script(char: str) -> str | None:
    if unicodedata.category(char)[0] not in "LM":
        return None
    words = unicodedata.name(char, "").split()
    if words and words[0] in {"FULLWIDTH", "HALFWIDTH"}:
        del words[0]
    return _SCRIPTS.get(words[0]) if words else None


def _word_starts(run: str) -> list[int]:
    """Indices in a run without spaces at which a word starts."""
    if run.isascii() or _UNSPACED.isdisjoint(map(_script, run)):
        return [0]
    starts = [0]
    before = _kind(run, 0)
    for at in range(1, len(run)):
        kind = _kind(run, at)
        if kind == "joins":
            continue
        if before != "opens" and not before == kind == "spaced":
            starts.append(at)
        before = kind
    return starts


def _kind(run: str, at: int) -> str:
    """`joins` the word before it, `opens` the word after it, is of an `unspaced` script, or is `spaced`."""
    char = run[at]
    category = unicodedata.category(char)
    if category in {"Ps", "Pi"} or char in _SPOKEN_BEFORE:
        return "opens"
    if category[0] in "MPZC" or char in _SPOKEN_AFTER or _closes_syllable(run, at):
        return "joins"
    return "unspaced" if _script(char) in _UNSPACED else "spaced"


def _closes_syllable(run: str, at: int) -> bool:
    return run[at - 1 : at] in _STACKING or run[at + 1 : at + 2] == _ASAT


def iso_639_2(language: str) -> str:
    """The three-letter code that containers store (ISO 639-2/T); `und` for an unknown one."""
    primary = language.lower().split("-")[0]
    return _TERMINOLOGICAL.get(primary, primary) if len(primary) == 3 else _ISO_639_2.get(primary, "und")


def iso_639_2b(language: str) -> str:
    """The bibliographic code, which QuickTime and Matroska store: `ger` for German, not `deu`."""
    code = iso_639_2(language)
    return next((one for one, other in _TERMINOLOGICAL.items() if other == code), code)


def is_same_language(one: str, other: str) -> bool:
    """Whether two codes (BCP 47, or either kind of ISO 639-2) name one language; `und` is none."""
    return iso_639_2(one) == iso_639_2(other) != "und"


_ISO_639_2: Final = {
    "af": "afr", "am": "amh", "ar": "ara", "az": "aze", "be": "bel", "bg": "bul", "bn": "ben", "bs": "bos",
    "ca": "cat", "cs": "ces", "cy": "cym", "da": "dan", "de": "deu", "el": "ell", "en": "eng", "eo": "epo",
    "es": "spa", "et": "est", "eu": "eus", "fa": "fas", "fi": "fin", "fr": "fra", "ga": "gle", "gd": "gla",
    "gl": "glg", "gu": "guj", "he": "heb", "hi": "hin", "hr": "hrv", "hu": "hun", "hy": "hye", "id": "ind",
    "is": "isl", "it": "ita", "ja": "jpn", "ka": "kat", "kk": "kaz", "km": "khm", "kn": "kan", "ko": "kor",
    "ku": "kur", "ky": "kir", "la": "lat", "lb": "ltz", "lo": "lao", "lt": "lit", "lv": "lav", "mi": "mri",
    "mk": "mkd", "ml": "mal", "mn": "mon", "mr": "mar", "ms": "msa", "mt": "mlt", "my": "mya", "nb": "nob",
    "ne": "nep", "nl": "nld", "nn": "nno", "no": "nor", "om": "orm", "or": "ori", "pa": "pan", "pl": "pol",
    "ps": "pus", "pt": "por", "ro": "ron", "ru": "rus", "sd": "snd", "si": "sin", "sk": "slk", "sl": "slv",
    "sq": "sqi", "sr": "srp", "sv": "swe", "sw": "swa", "ta": "tam", "te": "tel", "th": "tha", "tk": "tuk",
    "tn": "tsn", "tr": "tur", "tt": "tat", "ug": "uig", "uk": "ukr", "ur": "urd", "uz": "uzb", "vi": "vie",
    "zh": "zho",
}  # fmt: skip
_TERMINOLOGICAL: Final = {
    "alb": "sqi", "arm": "hye", "baq": "eus", "bur": "mya", "chi": "zho", "cze": "ces", "dut": "nld",
    "fre": "fra", "geo": "kat", "ger": "deu", "gre": "ell", "ice": "isl", "mac": "mkd", "mao": "mri",
    "may": "msa", "per": "fas", "rum": "ron", "slo": "slk", "tib": "bod", "wel": "cym",
}  # fmt: skip
"""By bibliographic code (ISO 639-2/B)."""

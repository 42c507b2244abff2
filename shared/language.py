"""Which script a text is in, which way it runs, where its words are, and a guess at its language.

From Unicode and small tables alone.
"""

import re
import unicodedata
from collections import Counter
from functools import cache, lru_cache
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
"""First word of a character's Unicode name, and the script's ISO 15924 code."""

_LANGUAGES: Final[dict[str, tuple[str, ...]]] = {
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

_LETTER_HINTS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "Arab": (("ps", "ټډړښځڅ"), ("ur", "ٹڈڑےںھ"), ("fa", "پچژگیک")),
    "Cyrl": (
        ("be", "ў"),
        ("kk", "әғқұһ"),
        ("mn", "өү"),
        ("mk", "ѓќѕ"),
        ("sr", "ђћџљњј"),
        ("uk", "їєґ"),
        ("ru", "ыэё"),
        ("uk", "і"),
    ),
}
"""Letters that only one of the likely languages has; the first language with one of them is it."""

_WORD_HINTS: Final[dict[str, dict[str, str]]] = {
    "Cyrl": {"bg": "са ще това съм че със към още във бъде които който която има"},
    "Deva": {"mr": "आहे आणि आहेत नाही होते मध्ये"},
}

_LATIN_WORDS: Final[dict[str, str]] = {
    "de": (
        "der die das und ist nicht ein eine einen einem ich wir ihr sie mit auf für von dem den "
        "des zu zum zur sich auch wird war sind hat haben bei nach aus wie nur noch über im am als "
        "aber es"
    ),
    "en": (
        "the and is are was were of to in it its that this for with you your we our they he she "
        "his her my on at by from have has had not be been will would can but or as an what when "
        "where how who"
    ),
    "es": (
        "el la los las y es son un una unos de del que en no se con por para su sus lo como más "
        "pero muy está esta este hay fue ha mi tu nuestra nuestro cuando donde todo al también"
    ),
    "fr": (
        "le la les et est sont un une des du de que qui dans ne pas se avec pour sur son sa ses ce "
        "cette il elle nous vous je mais plus très au aux où était être a notre votre en on par"
    ),
    "it": (
        "il lo la gli le e è sono un una uno di del della dei delle che in non si con per su al "
        "alla nel nella come più ma molto questo questa ha ho era anche suo sua mio noi dal dalla"
    ),
    "nl": (
        "de het een en is zijn van dat die niet in op te met voor ik je we wij ze hij aan er om "
        "ook naar maar dan wat was door over bij uit nog worden wordt heeft hebben deze dit"
    ),
    "pl": (
        "i w na z że się nie to jest są do jak po od dla o ale co tak był była było już tylko "
        "przez przy który która które ten ta te jego jej może oraz ich"
    ),
    "pt": (
        "o a os as e é são um uma de do da dos das que em no na nos nas não se com por para seu "
        "sua mais mas muito está este esta foi como ao à também ele ela nós você meu minha quando "
        "onde"
    ),
    "sv": (
        "och i att det en ett är som på av för med den inte om till var vi jag du han hon de har "
        "från men så när nu kan ska eller mycket efter vid sin sitt under över bara också"
    ),
    "tr": (
        "ve bir bu için ile da de çok ne var yok mi mı ama gibi daha en o şu biz siz ben sen her "
        "olan olarak kadar sonra değil ki oldu şey"
    ),
    "vi": (
        "và là của có không một những các cho với được trong này đó người tôi bạn chúng ta đã sẽ "
        "đang ở khi rất nhiều cũng như để từ trên lại ra vào"
    ),
}
_LATIN_LETTERS: Final[dict[str, str]] = {
    "de": "ßäöü",
    "es": "ñ¿¡áíóú",
    "fr": "çèêëàùûîôœ",
    "it": "àèìòù",
    "pl": "ąęłśźżćń",
    "pt": "ãõçáâêéóí",
    "sv": "åäö",
    "tr": "ğışçöüİ",
    "vi": "ăơưđạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
}
"""Letters with marks that are frequent in a language; one that only it has counts twice."""

_RUN: Final = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\u200b\ufeff]+")
"""What stands between spaces; a zero width space parts words too, in the scripts that write none."""

_UNSPACED: Final = frozenset({"Bopo", "Hani", "Hira", "Kana", "Khmr", "Laoo", "Mymr", "Thai"})
_SPOKEN_BEFORE: Final = frozenset("เแโใไເແໂໃໄ")
"""Thai and Lao vowels that are written before the consonant they follow."""

_SPOKEN_AFTER: Final = frozenset("ะาำๅๆฯະາຳຽໆຯ")
_STACKING: Final = frozenset("\u1039\u17d2")
"""The signs by which the next Burmese or Khmer consonant goes below this one."""

_ASAT: Final = "\u103a"
"""Makes the Burmese consonant before it the end of its syllable."""

_MARKS: Final = '.,;:!?…"“”„«»()[]*-–—'


def scripts_of(text: str) -> Counter[str]:
    """How many letters and marks `text` has of each script, by ISO 15924 code, e.g. `Latn`, `Hani`, `Hira`.

    Digits, punctuation, symbols, emoji and letters of rare scripts are not counted.
    """
    return Counter(filter(None, map(_script, text)))


def is_right_to_left(text: str) -> bool:
    """Whether the first character with a direction runs from right to left (rule P2 of UAX #9)."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in {"L", "R", "AL"}:
            return direction != "L"
    return False


def guess_language(text: str, default: str = "en") -> str:
    """The likeliest language of `text`, as a BCP 47 tag.

    `default` is the answer wherever it could be right and nothing in the text speaks against it, so it
    keeps its region and settles what the script leaves open (`sr` in Cyrillic, `ja` in Han alone).
    """
    script = _main_script(text)
    if script == "Latn":
        return _agree(_latin_language(text), default)
    candidates = _LANGUAGES.get(script, ())
    if not candidates:
        return default
    hinted = _hinted(script, text)
    if hinted:
        return _agree(hinted, default)
    return default if _primary(default) in candidates else candidates[0]


def words_of(text: str) -> list[tuple[int, int]]:
    """Where each word of `text` starts and ends, its punctuation included.

    A word is what stands between spaces. Scripts without spaces are parted further: Han and kana by
    character, Thai, Lao, Khmer and Burmese by written cluster (a consonant with all that hangs on it).
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


def _main_script(text: str) -> str:
    """The script that says most; Japanese is `Hira` although most of it may be Han."""
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


def _hinted(script: str, text: str) -> str | None:
    letters = set(text.casefold())
    for language, own in _LETTER_HINTS.get(script, ()):
        if letters.intersection(own):
            return language
    words = [word.strip(_MARKS) for word in text.casefold().split()]
    for language, known in _WORD_HINTS.get(script, {}).items():
        if len(_split(known).intersection(words)) >= (1 if script == "Deva" else 2):
            return language
    return None


def _latin_language(text: str) -> str | None:
    """By frequent words and letters with marks, or None when no language is clearly ahead."""
    lowered = unicodedata.normalize("NFC", text).lower()
    words = [word.strip(_MARKS) for word in re.split(r"[\s’']+", lowered)]
    scores = {
        language: float(sum(map(_split(known).__contains__, words)))
        for language, known in _LATIN_WORDS.items()
    }
    for language, letters in _LATIN_LETTERS.items():
        scores[language] += sum(_letter_weight(char) for char in lowered if char in letters)
    (language, best), (_, second) = sorted(scores.items(), key=lambda item: -item[1])[:2]
    return language if best >= 2 and best >= second + 1 else None


@cache
def _split(words: str) -> frozenset[str]:
    return frozenset(words.split())


@cache
def _letter_weight(char: str) -> float:
    return 1.0 if sum(char in letters for letters in _LATIN_LETTERS.values()) == 1 else 0.5


def _agree(language: str | None, default: str) -> str:
    return default if language in (None, _primary(default)) else str(language)


def _primary(tag: str) -> str:
    return tag.replace("_", "-").split("-")[0].lower()

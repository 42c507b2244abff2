"""Guesses a language from small tables of letters and frequent words, as a baseline for the model."""

import re
import unicodedata
from functools import cache
from typing import Final

from shared.text.language import LANGUAGES, main_script

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
"""Letters that only one of the likely languages has; the first language with one of them is chosen."""

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
"""Letters with marks that are frequent in a language; unique ones count twice."""

_MARKS: Final = '.,;:!?…"“”„«»()[]*-–—'


def guess_language(text: str, default: str = "en") -> str:
    """The likeliest language of `text`, as a BCP 47 tag.

    `default` is returned unless the text contradicts it, so it keeps its region and decides what the script
    leaves open (`sr` in Cyrillic, `ja` in Han alone).
    """
    script = main_script(text)
    if script == "Latn":
        return _agree(_latin_language(text), default)
    candidates = LANGUAGES.get(script, ())
    if not candidates:
        return default
    hinted = _hinted(script, text)
    if hinted:
        return _agree(hinted, default)
    return default if _primary(default) in candidates else candidates[0]


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
    """By frequent words and letters with marks, or None if no language is clearly ahead."""
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

"""The script of a character, its name in messages, and where its fonts come from."""

import unicodedata
from dataclasses import dataclass
from typing import Final

from shared.text.clusters import is_emoji
from shared.text.language import scripts_of

_EMOJI: Final = "Zsye"


@dataclass(frozen=True, kw_only=True)
class FontHome:
    """Where fonts of a script come from."""

    hints: tuple[str, ...]
    """Parts of the names of files that have it, the best first."""
    debian: str
    """The package."""
    pypi: str = ""

    @property
    def packages(self) -> str:
        """In words."""
        return f"{self.debian} (Debian)" + (f" or {self.pypi} (PyPI)" if self.pypi else "")


_DEBIAN_NOTO: Final = "fonts-noto-core"
_PYPI_NOTO: Final = "manimgx-fonts"
_CJK: Final = FontHome(
    hints=("cjk", "sourcehan", "hiragino", "pingfang", "msyh", "yugoth", "malgun"),
    debian="fonts-noto-cjk",
    pypi="manimgx-fonts-cjk",
)
_EUROPEAN: Final = FontHome(
    hints=("firasans", "dejavusans"), debian="fonts-dejavu-core", pypi="fontpkg-fira-sans"
)


def _noto(*hints: str, pypi: str = _PYPI_NOTO) -> FontHome:
    return FontHome(hints=hints, debian=_DEBIAN_NOTO, pypi=pypi)


_HOMES: Final[dict[str, FontHome]] = {
    "Latn": _EUROPEAN,
    "Grek": _EUROPEAN,
    "Cyrl": _EUROPEAN,
    "Hebr": _noto("heebo", "hebrew", pypi="fontpkg-heebo"),
    "Arab": _noto("notosansarabic", "arabic", pypi="fontpkg-noto-sans-arabic"),
    "Deva": _noto("devanagari", "deva", pypi="fontpkg-noto-sans-devanagari"),
    "Taml": _noto("tamil", pypi="fontpkg-noto-sans-tamil"),
    "Thai": _noto("thai", pypi="fontpkg-noto-sans-thai"),
    "Armn": _noto("armenian"),
    "Beng": _noto("bengali"),
    "Ethi": _noto("ethiopic"),
    "Geor": _noto("georgian"),
    "Gujr": _noto("gujarati"),
    "Guru": _noto("gurmukhi"),
    "Khmr": _noto("khmer"),
    "Knda": _noto("kannada"),
    "Laoo": _noto("lao"),
    "Mlym": _noto("malayalam"),
    "Mymr": _noto("myanmar"),
    "Orya": _noto("oriya"),
    "Sinh": _noto("sinhala"),
    "Telu": _noto("telugu"),
    "Hani": _CJK,
    "Hira": _CJK,
    "Kana": _CJK,
    "Bopo": _CJK,
    "Hang": _CJK,
    _EMOJI: FontHome(
        hints=("notoemoji", "symbola", "seguisym", "dejavusans", "cjk"),
        debian="fonts-symbola",
        pypi=_PYPI_NOTO,
    ),
}
"""By script; the others are in Noto fonts named for them, all in one Debian package."""
_IN_COLOUR: Final = FontHome(hints=("coloremoji",), debian="fonts-noto-color-emoji")

_CALLED: Final = {"Hani": "Chinese", "Hang": "Korean"}


def script_of(cluster: str) -> str:
    """ISO 15924 code, or the first word of the character's Unicode name."""
    scripts = scripts_of(cluster)
    if scripts:
        return scripts.most_common(1)[0][0]
    if is_emoji(cluster):
        return _EMOJI
    if unicodedata.category(cluster[0])[0] == "S" and cluster[0] >= "\u2190":
        return _EMOJI
    if not cluster[0].isalpha():
        return "Latn"
    return _first_word(cluster).capitalize()


def is_letter(cluster: str) -> bool:
    """Whether a word is unreadable without it."""
    return cluster[0].isalpha() or bool(scripts_of(cluster))


def is_symbol(cluster: str) -> bool:
    """Whether it is an emoji, an arrow, a star or the like."""
    return script_of(cluster) == _EMOJI


def is_european(script: str) -> bool:
    return _HOMES.get(script) is _EUROPEAN


def characters_of(script: str, samples: str) -> str:
    """The name of these characters in messages."""
    if script == _EMOJI:
        return "emoji or symbols"
    if not is_letter(samples):
        return "characters"
    name = _CALLED.get(script) or _first_word(samples).capitalize()
    return f"{name} characters" if name == script else f"{name} ({script}) characters"


def home_of(script: str, samples: str) -> FontHome:
    hint = _first_word(samples).lower() or script.lower()
    return _HOMES.get(script) or _noto(hint, pypi="")


def packages_of(file_key: str) -> str:
    """The packages that hold a font with such a file name, in words."""
    homes = (home for home in (_IN_COLOUR, *_HOMES.values()) if any(hint in file_key for hint in home.hints))
    return next(homes, _noto(pypi="")).packages


def _first_word(samples: str) -> str:
    """Of the character's Unicode name."""
    return unicodedata.name(samples[0], "unknown").split()[0]

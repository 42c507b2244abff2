"""Of which script a character is, how people call it, and where fonts for it come from."""

import unicodedata
from dataclasses import dataclass
from typing import Final

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


_NOTO: Final = "fonts-noto-core"
_CJK: Final = FontHome(
    hints=("cjk", "sourcehan", "hiragino", "pingfang", "msyh", "yugoth", "malgun"), debian="fonts-noto-cjk"
)
_EUROPEAN: Final = FontHome(
    hints=("firasans", "dejavusans"), debian="fonts-dejavu-core", pypi="fontpkg-fira-sans"
)
_HOMES: Final[dict[str, FontHome]] = {
    "Latn": _EUROPEAN,
    "Grek": _EUROPEAN,
    "Cyrl": _EUROPEAN,
    "Hebr": FontHome(hints=("heebo", "hebrew"), debian=_NOTO, pypi="fontpkg-heebo"),
    "Arab": FontHome(hints=("notosansarabic", "arabic"), debian=_NOTO, pypi="fontpkg-noto-sans-arabic"),
    "Deva": FontHome(hints=("devanagari", "deva"), debian=_NOTO, pypi="fontpkg-noto-sans-devanagari"),
    "Taml": FontHome(hints=("tamil",), debian=_NOTO, pypi="fontpkg-noto-sans-tamil"),
    "Thai": FontHome(hints=("thai",), debian=_NOTO, pypi="fontpkg-noto-sans-thai"),
    "Khmr": FontHome(hints=("khmer",), debian=_NOTO, pypi="fontpkg-noto-sans-khmer"),
    "Hani": _CJK,
    "Hira": _CJK,
    "Kana": _CJK,
    "Bopo": _CJK,
    "Hang": _CJK,
    _EMOJI: FontHome(hints=("notoemoji", "symbola", "seguisym", "dejavusans"), debian="fonts-symbola"),
}
"""By script; the others are in Noto fonts named for them, all in one Debian package."""

_CALLED: Final = {"Hani": "Chinese", "Hang": "Korean"}


def script_of(cluster: str) -> str:
    """ISO 15924 code, or the first word of the character's Unicode name."""
    scripts = scripts_of(cluster)
    if scripts:
        return scripts.most_common(1)[0][0]
    if unicodedata.category(cluster[0])[0] == "S" and cluster[0] >= "\u2190":
        return _EMOJI
    if not cluster[0].isalpha():
        return "Latn"
    return _first_word(cluster).capitalize()


def is_letter(cluster: str) -> bool:
    """Whether a word can't be read without it."""
    return cluster[0].isalpha() or bool(scripts_of(cluster))


def is_european(script: str) -> bool:
    return _HOMES.get(script) is _EUROPEAN


def characters_of(script: str, samples: str) -> str:
    """What people call these characters of a script."""
    if script == _EMOJI:
        return "emoji or symbols"
    if not is_letter(samples):
        return "characters"
    name = _CALLED.get(script) or _first_word(samples).capitalize()
    return f"{name} characters" if name == script else f"{name} ({script}) characters"


def home_of(script: str, samples: str) -> FontHome:
    hint = _first_word(samples).lower() or script.lower()
    return _HOMES.get(script) or FontHome(hints=(hint,), debian=_NOTO)


def packages_of(file_key: str) -> str:
    """The packages that hold a font with such a file name, in words."""
    homes = (home for home in _HOMES.values() if any(hint in file_key for hint in home.hints))
    return next(homes, FontHome(hints=(), debian=_NOTO)).packages


def _first_word(samples: str) -> str:
    """Of the character's Unicode name."""
    return unicodedata.name(samples[0], "unknown").split()[0]

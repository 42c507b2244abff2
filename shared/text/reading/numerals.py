"""Numbers as they are written and as they are spoken. num2words (LGPL, imported unchanged) counts."""

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import Final, Literal

from shared.text.reading.tongue import Forms, Tongue

_MOST_DIGITS: Final = 15
"""Longer numbers are read digit by digit."""

Gender = Literal["masculine", "feminine"]


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number as it is written, without signs between its thousands."""

    whole: str
    fraction: str = ""

    @property
    def value(self) -> int:
        return int(self.whole[-_MOST_DIGITS:])


def counted_by() -> str:
    """The version of what counts. Raises `PackageNotFoundError`."""
    return version("num2words")


def pattern(tongue: Tongue) -> str:
    """A regular expression, without groups, for a number without its sign."""
    between = ".,'’\u00a0\u2009\u202f" + " " * tongue.spaced_groups
    decimals = "(?:[.,][0-9]{1,20})?"
    return rf"(?:[0-9]{{1,3}}(?:[{between}][0-9]{{3}}(?![0-9])){{1,8}}{decimals}|[0-9]+{decimals})"


def parsed(text: str, tongue: Tongue) -> Number:
    """The meaning of a number that `pattern` matched; a sign that can't separate thousands is decimal."""
    signs = re.sub("[0-9]", "", text)
    last = signs[-1:]
    alone = signs.count(last) == 1
    groups = re.fullmatch(r"[1-9][0-9]{0,2}[^0-9][0-9]{3}", text)
    if last in (".", ",") and alone and not (len(signs) == 1 and groups and last != tongue.decimal):
        whole, _, fraction = text.rpartition(last)
    else:
        whole, fraction = text, ""
    return Number(whole=re.sub("[^0-9]", "", whole), fraction=fraction)


def spoken(number: Number, tongue: Tongue, gender: Gender | None = None) -> str:
    whole = agreeing(_whole(number.whole, tongue), tongue, None if number.fraction else gender)
    if not number.fraction:
        return whole
    one_by_one = tongue.fraction == "digits" or len(number.fraction) > 3 or number.fraction[0] == "0"
    fraction = digits(number.fraction, tongue) if one_by_one else cardinal(int(number.fraction), tongue)
    return f"{whole} {tongue.point} {fraction}"


def _whole(figures: str, tongue: Tongue) -> str:
    if len(figures) > _MOST_DIGITS or (figures[0] == "0" and len(figures) > 1):
        return digits(figures, tongue)
    return cardinal(int(figures), tongue)


def digits(figures: str, tongue: Tongue) -> str:
    return " ".join(cardinal(int(figure), tongue) for figure in figures)


def cardinal(value: int, tongue: Tongue) -> str:
    return _flowing(_said(value, tongue.numbers, "cardinal"), tongue)


def ordinal(value: int, tongue: Tongue) -> str:
    return _flowing(_said(value, tongue.numbers, "ordinal"), tongue)


def genitive(value: int, tongue: Tongue) -> str:
    """Of an ordinal, as Russian dates have it."""
    return _said(value, tongue.numbers, "ordinal", case="g")


def inflected(value: int, before: str, tongue: Tongue) -> str:
    """A German ordinal, by the word before it."""
    word = before[-20:].split()[-1:]
    ending = tongue.ordinal_endings.get(word[0].lower(), "r") if word else "r"
    return ordinal(value, tongue) + ending


def year(value: int, tongue: Tongue) -> str:
    in_pairs = tongue.years[0] <= value <= tongue.years[1]
    return _flowing(_said(value, tongue.numbers, "year"), tongue) if in_pairs else cardinal(value, tongue)


def agreeing(said: str, tongue: Tongue, gender: Gender | None) -> str:
    """A number before a noun."""
    if gender is None:
        return said
    for ending, instead in tongue.agree.get(gender, {}).items():
        if said == ending.removeprefix("=") or (ending[0] != "=" and said.endswith(ending)):
            return said.removesuffix(ending.removeprefix("=")) + instead
    return said


def form(number: Number, forms: Forms, tongue: Tongue) -> str:
    """The form of a noun after a number."""
    if tongue.plurals in ("polish", "russian"):
        return forms[3 if number.fraction else _slavic(number.value, tongue)]
    most = 2 if tongue.plurals == "two" else 1
    single = number.value < most if most == 2 else number.value == 1 and not number.fraction
    return forms[0 if single else 1]


def _slavic(value: int, tongue: Tongue) -> int:
    if value == 1 or (tongue.plurals == "russian" and value % 10 == 1 and value % 100 != 11):
        return 0
    return 1 if value % 10 in (2, 3, 4) and value % 100 not in (12, 13, 14) else 2


def _flowing(said: str, tongue: Tongue) -> str:
    """Without characters that would make a voice pause."""
    said = said.replace(",", "")
    return said if tongue.and_in_hundreds else said.replace(" and ", " ")


@lru_cache(maxsize=4096)
def _said(value: int, language: str, kind: str, **how: str) -> str:
    from num2words import num2words

    return str(num2words(value, lang=language, to=kind, **how))

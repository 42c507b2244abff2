"""A rule of reading, and patterns that several of them use."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from shared.text.reading.tongue import Tongue

SETTLED: Final = "\ue000"
"""In the text that rules search, replaces each character that an earlier rule has read."""
GAP: Final = "[ \u00a0\u2009\u202f]?"
SIGN: Final = r"(?:(?<![\w\ue000])(?:[-−–+±]|[~≈] ?))?"
BEFORE: Final = r"(?<!\w)(?<![0-9][.,:/])"
AFTER: Final = r"(?!\w)(?![.,:/][0-9])"

Said = list[str] | None
"""The spoken form of a match, word by word if the numbers of words agree; None: not a match after all."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Text that is read otherwise than it is written, and how."""

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], Said]


def any_of(names: Iterable[str]) -> str:
    """A regular expression for any of these names, the longest first."""
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True)))


def sign_word(sign: str | None, tongue: Tongue) -> str:
    """The name of a number's sign, with a space after it."""
    words = tongue.words
    called = {"+": words.plus, "±": f"{words.plus} {words.minus}", "~": words.about, "≈": words.about}
    return f"{called.get(sign.strip(), words.minus)} " if sign else ""

"""What a rule of reading is, and what several of them look for."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from shared.text.reading.tongue import Tongue

SETTLED: Final = "\ue000"
"""Stands in the text that rules search for each character that one before them has read."""
GAP: Final = "[ \u00a0\u2009\u202f]?"
SIGN: Final = r"(?:(?<![\w\ue000])(?:[-−–+±]|[~≈] ?))?"
BEFORE: Final = r"(?<!\w)(?<![0-9][.,:/])"
AFTER: Final = r"(?!\w)(?![.,:/][0-9])"

Said = list[str] | None
"""What is said for what was found, by written word where they are as many; None: it is something else."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Where something is to be read otherwise than it is written, and how."""

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], Said]


def any_of(names: Iterable[str]) -> str:
    """A regular expression for one of these, the longest that fits."""
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True)))


def sign_word(sign: str | None, tongue: Tongue) -> str:
    """What a number's sign is called, with a space after it."""
    words = tongue.words
    called = {"+": words.plus, "±": f"{words.plus} {words.minus}", "~": words.about, "≈": words.about}
    return f"{called.get(sign.strip(), words.minus)} " if sign else ""

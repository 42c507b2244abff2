"""Characters that belong together when text is measured, cut and drawn."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_SKIN_TONES: Final = re.compile("[\U0001f3fb-\U0001f3ff]")
_INVISIBLE: Final = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]"
)


def visible(text: str) -> str:
    """`text` without the characters that need no glyph: controls, joiners, direction marks, selectors."""
    return _INVISIBLE.sub("", text)


def drawn(cluster: str) -> str:
    """A cluster as fonts should get it: composed, and emoji bare, as fonts in one colour know no variants."""
    if unicodedata.category(cluster[0])[0] == "S":
        return visible(_SKIN_TONES.sub("", cluster) or cluster)
    return unicodedata.normalize("NFC", cluster)


@lru_cache(maxsize=4096)
def clusters(text: str) -> tuple[str, ...]:
    """`text` cut where a line could break inside a word: marks, conjuncts and Thai vowels stay together."""
    found: list[str] = []
    for char in text:
        if found and _joins(found[-1], char):
            found[-1] += char
        else:
            found.append(char)
    return tuple(found)


def _joins(before: str, char: str) -> bool:
    if unicodedata.category(char)[0] == "M" or _INVISIBLE.match(char) or char in "\u0e33\u0eb3":
        return True
    if _SKIN_TONES.match(char):
        return True
    if before[-1] == "\u200d" or unicodedata.combining(before[-1]) == 9:  # a virama
        return True
    return before[-1] in "เแโใไເແໂໃໄ" and char.isalpha()

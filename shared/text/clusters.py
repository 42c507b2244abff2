"""Characters that must stay together when text is measured, cut and drawn."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_SKIN_TONES: Final = re.compile("[\U0001f3fb-\U0001f3ff]")
_INVISIBLE: Final = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]"
)

_PICTURES: Final = re.compile(
    "[\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd"
    "\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e\u2753-\u2755"
    "\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\U0001f004\U0001f0cf\U0001f18e\U0001f191-\U0001f19a"
    "\U0001f1e6-\U0001f1ff\U0001f201-\U0001f265\U0001f300-\U0001faff]"
)
"""Characters that are pictures unless a selector asks for text; those from U+1F000 by their blocks.

`Emoji_Presentation` in https://www.unicode.org/Public/UCD/latest/ucd/emoji/emoji-data.txt.
"""
_AS_TEXT: Final = "\ufe0e"
_AS_PICTURE: Final = "\ufe0f"
_KEYCAP: Final = "\u20e3"
_FLAG_LETTER: Final = re.compile("[\U0001f1e6-\U0001f1ff]")


def visible(text: str) -> str:
    """`text` without the characters that need no glyph: controls, joiners, direction marks, selectors."""
    return _INVISIBLE.sub("", text)


def drawn(cluster: str) -> str:
    """A cluster as fonts need it: composed, and emoji without variants, which single-colour fonts lack."""
    if unicodedata.category(cluster[0])[0] == "S":
        return visible(_SKIN_TONES.sub("", cluster) or cluster)
    return unicodedata.normalize("NFC", cluster)


def is_emoji(cluster: str) -> bool:
    """Whether it is shown as a picture in colour."""
    if _AS_TEXT in cluster:
        return False
    return _AS_PICTURE in cluster or _KEYCAP in cluster or bool(_PICTURES.match(cluster))


@lru_cache(maxsize=4096)
def clusters(text: str) -> tuple[str, ...]:
    """Cut `text` where a line could break inside a word: marks, conjuncts, Thai vowels, flags stay whole."""
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
    if _SKIN_TONES.match(char) or (_FLAG_LETTER.match(char) and _FLAG_LETTER.fullmatch(before)):
        return True
    if before[-1] == "\u200d" or unicodedata.combining(before[-1]) == 9:  # a virama
        return True
    return before[-1] in "เแโใไເແໂໃໄ" and char.isalpha()

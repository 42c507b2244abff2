"""Texts and times as SubRip and WebVTT write them."""

import re
from fractions import Fraction
from typing import Final

_JOINER: Final = "\u2060"
"""A word joiner, which is never drawn."""
_COMMANDS: Final = re.compile(r"<(?=[/!A-Za-z])|&(?=#?\w+;)|\\|--(?=>)")
"""Beginnings of tags, entities, commands of libass and lines with times."""
_BRACES: Final = {"{": f"｛{_JOINER}", "}": f"｝{_JOINER}"}


def clock(seconds: Fraction, point: str) -> str:
    """`01:02:03,004` to the nearest millisecond, with a comma or a full stop; half a millisecond is rounded
    up."""
    whole, ms = divmod(int((2000 * seconds + 1) // 2), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{ms:03}"


def in_srt(text: str) -> str:
    """SubRip has no escaping: characters are separated from those that would make them commands.

    Braces become wide ones. Players that draw with libass (ffmpeg, mpv) hide all text between two braces.
    """
    parted = _COMMANDS.sub(lambda found: found.group() + _JOINER, text)
    for brace, wide in _BRACES.items():
        parted = parted.replace(brace, wide)
    return parted


def as_written(text: str) -> str:
    """The text that `in_srt` was given."""
    for brace, wide in _BRACES.items():
        text = text.replace(wide, brace)
    return re.sub(f"(<|&|\\\\|--){_JOINER}", r"\1", text)


def in_vtt(text: str) -> str:
    """WebVTT's own escaping, as defined by https://www.w3.org/TR/webvtt1/."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

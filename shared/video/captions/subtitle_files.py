"""Soft subtitles: SubRip and WebVTT, with the pages and times of the burnt-in captions."""

import re
from collections.abc import Sequence
from typing import Final

from shared.video.captions.pages import Page, caption_pages
from shared.video.timeline import Timeline

_JOINER: Final = "\u2060"
"""A word joiner, which is never drawn."""
_COMMANDS: Final = re.compile(r"<(?=[/!A-Za-z])|&(?=#?\w+;)|\\|--(?=>)")
"""Beginnings of tags, entities, commands of libass and lines with times."""
_BRACES: Final = {"{": f"｛{_JOINER}", "}": f"｝{_JOINER}"}


def to_srt(timeline: Timeline) -> str:
    """SubRip (https://wiki.videolan.org/SubRip/) in which players don't take the text for commands."""
    return "".join(
        f"{number}\n{_span(page, timeline, ',')}\n{_unread(_text(page.lines))}\n\n"
        for number, page in enumerate(caption_pages(timeline), 1)
    )


def to_vtt(timeline: Timeline) -> str:
    """WebVTT, as defined by https://www.w3.org/TR/webvtt1/."""
    cues = (
        f"{_span(page, timeline, '.')}\n{_vtt_escape(_text(page.lines))}\n\n"
        for page in caption_pages(timeline)
    )
    return "WEBVTT\n\n" + "".join(cues)


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines)


def _span(page: Page, timeline: Timeline, point: str) -> str:
    return f"{_time(page.start_frame, timeline, point)} --> {_time(page.end_frame, timeline, point)}"


def _time(frame: int, timeline: Timeline, point: str) -> str:
    """To the nearest millisecond; half a millisecond is rounded up."""
    exact = frame * 1000 / timeline.frame_rate
    seconds, ms = divmod(int((2 * exact + 1) // 2), 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{ms:03}"


def as_written(text: str) -> str:
    """The text of a caption of `to_srt`."""
    for brace, wide in _BRACES.items():
        text = text.replace(wide, brace)
    return re.sub(f"(<|&|\\\\|--){_JOINER}", r"\1", text)


def _unread(text: str) -> str:
    """SubRip has no escaping: characters are separated from those that would make them commands.

    Braces become wide ones. Players that draw with libass (ffmpeg, mpv) hide all text between two braces.
    """
    parted = _COMMANDS.sub(lambda found: found.group() + _JOINER, text)
    for brace, wide in _BRACES.items():
        parted = parted.replace(brace, wide)
    return parted


def _vtt_escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

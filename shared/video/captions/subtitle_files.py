"""Soft subtitles: SubRip and WebVTT, with the pages and times of the burnt-in captions."""

import re
from collections.abc import Sequence
from typing import Final

from shared.video.captions.pages import Page, caption_pages
from shared.video.timeline import Timeline

_JOINER: Final = "\u2060"
"""A word joiner, which nothing draws."""
_COMMANDS: Final = re.compile(r"<(?=[/!A-Za-z])|&(?=#?\w+;)|\\|--(?=>)")
"""What starts a tag, an entity, a command of libass or a line with times."""
_BRACES: Final = {"{": f"｛{_JOINER}", "}": f"｝{_JOINER}"}


def to_srt(timeline: Timeline) -> str:
    """SubRip (https://wiki.videolan.org/SubRip/), in which players don't take the text for commands."""
    return "".join(
        f"{number}\n{_span(page, timeline, ',')}\n{_unread(_text(page.lines))}\n\n"
        for number, page in enumerate(caption_pages(timeline), 1)
    )


def to_vtt(timeline: Timeline) -> str:
    """WebVTT, as https://www.w3.org/TR/webvtt1/ says."""
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
    """To the nearest millisecond, half a one counting as a whole."""
    exact = frame * 1000 / timeline.frame_rate
    seconds, ms = divmod(int((2 * exact + 1) // 2), 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{ms:03}"


def as_written(text: str) -> str:
    """What a caption of `to_srt` says."""
    for brace, wide in _BRACES.items():
        text = text.replace(wide, brace)
    return re.sub(f"(<|&|\\\\|--){_JOINER}", r"\1", text)


def _unread(text: str) -> str:
    """There is no escaping in SubRip: signs are parted from what would make them commands.

    Braces become wide ones. Players that draw with libass (ffmpeg, mpv) hide whatever is between two.
    """
    parted = _COMMANDS.sub(lambda found: found.group() + _JOINER, text)
    for brace, wide in _BRACES.items():
        parted = parted.replace(brace, wide)
    return parted


def _vtt_escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

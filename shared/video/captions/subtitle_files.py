"""Soft subtitles: SubRip and WebVTT, with the pages and times of the burnt-in captions."""

from collections.abc import Sequence
from fractions import Fraction

from shared.video.captions.pages import Page, caption_pages
from shared.video.captions.subtitle_text import clock, in_srt, in_vtt
from shared.video.timeline import Timeline


def to_srt(timeline: Timeline) -> str:
    """SubRip (https://wiki.videolan.org/SubRip/) in which players don't take the text for commands."""
    return "".join(
        f"{number}\n{_span(page, timeline, ',')}\n{in_srt(_text(page.lines))}\n\n"
        for number, page in enumerate(caption_pages(timeline), 1)
    )


def to_vtt(timeline: Timeline) -> str:
    """WebVTT, as defined by https://www.w3.org/TR/webvtt1/."""
    cues = (
        f"{_span(page, timeline, '.')}\n{in_vtt(_text(page.lines))}\n\n" for page in caption_pages(timeline)
    )
    return "WEBVTT\n\n" + "".join(cues)


def chapters_to_vtt(chapters: Sequence[tuple[int, str]], end_ms: int) -> str:
    """WebVTT of the kind `chapters`, from when each begins, in milliseconds, and its title; the last ends at
    `end_ms`."""
    ends = [start for start, _ in chapters[1:]] + [end_ms]
    cues = (
        f"{_point(start)} --> {_point(end)}\n{in_vtt(' '.join(title.split()))}\n\n"
        for (start, title), end in zip(chapters, ends, strict=True)
    )
    return "WEBVTT\n\n" + "".join(cues)


def _point(milliseconds: int) -> str:
    return clock(Fraction(milliseconds, 1000), ".")


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines)


def _span(page: Page, timeline: Timeline, point: str) -> str:
    return f"{_time(page.start_frame, timeline, point)} --> {_time(page.end_frame, timeline, point)}"


def _time(frame: int, timeline: Timeline, point: str) -> str:
    return clock(frame / timeline.frame_rate, point)

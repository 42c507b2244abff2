"""Timelines with captions, for the tests of this folder."""

import re
from typing import Any

from shared.video.lettering.fonts import choose_fonts
from shared.video.timeline import CaptionStyle, Cue, Shot, Timeline, Word


def spoken(text: str, pattern: str = r"[\w\u0300-\u036f\u0900-\u097f'-]+") -> tuple[Word, ...]:
    """Each match as a word, 100 ms per character, after 200 ms of silence."""
    words: list[Word] = []
    at_ms = 200
    for match in re.finditer(pattern, text):
        until_ms = at_ms + 100 * len(match.group())
        words.append(Word(start=match.start(), end=match.end(), start_ms=at_ms, end_ms=until_ms))
        at_ms = until_ms
    return tuple(words)


def captioned(
    *texts: str,
    size: tuple[int, int] = (1080, 1920),
    words: tuple[Word, ...] | None = None,
    size_of_letters: float = 1,
    **style: Any,
) -> Timeline:
    """One cue after the other at 30 frames/s, each as long as its words and half a second."""
    cues: list[Cue] = []
    at_frame = 10
    for text in texts:
        heard = spoken(text) if words is None else words
        frames = ((heard[-1].end_ms if heard else 1000) + 500) * 30 // 1000
        cues.append(Cue(at_frame=at_frame, frames=frames, text=text, language="en", words=heard))
        at_frame += frames
    return Timeline(
        width=size[0],
        height=size[1],
        frame_rate="30",
        shots=(Shot(frames=at_frame + 30),),
        cues=tuple(cues),
        fonts=choose_fonts(texts).faces,
        caption_style=CaptionStyle(size=size_of_letters, **style),
    )

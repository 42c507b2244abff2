"""The transcript: what was spoken over each slide, as Markdown with links to the slides' pictures."""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final

from jobs.presenter.deck.notes import between_pauses
from jobs.presenter.deck.slides import Slides
from shared.text.markup import spoken_text

_LONG_PAUSE_MS: Final = 1000
"""After which a paragraph of its own begins."""
_MARKS: Final = re.compile(r"([\\`*_\[\]<>#|~])")
_LIST_MARK: Final = re.compile(r"^(\d+)([.)])|^([-+=])", re.MULTILINE)


def transcript_markdown(
    slides: Slides, starts: Sequence[int], frame_rate: Fraction, picture_of: Callable[[int], str]
) -> str:
    """The talk's title, then a heading for each slide, its time as a link to its picture, and its words.

    `starts` are the slides' first frames, `picture_of` returns the address of a slide's picture by its place.
    """
    parts = [f"# {_escaped(slides.title)}"] if slides.title.strip() else []
    for number, (slide, start) in enumerate(zip(slides.slides, starts, strict=True)):
        title = slide.title or slide.subtitle or f"{number + 1}"
        parts.append(f"## [{clock(start / frame_rate)}]({_address(picture_of(number))}) {_escaped(title)}")
        parts += _paragraphs(slide.notes)
    return "\n\n".join(parts) + "\n"


def clock(seconds: Fraction) -> str:
    """`00:42`, or `1:00:42` from an hour on."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def _paragraphs(notes: str) -> list[str]:
    paragraphs: list[list[str]] = [[]]
    for piece in between_pauses(notes):
        paragraphs[-1].append(spoken_text(piece.text).text)
        if piece.pause_ms >= _LONG_PAUSE_MS:
            paragraphs.append([])
    return [_escaped(" ".join(pieces)) for pieces in paragraphs if pieces]


def _escaped(text: str) -> str:
    """On one line, with nothing in it that Markdown would take for a mark (CommonMark 0.31, 2.4)."""
    plain = _MARKS.sub(r"\\\1", " ".join(text.split()))
    return _LIST_MARK.sub(lambda found: f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}", plain)


def _address(address: str) -> str:
    """A link's target; in pointed brackets if it has spaces or brackets."""
    return f"<{address}>" if re.search(r"[\s()]", address) else address

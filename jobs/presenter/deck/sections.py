"""The sections of a text that is spoken over the pages of a deck."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from shared.errors import InvalidAssets

if TYPE_CHECKING:
    from jobs.presenter.deck.slides import Slide

_RULE: Final = re.compile(r"^[ \t]{0,3}(?:-[ \t]*){3,}$", re.MULTILINE)
_HEADING: Final = re.compile(r"^#{1,6}[ \t].*$", re.MULTILINE)


def sections_of(text: str) -> list[str]:
    """The parts between lines of `---`, or else those that headings begin; a part's own heading is a label
    and not spoken."""
    parts = _RULE.split(text) if _RULE.search(text) else list(_by_headings(text))
    return [_without_heading(part.strip()) for part in parts]


def _by_headings(text: str) -> Iterator[str]:
    starts = [heading.start() for heading in _HEADING.finditer(text)]
    if text[: starts[0] if starts else None].strip():
        starts = [0, *starts]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        yield text[start:end]


def _without_heading(part: str) -> str:
    heading = _HEADING.match(part)
    return part[heading.end() :].strip() if heading else part


def notes_for(slides: "Sequence[Slide]", text: str | None, deck: str) -> tuple[list[str], list[str]]:
    """What is said over each page of the deck: a section of the text, or the page's own notes; and warnings.

    Raises `InvalidAssets` if there are more sections than pages.
    """
    own = [slide.notes for slide in slides]
    sections = sections_of(text) if text is not None else own
    if len(sections) > len(slides):
        raise InvalidAssets(
            f"{deck}: {len(slides)} pages, but the text has {len(sections)} sections: put --- between the "
            "sections, one for each page"
        )
    notes = sections + [""] * (len(slides) - len(sections))
    silent = [number for number, each in enumerate(notes, 1) if not each.strip()]
    if len(silent) == len(notes):
        raise InvalidAssets(
            f"{deck}: none of its pages has notes; write them, or add a text with a section a page"
        )
    warnings = [f"{deck}: nothing is said over page {', '.join(map(str, silent[:20]))}"] if silent else []
    return notes, warnings

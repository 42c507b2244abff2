"""What a slide shows, placed: lines of words, areas of colour and pictures, in the order of painting."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jobs.presenter.drawing.canvas import Box

if TYPE_CHECKING:
    from jobs.presenter.drawing.letters import Pen


@dataclass(frozen=True, kw_only=True, eq=False)
class Words:
    """One line, or a part of one."""

    text: str
    pen: "Pen"
    x: float
    """Of the left end of the baseline."""
    baseline: float
    size_px: int
    colour: str
    ends_line: bool = True
    """Whether more words on the same line follow."""


@dataclass(frozen=True, kw_only=True)
class Area:
    """A rectangle with round corners; as round as it can be, it is a disc."""

    box: Box
    colour: str
    radius: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A picture in its box: as large as it can be, or if that cuts off little, filling it."""

    name: str
    box: Box
    radius: float = 0.0
    alt: str = ""
    whole: bool = False
    """Nothing is cut off."""
    mirrored: bool = False
    at_start: bool = False
    """It is at the top of its box, where reading starts, and not in the middle."""


Mark = Words | Area | Photo


def moved(mark: Mark, down: float) -> Mark:
    """Lower on the slide."""
    if isinstance(mark, Words):
        return replace(mark, baseline=mark.baseline + down)
    box = mark.box
    return replace(mark, box=box._replace(top=box.top + down, bottom=box.bottom + down))


@dataclass(frozen=True, kw_only=True, eq=False)
class Sheet:
    """A slide, laid out."""

    kind: str
    mirrored: bool
    marks: tuple[Mark, ...]
    """Seen from the start."""
    steps: tuple[tuple[Mark, ...], ...] = ()
    """What appears later, one after the other."""
    fits: bool = True
    """Whether everything has room at a legible size."""

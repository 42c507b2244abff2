"""Which parts of a section go on one slide: the cuts that cost least, over the whole section at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from jobs.presenter.deck.notes import without_pauses
from jobs.presenter.deck.slides import MOST_BULLETS
from jobs.presenter.skills.embedded.blocks import Block

_IDEAL_S: Final = 30.0
_SLOW_S: Final = 14.0
"""A slide that is this much longer than the ideal costs 1."""
_ONE_MORE: Final = 0.25
"""The cost of each slide."""
_UNEVEN: Final = 0.5
"""Of a slide full of items: two slides with half as many cost less."""
_IN_PARAGRAPH: Final = 0.9
_IN_LIST: Final = 0.7
_AFTER_LEAD: Final = 3.0
"""Between a line that ends with a colon and what it leads to."""
_BEFORE_VISUAL: Final = 1.2
_SHIFT: Final = 1.2
"""What is saved by a cut where the topic shifts as much as it can."""
_LONGEST: Final = 40
"""Units on one slide."""
VISUALS: Final = frozenset({"picture", "code", "table", "quote"})
_BULLETS_BESIDE: Final = {"picture": 4, "code": 2, "table": 2, "quote": 2}


@dataclass(frozen=True, kw_only=True)
class Unit:
    """What is never divided: a sentence, an item, or something to look at."""

    block: Block
    notes: str
    """A part of the script, with its pauses and white space."""
    seconds: float
    opens: bool
    """Whether its block starts with it."""
    shift: float = 0.0
    """How much the topic shifts before it, from 0 to 1."""

    @property
    def shows(self) -> bool:
        return self.opens and self.block.kind in VISUALS

    @property
    def is_item(self) -> bool:
        return self.block.kind == "item"

    @property
    def leads(self) -> bool:
        """Whether it announces what follows."""
        return without_pauses(self.notes).endswith((":", "："))


def pages(units: Sequence[Unit], before_s: float = 0.0, ideal_s: float = _IDEAL_S) -> list[Sequence[Unit]]:
    """The slides of a section; `before_s` is how long the first is shown before its first unit."""
    costs = [0.0] + [inf] * len(units)
    starts = [0] * (len(units) + 1)
    for end in range(1, len(units) + 1):
        for start in range(end - 1, max(-1, end - 1 - _LONGEST), -1):
            page = units[start:end]
            if not _fits(page) and len(page) > 1:
                break
            seconds = sum(unit.seconds for unit in page) + (before_s if start == 0 else 0)
            cost = costs[start] + _page_cost(page, seconds / ideal_s * _IDEAL_S) + _cut_cost(units, end)
            if cost < costs[end]:
                costs[end], starts[end] = cost, start
    return _traced(units, starts)


def _traced(units: Sequence[Unit], starts: Sequence[int]) -> list[Sequence[Unit]]:
    found: list[Sequence[Unit]] = []
    end = len(units)
    while end:
        found.append(units[starts[end] : end])
        end = starts[end]
    return found[::-1]


def most_bullets(page: Sequence[Unit]) -> int:
    """Beside what it shows."""
    shown = next((unit.block.kind for unit in page if unit.shows), "")
    return _BULLETS_BESIDE.get(shown, MOST_BULLETS)


def _fits(page: Sequence[Unit]) -> bool:
    return sum(unit.is_item for unit in page) <= most_bullets(page) and sum(unit.shows for unit in page) <= 1


def _page_cost(page: Sequence[Unit], seconds: float) -> float:
    off = (seconds - _IDEAL_S) / (_IDEAL_S if seconds < _IDEAL_S else _SLOW_S)
    items = sum(unit.is_item for unit in page) / MOST_BULLETS
    return _ONE_MORE + off * off + _UNEVEN * items * items


def _cut_cost(units: Sequence[Unit], place: int) -> float:
    """Of a cut before the unit at this place."""
    if place == len(units):
        return 0.0
    before, after = units[place - 1], units[place]
    cost = 0.0 if after.opens else _IN_PARAGRAPH
    cost += _IN_LIST * (before.is_item and after.is_item) * (1.5 if after.block.level else 1)
    if after.is_item or after.shows:
        cost += _AFTER_LEAD * (before.leads and not before.is_item)
    cost += _BEFORE_VISUAL * (after.shows and before.block.kind == "text")
    return cost - _SHIFT * after.shift

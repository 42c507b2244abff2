"""Which parts of a section go on one slide: the cuts that cost least, over the whole section at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Final

from jobs.presenter.deck.notes import without_pauses
from jobs.presenter.deck.slides import MOST_BULLETS
from jobs.presenter.skills.embedded.blocks import Block

_SLOW_S: Final = 14.0
"""A slide that is this much longer than the ideal costs 1."""
_ONE_MORE: Final = 0.25
"""The cost of each slide."""
_UNEVEN: Final = 0.5
"""Of a slide full of items: two slides with half as many cost less."""
_IN_PARAGRAPH: Final = 1.4
_IN_LIST: Final = 0.7
_AFTER_LEAD: Final = 3.0
"""Between a line that ends with a colon and what it leads to."""
_BEFORE_VISUAL: Final = 1.2
_SHIFT: Final = 1.5
"""What is saved by a cut where the topic shifts as much as it can."""
_LONGEST: Final = 3.0
"""How many times the ideal a slide of several units may take."""
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


@dataclass(frozen=True, kw_only=True)
class _Page:
    """What counts of some units on one slide."""

    seconds: float = 0.0
    items: int = 0
    shown: str = ""
    """The kind of what it shows; `too much` if that is several things."""

    def with_unit(self, unit: Unit) -> "_Page":
        shown = self.shown
        if unit.shows:
            shown = "too much" if shown else unit.block.kind
        seconds, items = self.seconds + unit.seconds, self.items + unit.is_item
        return _Page(seconds=seconds, items=items, shown=shown)

    @property
    def fits(self) -> bool:
        return self.shown != "too much" and self.items <= most_bullets(self.shown)

    def cost(self, ideal_s: float) -> float:
        off = (self.seconds - ideal_s) / (ideal_s if self.seconds < ideal_s else _SLOW_S)
        return _ONE_MORE + off * off + _UNEVEN * (self.items / MOST_BULLETS) ** 2


def pages(units: Sequence[Unit], before_s: float, ideal_s: float) -> list[Sequence[Unit]]:
    """The slides of a section, each about as long as the ideal.

    `before_s` is how long the first is shown before its first unit.
    """
    costs = [0.0] + [inf] * len(units)
    starts = [0] * (len(units) + 1)
    for end in range(1, len(units) + 1):
        page, cut = _Page(), _cut_cost(units, end)
        for start in range(end - 1, -1, -1):
            page = page.with_unit(units[start])
            if start < end - 1 and not (page.fits and page.seconds < _LONGEST * ideal_s):
                break
            whole = replace(page, seconds=page.seconds + before_s) if start == 0 else page
            cost = costs[start] + whole.cost(ideal_s) + cut
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


def most_bullets(shown: str) -> int:
    """Beside something of this kind, or alone."""
    return _BULLETS_BESIDE.get(shown, MOST_BULLETS)


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

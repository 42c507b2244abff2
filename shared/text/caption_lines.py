"""Where lines and pages of a caption end.

Lines break at spaces, after hyphens, between Chinese and Japanese characters (kinsoku: no closing mark starts
a line, no opening one ends it) and, in scripts written without spaces, between words. Pages and their lines
are chosen over the whole text at once, by least cost, as Knuth and Plass choose the lines of a paragraph;
`phrasing` gives the cost of an ending to a reader. The text is a caption, or for subtitles all that is said
up to a long pause; then a judge adds what pages cost by their times.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import ceil, inf
from typing import Final, Literal

from shared.text.clusters import clusters
from shared.text.language import scripts_of
from shared.text.phrasing import CLAUSE, break_costs

Span = tuple[int, int]
"""First character and the one after the last."""

_CLOSING: Final = frozenset(
    ",.!?:;)]}%»›”’、。，．：；！？）］｝」』】〕〉》〗〙…‥・％ー〜～々ゝゞヽヾ゛゜،؛؟۔।॥ๆฯ។"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ"
)
_OPENING: Final = frozenset("([{«‹“‘„‚¿¡（［｛「『【〔〈《〖〘＄￥£$€#＃@")
_UNEVEN: Final = 0.5
"""The cost of two lines of which one is empty; weights here are in pages, of which each costs 1."""
_ORPHAN: Final = 0.5
"""Of a very short line beside another."""
_LINE_END: Final = 0.6
_PAGE_END: Final = 1.3
"""The weight of an ending's cost."""
_INNER_SENTENCE: Final = 0.4
_INNER_CLAUSE: Final = 0.2
"""Of a sentence or clause that ends within a page."""
_HURRY: Final = 6.0
"""The cost of a page that is visible for no time; it falls to 0 for a page that is shown for `_READ_MS`."""
_READ_MS: Final = 1000
_LEAST_MS: Final = 700
_GONE: Final = 30.0
"""The cost of a page shown for less than `_LEAST_MS`, which occurs only where no other cut is possible."""
_HYPHENS: Final = frozenset("-‐–—")
_JOINTS: Final = frozenset("/?&=_.@-:,;+|~")
"""A long address is cut after one of these, where it has one."""
_IDEOGRAPHIC: Final = frozenset({"Hani", "Hira", "Kana", "Bopo"})
_SPACELESS: Final = frozenset({"Thai", "Laoo", "Khmr", "Mymr", "Tibt"})


def break_points(text: str, word_starts: Collection[int]) -> list[int]:
    """Places in `text` where a line may start, with 0 and the end; it must have only single spaces.

    `word_starts` are the places of words from a voice, used for scripts written without spaces.
    """
    places = [0]
    place = 0
    for cluster in clusters(text):
        if place and _may_break(text, place, place in word_starts):
            places.append(place)
        place += len(cluster)
    return [*places, place] if place else places


def _may_break(text: str, place: int, starts_word: bool) -> bool:
    before, after = text[place - 1], text[place]
    if before == " ":
        last, following = text[:place].rsplit(maxsplit=1)[-1], text[place:].partition(" ")[0]
        return not (_CLOSING.issuperset(following) or _OPENING.issuperset(last))
    if after == " " or before in _OPENING or after in _CLOSING:
        return False
    if before in _HYPHENS:
        return place > 1 and text[place - 2].isalpha() and after.isalpha()
    if _is_ideographic(before) or _is_ideographic(after):
        return True
    return starts_word and not _SPACELESS.isdisjoint(scripts_of(before + after))


def _is_ideographic(char: str) -> bool:
    wide_mark = "\u3000" <= char <= "\u303f" or "\uff01" <= char <= "\uff65"
    return wide_mark or not _IDEOGRAPHIC.isdisjoint(scripts_of(char))


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A text with the places where its lines may start, and the horizontal place of each character.

    Where characters are counted, each is a pixel wide.
    """

    text: str
    edges_px: Sequence[float]
    """Left edge of each character if all were on one line, and the right edge of the last."""
    points: Sequence[int]
    """From `break_points`."""
    line_px: float
    """The longest line allowed."""
    language: str = "und"
    """BCP 47."""
    heard_ms: Callable[[int], int] | None = None
    """When a place of the text is spoken; for its end, when the caption ends. None if unknown."""
    lines: Literal[1, 2] = 2
    """The most on a page."""
    turns: Sequence[int] = ()
    """Places where another person begins to speak, in order, all in `points`. A page holds one at most, and
    its second line starts there."""
    turn_px: float = 0
    """The room for the mark before each line of a page with a turn."""
    page_points: Collection[int] | None = None
    """The places where a page may start or end; None: all points."""
    judge: Callable[[int, int], float] | None = None
    """What a page from a place to another costs by its times, instead of `heard_ms`."""

    def width_px(self, start: int, end: int) -> float:
        """Width of a line; its last space takes no room."""
        return self.edges_px[end - (self.text[end - 1] == " ")] - self.edges_px[start]

    def turns_within(self, start: int, end: int) -> Sequence[int]:
        """Those on a page that is not cut there."""
        return self.turns[bisect_right(self.turns, start) : bisect_left(self.turns, end)]


@dataclass(frozen=True, kw_only=True)
class _Costs:
    """The costs of pages and lines that end at a point."""

    ends: Sequence[float]
    """Of each point, the cost of an ending there to a reader."""
    pauses: Sequence[float]
    """Of each point, the cost of all sentences and clauses up to it, were they to end within a page."""
    heard_ms: Sequence[int]
    """Of each point, if known."""


@dataclass(frozen=True, kw_only=True)
class _Lines:
    lines: tuple[Span, ...]
    cost: float


def cut_pages(measured: Measured) -> list[tuple[Span, ...]]:
    """Pages of one line or two each; every line fits."""
    measured = _with_points_in_long_words(measured)
    points, allowed = measured.points, measured.page_points
    costs_of = _costs_of(measured)
    costs = [0.0] + [inf] * (len(points) - 1)
    before = [0] * len(points)
    lines: dict[int, tuple[Span, ...]] = {}
    for end in range(1, len(points)):
        if allowed is not None and points[end] not in allowed:
            continue
        for start in range(end - 1, -1, -1):
            if allowed is not None and points[start] not in allowed:
                continue
            page = _best_lines(measured, costs_of, start, end)
            if page is None:
                break
            cost = costs[start] + page.cost + _page_cost(measured, costs_of, start, end, page.lines)
            if cost < costs[end]:
                costs[end], before[end], lines[end] = cost, start, page.lines
    pages: list[tuple[Span, ...]] = []
    end = len(points) - 1
    while end:
        pages.append(lines[end])
        end = before[end]
    return pages[::-1]


def _costs_of(measured: Measured) -> _Costs:
    ends = break_costs(measured.text, measured.points, measured.language)
    return _Costs(
        ends=ends,
        pauses=[*accumulate(map(_pause, ends))],
        heard_ms=[*map(measured.heard_ms, measured.points)] if measured.heard_ms else (),
    )


def _pause(end_cost: float) -> float:
    return _INNER_CLAUSE if end_cost == CLAUSE else 0 if end_cost else _INNER_SENTENCE


def _with_points_in_long_words(measured: Measured) -> Measured:
    points = list(measured.points[:1])
    for start, end in pairwise(measured.points):
        points += _cut_word(measured, start, end)
    return replace(measured, points=points)


def _cut_word(measured: Measured, start: int, end: int) -> list[int]:
    """Ends of the pieces of a word that is too long for a line, about equal; else just its end."""
    width = measured.width_px(start, end)
    if width <= measured.line_px:
        return [end]
    goal_px = width / ceil(width / (measured.line_px * 0.94))
    ends: list[int] = []
    piece = place = good = start
    for cluster in clusters(measured.text[start:end]):
        after = place + len(cluster)
        if place > piece and measured.width_px(piece, after) > min(measured.line_px, goal_px * 1.04):
            piece = good if measured.width_px(piece, good) > goal_px / 2 else place
            ends.append(piece)
        place = after
        good = place if cluster in _JOINTS else good
    return [*ends, end]


def _best_lines(measured: Measured, costs: _Costs, start: int, end: int) -> _Lines | None:
    """The best lines for a page of these break points, or None when they don't fit."""
    points = measured.points
    first, last = points[start], points[end]
    turns = measured.turns_within(first, last)
    if turns:
        return _dialogue(measured, (first, *turns, last))
    if end == start + 1 or measured.width_px(first, last) <= measured.line_px:
        return _Lines(lines=((first, last),), cost=0)
    return _two_lines(measured, costs, start, end) if measured.lines == 2 else None


def _dialogue(measured: Measured, places: Sequence[int]) -> _Lines | None:
    """A line for each of two speakers, or None if there are more or a line doesn't fit."""
    lines = tuple(pairwise(places))
    room_px = measured.line_px - measured.turn_px
    if len(lines) > measured.lines or any(measured.width_px(*line) > room_px for line in lines):
        return None
    return _Lines(lines=lines, cost=0)


def _two_lines(measured: Measured, costs: _Costs, start: int, end: int) -> _Lines | None:
    points = measured.points
    first, last = points[start], points[end]
    best: tuple[float, int] | None = None
    for middle in range(start + 1, end):
        upper, lower = (measured.width_px(*line) for line in pairwise((first, points[middle], last)))
        if upper > measured.line_px:
            break
        if lower <= measured.line_px:
            orphan = min(upper, lower) < measured.line_px / 4
            uneven = abs(upper - lower) / measured.line_px
            cost = _UNEVEN * uneven**2 + _ORPHAN * orphan + _LINE_END * costs.ends[middle]
            best = min(best or (cost, middle), (cost, middle))
    if best is None:
        return None
    middle = points[best[1]]
    return _Lines(lines=((first, middle), (middle, last)), cost=best[0])


def _page_cost(measured: Measured, costs: _Costs, start: int, end: int, lines: Sequence[Span]) -> float:
    """Less for few, full pages that end where a reader pauses and are visible long enough to read."""
    empty = 1 - sum(measured.width_px(*line) for line in lines) / (measured.lines * measured.line_px)
    inner = costs.pauses[end - 1] - costs.pauses[start]
    judge, points = measured.judge, measured.points
    timing = judge(points[start], points[end]) if judge else _hurry(costs, start, end)
    return 1 + empty**2 + inner + _PAGE_END * costs.ends[end] + timing


def _hurry(costs: _Costs, start: int, end: int) -> float:
    if not costs.heard_ms:
        return 0
    shown_ms = costs.heard_ms[end] - costs.heard_ms[start]
    return _HURRY * max(0, 1 - shown_ms / _READ_MS) ** 2 + _GONE * (shown_ms < _LEAST_MS)

"""Where lines and pages of a caption end.

Lines break at spaces, after hyphens, between Chinese and Japanese characters (kinsoku: no closing mark
starts a line, no opening one ends it) and, in scripts written without spaces, between words. Pages are
chosen over the whole caption at once, by least cost, as Knuth and Plass choose the lines of a paragraph.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf
from typing import Final

from shared.text.clusters import clusters
from shared.text.language import scripts_of

Span = tuple[int, int]
"""First character and the one after the last."""

_CLOSING: Final = frozenset(
    ",.!?:;)]}%»›”’、。，．：；！？）］｝」』】〕〉》〗〙…‥・％ー〜～々ゝゞヽヾ゛゜،؛؟۔।॥ๆฯ។"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ"
)
_OPENING: Final = frozenset("([{«‹“‘„‚¿¡（［｛「『【〔〈《〖〘＄￥£$€#＃@")
_SENTENCE_ENDS: Final = frozenset(".!?…。．！？।॥؟۔។")
_CLAUSE_ENDS: Final = frozenset(",;:–—、，；：،؛")
_QUOTES: Final = frozenset("\"')]}»›”’）］｝」』】〕〉》")
_HYPHENS: Final = frozenset("-‐–—")
_JOINTS: Final = frozenset("/?&=_.@-:,;+|~")
"""After these a long address is cut, where there is one."""
_IDEOGRAPHIC: Final = frozenset({"Hani", "Hira", "Kana", "Bopo"})
_SPACELESS: Final = frozenset({"Thai", "Laoo", "Khmr", "Mymr", "Tibt"})


def break_points(text: str, word_starts: Collection[int]) -> list[int]:
    """Places in `text` where a line may start, with 0 and the end; its spaces are single ones.

    `word_starts` are the places of words as a voice tells them, used for scripts written without spaces.
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
    """A text with the places where its lines may start, and how far right each character is."""

    text: str
    edges_px: Sequence[float]
    """Left edge of each character were all on one line, and the right edge of the last."""
    points: Sequence[int]
    """From `break_points`."""
    line_px: float
    """The longest line allowed."""

    def width_px(self, start: int, end: int) -> float:
        """Width of a line; its last space takes no room."""
        return self.edges_px[end - (self.text[end - 1] == " ")] - self.edges_px[start]


def cut_pages(measured: Measured) -> list[tuple[Span, ...]]:
    """Pages of one or two lines each; every line fits."""
    measured = _with_points_in_long_words(measured)
    points = measured.points
    costs = [0.0] + [inf] * (len(points) - 1)
    before = [0] * len(points)
    lines: dict[int, tuple[Span, ...]] = {}
    for end in range(1, len(points)):
        for start in range(end - 1, -1, -1):
            page = _best_lines(measured, start, end)
            if page is None:
                break
            cost = costs[start] + _page_cost(measured, page)
            if cost < costs[end]:
                costs[end], before[end], lines[end] = cost, start, page
    pages: list[tuple[Span, ...]] = []
    end = len(points) - 1
    while end:
        pages.append(lines[end])
        end = before[end]
    return pages[::-1]


def _with_points_in_long_words(measured: Measured) -> Measured:
    points = list(measured.points[:1])
    for start, end in zip(measured.points, measured.points[1:], strict=False):
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


def _best_lines(measured: Measured, start: int, end: int) -> tuple[Span, ...] | None:
    """The best lines for a page of these break points, or None when they don't fit."""
    points = measured.points
    first, last = points[start], points[end]
    if end == start + 1 or measured.width_px(first, last) <= measured.line_px:
        return ((first, last),)
    best: tuple[float, int] | None = None
    for middle in points[start + 1 : end]:
        upper, lower = measured.width_px(first, middle), measured.width_px(middle, last)
        if upper > measured.line_px:
            break
        if lower <= measured.line_px:
            orphan = lower < measured.line_px / 4
            uneven = abs(upper - lower) / measured.line_px
            cost = uneven**2 + 0.5 * orphan + 0.2 * _end_cost(measured.text, middle)
            best = min(best or (cost, middle), (cost, middle))
    return best and ((first, best[1]), (best[1], last))


def _page_cost(measured: Measured, page: Sequence[Span]) -> float:
    """Less for few, full pages that end where a sentence or clause does and have even lines."""
    widths = [measured.width_px(*line) for line in page]
    empty = 1 - sum(widths) / (2 * measured.line_px)
    uneven = (widths[0] - widths[-1]) / measured.line_px
    start, end = page[0][0], page[-1][1]
    inner_ends = sum(
        measured.text[place] in _SENTENCE_ENDS and measured.text[place + 1] == " "
        for place in range(start, max(start, end - 2))
    )
    ending = 0 if end == len(measured.text) else _end_cost(measured.text, end)
    return 1 + empty**2 + 0.3 * uneven**2 + 0.35 * inner_ends + ending


def _end_cost(text: str, place: int) -> float:
    while place and (text[place - 1] == " " or text[place - 1] in _QUOTES):
        place -= 1
    if not place or text[place - 1] in _SENTENCE_ENDS:
        return 0
    return 0.3 if text[place - 1] in _CLAUSE_ENDS else 0.8

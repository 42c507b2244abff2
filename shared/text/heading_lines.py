"""Where the lines of a few large words end: even lines, as few as the width allows.

Widths are parts of the em, so that one measurement serves all sizes.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Final

from shared.text.caption_lines import break_points
from shared.text.clusters import clusters
from shared.text.language import scripts_of, words_of

SOFT_HYPHEN: Final = "\u00ad"
_HYPHENATED: Final = frozenset({"Latn", "Grek", "Cyrl", "Armn"})
SENSIBLE: Final = 0.35
"""The highest cost of a break at which a reader does not stumble."""
_SHORT_WORD: Final = 3
"""Letters of an article or preposition, which belongs to the next word."""
_LEAST_PART: Final = 3
"""Letters of a word that stay together at either end of it."""
_JOINTS: Final = frozenset("/?&=_.@:;+|~")
_LINK: Final = re.compile("(?:ungs|heits|keits|schafts|fahrts|ions|täts|tums|lings|[^aeiouäöü]ts)$")
"""Letters that German and related languages put between the parts of a compound."""
_VOWELS: Final = frozenset("aeiouyäöüåæøœáàâãéèêëíìîïóòôõúùûýаеёиоуыэюяіїєαεηιουωάέήίόύώ")
_INSEPARABLE: Final = ("sch", "ch", "ck", "ph", "th", "sh", "qu", "st", "ll'")


@dataclass(frozen=True, kw_only=True)
class Break:
    """A place where a line may end."""

    at: int
    cost: float
    """0 between words, 1 where no reader would break."""
    hyphen: bool = False
    """Whether a line that ends here gets a hyphen."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a text."""

    start: int
    end: int
    hyphen: bool


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A text between places where it may break, measured."""

    breaks: Sequence[Break]
    """In order, the start and the end of the text included."""
    edges_em: Sequence[float]
    """How far right the text reaches at each break."""
    inked_em: Sequence[float]
    """The same without the space before the break and with the hyphen at it."""


def natural_breaks(text: str) -> list[Break]:
    """Where lines may end without cutting words, soft hyphens included."""
    starts = {start for start, _ in words_of(text)}
    points = set(break_points(text, starts))
    soft = {place + 1 for place, char in enumerate(text[:-1]) if char == SOFT_HYPHEN}
    return [
        Break(at=at, cost=0.1 if at in soft else _cost_between(text, at), hyphen=at in soft)
        for at in sorted(points | soft)
    ]


def with_breaks_in_words(
    text: str, breaks: Sequence[Break], is_long: Callable[[str], bool], *, most_cost: float = 1.0
) -> list[Break]:
    """The same plus places inside the words that are too long, up to a cost."""
    found = list(breaks[:1])
    for before, after in pairwise(breaks):
        if is_long(text[before.at : after.at]):
            found += (place for place in _breaks_within(text, before.at, after.at) if place.cost <= most_cost)
        found.append(after)
    return found


def measured(text: str, breaks: Sequence[Break], width_em: Callable[[str], float]) -> Measure:
    """`width_em` is called with the pieces between breaks, each with its following space."""
    edges, inked = [0.0], [0.0]
    hyphen = width_em("-")
    for before, after in pairwise(breaks):
        piece = text[before.at : after.at]
        bare = piece.rstrip(" ")
        inked.append(edges[-1] + width_em(bare) + hyphen * after.hyphen)
        edges.append(edges[-1] + (width_em(piece) if piece != bare else inked[-1] - edges[-1]))
        edges[-1] -= hyphen * (after.hyphen and piece == bare)
    return Measure(breaks=breaks, edges_em=edges, inked_em=inked)


def even_lines(measure: Measure, most_em: float) -> list[Line] | None:
    """The fewest lines no longer than `most_em`, as even as good places allow; None if there are none.

    One line more where that saves a break at which readers stumble.
    """
    count = len(measure.breaks)
    rows: list[list[tuple[float, int]]] = [[(0.0, 0)] + [(inf, 0)] * (count - 1)]
    while rows[-1][-1][0] == inf:
        rows.append([_best_end(measure, rows[-1], end, most_em) for end in range(count)])
        if all(cost == inf for cost, _ in rows[-1]):
            return None
    fewest, stumbles = _traced(measure, rows)
    rows.append([_best_end(measure, rows[-1], end, most_em) for end in range(count)])
    if stumbles <= SENSIBLE or rows[-1][-1][0] == inf:
        return fewest
    more, less = _traced(measure, rows)
    return more if less < stumbles - SENSIBLE else fewest


def _traced(measure: Measure, rows: Sequence[Sequence[tuple[float, int]]]) -> tuple[list[Line], float]:
    """The lines that lead to the end in this number of rows, and the cost of their breaks."""
    lines: list[Line] = []
    cost = 0.0
    end = len(measure.breaks) - 1
    for row in rows[:0:-1]:
        start = row[end][1]
        first, last = measure.breaks[start], measure.breaks[end]
        lines.append(Line(start=first.at, end=last.at, hyphen=last.hyphen))
        cost += last.cost
        end = start
    return lines[::-1], cost


def _best_end(
    measure: Measure, before: Sequence[tuple[float, int]], end: int, most_em: float
) -> tuple[float, int]:
    """The least cost of a line that ends at this break, and where it starts. Squares favour even lines."""
    found = (inf, 0)
    for start in range(end - 1, -1, -1):
        width = measure.inked_em[end] - measure.edges_em[start]
        if width > most_em:
            break
        cost = before[start][0] + (width / most_em) ** 2 + 0.9 * measure.breaks[end].cost
        found = min(found, (cost, start))
    return found


def _cost_between(text: str, at: int) -> float:
    if not 0 < at < len(text):
        return 0.0
    if text[at - 1] == " ":
        last = text[:at].rsplit(maxsplit=1)[-1]
        return 0.1 if len(last) <= _SHORT_WORD and last.isalpha() and text.isascii() else 0.0
    before, after = (_kind(char) for char in (text[at - 1], text[at]))
    if before == after == "Thai":
        return _cost_in_thai(text[:at], text[at])
    if before == after:
        return {"Hani": 0.3, "Hira": 0.45, "Kana": 0.8}.get(before, 0.2)
    return 0.5 if (before, after) == ("Hani", "Hira") else 0.02


def _cost_in_thai(before: str, after: str) -> float:
    """Without a dictionary: a vowel that is written first starts a syllable, mai han-akat never ends one."""
    if after in "เแโใไ":
        return 0.1
    return 1.0 if before.rstrip("\u0e48\u0e49\u0e4a\u0e4b").endswith("\u0e31") else 0.4


def _kind(char: str) -> str:
    if char == "ー":
        return "Kana"
    return next(iter(scripts_of(char)), "")


def _breaks_within(text: str, start: int, end: int) -> list[Break]:
    """Inside the word that is between two breaks."""
    word = text[start:end].rstrip(" ")
    hyphenated = scripts_of(word).keys() <= _HYPHENATED and any(map(str.isalpha, word))
    found: list[Break] = []
    place = 0
    for cluster in clusters(word)[:-1]:
        place += len(cluster)
        joint = word[place - 1] in _JOINTS
        cost = 0.1 if joint else _cost_inside(word.lower(), place) if hyphenated else 0.8
        found.append(Break(at=start + place, cost=cost, hyphen=hyphenated and not joint))
    return found


def _cost_inside(word: str, place: int) -> float:
    """Of a hyphen in a lower-case word: little between the parts of a compound or two syllables."""
    before, after = word[:place], word[place:]
    if min(len(before), len(after)) < _LEAST_PART or not (before[-1] + after[0]).isalpha():
        return 1.0
    if _LINK.search(before) and after[0] not in _VOWELS and len(after) > _LEAST_PART:
        return 0.05
    if any(before.endswith(pair[:cut]) and after.startswith(pair[cut:]) for pair, cut in _CUTS):
        return 0.9
    opens = after[0] not in _VOWELS and after[1] in _VOWELS
    return 0.3 if opens and not _VOWELS.isdisjoint(before) else 0.7


_CUTS: Final = tuple((pair, cut) for pair in _INSEPARABLE for cut in range(1, len(pair)))

"""Slides that hold more than can be read become several; their notes are divided with what they show."""

import re
from collections.abc import Callable, Sequence
from itertools import accumulate, islice, pairwise
from typing import Final

from jobs.presenter.deck.slides import MOST_SLIDES, Bullet, Slide, Slides
from jobs.presenter.drawing.blocks.bullets import are_too_many
from jobs.presenter.drawing.blocks.code import lines_that_fit
from jobs.presenter.drawing.blocks.tables import has_too_many_rows, rows_that_fit
from jobs.presenter.drawing.canvas import Canvas
from jobs.presenter.drawing.layout import heading_height, lay_out, places, setting_of, thing_of
from jobs.presenter.drawing.themes import Theme
from shared.errors import InvalidAssets

_SENTENCE_END: Final = re.compile(r"(?:[.!?…][\"'”’)»]*(?=\s)|[。！？।؟۔])\s*|\n+|(?<=\])\s+")
_ENDLESS: Final = re.compile(r"[!-~\u00a1-\u052f]{121,}")
"""What no slide can show as a word, such as encoded data; writing without spaces is another matter."""
_LEFT_OF_IT: Final = 40
"""Characters that are shown of it, at its start and at its end."""
_LEAST_CUT: Final = 80
"""Characters of a bullet that is not divided, even where it does not fit."""
_NEAR: Final = 0.5
"""How far from its place a cut may move to a blank line, in parts of a slide's lines."""


def split_to_fit(slides: Slides, canvas: Canvas, theme: Theme) -> Slides:
    """The same talk, each slide legible.

    Raises `InvalidAssets` where that makes too many slides.
    """
    parts = (part for slide in slides.slides for part in _parts(_shortened(slide), canvas, theme))
    found = tuple(islice(parts, MOST_SLIDES + 1))
    if len(found) > MOST_SLIDES:
        raise InvalidAssets(
            f"the talk needs more than the {MOST_SLIDES} slides allowed to be legible; "
            "shorten its lists, tables and code"
        )
    return slides.model_copy(update={"slides": found})


def _shortened(slide: Slide) -> Slide:
    """Without the middle of words that have no end; what is spoken stays as it is."""
    points = tuple(point.model_copy(update={"text": _readable(point.text)}) for point in slide.bullets)
    quote, table = slide.quote, slide.table
    if quote:
        quote = quote.model_copy(update={"text": _readable(quote.text), "by": _readable(quote.by)})
    if table:
        header, *rows = (tuple(map(_readable, row)) for row in (table.header, *table.rows))
        table = table.model_copy(update={"header": header, "rows": tuple(rows)})
    heading = {"title": _readable(slide.title), "subtitle": _readable(slide.subtitle)}
    return slide.model_copy(update={**heading, "bullets": points, "quote": quote, "table": table})


def _readable(text: str) -> str:
    return _ENDLESS.sub(lambda found: f"{found[0][:_LEFT_OF_IT]}…{found[0][-_LEFT_OF_IT:]}", text)


def _parts(slide: Slide, canvas: Canvas, theme: Theme) -> list[Slide]:
    if not _is_too_much(slide, canvas, theme) and lay_out(slide, canvas, theme, number=1, count=1).fits:
        return [slide]
    if slide.bullets and thing_of(slide):
        return [part for one in _apart(slide) for part in _parts(one, canvas, theme)]
    if slide.table or slide.code:
        cut = _table_parts if slide.table else _code_parts
    elif slide.bullets:
        cut = _halved if len(slide.bullets) > 1 else _halved_bullet
    else:
        return [slide]
    return _numbered(slide, cut(slide, canvas, theme))


def _is_too_much(slide: Slide, canvas: Canvas, theme: Theme) -> bool:
    """Whether it certainly does not fit; laying out what does not takes long."""
    if not slide.bullets and not slide.table:
        return False
    setting = setting_of(slide, canvas, theme)
    room = places(slide, setting, heading_height(slide, setting))
    if slide.table and has_too_many_rows(setting, slide.table, room.aside):
        return True
    return bool(slide.bullets) and are_too_many(setting, slide.bullets, room.main)


def _apart(slide: Slide) -> tuple[Slide, Slide]:
    """The bullets, and then the other thing; that is spoken of in the second half of the notes."""
    last = max((point.at or 0 for point in slide.bullets), default=0)
    cut = _sentence_after(slide.notes, max(last, len(slide.notes) // 2))
    empty = {"picture": None, "code": None, "table": None, "quote": None}
    first, second = _with_notes([slide.model_copy(update=empty), slide], slide, [cut])
    return first, second.model_copy(update={"bullets": ()})


def _halved(slide: Slide, canvas: Canvas, theme: Theme) -> list[Slide]:
    """Bullets in two parts of about the same length; the second begins with one of the first level."""
    lengths = [*accumulate(len(point.text) for point in slide.bullets)]
    places = range(1, len(slide.bullets))
    fair = [abs(lengths[place - 1] - lengths[-1] / 2) for place in places]
    inner = [slide.bullets[place].level for place in places]
    middle = min(places, key=lambda place: (inner[place - 1], fair[place - 1]))
    at = slide.bullets[middle].at
    cut = at if at is not None else _share(slide.notes, lengths[middle - 1] / lengths[-1])
    parts = [slide.bullets[:middle], slide.bullets[middle:]]
    made = [slide.model_copy(update={"bullets": points}) for points in parts]
    return [part for one in _with_notes(made, slide, [cut]) for part in _whole(one, canvas, theme)]


def _halved_bullet(slide: Slide, canvas: Canvas, theme: Theme) -> list[Slide]:
    """A single bullet that is too long goes on in another, on the next slide."""
    point = slide.bullets[0]
    middle = _share(point.text, 0.5, or_space=True)
    if not 0 < middle < len(point.text) or len(point.text) < _LEAST_CUT:
        return [slide]
    cut = _share(slide.notes, middle / len(point.text))
    cut = max(cut, (point.at or 0) + 1) if slide.notes else 0
    made = [
        slide.model_copy(
            update={"bullets": (point.model_copy(update={"text": point.text[:middle].strip()}),)}
        ),
        slide.model_copy(update={"bullets": (Bullet(text=point.text[middle:].strip(), level=point.level),)}),
    ]
    return [part for one in _with_notes(made, slide, [cut]) for part in _whole(one, canvas, theme)]


def _whole(slide: Slide, canvas: Canvas, theme: Theme) -> list[Slide]:
    """The parts of a part; their numbers are given at the end."""
    return [part.model_copy(update={"title": slide.title}) for part in _parts(slide, canvas, theme)]


def _table_parts(slide: Slide, canvas: Canvas, theme: Theme) -> list[Slide]:
    assert slide.table is not None
    setting = setting_of(slide, canvas, theme)
    box = places(slide, setting, heading_height(slide, setting)).aside
    head, *rows, room = rows_that_fit(setting, slide.table, box)
    groups = _even(rows, room - head) or [(0, 0)]
    made = [
        slide.model_copy(
            update={"table": slide.table.model_copy(update={"rows": slide.table.rows[first:end]})}
        )
        for first, end in groups
    ]
    return _with_notes(made, slide, _shares(slide.notes, groups))


def _code_parts(slide: Slide, canvas: Canvas, theme: Theme) -> list[Slide]:
    assert slide.code is not None
    setting = setting_of(slide, canvas, theme)
    box = places(slide, setting, heading_height(slide, setting)).aside
    *heights, room = lines_that_fit(setting, slide.code, box)
    lines = slide.code.text.rstrip().split("\n")
    groups = _even(heights, room, lambda place: not lines[place].strip())
    made = [
        slide.model_copy(
            update={"code": slide.code.model_copy(update={"text": "\n".join(lines[first:end]).strip("\n")})}
        )
        for first, end in groups
    ]
    return _with_notes(made, slide, _shares(slide.notes, groups))


def _even(
    heights: Sequence[int], room: int, is_good: Callable[[int], bool] = lambda _: False
) -> list[tuple[int, int]]:
    """The first and the one after the last of each group, about equally high and none higher than the room.

    A group ends before a good place, if there is one near.
    """
    groups: list[tuple[int, int]] = []
    start, left = 0, sum(heights)
    while start < len(heights):
        goal = left / max(1, -(-left // max(1, room)))
        end, used = start, 0
        while end < len(heights) and (end == start or used + heights[end] <= room) and used < goal:
            used += heights[end]
            end += 1
        better = range(end, max(start + 1, round(end - _NEAR * (end - start))) - 1, -1)
        if end < len(heights):
            end = next((place for place in better if is_good(place)), end)
        groups.append((start, end))
        left -= sum(heights[start:end])
        start = end
    return groups


def _numbered(slide: Slide, parts: list[Slide]) -> list[Slide]:
    if len(parts) < 2 or not slide.title:
        return parts
    return [
        part.model_copy(update={"title": f"{slide.title} ({number}/{len(parts)})"})
        for number, part in enumerate(parts, 1)
    ]


def _shares(notes: str, groups: Sequence[tuple[int, int]]) -> list[int]:
    return [_share(notes, end / groups[-1][1]) for _, end in groups[:-1]]


def _share(text: str, part: float, *, or_space: bool = False) -> int:
    """The end of the sentence nearest to this part of a text, or of the whole; or the nearest space."""
    goal = len(text) * part
    ends = [found.end() for found in _SENTENCE_END.finditer(text) if 0 < found.end() < len(text)]
    near = [end for end in ends if abs(end - goal) < len(text) / 4] if or_space else ends
    if or_space and not near:
        near = [place + 1 for place, char in enumerate(text) if char == " "] or [round(goal)]
    return min(near, key=lambda end: abs(end - goal), default=len(text))


def _sentence_after(text: str, place: int) -> int:
    return next((found.end() for found in _SENTENCE_END.finditer(text) if found.end() >= place), len(text))


def _with_notes(parts: Sequence[Slide], slide: Slide, cuts: Sequence[int]) -> list[Slide]:
    """The parts with the notes between cuts; places in these and seconds are divided as well."""
    edges = [0, *accumulate(cuts, max), len(slide.notes)]
    found = []
    for part, (start, end) in zip(parts, pairwise(edges), strict=True):
        notes = slide.notes[start:end]
        lead = start + len(notes) - len(notes.lstrip())
        points = tuple(_moved(point, lead, end) for point in part.bullets)
        share = len(notes) / len(slide.notes) if slide.notes else 1 / len(parts)
        update = {"notes": notes.strip(), "bullets": points, "seconds": round(slide.seconds * share, 3)}
        found.append(part.model_copy(update=update))
    return found


def _moved(point: Bullet, start: int, end: int) -> Bullet:
    if point.at is None:
        return point
    return point.model_copy(update={"at": max(0, min(point.at, end) - start)})

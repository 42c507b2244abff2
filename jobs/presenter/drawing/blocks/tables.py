"""Tables: a header above a line, every other row on a panel, numbers at the right of their column."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jobs.presenter.deck.slides import Table
from jobs.presenter.drawing.blocks.setting import Made, Setting
from jobs.presenter.drawing.canvas import Box
from jobs.presenter.drawing.letters import Block, Copy
from jobs.presenter.drawing.marks import Area, Mark

_SIZES: Final = (42, 39, 36, 33, 30, 28, 26)
_NARROW: Final = (42, 39, 36, 33, 30, 28, 26)
_SMALL: Final = (22, 20, 18, 16, 14, 12, 10, 8, 6)
_CUT_FROM: Final = 20
"""Words are cut before letters get smaller than this."""
_SPACING: Final = 1.24
_ACROSS_EM: Final = 0.6
_DOWN_EM: Final = 0.42
"""The space within cells at either side, above and below."""
_LOOSEST: Final = 1.5
"""How much wider than their words columns are made to fill the slide."""
_MOST_LINES: Final = 3
"""Of a cell, at sizes that could still be smaller."""
_NUMBER: Final = re.compile(r"[^\w]{0,3}[\d\s.,'’٫٬+−-]*\d[\d\s.,'’٫٬]*[^\w]{0,2}[\w/%°]{0,4}[^\w]{0,1}")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Set:
    size_px: int
    widths: tuple[float, ...]
    rows: tuple[tuple[Block, ...], ...]
    heights: tuple[float, ...]
    is_cut: bool
    """Whether words had to be cut."""

    @property
    def height(self) -> float:
        return sum(self.heights)

    @property
    def lines(self) -> int:
        return max(len(block.lines) for row in self.rows for block in row)


def table(setting: Setting, shown: Table, box: Box) -> Made:
    """A table at the top of a box."""
    copies = _copies(setting, shown)
    found, fits = _fitted(setting, copies, box)
    right = [are_numbers([row[place] for row in shown.rows]) for place in range(len(shown.header))]
    left = setting.start(box, sum(found.widths))
    whole = box._replace(left=left, right=left + sum(found.widths))
    marks: list[Mark] = []
    top = box.top
    for number, (row, height) in enumerate(zip(found.rows, found.heights, strict=True)):
        line = whole._replace(top=top, bottom=top + height)
        marks += _ground(setting, number, line)
        marks += _cells(setting, number, row, found, line, right)
        top += height
    return Made(marks=marks, height=found.height, size_px=found.size_px, columns=found.widths, fits=fits)


def rows_that_fit(setting: Setting, shown: Table, box: Box) -> list[int]:
    """How high each row is at the smallest legible size, the header first, and then how high the box is."""
    found = _at_size(_copies(setting, shown), _sizes(setting)[-1], box.width)
    return [*map(round, found.heights), round(box.height)]


def has_too_many_rows(setting: Setting, shown: Table, box: Box) -> bool:
    """Whether its rows would not fit even if each had one line of the smallest legible size."""
    lowest = _sizes(setting)[-1] * (1 + 2 * _DOWN_EM)
    return (len(shown.rows) + 1) * lowest > box.height


def _copies(setting: Setting, shown: Table) -> list[list[Copy]]:
    fonts = setting.theme.fonts
    strong = setting.pen(fonts.strong, *shown.header)
    plain = setting.pen(fonts.body, *(cell for row in shown.rows for cell in row))
    header = [Copy(cell, strong) for cell in shown.header]
    return [header, *([Copy(cell, plain) for cell in row] for row in shown.rows)]


def are_numbers(cells: Sequence[str]) -> bool:
    """Whether a column is aligned at its right."""
    filled = [cell.strip() for cell in cells if cell.strip() not in {"", "-", "–", "—"}]
    return bool(filled) and sum(bool(_NUMBER.fullmatch(cell)) for cell in filled) >= 0.7 * len(filled)


def _sizes(setting: Setting) -> tuple[int, ...]:
    return setting.sizes(*(_SIZES if setting.canvas.is_wide else _NARROW))


def _fitted(setting: Setting, copies: list[list[Copy]], box: Box) -> tuple[_Set, bool]:
    sizes = _sizes(setting)
    for size in sizes:
        found = _at_size(copies, size, box.width)
        good = found.lines <= _MOST_LINES and not found.is_cut
        if found.height <= box.height and (good or size == sizes[-1]) and not found.is_cut:
            return found, True
    for size in setting.sizes(*_SMALL):
        found = _at_size(copies, size, box.width)
        if found.height <= box.height and (not found.is_cut or size <= setting.px(_CUT_FROM)):
            break
    return found, False


def _at_size(copies: list[list[Copy]], size: int, width: float) -> _Set:
    pad = 2 * _ACROSS_EM * size
    columns = list(zip(*copies, strict=True))
    natural = [max(copy.pen.width(copy.text, size) for copy in column) + pad + 1 for column in columns]
    least = [max(copy.longest_em * size for copy in column) + pad + 1 for column in columns]
    widths = _shared(natural, least, width)
    rows = []
    for row in copies:
        blocks = [_cell(copy, size, own - pad) for copy, own in zip(row, widths, strict=True)]
        rows.append(tuple(blocks))
    heights = tuple(max(block.height for block in row) + 2 * _DOWN_EM * size for row in rows)
    pitch = max(block.pitch for row in rows for block in row)
    low = pitch + 2 * _DOWN_EM * size
    return _Set(
        size_px=size,
        widths=tuple(widths),
        rows=tuple(rows),
        heights=tuple(max(low, height) for height in heights),
        is_cut=sum(least) > width,
    )


def _cell(copy: Copy, size: int, width: float) -> Block:
    room = max(width, size)
    for cost in (0.0, 0.35, 1.0):
        block = copy.block(size, room, _SPACING, most_cost=cost)
        if block:
            return block
    return Block(pen=copy.pen, size_px=size, lines=(copy.text,), pitch=size * _SPACING)


def _shared(natural: Sequence[float], least: Sequence[float], width: float) -> list[float]:
    """Columns as wide as their words and some more; if that is too much, those that can give way do."""
    total, needed = sum(natural), sum(least)
    if total <= width:
        loose = min(_LOOSEST, width / total)
        return [own * loose for own in natural]
    if needed >= width:
        return [own * width / needed for own in least]
    share = (width - needed) / (total - needed)
    return [low + (own - low) * share for own, low in zip(natural, least, strict=True)]


def _ground(setting: Setting, number: int, line: Box) -> list[Mark]:
    if number == 0:
        edge = line._replace(top=line.bottom - setting.px(4))
        return [Area(box=edge, colour=setting.ground.accent)]
    return [Area(box=line, colour=setting.theme.panel)] if number % 2 == 0 else []


def _cells(
    setting: Setting, number: int, row: Sequence[Block], found: _Set, line: Box, right: Sequence[bool]
) -> list[Mark]:
    marks: list[Mark] = []
    colour = setting.ground.words if number else setting.ground.title
    place = line.right if setting.mirrored else line.left
    for block, width, numbers in zip(row, found.widths, right, strict=True):
        left = place - width if setting.mirrored else place
        place = left if setting.mirrored else left + width
        cell = Box(left, line.top, left + width, line.bottom).inset(_ACROSS_EM * found.size_px, 0)
        top = line.top + (line.height - block.height) / 2
        marks += setting.words(block, cell._replace(top=top), colour, "right" if numbers else "start")
    return marks

"""Source code on a panel, in colours; lines that are too long go on in the next one."""

import unicodedata
from typing import Final

from jobs.presenter.deck.slides import Code
from jobs.presenter.drawing.blocks.setting import Made, Setting
from jobs.presenter.drawing.canvas import Box
from jobs.presenter.drawing.colours import Piece, code_lines
from jobs.presenter.drawing.letters import Pen
from jobs.presenter.drawing.marks import Area, Mark, Words

_SIZES: Final = (36, 34, 32, 30, 28, 26, 24)
_NARROW: Final = (34, 32, 30, 28, 26)
_SMALL: Final = (20, 18, 16, 14, 12, 10, 8)
_SPACING: Final = 1.42
_PADDING: Final = 34
_ADVANCE_EM: Final = 0.6
"""How wide every letter of a font for code is."""
_MOST_WRAPPED: Final = 1.25
"""Code that takes up more lines than this many times its own is hard to follow."""
_HANGING: Final = "    "

Line = list[Piece]


def code(setting: Setting, block: Code, box: Box) -> Made:
    """A panel at the top of a box."""
    lines = coloured(setting, block)
    pad = setting.px(_PADDING)
    room = box.inset(pad, pad)
    size, wrapped, fits = _fitted(setting, lines, room)
    pitch = size * _SPACING
    height = len(wrapped) * pitch + 2 * pad
    panel = box._replace(bottom=min(box.bottom, box.top + height))
    pen = Pen(setting.theme.fonts.code, [block.text], setting.canvas.language)
    marks: list[Mark] = [Area(box=panel, colour=setting.theme.panel, radius=setting.px(setting.theme.corner))]
    for number, line in enumerate(wrapped):
        marks += _line(pen, line, room.left, room.top + (number + 0.5) * pitch + 0.35 * size, size)
    return Made(marks=marks, height=panel.height, size_px=size, fits=fits)


def lines_that_fit(setting: Setting, block: Code, box: Box) -> list[int]:
    """How many lines on the panel each line of the code takes at the smallest legible size, and then how many
    the panel has."""
    room = box.inset(setting.px(_PADDING), setting.px(_PADDING))
    size = _sizes(setting)[-1]
    columns = _columns(room, size)
    return [*(len(_wrapped(line, columns)) for line in coloured(setting, block)), _rows(room, size)]


def lines_fit(setting: Setting, block: Code, box: Box) -> bool:
    """Whether no line is too long for the box at the smallest legible size."""
    columns = _columns(box.inset(setting.px(_PADDING), 0), _sizes(setting)[-1])
    return all(_width(line) <= columns for line in block.text.splitlines())


def coloured(setting: Setting, block: Code) -> list[Line]:
    """The lines as they were written."""
    theme = setting.theme
    plain = theme.content.words
    return code_lines(block.text, block.language, style=theme.code_style, plain=plain, ground=theme.panel)


def _sizes(setting: Setting) -> tuple[int, ...]:
    return setting.sizes(*(_SIZES if setting.canvas.is_wide else _NARROW))


def _columns(room: Box, size: int) -> int:
    return max(8, int(room.width / (_ADVANCE_EM * size)))


def _rows(room: Box, size: int) -> int:
    return max(1, int(room.height / (_SPACING * size)))


def _fitted(setting: Setting, lines: list[Line], room: Box) -> tuple[int, list[Line], bool]:
    sizes = _sizes(setting)
    longest = max(_width("".join(words for words, _ in line)) for line in lines)
    for size in sizes:
        if longest <= _columns(room, size) and len(lines) <= _rows(room, size):
            return size, lines, True
    for size in (*sizes, *setting.sizes(*_SMALL)):
        wrapped = [part for line in lines for part in _wrapped(line, _columns(room, size))]
        if len(wrapped) <= _rows(room, size):
            return size, wrapped, size >= sizes[-1] and len(wrapped) <= _MOST_WRAPPED * len(lines)
    return size, wrapped[: _rows(room, size)], False


def _wrapped(line: Line, columns: int) -> list[Line]:
    """The line, cut where it is too long: at a space of its last third, if it has one."""
    found: list[Line] = []
    rest = line
    while _width(whole := "".join(words for words, _ in rest)) > columns:
        cut = _cut(whole, columns)
        before, after = _split(rest, cut)
        indent = _HANGING + " " * (len(whole) - len(whole.lstrip())) * (not found)
        found.append(before)
        lead = indent if not found[1:] else _HANGING
        rest = [(lead[: columns // 3], after[0][1]), *after] if after else []
    return [*found, rest] if rest or not found else found


def _cut(text: str, columns: int) -> int:
    used = 0
    for place, char in enumerate(text):
        used += _width(char)
        if used > columns:
            space = text.rfind(" ", place - columns // 3, place)
            return max(1, space + 1 if space > 0 else place)
    return len(text)


def _split(line: Line, cut: int) -> tuple[Line, Line]:
    before: Line = []
    after: Line = []
    for words, colour in line:
        if cut > 0:
            before.append((words[:cut], colour))
        if words[max(0, cut) :]:
            after.append((words[max(0, cut) :], colour))
        cut -= len(words)
    return before, after


def _width(text: str) -> int:
    """In letters; those of Chinese, Japanese and Korean are two wide."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def _line(pen: Pen, line: Line, left: float, baseline: float, size: int) -> list[Mark]:
    marks: list[Mark] = []
    x = left
    for words, colour in line:
        if words.strip():
            marks.append(
                Words(
                    text=words,
                    pen=pen,
                    x=x,
                    baseline=baseline,
                    size_px=size,
                    colour=colour,
                    ends_line=words is line[-1][0],
                )
            )
        x += pen.width(words, size)
    return marks

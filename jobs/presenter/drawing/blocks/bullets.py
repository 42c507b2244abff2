"""Bullets: points with a mark before each, of two levels, as large as there is room."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

from jobs.presenter.deck.slides import Bullet
from jobs.presenter.drawing.blocks.setting import Setting
from jobs.presenter.drawing.canvas import Box
from jobs.presenter.drawing.letters import Block, Copy, attempts, in_box
from jobs.presenter.drawing.marks import Area, Mark, Words

_SPACING: Final = 1.3
_WIDE: Final = (84, 74, 66, 60, 54, 50, 46, 42, 38, 35, 32)
_TALL: Final = (92, 82, 72, 66, 60, 54, 50, 46, 42, 38, 35)
_FEW: Final = 3
"""More bullets are not set in the larger sizes, and only a single one in the largest."""
_TINY: Final = (28, 24, 20, 16, 12, 9)
"""Only for what can't be split over slides."""
_INNER: Final = 0.86
"""The size of the second level in parts of the first."""
_GAPS_EM: Final = (0.62, 0.24)
"""Before bullets of the first and of the second level."""
_LOOSEST: Final = 1.6
"""How much larger the gaps become where there is room."""
_NARROWEST_EM: Final = 12
_WIDEST_EM: Final = 34
"""Longer lines are hard to follow."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Listing:
    """Bullets, set."""

    marks: tuple[tuple[Mark, ...], ...]
    """Of each bullet."""
    height: float
    size_px: int
    """Of the first level."""
    fits: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class _Set:
    size_px: int
    blocks: tuple[Block, ...]
    gaps: tuple[float, ...]

    @property
    def height(self) -> float:
        return sum(block.height for block in self.blocks) + sum(self.gaps)


def bullets(setting: Setting, points: Sequence[Bullet], box: Box) -> Listing:
    """Bullets from the top of a box; a single one stands without a mark, as large words."""
    if len(points) == 1:
        alone = _statement(setting, points[0], box)
        if alone:
            return alone
    pen = setting.pen(setting.theme.fonts.body, *(point.text for point in points))
    copies = [Copy(point.text, pen) for point in points]
    found, fits = _fitted(setting, points, copies, box)
    loose = min(_LOOSEST, 1 + max(0.0, box.height - found.height) / max(1.0, 2.5 * sum(found.gaps)))
    marks, top = [], box.top
    numbers = accumulate(int(not point.level) for point in points)
    for number, point, block, gap in zip(numbers, points, found.blocks, found.gaps, strict=True):
        place = box._replace(top=top + gap * loose)
        words = setting.after(place, _indent(point, found.size_px))
        marker = _marker(setting, point, str(number), block, place, found.size_px)
        marks.append((*marker, *setting.words(block, words, setting.ground.words)))
        top = place.top + block.height
    return Listing(marks=tuple(marks), height=top - box.top, size_px=found.size_px, fits=fits)


def _statement(setting: Setting, point: Bullet, box: Box) -> Listing | None:
    copy = Copy(point.text, setting.pen(setting.theme.fonts.body, point.text))
    block = in_box(copy, box.width, box.height, _sizes(setting), spacing=_SPACING)
    if block is None:
        return None
    words = setting.words(block, box, setting.ground.words)
    return Listing(marks=(tuple(words),), height=block.height, size_px=block.size_px, fits=True)


def _fitted(
    setting: Setting, points: Sequence[Bullet], copies: Sequence[Copy], box: Box
) -> tuple[_Set, bool]:
    sizes = _sizes(setting)[0 if len(points) == 1 else 2 if len(points) <= _FEW else 4 :]
    last = sizes[-1]
    tiny = [(size, 1.0) for size in setting.sizes(*_TINY)]
    rooms = [_room(point, sizes[0], box.width) for point in points]
    for size, cost in [*attempts(copies, rooms, sizes), *tiny]:
        if _least_height(points, copies, size, box.width) > box.height:
            continue  # finding the best lines would take long
        found = _at_size(points, copies, size, box.width, cost)
        if found and found.height <= box.height:
            return found, size >= last
    least = tiny[-1][0]
    found = _at_size(points, copies, least, max(box.width, _NARROWEST_EM * least), 1.0)
    assert found is not None, "words may be cut anywhere"
    return found, False


def are_too_many(setting: Setting, points: Sequence[Bullet], box: Box) -> bool:
    """Whether they certainly don't fit at a legible size; quick to find, unlike their best lines."""
    pen = setting.pen(setting.theme.fonts.body, *(point.text for point in points))
    copies = [Copy(point.text, pen) for point in points]
    return _least_height(points, copies, _sizes(setting)[-1], box.width) > box.height


def _sizes(setting: Setting) -> tuple[int, ...]:
    return setting.sizes(*(_WIDE if setting.canvas.is_wide else _TALL))


def _least_height(points: Sequence[Bullet], copies: Sequence[Copy], size: int, width: float) -> float:
    heights = (
        copy.least_height(_own_size(point, size), _room(point, size, width), _SPACING)
        for point, copy in zip(points, copies, strict=True)
    )
    return sum(heights) + sum(_gaps(points, size))


def _own_size(point: Bullet, size: int) -> int:
    return round(size * _INNER) if point.level else size


def _room(point: Bullet, size: int, width: float) -> float:
    return min(width - _indent(point, size), _WIDEST_EM * size)


def _gaps(points: Sequence[Bullet], size: int) -> tuple[float, ...]:
    """Before each."""
    return tuple(size * _GAPS_EM[point.level] * (number > 0) for number, point in enumerate(points))


def _at_size(
    points: Sequence[Bullet], copies: Sequence[Copy], size: int, width: float, cost: float
) -> _Set | None:
    blocks = []
    for point, copy in zip(points, copies, strict=True):
        room = _room(point, size, width)
        block = copy.block(_own_size(point, size), room, _SPACING, most_cost=cost)
        if block is None:
            return None
        blocks.append(block)
    return _Set(size_px=size, blocks=tuple(blocks), gaps=_gaps(points, size))


def _indent(point: Bullet, size_px: int) -> float:
    return (1.1 + 0.95 * point.level) * size_px


def _marker(setting: Setting, point: Bullet, number: str, block: Block, box: Box, size_px: int) -> list[Mark]:
    """Beside the first line of a block at the top of the box."""
    middle = box.top + block.pitch / 2
    if point.level:
        inner = setting.after(box, 1.1 * size_px)
        return [_area(setting, inner, middle, (0.34 * size_px, 0.06 * size_px), setting.ground.quiet)]
    if setting.theme.marker == "number":
        return [_number(setting, number, block, box)]
    wide, high = {"dash": (0.56, 0.09), "dot": (0.27, 0.27), "square": (0.25, 0.25)}[setting.theme.marker]
    area = _area(setting, box, middle, (wide * size_px, high * size_px), setting.ground.accent)
    return [replace(area, radius=area.box.height / 2) if setting.theme.marker == "dot" else area]


def _area(setting: Setting, box: Box, middle: float, sides: tuple[float, float], colour: str) -> Area:
    wide, high = sides
    left = setting.start(box, wide)
    return Area(box=Box(left, middle - high / 2, left + wide, middle + high / 2), colour=colour)


def _number(setting: Setting, number: str, block: Block, box: Box) -> Words:
    pen = setting.pen(setting.theme.fonts.strong, number)
    return Words(
        text=number,
        pen=pen,
        x=setting.start(box, pen.width(number, block.size_px)),
        baseline=box.top + block.baseline(0),
        size_px=block.size_px,
        colour=setting.ground.accent,
    )

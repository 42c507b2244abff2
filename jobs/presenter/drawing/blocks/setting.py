"""What all blocks of a slide share: canvas, theme and pens; and how lines are placed in a box."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jobs.presenter.drawing.canvas import Box, Canvas
from jobs.presenter.drawing.letters import Block, Pen, scale
from jobs.presenter.drawing.marks import Mark, Words
from jobs.presenter.drawing.themes import Font, Ground, Theme

Side = Literal["start", "middle", "right"]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where a block is set."""

    canvas: Canvas
    theme: Theme
    ground: Ground
    mirrored: bool

    @property
    def unit(self) -> float:
        return self.canvas.unit

    def px(self, size: float) -> float:
        """A distance that is given for a shorter side of 1080."""
        return size * self.unit

    def sizes(self, *sizes: float) -> tuple[int, ...]:
        return scale(sizes, self.unit)

    def pen(self, font: Font, *texts: str, capitals: bool = False) -> Pen:
        return Pen(font, texts, self.canvas.language, mirrored=self.mirrored, capitals=capitals)

    def start(self, box: Box, width: float) -> float:
        """The left end of something of this width at the side where reading starts."""
        return box.right - width if self.mirrored else box.left

    def after(self, box: Box, indent: float) -> Box:
        """The box without its first part."""
        if self.mirrored:
            return box._replace(right=box.right - indent)
        return box._replace(left=box.left + indent)

    def words(self, block: Block, box: Box, colour: str, side: Side = "start") -> list[Words]:
        """The lines of a block from the top of a box."""
        return [
            Words(
                text=line,
                pen=block.pen,
                x=self._x(block, line, box, side),
                baseline=box.top + block.baseline(number),
                size_px=block.size_px,
                colour=colour,
            )
            for number, line in enumerate(block.lines)
        ]

    def _x(self, block: Block, line: str, box: Box, side: Side) -> float:
        width = block.pen.width(line, block.size_px)
        if side == "middle":
            return (box.left + box.right - width) / 2
        return box.right - width if side == "right" else self.start(box, width)


@dataclass(frozen=True, kw_only=True, eq=False)
class Made:
    """A block, set."""

    marks: Sequence[Mark]
    height: float
    size_px: int = 0
    """Of its letters."""
    columns: tuple[float, ...] = ()
    """How wide those of a table are."""
    fits: bool = True
    """Whether it has room at a legible size."""

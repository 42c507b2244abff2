"""Texts set in lines: in even ones without single last words, at the largest size of a scale that fits."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from jobs.presenter.drawing.themes import Font
from shared.text.heading_lines import (
    SENSIBLE,
    SOFT_HYPHEN,
    Line,
    Measure,
    even_lines,
    measured,
    natural_breaks,
    with_breaks_in_words,
)
from shared.text.language import scripts_of
from shared.video.lettering.shaping import RULER_PX, Shaper, clean, in_capitals

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

_MARKS: Final = {True: "\u200f", False: "\u200e"}
"""Give a text its direction, whatever its first letter is."""
_TALL: Final = {
    **dict.fromkeys(("Arab", "Thai", "Laoo", "Deva", "Beng", "Gujr", "Guru", "Taml", "Telu", "Knda"), 1.18),
    **dict.fromkeys(("Mlym", "Sinh", "Orya", "Ethi", "Hang", "Hani", "Hira", "Kana"), 1.1),
    **dict.fromkeys(("Mymr", "Khmr", "Tibt"), 1.4),
}
"""How much farther apart lines of a script are than those of Latin letters."""
_MOST_EVEN: Final = 24
"""Lines; more are not made even."""
_GOOD_SIZE: Final = 0.75
_CAPITAL_EM: Final = 0.7
FIGURES: Final = ("lnum", "tnum")
"""Digits of one height and one width, so that columns of numbers align."""


class Pen:
    """Letters of one font for some texts of a slide. For one thread."""

    def __init__(
        self,
        font: Font,
        texts: Iterable[str],
        language: str,
        *,
        mirrored: bool = False,
        capitals: bool = False,
    ) -> None:
        self.font = font
        self.mirrored = mirrored
        self.language = language
        self._capitals = capitals
        together = "\n".join(map(self.cleaned, texts))
        self.shaper = Shaper(
            _MARKS[mirrored] + together,
            family=font.family,
            weight=font.weight,
            language=language,
            features=FIGURES,
        )
        self._widths_em: dict[str, float] = {}
        scripts = scripts_of(together)
        self._tall = max((_TALL.get(script, 1.0) for script in scripts), default=1.0)

    def cleaned(self, text: str) -> str:
        """As it is drawn."""
        plain = clean(text)
        return in_capitals(plain, self.language) if self._capitals else plain

    def width(self, text: str, size_px: float) -> float:
        if text not in self._widths_em:
            self._widths_em[text] = self.shaper.width(text, RULER_PX) / RULER_PX
        return self._widths_em[text] * size_px

    def pitch(self, size_px: float, spacing: float) -> float:
        """From line to line."""
        return size_px * spacing * self._tall

    def draw(self, canvas: "ImageDraw", text: str, at: tuple[float, float], size_px: int) -> None:
        """With full ink; `at` is the left end of the baseline."""
        self.shaper.draw(canvas, text, at, size_px)


@dataclass(frozen=True, kw_only=True, eq=False)
class Block:
    """A text in lines at a size."""

    pen: Pen
    size_px: int
    lines: tuple[str, ...]
    pitch: float

    @property
    def height(self) -> float:
        return len(self.lines) * self.pitch

    @cached_property
    def width(self) -> float:
        return max((self.pen.width(line, self.size_px) for line in self.lines), default=0.0)

    def baseline(self, number: int) -> float:
        """Of a line, from the top of the block: capitals are in the middle of their line."""
        return (number + 0.5) * self.pitch + 0.5 * _CAPITAL_EM * self.size_px


_WITH_UNIT: Final = re.compile(r"(?<=\d) (?=[^\W\d]{1,4}[²³]?(?:\W|$)|[%°€$£])")


class Copy:
    """A text that may be set at several sizes; it is measured once."""

    def __init__(self, text: str, pen: Pen) -> None:
        self.text = _WITH_UNIT.sub("\u00a0", pen.cleaned(text))
        self.pen = pen
        self._natural = natural_breaks(self.text) if self.text else []

    @cached_property
    def longest_em(self) -> float:
        """Of its longest word; numbers are never cut."""
        if not self.text:
            return 0.0
        if not any(map(str.isalpha, self.text)):
            return self._length_em
        edges, inked = self._whole.edges_em, self._whole.inked_em
        return max(end - start for start, end in zip(edges, inked[1:], strict=False))

    @cached_property
    def _length_em(self) -> float:
        return self._em(self.text)

    @cached_property
    def _whole(self) -> Measure:
        return measured(self.text, self._natural, self._em)

    def least_height(self, size_px: float, width: float, spacing: float) -> float:
        """No more than it takes up at this size; quick to find, unlike its best lines."""
        return self._fewest(width / size_px) * self.pen.pitch(size_px, spacing) if self.text else 0.0

    def _fewest(self, most_em: float) -> int:
        """Lines of this width, each as full as it can be."""
        count, start = 1, 0
        edges, inked = self._whole.edges_em, self._whole.inked_em
        for end in range(1, len(edges)):
            if inked[end] - edges[start] > most_em and end > start + 1:
                count, start = count + 1, end - 1
        return max(count, int(self._length_em / most_em))  # of one word that is longer than a line

    def block(self, size_px: int, width: float, spacing: float, *, most_cost: float = 0.0) -> Block | None:
        """At this size; None where a word is too long, unless it may be cut at places of this cost."""
        if not self.text:
            return Block(pen=self.pen, size_px=size_px, lines=(), pitch=self.pen.pitch(size_px, spacing))
        if self._length_em * size_px <= width:
            return Block(
                pen=self.pen, size_px=size_px, lines=(self.text,), pitch=self.pen.pitch(size_px, spacing)
            )
        measure = self._measure(width / size_px, most_cost)
        many = self._fewest(width / size_px) > _MOST_EVEN
        lines = _full_lines(measure, width / size_px) if many else even_lines(measure, width / size_px)
        if lines is None:
            return None
        shown = tuple(self._line(line) for line in lines)
        return Block(pen=self.pen, size_px=size_px, lines=shown, pitch=self.pen.pitch(size_px, spacing))

    def _measure(self, most_em: float, most_cost: float) -> Measure:
        if not most_cost:
            return self._whole
        finer = with_breaks_in_words(
            self.text,
            self._natural,
            lambda word: self._em(word.rstrip()) > 0.9 * most_em,
            most_cost=most_cost,
        )
        return measured(self.text, finer, self._em)

    def _em(self, text: str) -> float:
        return self.pen.width(text, 1)

    def _line(self, line: Line) -> str:
        shown = self.text[line.start : line.end].strip(" ").replace(SOFT_HYPHEN, "")
        return shown + "-" if line.hyphen else shown


def _full_lines(measure: Measure, most_em: float) -> list[Line]:
    """Each as full as it can be: finding even ones takes long for very many."""
    lines, start = [], 0
    breaks = measure.breaks
    for end in range(1, len(breaks)):
        is_last = end == len(breaks) - 1
        if is_last or measure.inked_em[end + 1] - measure.edges_em[start] > most_em:
            first, last = breaks[start], breaks[end]
            lines.append(Line(start=first.at, end=last.at, hyphen=last.hyphen))
            start = end
    return lines


def attempts(
    copies: Sequence[Copy], widths: Sequence[float], sizes: Sequence[int]
) -> Iterator[tuple[int, float]]:
    """Sizes to try, the largest first, each with the cost of cuts in words.

    Whole words may be somewhat smaller than wanted; beyond that long ones are cut at sensible places.
    """
    for size in sizes:
        whole = all(copy.longest_em * size <= width for copy, width in zip(copies, widths, strict=True))
        if whole or size <= _GOOD_SIZE * sizes[0]:
            yield size, 0.0 if whole else SENSIBLE
    yield sizes[-1], 1.0


def in_box(
    copy: Copy, width: float, height: float, sizes: Sequence[int], *, spacing: float, lines: int = 99
) -> Block | None:
    """At the first of these sizes, the largest first, at which it fits; whole words before cut ones."""
    for size, cost in attempts([copy], [width], sizes):
        if copy.least_height(size, width, spacing) > height:
            continue
        block = copy.block(size, width, spacing, most_cost=cost)
        if block and block.height <= height and len(block.lines) <= lines:
            return block
    return None


def scale(sizes: Sequence[float], unit: float) -> tuple[int, ...]:
    """These sizes in pixels."""
    return tuple(max(1, round(size * unit)) for size in sizes)

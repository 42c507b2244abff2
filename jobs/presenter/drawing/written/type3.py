"""Letters in a PDF: fonts whose glyphs are the outlines of shaped text, one for each cluster of characters.

HarfBuzz shapes as Pillow does for the pictures, and gives outlines of any font, also of one weight of a
variable font. What is drawn together, e.g. a syllable of Devanagari, is one glyph of a Type 3 font
(ISO 32000-1, 9.6.5), whose ToUnicode map has its characters: so text of every script can be searched.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pikepdf
from pikepdf import Array, Dictionary, Name

from jobs.presenter.drawing.letters import FIGURES
from jobs.presenter.drawing.marks import Words
from shared.video.lettering.shaping import Run

if TYPE_CHECKING:
    import uharfbuzz as hb

    from shared.video.lettering.fonts import Face

_CODES: Final = 256
Outline = tuple[tuple[int, int, int], ...]
"""Glyphs of a cluster, each with its place right of and above the cluster's."""


@dataclass(frozen=True, kw_only=True)
class _Cluster:
    text: str
    outline: Outline


@dataclass(kw_only=True, eq=False)
class _Font:
    """At most 256 clusters of a face."""

    name: str
    shaped: "_Shaped"
    codes: dict[_Cluster, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Shaped:
    """A face at a weight, opened."""

    font: "hb.Font"
    units: int


class Letters:
    """All fonts of a PDF."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pdf = pdf
        self._opened: dict[tuple[object, int], _Shaped] = {}
        self._fonts: dict[int, list[_Font]] = {}

    def draw(self, words: Words) -> str:
        """The operators that draw words on a page whose units are the slide's pixels, from the top."""
        language = words.pen.language
        x = words.x
        done = []
        for run in words.pen.shaper.unshaped_runs(words.text):
            operators, advance = self._run(run, words, x, language)
            done.append(operators)
            x += advance
        return "".join(done)

    def resources(self) -> Dictionary:
        """The fonts by their names; to be asked for when all is drawn."""
        found = {font.name: self._dictionary(font) for fonts in self._fonts.values() for font in fonts}
        return Dictionary({f"/{name}": self._pdf.make_indirect(each) for name, each in found.items()})

    def _run(self, run: Run, words: Words, x: float, language: str) -> tuple[str, float]:
        shaped = self._shaped(run.face, words.pen.font.weight)
        clusters = _clusters(shaped, run, language)
        size, parts, last = words.size_px, [], None
        for cluster, advance in clusters:
            font, code = self._code(shaped, cluster)
            if font is not last:
                parts.append(f"] TJ /{font.name} {size} Tf [" if last else f"/{font.name} {size} Tf [")
                last = font
            kern = (_width(shaped, cluster.outline) - advance) * 1000 / shaped.units
            parts.append(f"<{code:02x}>" + (f" {kern:.2f} " if abs(kern) > 0.01 else ""))
        if not parts:
            return "", 0.0
        width = sum(advance for _, advance in clusters) * size / shaped.units
        return f"BT 1 0 0 -1 {x:.3f} {words.baseline:.3f} Tm {''.join(parts)}] TJ ET\n", width

    def _shaped(self, face: "Face", weight: int) -> _Shaped:
        import uharfbuzz as hb

        if (face, weight) not in self._opened:
            opened = hb.Face(hb.Blob.from_file_path(str(face.path)), face.number)
            font = hb.Font(opened)
            font.set_variations({tag: weight if tag == "wght" else usual for tag, usual in face.axes})
            self._opened[face, weight] = _Shaped(font=font, units=opened.upem)
        return self._opened[face, weight]

    def _code(self, shaped: _Shaped, cluster: _Cluster) -> tuple[_Font, int]:
        fonts = self._fonts.setdefault(id(shaped), [])
        for font in fonts:
            if cluster in font.codes:
                return font, font.codes[cluster]
        if not fonts or len(fonts[-1].codes) == _CODES:
            number = sum(map(len, self._fonts.values()))
            fonts.append(_Font(name=f"F{number}", shaped=shaped))
        return fonts[-1], fonts[-1].codes.setdefault(cluster, len(fonts[-1].codes))

    def _dictionary(self, font: _Font) -> Dictionary:
        shaped, clusters = font.shaped, list(font.codes)
        names = [Name(f"/g{code}") for code in range(len(clusters))]
        drawn = [_glyph(shaped, cluster.outline) for cluster in clusters]
        procedures = {
            str(name): self._pdf.make_stream(each.encode()) for name, each in zip(names, drawn, strict=True)
        }
        return Dictionary(
            Type=Name.Font,
            Subtype=Name.Type3,
            FontBBox=Array([0, 0, 0, 0]),
            FontMatrix=Array([1 / shaped.units, 0, 0, 1 / shaped.units, 0, 0]),
            CharProcs=Dictionary(procedures),
            Encoding=Dictionary(Type=Name.Encoding, Differences=Array([0, *names])),
            FirstChar=0,
            LastChar=len(clusters) - 1,
            Widths=Array([_width(shaped, cluster.outline) for cluster in clusters]),
            Resources=Dictionary(),
            ToUnicode=self._pdf.make_stream(_to_unicode([cluster.text for cluster in clusters]).encode()),
        )


def _clusters(shaped: _Shaped, run: Run, language: str) -> list[tuple[_Cluster, int]]:
    """From left to right, each with how far the pen moves."""
    import uharfbuzz as hb

    buffer = hb.Buffer()
    buffer.add_str(run.text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if run.right_to_left else "ltr"
    if language != "und":
        buffer.language = language
    hb.shape(shaped.font, buffer, dict.fromkeys(FIGURES, True))
    starts = sorted({info.cluster for info in buffer.glyph_infos})
    ends = dict(zip(starts, [*starts[1:], len(run.text)], strict=True))
    found: list[tuple[int, list[tuple[int, int, int]], int]] = []
    for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        if not found or found[-1][0] != info.cluster:
            found.append((info.cluster, [], 0))
        start, glyphs, pen = found[-1]
        glyphs.append((info.codepoint, pen + place.x_offset, place.y_offset))
        found[-1] = start, glyphs, pen + place.x_advance
    return [
        (_Cluster(text=run.text[start : ends[start]], outline=tuple(glyphs)), pen)
        for start, glyphs, pen in found
    ]


def _width(shaped: _Shaped, outline: Outline) -> int:
    return sum(shaped.font.get_glyph_h_advance(glyph) for glyph, _, _ in outline)


def _glyph(shaped: _Shaped, outline: Outline) -> str:
    path = _Path()
    for glyph, right, up in outline:
        path.right, path.up = right, up
        shaped.font.draw_glyph_with_pen(glyph, path)
    xs, ys = [x for x, _ in path.points] or [0], [y for _, y in path.points] or [0]
    box = f"{min(xs):g} {min(ys):g} {max(xs):g} {max(ys):g}"
    return f"{_width(shaped, outline)} 0 {box} d1\n{' '.join(path.operators)} f\n"


class _Path:
    """Writes an outline as operators of PDF."""

    def __init__(self) -> None:
        self.right = self.up = 0
        self.operators: list[str] = []
        self.points: list[tuple[float, float]] = []

    def moveTo(self, point: tuple[float, float]) -> None:  # noqa: N802 - as fontTools names it
        self._add("m", point)

    def lineTo(self, point: tuple[float, float]) -> None:  # noqa: N802
        self._add("l", point)

    def curveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802
        self._add("c", *points)

    def qCurveTo(self, control: tuple[float, float], end: tuple[float, float]) -> None:  # noqa: N802
        x, y = self.points[-1][0] - self.right, self.points[-1][1] - self.up
        first = x + (control[0] - x) * 2 / 3, y + (control[1] - y) * 2 / 3
        second = end[0] + (control[0] - end[0]) * 2 / 3, end[1] + (control[1] - end[1]) * 2 / 3
        self._add("c", first, second, end)

    def closePath(self) -> None:  # noqa: N802
        self.operators.append("h")

    def endPath(self) -> None:  # noqa: N802
        """Open outlines are filled as well."""

    def _add(self, operator: str, *points: tuple[float, float]) -> None:
        moved = [(x + self.right, y + self.up) for x, y in points]
        self.points += moved
        self.operators.append(" ".join(f"{round(x, 1):g} {round(y, 1):g}" for x, y in moved) + f" {operator}")


def _to_unicode(texts: list[str]) -> str:
    """The map from codes to characters (ISO 32000-1, 9.10.3)."""
    lines = [f"<{code:02x}> <{text.encode('utf-16-be').hex()}>" for code, text in enumerate(texts)]
    blocks = [lines[at : at + 100] for at in range(0, len(lines), 100)]
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return f"""/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CMapType 2 def
/CMapName /Slides def
1 begincodespacerange
<00> <ff>
endcodespacerange
{body}
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""

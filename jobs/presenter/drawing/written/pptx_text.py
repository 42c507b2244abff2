"""Text in a PPTX: boxes, paragraphs with marks, runs with fonts and colours."""

from typing import TYPE_CHECKING, Any, Final

from lxml import etree
from pptx.dml.color import RGBColor
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Emu, Pt

from jobs.presenter.drawing.canvas import Box, Canvas

if TYPE_CHECKING:
    from pptx.shapes.autoshape import Shape
    from pptx.text.text import TextFrame, _Paragraph

_LONGER_SIDE: Final = 12_192_000
"""Of a slide, in EMU: 13.333 inches, as PowerPoint's own."""


class Scale:
    """From a canvas's pixels to a file's units."""

    def __init__(self, canvas: Canvas) -> None:
        self._factor = _LONGER_SIDE / max(canvas.width, canvas.height)

    def emu(self, pixels: float) -> Emu:
        return Emu(round(pixels * self._factor))

    def points(self, pixels: float) -> Any:
        """To half a point, as people set it."""
        return Pt(round(pixels * self._factor / 12_700 * 2) / 2)

    def place(self, shape: "Shape", box: Box) -> None:
        shape.left, shape.top = self.emu(box.left), self.emu(box.top)
        shape.width, shape.height = self.emu(box.width), self.emu(box.height)


def empty_frame(shape: "Shape", *, anchor: MSO_ANCHOR = MSO_ANCHOR.TOP, wraps: bool = True) -> "TextFrame":
    """A frame without margins, which keeps its size."""
    frame = shape.text_frame
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.word_wrap, frame.auto_size, frame.vertical_anchor = wraps, MSO_AUTO_SIZE.NONE, anchor
    return frame


def paragraphs(frame: "TextFrame", count: int) -> list["_Paragraph"]:
    return [frame.paragraphs[0], *(frame.add_paragraph() for _ in range(count - 1))]


def add_run(
    paragraph: "_Paragraph",
    text: str,
    *,
    size: Any,
    colour: "MSO_THEME_COLOR | str",
    bold: bool = False,
    font: str | None = None,
) -> None:
    """Text with a theme's colour or another one; `font` is a family, or one of the theme's (`+mj-lt`)."""
    run = paragraph.add_run()
    run.text = text
    run.font.size, run.font.bold = size, bold
    if font:
        run.font.name = font
    if isinstance(colour, str):
        run.font.color.rgb = RGBColor.from_string(colour.removeprefix("#").upper())
    else:
        run.font.color.theme_color = colour


def direct(paragraph: "_Paragraph", *, mirrored: bool, align: PP_ALIGN | None = None) -> None:
    """The side where it starts."""
    paragraph.alignment = align or (PP_ALIGN.RIGHT if mirrored else PP_ALIGN.LEFT)
    if mirrored:
        paragraph._p.get_or_add_pPr().set("rtl", "1")


def mark(paragraph: "_Paragraph", marker: str, *, level: int, indent: Emu) -> None:
    """A bullet before it, in the theme's accent."""
    properties = paragraph._p.get_or_add_pPr()
    properties.set("marL", str(int(indent) * (level + 1)))
    properties.set("indent", str(-int(indent)))
    colour = etree.SubElement(properties, qn("a:buClr"))
    etree.SubElement(colour, qn("a:schemeClr"), val="accent2" if level else "accent1")
    etree.SubElement(properties, qn("a:buFont"), typeface="Arial")
    if marker == "number" and not level:
        etree.SubElement(properties, qn("a:buAutoNum"), type="arabicPlain")
        return
    char = "–" if level else {"dash": "—", "dot": "•", "square": "▪"}.get(marker, "•")
    etree.SubElement(properties, qn("a:buChar"), char=char)

"""The deck as a PPTX that people go on working with: text, lists, tables, pictures and speaker notes."""

import zipfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pptx
from lxml import etree
from PIL import Image
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn

from jobs.presenter.deck.notes import without_pauses
from jobs.presenter.deck.slides import Slide, Slides
from jobs.presenter.drawing.blocks.bullets import bullets
from jobs.presenter.drawing.blocks.code import coloured
from jobs.presenter.drawing.blocks.headings import heading
from jobs.presenter.drawing.blocks.setting import Made, Setting
from jobs.presenter.drawing.blocks.tables import are_numbers
from jobs.presenter.drawing.canvas import Box, Canvas
from jobs.presenter.drawing.layout import kind_of, lay_out, photo_of, places, set_thing, setting_of
from jobs.presenter.drawing.marks import Area, Photo, Words
from jobs.presenter.drawing.paint import Load, cut_out, ground_image, placed
from jobs.presenter.drawing.themes import Theme
from jobs.presenter.drawing.written.pptx_text import (
    Scale,
    add_run,
    direct,
    empty_frame,
    mark,
    paragraphs,
)
from jobs.presenter.drawing.written.pptx_theme import ACCENT, INK, PANEL, QUIET, TITLE, put_theme

if TYPE_CHECKING:
    from pptx.slide import Slide as Page

_LARGE, _LIST, _TITLE_ONLY = 0, 1, 5
"""Layouts of python-pptx's template: title and subtitle, title and text, and a title alone."""
_ALWAYS: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""The date of the file and of its parts, so that the same slides give the same bytes."""


def write_pptx(slides: Slides, canvas: Canvas, theme: Theme, load: Load, path: Path) -> None:
    """Write it; the same slides give the same bytes. `load` returns an asset's pixels by its name."""
    presentation = pptx.Presentation()
    scale = Scale(canvas)
    presentation.slide_width, presentation.slide_height = scale.emu(canvas.width), scale.emu(canvas.height)
    put_theme(presentation, theme)
    for slide in slides.slides:
        page = presentation.slides.add_slide(presentation.slide_layouts[_layout(slide)])
        _Page(page, slide, setting_of(slide, canvas, theme), load).write()
        if slide.notes:
            frame = page.notes_slide.notes_text_frame
            assert frame is not None, "the template's notes have a text"
            frame.text = without_pauses(slide.notes)
    about = presentation.core_properties
    about.title, about.language = slides.title, slides.language
    about.author = about.last_modified_by = ""
    about.created = about.modified = _ALWAYS.replace(tzinfo=None)
    made = BytesIO()
    presentation.save(made)
    _without_dates(made, path)


def _layout(slide: Slide) -> int:
    if slide.picture and slide.picture.fills:
        return _TITLE_ONLY
    if kind_of(slide) != "content":
        return _LARGE if slide.title and slide.subtitle else _TITLE_ONLY
    return _LIST if slide.bullets else _TITLE_ONLY


def _without_dates(made: BytesIO, path: Path) -> None:
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            entry = zipfile.ZipInfo(part.filename, _ALWAYS.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(part))


class _Page:
    """One slide."""

    def __init__(self, page: "Page", slide: Slide, setting: Setting, load: Load) -> None:
        self._page: Any = page
        self._slide = slide
        self._setting = setting
        self._load = load
        self._scale = Scale(setting.canvas)
        self._kind = kind_of(slide)

    def write(self) -> None:
        slide, setting = self._slide, self._setting
        _paint_ground(self._page, setting, self._kind)
        if slide.picture and slide.picture.fills:
            self._photo(photo_of(setting, slide, setting.canvas.free(setting.canvas.whole)))
            self._hidden_title()
        elif self._kind != "content":
            self._large_words()
        else:
            self._content()

    def _content(self) -> None:
        slide, setting = self._slide, self._setting
        title = heading(setting, slide.title, places(slide, setting, 0).heading)
        where = places(slide, setting, title.height)
        self._areas(title)
        self._title(title, where.heading)
        if slide.bullets:
            self._bullets(where.main)
        thing = set_thing(setting, slide, where.aside)
        if slide.picture:
            radius = setting.px(setting.theme.corner)
            self._photo(photo_of(setting, slide, where.aside, radius))
        elif thing:
            self._thing(thing, where.aside)

    def _areas(self, made: Made) -> None:
        for area in made.marks:
            if isinstance(area, Area):
                self._area(area)

    def _area(self, area: Area, colour: Any = ACCENT) -> Any:
        kind = MSO_SHAPE.ROUNDED_RECTANGLE if area.radius else MSO_SHAPE.RECTANGLE
        shape = self._page.shapes.add_shape(kind, 0, 0, 0, 0)
        self._scale.place(shape, area.box)
        if area.radius:
            shape.adjustments[0] = min(0.5, area.radius / min(area.box.width, area.box.height))
        shape.fill.solid()
        shape.fill.fore_color.theme_color = colour
        shape.line.fill.background()
        shape.shadow.inherit = False
        return shape

    def _title(self, made: Made, box: Box) -> None:
        if not self._slide.title:
            self._hidden_title()
            return
        words = [each for each in made.marks if isinstance(each, Words)]
        top = words[0].baseline - 0.9 * made.size_px
        left, right = min(each.x for each in words), max(each.x for each in words)
        inner = box._replace(top=top, bottom=box.top + made.height)
        inner = inner if self._setting.mirrored else inner._replace(left=min(left, right))
        self._write_title(inner, made.size_px, TITLE, PP_ALIGN.RIGHT if self._setting.mirrored else None)

    def _write_title(self, box: Box, size_px: float, colour: Any, align: Any = None) -> None:
        shape = self._page.shapes.title
        self._scale.place(shape, box)
        frame = empty_frame(shape)
        line = frame.paragraphs[0]
        direct(line, mirrored=self._setting.mirrored, align=align)
        font = self._setting.theme.fonts.title
        text = self._slide.title or self._slide.subtitle
        size = self._scale.points(size_px)
        add_run(line, text, size=size, colour=colour, bold=font.weight >= 600, font="+mj-lt")

    def _hidden_title(self) -> None:
        """A slide without a title is known by its number."""
        shape = self._page.shapes.title
        shape._element.getparent().remove(shape._element)

    def _text(self, box: Box) -> Any:
        """The frame of the layout's text."""
        shape = self._page.placeholders[1]
        self._scale.place(shape, box)
        return empty_frame(shape)

    def _bullets(self, box: Box) -> None:
        setting, points = self._setting, self._slide.bullets
        size_px = bullets(setting, points, box).size_px
        frame = self._text(box)
        for line, point in zip(paragraphs(frame, len(points)), points, strict=True):
            direct(line, mirrored=setting.mirrored)
            line.level = point.level
            line.line_spacing = 1.1
            line.space_before = self._scale.points(0.3 * size_px if point.level else 0.7 * size_px)
            mark(line, setting.theme.marker, level=point.level, indent=self._scale.emu(1.1 * size_px))
            size = self._scale.points(0.86 * size_px if point.level else size_px)
            add_run(line, point.text, size=size, colour=INK)

    def _thing(self, made: Made, box: Box) -> None:
        if self._slide.code:
            self._code(made)
        elif self._slide.table:
            self._table(made, box)
        else:
            self._quote(made)

    def _code(self, made: Made) -> None:
        assert self._slide.code is not None
        panel = next(each for each in made.marks if isinstance(each, Area))
        shape = self._area(panel, PANEL)
        lines = coloured(self._setting, self._slide.code)
        frame = empty_frame(shape, anchor=MSO_ANCHOR.MIDDLE)
        frame.margin_left = frame.margin_right = self._scale.emu(self._setting.px(34))
        for line, pieces in zip(paragraphs(frame, len(lines)), lines, strict=True):
            direct(line, mirrored=False)
            for text, colour in pieces:
                size = self._scale.points(made.size_px)
                add_run(line, text, size=size, colour=colour, font=self._setting.theme.fonts.code.family)

    def _table(self, made: Made, box: Box) -> None:
        table = self._slide.table
        assert table is not None
        whole = box._replace(left=self._setting.start(box, sum(made.columns)))
        rows, columns = len(table.rows) + 1, len(table.header)
        shape = self._page.shapes.add_table(rows, columns, 0, 0, 0, 0)
        place = whole._replace(right=whole.left + sum(made.columns), bottom=box.top + made.height)
        self._scale.place(shape, place)
        grid = shape.table
        grid._tbl.tblPr.set("rtl", "1" if self._setting.mirrored else "0")
        for column, width in zip(grid.columns, made.columns, strict=True):
            column.width = self._scale.emu(width)
        for row in grid.rows:
            row.height = self._scale.emu(made.height / rows)
        numbers = [are_numbers([row[column] for row in table.rows]) for column in range(columns)]
        for number, row in enumerate((table.header, *table.rows)):
            for column, text in enumerate(row):
                self._cell(grid.cell(number, column), text, number, made.size_px, right=numbers[column])

    def _cell(self, cell: Any, text: str, number: int, size_px: float, *, right: bool) -> None:
        if number and number % 2 == 0:
            cell.fill.solid()
            cell.fill.fore_color.theme_color = PANEL
        else:
            cell.fill.background()
        cell.vertical_anchor = MSO_ANCHOR.MIDDLE
        line = cell.text_frame.paragraphs[0]
        direct(line, mirrored=self._setting.mirrored, align=PP_ALIGN.RIGHT if right else None)
        size = self._scale.points(size_px)
        add_run(line, text, size=size, colour=INK if number else TITLE, bold=not number)

    def _quote(self, made: Made) -> None:
        said = self._slide.quote
        assert said is not None
        bar = next(each for each in made.marks if isinstance(each, Area))
        self._area(bar)
        canvas, gap = self._setting.canvas, self._setting.px(52)
        free = canvas.free(canvas.safe)
        box = Box(bar.box.left + gap, bar.box.top, free.right, bar.box.bottom)
        if self._setting.mirrored:
            box = Box(free.left, bar.box.top, bar.box.right - gap, bar.box.bottom)
        shape = self._page.shapes.add_textbox(0, 0, 0, 0)
        self._scale.place(shape, box)
        frame = empty_frame(shape, anchor=MSO_ANCHOR.MIDDLE)
        lines = paragraphs(frame, 2 if said.by else 1)
        size, bold = self._scale.points(made.size_px), self._setting.theme.fonts.title.weight >= 600
        add_run(lines[0], said.text, size=size, colour=TITLE, bold=bold, font="+mj-lt")
        if said.by:
            small = self._scale.points(self._setting.px(38))
            add_run(lines[1], f"— {said.by}", size=small, colour=QUIET)
        for line in lines:
            direct(line, mirrored=self._setting.mirrored)

    def _large_words(self) -> None:
        slide, setting = self._slide, self._setting
        sheet = lay_out(slide, setting.canvas, setting.theme, number=1, count=1)
        words = [each for each in sheet.marks if isinstance(each, Words)]
        rule = next(each for each in sheet.marks if isinstance(each, Area))
        self._area(rule).fill.fore_color.rgb = _rgb(setting.ground.accent)
        free = setting.canvas.free(setting.canvas.safe)
        align = PP_ALIGN.CENTER if setting.theme.placed == "centred" else None
        first = words[0]
        box = free._replace(top=first.baseline - first.size_px, bottom=rule.box.top)
        self._write_title(box, first.size_px, setting.ground.title, align)
        if slide.title and slide.subtitle:
            below = words[-1].size_px
            frame = self._text(free._replace(top=rule.box.bottom + setting.px(30)))
            direct(frame.paragraphs[0], mirrored=setting.mirrored, align=align)
            size = self._scale.points(below)
            add_run(frame.paragraphs[0], slide.subtitle, size=size, colour=setting.ground.words)

    def _photo(self, photo: Photo) -> None:
        pixels = self._load(photo.name)
        place = placed(photo, pixels.shape[1], pixels.shape[0])
        shape = self._page.shapes.add_picture(_encoded(cut_out(pixels, place)), 0, 0)
        self._scale.place(shape, place.box)
        shape._element.nvPicPr.cNvPr.set("descr", photo.alt)
        if photo.radius:
            shape.auto_shape_type = MSO_SHAPE.ROUNDED_RECTANGLE


def _encoded(image: Image.Image) -> BytesIO:
    made = BytesIO()
    image.save(made, "PNG")
    made.seek(0)
    return made


def _rgb(colour: str) -> Any:
    from pptx.dml.color import RGBColor

    return RGBColor.from_string(colour.removeprefix("#").upper())


def _paint_ground(page: Any, setting: Setting, kind: str) -> None:
    ground = setting.ground
    if kind == "content" and not (ground.shapes or ground.to):
        return  # the master's own
    if not (ground.shapes or ground.to):
        page.background.fill.solid()
        page.background.fill.fore_color.rgb = _rgb(ground.colour)
        return
    canvas = setting.canvas
    _picture_ground(page, ground_image(ground, canvas.width, canvas.height, setting.mirrored))


def _picture_ground(page: Any, image: Image.Image) -> None:
    """A ground that can't be selected by accident."""
    _, relation = page.part.get_or_add_image_part(_encoded(image))
    page.background.fill.solid()
    properties = page._element.cSld.bg.bgPr
    for old in list(properties):
        properties.remove(old)
    filled = etree.SubElement(properties, qn("a:blipFill"))
    etree.SubElement(filled, qn("a:blip")).set(qn("r:embed"), relation)
    etree.SubElement(etree.SubElement(filled, qn("a:stretch")), qn("a:fillRect"))
    etree.SubElement(properties, qn("a:effectLst"))

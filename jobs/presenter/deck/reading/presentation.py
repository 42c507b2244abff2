"""What a PPTX says and shows: titles, paragraphs, tables, pictures, notes. Runs in `reader.py` beside it.

Charts, SmartArt and the like are not read: the outline says on which slides they are.
"""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pptx
from lxml import etree
from pptx.enum.shapes import MSO_SHAPE_TYPE, PP_PLACEHOLDER
from pptx.exc import PythonPptxError

from jobs.presenter.deck.reading.limits import (
    MOST_PAGES,
    MOST_PARTS,
    MOST_PICTURE_BYTES,
    MOST_UNPACKED_BYTES,
    MOST_XML_BYTES,
)
from jobs.presenter.deck.reading.problems import BROKEN, PROTECTED, Unreadable
from shared.accepted import picture_type_of

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
"""The stream of a protected file (MS-OFFCRYPTO, 2.3.4.4)."""
_DIAGRAM: Final = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
_PRESENTATION: Final = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_LARGE_TITLES: Final = (PP_PLACEHOLDER.CENTER_TITLE, PP_PLACEHOLDER.SUBTITLE)
_SMALL_PRINT: Final = (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER)
_BROKEN: Final = (
    *(PythonPptxError, zipfile.BadZipFile, zlib.error, etree.LxmlError, KeyError, ValueError, TypeError),
    *(AttributeError, AssertionError, IndexError, NotImplementedError, OSError, EOFError, RecursionError),
)
"""What python-pptx raises for parts that are missing or hold something else."""


@dataclass(kw_only=True)
class _Found:
    """What is on one slide."""

    paragraphs: list[tuple[int, str]] = field(default_factory=list)
    subtitle: str = ""
    tables: list[list[list[str]]] = field(default_factory=list)
    pictures: list[tuple[int, bytes, str]] = field(default_factory=list)
    """Each with its area and its description."""
    left_out: list[str] = field(default_factory=list)


def outline_of(path: Path) -> tuple[dict[str, Any], bytes]:
    """All slides in order, and their pictures; raises `Unreadable`."""
    _demand_bearable(path)
    try:
        presentation = pptx.Presentation(str(path))
        slides = [_slide(slide, number) for number, slide in enumerate(presentation.slides, 1)]
        title = presentation.core_properties.title or ""
    except _BROKEN as error:
        raise Unreadable(BROKEN.format(error or type(error).__name__)) from error
    if not slides:
        raise Unreadable("has no slides; add one and upload it again")
    if len(slides) > MOST_PAGES:
        limit = f"more than the {MOST_PAGES} that a deck may have"
        raise Unreadable(f"has {len(slides)} slides, {limit}; split it into several talks")
    pictures = [blob for _, blobs in slides for blob in blobs]
    said = {"title": title, "slides": [each for each, _ in slides], "pictures": [*map(len, pictures)]}
    return said, b"".join(pictures)


def _demand_bearable(path: Path) -> None:
    """The sizes that a ZIP file names are those that it is read by."""
    with path.open("rb") as file:
        if file.read(len(_OLE)) == _OLE:
            raise Unreadable(
                PROTECTED
                if _ENCRYPTED in file.read()
                else "is not a PPTX but an older PowerPoint file; save it as .pptx and upload that"
            )
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise Unreadable(BROKEN.format(error)) from error
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES:
        limit = f"more than {MOST_PARTS} parts or {MOST_UNPACKED_BYTES >> 20} MB"
        raise Unreadable(f"unpacks to {limit}; make its pictures smaller")
    for part in parts:
        if part.filename.endswith((".xml", ".rels")) and part.file_size > MOST_XML_BYTES:
            limit = f"more than the {MOST_XML_BYTES >> 20} MB allowed"
            raise Unreadable(f"holds {part.filename!r} of {part.file_size >> 20} MB, {limit}; simplify it")


def _slide(slide: Any, number: int) -> tuple[dict[str, Any], list[bytes]]:
    found = _Found()
    heading = slide.shapes.title
    for shape in _shapes(slide.shapes):
        if heading is None or shape.shape_id != heading.shape_id:
            _read(shape, found)
    for kind in ("timing", "transition"):
        if slide._element.find(f".//{_PRESENTATION}{kind}") is not None:
            found.left_out.append({"timing": "animations", "transition": "transitions"}[kind])
    largest = max(found.pictures, key=lambda each: each[0], default=None)
    table = found.tables[0] if found.tables else None
    picture = None if table else largest
    found.left_out += ["smaller pictures"] * (len(found.pictures) - bool(picture))
    found.left_out += ["further tables"] * (len(found.tables) - bool(table))
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    said = {
        "number": number,
        "hidden": slide._element.get("show") in ("0", "false"),
        "title": _line(heading.text_frame.text) if heading is not None and heading.has_text_frame else "",
        "subtitle": found.subtitle,
        "paragraphs": found.paragraphs,
        "table": table,
        "picture": None if picture is None else {"alt": picture[2]},
        "notes": _plain(notes.text) if notes is not None else "",
        "left_out": found.left_out,
    }
    return said, [picture[1]] if picture else []


def _shapes(shapes: Any) -> Iterator[Any]:
    """Also those within groups."""
    for shape in shapes:
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            yield from _shapes(shape.shapes)
        else:
            yield shape


def _read(shape: Any, found: _Found) -> None:
    kind = shape.placeholder_format.type if shape.is_placeholder else None
    if kind in _SMALL_PRINT:
        return
    if getattr(shape, "has_table", False):
        found.tables.append([[_line(cell.text_frame.text) for cell in row.cells] for row in shape.table.rows])
    elif hasattr(shape, "image"):
        _read_picture(shape, found)
    elif kind == PP_PLACEHOLDER.SUBTITLE:
        found.subtitle = _line(shape.text_frame.text)
    elif shape.has_text_frame:
        lines = ((each.level, _line(each.text)) for each in shape.text_frame.paragraphs)
        found.paragraphs += [(level, line) for level, line in lines if line]
    else:
        found.left_out.append(_kind(shape))


def _read_picture(shape: Any, found: _Found) -> None:
    blob = shape.image.blob
    if picture_type_of(blob[:256]) is None or len(blob) > MOST_PICTURE_BYTES:
        found.left_out.append("pictures of unknown types")
        return
    alt = shape._element.xpath("./*[1]/p:cNvPr/@descr") if shape._element is not None else []
    found.pictures.append((shape.width * shape.height, blob, alt[0] if alt else ""))


def _kind(shape: Any) -> str:
    if getattr(shape, "has_chart", False):
        return "charts"
    if _DIAGRAM in etree.tostring(shape._element, encoding="unicode"):
        return "SmartArt"
    named = {
        MSO_SHAPE_TYPE.MEDIA: "sounds and films",
        MSO_SHAPE_TYPE.EMBEDDED_OLE_OBJECT: "embedded files",
        MSO_SHAPE_TYPE.LINKED_OLE_OBJECT: "embedded files",
        MSO_SHAPE_TYPE.LINE: "lines",
    }
    return named.get(shape.shape_type, "other shapes")


def _line(text: str) -> str:
    return " ".join(text.replace("\v", " ").split())


def _plain(text: str) -> str:
    return text.replace("\v", "\n").strip()

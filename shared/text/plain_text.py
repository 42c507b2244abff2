"""Text files as people save them: UTF-8, or UTF-16 and UTF-32 with a byte order mark."""

import codecs
from typing import Final

from shared.errors import InvalidAssets

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
"""In this order, since UTF-32's mark begins with UTF-16's."""
_DOCUMENTS: Final = (
    (b"{\\rtf", "an RTF file"),
    (b"%PDF-", "a PDF document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a Word document"),
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"bplist00", "a web archive or property list"),
)
_ZIPPED: Final = (
    (b"word/", "a Word document"),
    (b"opendocument.text", "an OpenDocument text"),
    (b"Index/Document.iwa", "a Pages document"),
    (b"application/epub+zip", "an EPUB book"),
)
"""Names inside documents that are ZIP archives."""


def decoded(data: bytes, name: str) -> str:
    """The text of a file; raises `InvalidAssets` that names it, what it is instead, and the remedy."""
    kind = _document(data)
    if kind:
        raise InvalidAssets(f"{name}: it is {kind}; save it as plain text (UTF-8)")
    try:
        text = decode_text(data)
    except UnicodeDecodeError as error:
        shown = error.encoding.removesuffix("-sig").upper()
        raise InvalidAssets(f"{name}: not {shown} (byte {error.start}); save it as UTF-8") from error
    if 4 * text.count("\0") > len(text):
        raise InvalidAssets(f"{name}: holds zero bytes, as UTF-16 without its mark does; save it as UTF-8")
    return text


def decode_text(data: bytes) -> str:
    """The text without its mark; raises `UnicodeDecodeError`."""
    encoding = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "utf-8")
    return data.decode(encoding).removeprefix("\ufeff")


def _document(data: bytes) -> str | None:
    if data.startswith(b"PK\x03\x04"):
        return next((kind for part, kind in _ZIPPED if part in data), "a ZIP archive")
    start = data[:1024].lstrip(codecs.BOM_UTF8 + b" \t\r\n")
    if start[:15].lower().startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    return next((kind for magic, kind in _DOCUMENTS if start.startswith(magic)), None)

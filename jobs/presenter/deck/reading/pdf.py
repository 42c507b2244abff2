"""The pages of a PDF, drawn by PDFium. Runs in `jobs/presenter/deck/reading/reader.py`."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pypdfium2 as pdfium
from pypdfium2 import raw

from jobs.presenter.deck.reading.limits import MOST_PAGES
from jobs.presenter.deck.reading.problems import BROKEN, PROTECTED, Unreadable

_LONGEST_TITLE: Final = 120
_THINNEST: Final = 40
"""How many times longer than wide a page may be, or the other way round."""


def page_count(path: Path) -> int:
    """How many pages it has; raises `Unreadable`."""
    with _opened(path) as pdf:
        count = len(pdf)
    if count == 0:
        raise Unreadable("has no pages; export it again from its source and upload it again")
    if count > MOST_PAGES:
        limit = f"more than the {MOST_PAGES} that a deck may have"
        raise Unreadable(f"has {count} pages, {limit}; split it into several talks")
    return count


def page_picture(path: Path, number: int, longest_px: int) -> tuple[dict[str, Any], bytes]:
    """A page as PNG, and its first line of text; raises `Unreadable`."""
    with _opened(path) as pdf:
        page = pdf[number]
        width, height = page.get_size()
        if min(width, height) <= 0 or max(width, height) > _THINNEST * min(width, height):
            raise Unreadable(
                f"has a page of {width:g} x {height:g} points, page {number + 1}; make it a usual shape"
            )
        bitmap = page.render(scale=longest_px / max(width, height), rev_byteorder=True)
        made = BytesIO()
        bitmap.to_pil().convert("RGB").save(made, "PNG", compress_level=3)
        text = page.get_textpage().get_text_range()
    lines = (" ".join(line.split()) for line in text.splitlines())
    title = next((line for line in lines if any(map(str.isalnum, line))), "")
    return {"title": title[:_LONGEST_TITLE], "bytes": len(made.getvalue())}, made.getvalue()


@contextmanager
def _opened(path: Path) -> Iterator[pdfium.PdfDocument]:
    try:
        with pdfium.PdfDocument(path) as pdf:
            yield pdf
    except pdfium.PdfiumError as error:
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise Unreadable(PROTECTED) from error
        raise Unreadable(BROKEN.format(str(error).rstrip("."))) from error

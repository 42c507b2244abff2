"""The deck as a PDF: a page a slide, with all its bullets, in real text and with bookmarks."""

import zlib
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pikepdf
from pikepdf import Array, Dictionary, Name, OutlineItem, Stream

from jobs.presenter.deck.slides import Slides
from jobs.presenter.drawing.canvas import Box, Canvas
from jobs.presenter.drawing.layout import lay_out
from jobs.presenter.drawing.marks import Area, Mark, Photo, Sheet, Words
from jobs.presenter.drawing.paint import Load, cut_out, ground_image, placed
from jobs.presenter.drawing.themes import Theme
from jobs.presenter.drawing.written.type3 import Letters
from shared.video.colour import parse_colour

if TYPE_CHECKING:
    from PIL.Image import Image

_POINTS: Final = 960
"""The longer side of a page."""
_ROUND: Final = 0.5523
"""Of a quarter circle's radius, how far the control points of its curve are from its ends."""
_QUALITY: Final = 90


def write_pdf(slides: Slides, canvas: Canvas, theme: Theme, load: Load, path: Path) -> None:
    """Write it; the same slides give the same bytes. `load` returns an asset's pixels by its name."""
    with pikepdf.new() as pdf:
        pages = _Pages(pdf, canvas, load)
        count = len(slides.slides)
        for number, slide in enumerate(slides.slides, 1):
            sheet = lay_out(slide, canvas, theme, number=number, count=count)
            pages.add(sheet, theme)
        pages.finish()
        with pdf.open_outline() as outline:
            titles = [slide.title or str(number) for number, slide in enumerate(slides.slides, 1)]
            outline.root.extend(OutlineItem(title, number) for number, title in enumerate(titles))
        if slides.title:
            pdf.docinfo[Name.Title] = slides.title
        pdf.Root.Lang = pikepdf.String(slides.language if slides.language != "und" else canvas.language)
        pdf.save(path, deterministic_id=True, compress_streams=True)


class _Pages:
    def __init__(self, pdf: pikepdf.Pdf, canvas: Canvas, load: Load) -> None:
        self._pdf = pdf
        self._canvas = canvas
        self._load = load
        self._letters = Letters(pdf)
        self._images: dict[object, Stream] = {}

    def add(self, sheet: Sheet, theme: Theme) -> None:
        canvas = self._canvas
        factor = _POINTS / max(canvas.width, canvas.height)
        width, height = canvas.width * factor, canvas.height * factor
        shown: dict[str, Stream] = {}
        marks: Iterable[Mark] = (*sheet.marks, *(mark for step in sheet.steps for mark in step))
        ground = ground_image(theme.ground(sheet.kind), canvas.width, canvas.height, sheet.mirrored)
        backdrop = self._picture(("ground", sheet.kind, sheet.mirrored), ground, lossless=True)
        parts = [f"{factor:.6f} 0 0 {-factor:.6f} 0 {height:.3f} cm\n"]
        parts.append(self._drawn(backdrop, canvas.whole, shown))
        parts += (self._mark(mark, shown) for mark in marks)
        images = Dictionary({f"/{name}": each for name, each in shown.items()})
        page = self._pdf.make_indirect(
            Dictionary(
                Type=Name.Page,
                MediaBox=Array([0, 0, round(width, 3), round(height, 3)]),
                Resources=Dictionary(XObject=images),
                Contents=self._pdf.make_stream("".join(parts).encode("ascii")),
            )
        )
        self._pdf.pages.append(pikepdf.Page(page))

    def finish(self) -> None:
        """Give all pages the fonts, which are known only now."""
        fonts = self._pdf.make_indirect(self._letters.resources())
        for page in self._pdf.pages:
            page.Resources.Font = fonts

    def _mark(self, mark: Mark, shown: dict[str, Stream]) -> str:
        if isinstance(mark, Words):
            return f"{_colour(mark.colour)} rg\n{self._letters.draw(mark)}"
        if isinstance(mark, Area):
            return f"{_colour(mark.colour)} rg\n{_outline(mark.box, mark.radius)} f\n"
        return self._photo(mark, shown)

    def _photo(self, mark: Photo, shown: dict[str, Stream]) -> str:
        pixels = self._load(mark.name)
        place = placed(mark, pixels.shape[1], pixels.shape[0])
        image = self._picture((mark.name, place), cut_out(pixels, place))
        return f"q {_outline(place.box, mark.radius)} W n\n{self._drawn(image, place.box, shown)}Q\n"

    def _drawn(self, image: Stream, box: Box, shown: dict[str, Stream]) -> str:
        name = next((name for name, other in shown.items() if other is image), f"I{len(shown)}")
        shown[name] = image
        return f"q {box.width:.3f} 0 0 {-box.height:.3f} {box.left:.3f} {box.bottom:.3f} cm /{name} Do Q\n"

    def _picture(self, key: object, image: "Image", *, lossless: bool = False) -> Stream:
        if key not in self._images:
            data = zlib.compress(image.tobytes(), 9) if lossless else _jpeg(image)
            stream = self._pdf.make_stream(data)
            stream.stream_dict = Dictionary(
                Type=Name.XObject,
                Subtype=Name.Image,
                Width=image.width,
                Height=image.height,
                ColorSpace=Name.DeviceRGB,
                BitsPerComponent=8,
                Filter=Name.FlateDecode if lossless else Name.DCTDecode,
            )
            self._images[key] = stream
        return self._images[key]


def _jpeg(image: "Image") -> bytes:
    made = BytesIO()
    image.save(made, "JPEG", quality=_QUALITY, subsampling=0)
    return made.getvalue()


def _colour(colour: str) -> str:
    return " ".join(f"{value / 255:.4f}" for value in parse_colour(colour))


def _outline(box: Box, radius: float) -> str:
    """A rectangle with round corners."""
    left, top, right, bottom = box
    radius = min(radius, box.width / 2, box.height / 2)
    if radius <= 0:
        return f"{left:.2f} {top:.2f} {box.width:.2f} {box.height:.2f} re"
    near = radius * (1 - _ROUND)
    corners = (
        ((left, top + radius), (left, top + near), (left + near, top), (left + radius, top)),
        ((right - radius, top), (right - near, top), (right, top + near), (right, top + radius)),
        ((right, bottom - radius), (right, bottom - near), (right - near, bottom), (right - radius, bottom)),
        ((left + radius, bottom), (left + near, bottom), (left, bottom - near), (left, bottom - radius)),
    )
    path = [f"{left:.2f} {top + radius:.2f} m"]
    for start, *curve in corners:
        path.append(f"{start[0]:.2f} {start[1]:.2f} l")
        path.append(" ".join(f"{x:.2f} {y:.2f}" for x, y in curve) + " c")
    return " ".join([*path, "h"])

"""The files that people open: read again by other programs, they say and show what the slides do."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pikepdf
import pptx
import pypdfium2
import pytest
from pptx.util import Emu

from jobs.presenter.deck.slides import Slide, Slides
from jobs.presenter.drawing.canvas import Canvas
from jobs.presenter.drawing.themes import theme_named
from jobs.presenter.drawing.written.pdf import write_pdf
from jobs.presenter.drawing.written.pptx import write_pptx
from shared.video.lettering.shaping import has_raqm
from tests.jobs.presenter.drawing.talks import CODE, PAPER, TALK, TALL, WIDE, drawn, load, points

DECK = Slides(
    title="Rivers",
    language="en",
    slides=(*TALK[:2], TALK[2].model_copy(update={"notes": "One. [pause 2 s] Two."}), *TALK[3:]),
)


def texts(path: Path) -> list[str]:
    with pypdfium2.PdfDocument(path) as pdf:
        return [page.get_textpage().get_text_range() for page in pdf]


def test_a_pdf_has_the_words_of_all_slides_and_bookmarks(tmp_path: Path) -> None:
    write_pdf(DECK, WIDE, PAPER, load, tmp_path / "slides.pdf")
    said = texts(tmp_path / "slides.pdf")
    assert len(said) == len(TALK)
    assert said[0].split() == ["How", "rivers", "shape", "cities", "Ada", "Lindqvist"]
    assert "Boats carry what carts cannot" in " ".join(said[2].split())
    assert "return words / 2.5" in said[4]
    with pikepdf.open(tmp_path / "slides.pdf") as pdf:
        assert [item.title for item in pdf.open_outline().root][:2] == [
            "How rivers shape cities",
            "Three answers",
        ]
        assert pdf.docinfo["/Title"] == "Rivers"
        assert pdf.Root.Lang == "en"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ar", "القوارب تحمل ما لا تحمله العربات"),
        ("hi", "क्षत्रिय स्त्री कृष्ण"),
        ("ja", "荷車では運べないものを舟が運ぶ"),
        ("th", "แม่น้ำกำหนดเมือง"),
        ("en", "Efficient office traffic 🎉"),
    ],
)
def test_text_of_every_script_can_be_searched(tmp_path: Path, language: str, text: str) -> None:
    deck = Slides(slides=(Slide(bullets=points(text)),))
    write_pdf(deck, Canvas(width=1920, height=1080, language=language), PAPER, load, tmp_path / "s.pdf")
    assert text in " ".join(texts(tmp_path / "s.pdf")[0].split())


@pytest.mark.parametrize("theme", ["paper", "vivid"])
def test_pages_look_like_the_pictures(tmp_path: Path, theme: str) -> None:
    for canvas in (WIDE, TALL):
        write_pdf(DECK, canvas, theme_named(theme), load, tmp_path / "s.pdf")
        with pypdfium2.PdfDocument(tmp_path / "s.pdf") as pdf:
            for number in (0, 2, 3):
                scale = canvas.width / pdf[number].get_width()
                page = pdf[number].render(scale=scale, rev_byteorder=True).to_numpy()[..., :3]
                slide = drawn(DECK.slides[number], canvas, theme_named(theme))
                most = 3 if has_raqm() else 5  # HarfBuzz always shapes the page
                assert np.abs(page.astype(int) - slide).mean() < most


@pytest.mark.parametrize("write", [write_pdf, write_pptx])
def test_the_same_slides_give_the_same_bytes(tmp_path: Path, write: Callable[..., None]) -> None:
    for name in ("one", "other"):
        write(DECK, WIDE, theme_named("night"), load, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_a_pptx_can_be_worked_with(tmp_path: Path) -> None:
    write_pptx(DECK, WIDE, PAPER, load, tmp_path / "slides.pptx")
    show = pptx.Presentation(str(tmp_path / "slides.pptx"))
    pages = list(show.slides)
    assert [page.shapes.title.text_frame.text for page in pages if page.shapes.title] == [
        slide.title for slide in TALK if slide.title
    ]
    bullets = pages[2].placeholders[1].text_frame.paragraphs
    assert [line.text for line in bullets] == ["Fresh water", "Boats carry what carts cannot"]
    assert pages[2].notes_slide.notes_text_frame.text == "One. Two."
    assert not pages[0].has_notes_slide
    code = next(
        shape for shape in pages[4].shapes if shape.has_text_frame and "def pace" in shape.text_frame.text
    )
    assert code.text_frame.text.rstrip() == CODE.rstrip()
    assert {run.font.name for line in code.text_frame.paragraphs for run in line.runs} == {"JetBrains Mono"}
    table = next(shape for shape in pages[5].shapes if shape.has_table).table
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["City", "M€"],
        ["Vienna", "950"],
        ["Dhaka", "4,800"],
    ]
    picture = next(shape for shape in pages[3].shapes if hasattr(shape, "image"))
    assert picture._element.nvPicPr.cNvPr.get("descr") == "A map"
    assert (show.slide_width, show.slide_height) == (Emu(12_192_000), Emu(6_858_000))


def test_a_pptx_has_the_themes_colours_and_fonts(tmp_path: Path) -> None:
    write_pptx(DECK, WIDE, PAPER, load, tmp_path / "slides.pptx")
    with zipfile.ZipFile(tmp_path / "slides.pptx") as archive:
        theme = archive.read("ppt/theme/theme1.xml").decode()
    assert PAPER.content.accent.removeprefix("#") in theme
    assert PAPER.fonts.title.family in theme


def test_a_pptx_from_right_to_left_is_mirrored(tmp_path: Path) -> None:
    deck = Slides(slides=(Slide(title="العنوان", bullets=points("نقطة")),))
    write_pptx(deck, Canvas(width=640, height=360, language="ar"), PAPER, load, tmp_path / "s.pptx")
    (page,) = pptx.Presentation(str(tmp_path / "s.pptx")).slides
    properties = page.placeholders[1].text_frame.paragraphs[0]._p.pPr
    assert (properties.get("rtl"), properties.get("algn")) == ("1", "r")

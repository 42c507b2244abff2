"""Decks that people bring: what becomes of them, and what is said of those that can't be read."""

import os
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pptx
import pytest
from PIL import Image
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from jobs.presenter.deck.reading import decks
from jobs.presenter.deck.reading.decks import Deck, read_deck
from jobs.presenter.deck.slides import Slide, Slides
from jobs.presenter.drawing.written.pdf import write_pdf
from shared.errors import InvalidAssets
from shared.machine.office import to_pdf
from tests.jobs.presenter.drawing.talks import PAPER, WIDE, load


def pdf_of(path: Path, count: int, **options: Any) -> Path:
    with pikepdf.new() as pdf:
        for _ in range(count):
            pdf.add_blank_page(page_size=(160, 90))
        pdf.save(path, **options)
    return path


def png() -> BytesIO:
    made = BytesIO()
    Image.new("RGB", (30, 20), "#336699").save(made, "PNG")
    made.seek(0)
    return made


def show(path: Path, *pages: dict[str, Any]) -> Path:
    """A PPTX of slides with title, bullets and notes."""
    made = pptx.Presentation()
    for page in pages:
        slide = made.slides.add_slide(made.slide_layouts[1])
        slide.shapes.title.text = page.get("title", "")
        frame = slide.placeholders[1].text_frame
        for number, (level, text) in enumerate(page.get("bullets", ())):
            line = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
            line.text, line.level = text, level
        if "notes" in page:
            slide.notes_slide.notes_text_frame.text = page["notes"]
        if page.get("hidden"):
            slide._element.set("show", "0")
        page.get("add", lambda _: None)(slide)
    made.save(str(path))
    return path


def read(path: Path) -> tuple[Deck, dict[str, bytes]]:
    saved: dict[str, bytes] = {}
    return read_deck(path, f"assets/{path.name}", saved.__setitem__), saved


@pytest.fixture(autouse=True)
def _no_office(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decks, "office_path", lambda: None)


def test_the_pages_of_a_pdf_become_slides(tmp_path: Path) -> None:
    talk = Slides(slides=(Slide(kind="title", title="Rivers"), Slide(title="Water")))
    write_pdf(talk, WIDE, PAPER, load, tmp_path / "deck.pdf")
    deck, saved = read(tmp_path / "deck.pdf")
    assert [slide.title for slide in deck.slides] == ["Rivers", "Water"]
    assert [slide.picture and slide.picture.name for slide in deck.slides] == list(saved)
    assert list(saved) == ["assets/pages/page-001.png", "assets/pages/page-002.png"]
    with Image.open(BytesIO(saved["assets/pages/page-001.png"])) as image:
        assert image.size == (1920, 1080)


@pytest.mark.parametrize("count", [1, 120])
def test_decks_of_one_page_and_of_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(decks, "LONGEST_PX", 64)
    deck, saved = read(pdf_of(tmp_path / "deck.pdf", count))
    assert (len(deck.slides), len(saved)) == (count, count)
    assert all(slide.picture and slide.picture.fills and not slide.notes for slide in deck.slides)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("deck.pdf", b"", "deck.pdf: is damaged"),
        ("deck.pdf", b"%PDF-1.7\nnothing", "export it again"),
        ("deck.pptx", b"PK\x03\x04 nothing", "deck.pptx: is damaged"),
        (
            "deck.pptx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "password",
        ),
        ("deck.pptx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "save it as .pptx"),
    ],
)
def test_broken_and_protected_decks_are_refused(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InvalidAssets, match=said):
        read(tmp_path / name)


def test_a_protected_pdf_is_refused(tmp_path: Path) -> None:
    path = pdf_of(tmp_path / "deck.pdf", 1, encryption=pikepdf.Encryption(owner="one", user="two"))
    with pytest.raises(InvalidAssets, match="protected by a password; save it without one"):
        read(path)


def test_a_pdf_of_too_many_pages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidAssets, match="has 401 pages, more than the 400"):
        read(pdf_of(tmp_path / "deck.pdf", 401))


def test_a_page_that_takes_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from shared.machine.workers import PastDeadline, Workers

    def never(*_: object) -> None:
        raise PastDeadline

    monkeypatch.setattr(Workers, "ask", never)
    with pytest.raises(InvalidAssets, match="make it simpler"):
        read(pdf_of(tmp_path / "deck.pdf", 1))


def test_a_pptx_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    path = show(tmp_path / "deck.pptx", {"title": "One"})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ppt/slides/more.xml", bytes(33 << 20))
    with pytest.raises(InvalidAssets, match="33 MB, more than the 32 MB allowed"):
        read(path)


def test_a_pptx_is_read_with_its_notes_levels_and_pictures(tmp_path: Path) -> None:
    pages = (
        {"title": "One", "bullets": [(0, "First"), (2, "Inner")], "notes": "What is said.\nAnd more."},
        {"title": "Two", "add": lambda slide: slide.shapes.add_picture(png(), 0, 0, Inches(4))},
        {
            "title": "Three",
            "bullets": [(0, f"Point {number}") for number in range(14)],
            "notes": "A. B. C. D.",
        },
    )
    deck, saved = read(show(tmp_path / "deck.pptx", *pages))
    one, two, three, more = deck.slides
    assert [(bullet.text, bullet.level) for bullet in one.bullets] == [("First", 0), ("Inner", 1)]
    assert one.notes == "What is said.\nAnd more."
    assert (two.notes, list(saved)) == ("", ["assets/pages/page-002.png"])
    assert two.picture
    assert saved[two.picture.name] == png().getvalue()
    assert [len(slide.bullets) for slide in (three, more)] == [10, 4]
    assert [slide.notes for slide in (three, more)] == ["A. B.", "C. D."]
    assert deck.warnings == ()


def test_what_a_pptx_loses_is_said(tmp_path: Path) -> None:
    def chart(slide: Any) -> None:
        data = CategoryChartData()
        data.categories = ["a"]
        data.add_series("s", [1])
        slide.shapes.add_chart(XL_CHART_TYPE.PIE, 0, 0, Inches(2), Inches(2), data)

    pages = (
        {"title": "One", "add": chart},
        {"title": "Secret", "hidden": True},
        {"title": "Two", "add": chart},
    )
    deck, _ = read(show(tmp_path / "deck.pptx", *pages))
    assert [slide.title for slide in deck.slides] == ["One", "Two"]
    hidden, charts = deck.warnings
    assert hidden.endswith("hidden slides are left out: 2")
    assert "charts are left out, on slide 1, 3; install LibreOffice" in charts


def test_tables_and_groups_of_a_pptx_are_read(tmp_path: Path) -> None:
    def table(slide: Any) -> None:
        grid = slide.shapes.add_table(2, 2, 0, 0, Inches(2), Inches(2)).table
        for place, text in enumerate("abcd"):
            grid.cell(place // 2, place % 2).text = text

    def group(slide: Any) -> None:
        box = slide.shapes.add_group_shape().shapes.add_textbox(0, 0, Inches(2), Inches(1))
        box.text_frame.text = "Grouped"

    pages = ({"title": "One", "add": table}, {"title": "Two", "add": group})
    one, two = read(show(tmp_path / "deck.pptx", *pages))[0].slides
    assert one.table
    assert (one.table.header, one.table.rows) == (("a", "b"), (("c", "d"),))
    assert [bullet.text for bullet in two.bullets] == ["Grouped"]


def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """A stand-in for LibreOffice."""
    program = tmp_path / "soffice"
    program.write_text(f"#!{sys.executable}\nimport shutil, sys, time\nfolder = sys.argv[-2]\n{body}\n")
    program.chmod(0o755)
    monkeypatch.setattr(decks, "office_path", lambda: str(program))


def test_a_pptx_is_drawn_by_libreoffice_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decks, "LONGEST_PX", 64)
    drawn = pdf_of(tmp_path / "drawn.pdf", 2)
    office(tmp_path, monkeypatch, f"shutil.copy({str(drawn)!r}, folder + '/deck.pdf')")
    pages = ({"title": "One", "notes": "Said."}, {"title": "Hidden", "hidden": True}, {"title": "Two"})
    deck, saved = read(show(tmp_path / "deck.pptx", *pages))
    assert [(slide.title, slide.notes) for slide in deck.slides] == [("One", "Said."), ("Two", "")]
    assert all(slide.picture and slide.picture.fills for slide in deck.slides)
    assert len(saved) == 2


@pytest.mark.parametrize("body", ["sys.exit('no')", "time.sleep(60)", "pass"])
def test_without_its_drawing_a_pptx_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    monkeypatch.setattr(decks, "OFFICE_S", 0.5)
    office(tmp_path, monkeypatch, body)
    deck, _ = read(show(tmp_path / "deck.pptx", {"title": "One", "bullets": [(0, "First")]}))
    assert [bullet.text for slide in deck.slides for bullet in slide.bullets] == ["First"]


def test_libreoffice_runs_no_macros_and_has_a_profile_of_its_own(tmp_path: Path) -> None:
    program = tmp_path / "soffice"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$HOME/arguments"\ntouch "$HOME/deck.pdf"\n')
    program.chmod(0o755)
    folder = tmp_path / "made"
    folder.mkdir()
    assert to_pdf(str(program), tmp_path / "deck.pptx", folder, timeout_s=30) == folder / "deck.pdf"
    profile = folder / "profile"
    assert f"-env:UserInstallation={profile.as_uri()}" in (folder / "arguments").read_text().splitlines()
    assert "DisableMacrosExecution" in (profile / "user" / "registrymodifications.xcu").read_text()
    assert os.environ.get("HOME") != str(folder)

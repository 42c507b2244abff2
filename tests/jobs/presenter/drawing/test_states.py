"""Pictures of slides: what is where, what appears, and what stays as it is."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from jobs.presenter.deck.slides import Bullet, Code, Slide, Table
from jobs.presenter.drawing.canvas import Canvas
from jobs.presenter.drawing.keys import state_key
from jobs.presenter.drawing.layout import lay_out
from jobs.presenter.drawing.marks import Words
from jobs.presenter.drawing.states import draw_state
from jobs.presenter.drawing.themes import theme_named, theme_names
from shared.video.lettering.shaping import has_raqm
from tests.jobs.presenter.drawing.talks import PAPER, PICTURE, TALK, TALL, WIDE, drawn, inked, load, points

CORNERS = {
    "bottom-right": (480, 200, 610, 330),
    "top-right": (500, 20, 620, 140),
    "top-left": (20, 20, 140, 140),
    "beside": (420, 0, 640, 360),
}
OVERHANG_PX = 3 if has_raqm() else 7
"""Without Raqm, Pillow rounds the width of every letter."""
LONG = "A point that has so very much to say that it takes up several lines on the slide where it stands"


@pytest.mark.parametrize("theme", theme_names())
def test_every_kind_of_slide_is_drawn_within_its_margins(theme: str) -> None:
    for canvas in (WIDE, TALL, Canvas(width=360, height=360)):
        safe = canvas.safe.inset(-OVERHANG_PX, -OVERHANG_PX)
        for slide in TALK[:-1]:
            ink = inked(slide, canvas, theme_named(theme))
            assert ink.any()
            rows, columns = np.nonzero(ink)
            assert safe.left <= columns.min(), slide.title
            assert columns.max() <= safe.right, slide.title
            assert safe.top <= rows.min(), slide.title
            assert rows.max() <= safe.bottom, slide.title


@pytest.mark.parametrize("corner", CORNERS)
def test_nothing_is_drawn_where_the_presenter_stands(corner: str) -> None:
    left, top, right, bottom = CORNERS[corner]
    canvas = Canvas(width=640, height=360, keep_free=(left, top, right, bottom))
    crowded = Slide(title=LONG, bullets=points(LONG, LONG, LONG), picture=PICTURE)
    for slide in (*TALK, crowded):
        assert not inked(slide, canvas)[top:bottom, left:right].any(), slide.title


def test_nothing_is_drawn_where_captions_are() -> None:
    canvas = Canvas(width=640, height=360, floor=72)
    crowded = Slide(title=LONG, bullets=points(LONG, LONG, LONG), picture=PICTURE)
    page = Slide(picture=PICTURE.model_copy(update={"fills": True}))
    for slide in (*TALK, crowded, page):
        assert not inked(slide, canvas)[-72:].any(), slide.title


def test_a_state_only_adds_its_own_bullet() -> None:
    slide = Slide(title="Why", bullets=(Bullet(text="Always seen"), *points("One", LONG, "Three")))
    states = [drawn(slide, shown=shown) for shown in range(slide.states)]
    last = 0
    for before, after in pairwise(states):
        rows = np.nonzero((before != after).any(axis=(1, 2)))[0]
        assert rows.min() > last
        last = rows.max()
    assert (states[0] != drawn(slide.model_copy(update={"bullets": ()}))).any()


def test_a_state_is_drawn_again_as_it_was() -> None:
    slide = TALK[2]
    assert (drawn(slide, shown=1) == drawn(slide, shown=1)).all()


def test_a_picture_fills_the_slide_without_title_and_number() -> None:
    seen = drawn(Slide(title="Page 3", picture=PICTURE.model_copy(update={"fills": True})))
    across = (640 - 540) // 2  # 3:2 in 16:9
    assert (seen[:, :across] == seen[0, 0]).all()
    assert (seen[5:-5, across + 5 : -across - 5] != seen[0, 0]).any(axis=2).all()


@pytest.mark.parametrize("name", ["paper", "night"])
def test_a_right_to_left_talk_is_mirrored(name: str) -> None:
    slide = Slide(title="لماذا الأنهار", bullets=points("مياه عذبة", "القوارب"))
    canvas = Canvas(width=640, height=360, language="ar")
    body = inked(slide, canvas, theme_named(name))[:300]
    assert body[:, 320:].sum() > 5 * body[:, :320].sum()
    ink = inked(Slide(title="Why rivers", bullets=points("Water", "Boats")), WIDE, theme_named(name))[:300]
    assert ink[:, :320].sum() > 5 * ink[:, 320:].sum()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ja", "なぜ都市は川のそばで育つのか"),
        ("hi", "नदियाँ शहरों को आकार देती हैं"),
        ("th", "แม่น้ำกำหนดเมือง"),
        ("en", "Party 🎉 now"),
    ],
)
def test_every_script_is_drawn(language: str, text: str) -> None:
    canvas = Canvas(width=640, height=360, language=language)
    with_text = inked(Slide(title=text, bullets=points(text)), canvas).sum()
    without = inked(Slide(title=text[:1], bullets=points(text[:1])), canvas).sum()
    assert with_text > 2 * without


def test_a_word_that_is_longer_than_the_slide_is_cut() -> None:
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    for canvas in (WIDE, TALL):
        sheet = lay_out(Slide(title=word, bullets=points(word * 2)), canvas, PAPER, number=1, count=1)
        lines = [mark for mark in (*sheet.marks, *sheet.steps[0]) if isinstance(mark, Words)]
        assert len(lines) > 3
        assert all(
            mark.x + mark.pen.width(mark.text, mark.size_px) <= canvas.safe.right + 1 for mark in lines
        )


def test_numbers_in_tables_end_at_the_same_place() -> None:
    rows = (("Vienna", "950"), ("Dhaka", "4,800"), ("Rotterdam", "12"))
    sheet = lay_out(Slide(table=Table(header=("City", "M€"), rows=rows)), WIDE, PAPER, number=1, count=1)
    numbers = [
        mark for mark in sheet.marks if isinstance(mark, Words) and mark.text in {"950", "4,800", "12"}
    ]
    ends = [mark.x + mark.pen.width(mark.text, mark.size_px) for mark in numbers]
    assert len(ends) == 3
    assert max(ends) - min(ends) < 0.5


def test_a_number_is_not_parted_from_its_unit() -> None:
    slide = Slide(bullets=points("An island as long as 21 km and not more than 210 m wide, they say"))
    sheet = lay_out(slide, TALL, PAPER, number=1, count=1)
    lines = [mark.text for mark in sheet.steps[0] if isinstance(mark, Words)]
    assert len(lines) > 1
    assert not any(line.endswith(("21", "210")) for line in lines)


def test_unknown_languages_of_code_are_drawn_in_one_colour() -> None:
    slide = Slide(code=Code(language="klingon", text="if x:\n\tyIQ 'u'\n"))
    sheet = lay_out(slide, WIDE, PAPER, number=1, count=1)
    words = [mark for mark in sheet.marks if isinstance(mark, Words)]
    assert {mark.colour for mark in words[:2]} == {words[0].colour}


def test_the_key_changes_with_all_that_is_seen_and_nothing_else() -> None:
    def key(slide: Slide = TALK[3], canvas: Canvas = WIDE, **changed: object) -> str:
        options = {"shown": 0, "number": 2, "count": 9, "media": {PICTURE.name: "one"}, **changed}
        return state_key(slide, canvas, PAPER, **options)  # type: ignore[arg-type]

    heard_only = {"notes": "Other words.", "seconds": 9.0, "bullets": points("21 km long", at=7)}
    assert key() == key(TALK[3].model_copy(update=heard_only))
    others = {
        key(TALK[3].model_copy(update={"title": "Linz"})),
        key(TALK[3].model_copy(update={"bullets": points("21 km long", at=None)})),
        key(canvas=Canvas(width=640, height=360, keep_free=(0, 0, 9, 9), language="en")),
        key(canvas=replace(WIDE, floor=72)),
        key(shown=1),
        key(number=3),
        key(count=10),
        key(media={PICTURE.name: "two"}),
        state_key(TALK[3], WIDE, theme_named("ink"), shown=0, number=2, count=9, media={PICTURE.name: "one"}),
    }
    assert len(others - {key()}) == 9


def test_the_same_slide_with_another_picture_is_drawn_with_it() -> None:
    grey = np.full((10, 10, 3), 90, np.uint8)
    assert (drawn(TALK[3]) != drawn(TALK[3], load=lambda _: grey)).any()
    image = draw_state(TALK[3], WIDE, PAPER, shown=1, number=1, count=1, load=load)
    assert image.size == (640, 360)

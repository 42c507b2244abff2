"""What does not fit on a slide goes on on the next, with its words."""

from typing import Any

import pytest

from jobs.presenter.deck.slides import Bullet, Code, Slide, Slides, Table
from jobs.presenter.drawing import splitting
from jobs.presenter.drawing.layout import heading_height, lay_out, places, setting_of
from jobs.presenter.drawing.splitting import split_to_fit
from shared.errors import InvalidAssets
from tests.jobs.presenter.drawing.talks import PAPER, TALK, WIDE, points

NOTES = " ".join(f"Sentence {number} is spoken." for number in range(40))


def split(slide: Slide) -> tuple[Slide, ...]:
    parts = split_to_fit(Slides(slides=(slide,)), WIDE, PAPER).slides
    for part in parts:
        assert lay_out(part, WIDE, PAPER, number=1, count=1).fits
    return parts


def test_slides_that_fit_stay_as_they_are() -> None:
    talk = Slides(slides=TALK)
    assert split_to_fit(talk, WIDE, PAPER) == talk


def test_a_table_of_thirty_rows_is_continued_with_its_header() -> None:
    rows = tuple((f"Row {number}", str(number)) for number in range(30))
    slide = Slide(title="Rows", table=Table(header=("Name", "Number"), rows=rows), notes=NOTES, seconds=60)
    parts = split(slide)
    assert [part.title for part in parts] == [f"Rows ({n}/{len(parts)})" for n in range(1, len(parts) + 1)]
    assert tuple(row for part in parts if part.table for row in part.table.rows) == rows
    assert {part.table.header for part in parts if part.table} == {("Name", "Number")}
    assert " ".join(part.notes for part in parts) == NOTES
    assert all(part.notes.endswith(".") for part in parts)
    assert sum(part.seconds for part in parts) == pytest.approx(60, abs=0.5)


def test_a_table_of_a_thousand_rows_is_never_laid_out_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    tables: list[int] = []

    def laid_out(slide: Slide, *rest: Any, **named: Any) -> Any:
        tables.append(len(slide.table.rows) if slide.table else 0)
        return lay_out(slide, *rest, **named)

    monkeypatch.setattr(splitting, "lay_out", laid_out)
    rows = tuple((f"Row {number}", str(number)) for number in range(1000))
    parts = split(Slide(title="Rows", table=Table(header=("Name", "Number"), rows=rows)))
    assert tuple(row for part in parts if part.table for row in part.table.rows) == rows
    assert max(tables, default=0) < 100


def test_code_of_sixty_lines_is_continued_at_a_blank_line_where_there_is_one() -> None:
    block = "\n".join(["def one():", *("    step()" for _ in range(12)), ""])
    parts = split(Slide(title="Code", code=Code(language="python", text="\n".join([block] * 4)), notes=NOTES))
    assert len(parts) >= 3
    texts = [part.code.text for part in parts if part.code]
    assert sum(text.count("def one") for text in texts) == 4
    assert all(text.startswith("def one") for text in texts)


def test_code_with_long_lines_stands_below_its_bullet_and_not_on_a_slide_of_its_own() -> None:
    line = "row = connection.execute(query, (7,)).fetchone()  # the first of them"
    for text, is_below in ((line, True), ("x = 1", False)):
        slide = Slide(
            title="Code", bullets=(Bullet(text="One row"),), code=Code(language="python", text=text)
        )
        (whole,) = split(slide)
        setting = setting_of(whole, WIDE, PAPER)
        where = places(whole, setting, heading_height(whole, setting))
        assert (where.aside.top > where.main.top) == is_below


def test_bullets_take_their_words_with_them() -> None:
    long = "This point is so long that five of it never fit on a single slide, however small. " * 4
    starts = [NOTES.index(f"Sentence {number} ") for number in (0, 8, 16, 24, 32)]
    slide = Slide(
        title="Long",
        bullets=tuple(Bullet(text=f"{n} {long}".strip(), at=at) for n, at in enumerate(starts)),
        notes=NOTES,
    )
    parts = split(slide)
    assert len(parts) > 1
    assert [bullet.text[0] for part in parts for bullet in part.bullets] == list("01234")
    for part in parts:
        for bullet in part.bullets:
            number = 8 * int(bullet.text[0])
            assert bullet.at is not None
            assert part.notes[bullet.at :].startswith(f"Sentence {number} ")


def test_one_bullet_of_many_words_becomes_several() -> None:
    text = " ".join(f"word{number}" for number in range(300))
    parts = split(Slide(title="Words", bullets=points(text), notes=NOTES))
    assert " ".join(bullet.text for part in parts for bullet in part.bullets) == text
    assert " ".join(part.notes for part in parts) == NOTES


def test_what_has_no_room_beside_bullets_gets_a_slide_of_its_own() -> None:
    code = Code(text="\n".join(f"line {number}" for number in range(18)))
    many = points(
        *(
            f"Point {number} has many words of its own that people have to read and think about"
            for number in range(8)
        )
    )
    parts = split(Slide(title="Both", bullets=many, code=code, notes=NOTES))
    assert not any(part.bullets and part.code for part in parts)
    assert sum(len(part.bullets) for part in parts) == 8


def test_a_talk_that_needs_too_many_slides_is_refused() -> None:
    code = Code(text="x\n" * 12_000)
    with pytest.raises(InvalidAssets, match=r"more than the 400 slides allowed"):
        split_to_fit(Slides(slides=(Slide(code=code),)), WIDE, PAPER)


def test_a_table_without_rows_is_one_slide_even_where_it_does_not_fit() -> None:
    slide = Slide(table=Table(header=("Header",) * 40))
    assert len(split_to_fit(Slides(slides=(slide,)), WIDE, PAPER).slides) == 1


def test_of_words_without_end_only_start_and_end_are_shown_and_all_is_spoken() -> None:
    endless = "start" + "x" * 5_000 + "end"
    slide = Slide(title=endless, bullets=points(f"See {endless} there", "日本語" * 50), notes=NOTES)
    (part,) = split(slide)
    first, second = (bullet.text for bullet in part.bullets)
    assert first.startswith("See startx")
    assert first.endswith("xend there")
    assert second == "日本語" * 50
    assert len(first) < 100 > len(part.title)
    assert part.notes == NOTES

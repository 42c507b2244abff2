from collections.abc import Collection
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.text.caption_lines import Measured, break_points, cut_pages

MS_A_CHARACTER = 65
WORDS = st.text("abcdefgh", min_size=1, max_size=10)
MARKED = st.tuples(WORDS, st.sampled_from(["", "", "", ",", ".", "?"])).map("".join)


def pages(
    text: str, line: int, word_starts: Collection[int] = (), language: str = "und"
) -> list[tuple[str, ...]]:
    """Pages with every character one pixel wide and 65 ms long."""
    measured = Measured(
        text=text,
        edges_px=range(len(text) + 1),
        points=break_points(text, word_starts),
        line_px=line,
        language=language,
        heard_ms=lambda place: place * MS_A_CHARACTER,
    )
    return [tuple(text[start:end].strip() for start, end in page) for page in cut_pages(measured)]


def atoms(text: str, word_starts: Collection[int] = ()) -> list[str]:
    points = break_points(text, word_starts)
    return [text[start:end] for start, end in pairwise(points)]


def test_nothing_is_lost_and_every_line_fits() -> None:
    text = "The old lighthouse keeper climbed one hundred and ninety steps every night of his life."
    cut = pages(text, 20)
    assert " ".join(line for page in cut for line in page) == text
    assert all(len(page) <= 2 and max(map(len, page)) <= 20 for page in cut)


def test_lines_are_balanced_without_an_orphan_word() -> None:
    assert pages("one two three four five six", 24) == [("one two three", "four five six")]


def test_a_page_ends_where_a_sentence_does() -> None:
    cut = pages("He climbed up the stairs. Then he looked out to sea.", 20)
    assert [page[-1].split()[-1] for page in cut] == ["stairs.", "sea."]


def test_a_word_that_is_too_long_is_cut_inside() -> None:
    word = "Donaudampfschifffahrtsgesellschaftskapitän"
    cut = pages(word, 15)
    assert "".join(line for page in cut for line in page) == word
    assert all(len(line) <= 15 for page in cut for line in page)


def test_a_long_address_is_cut_after_its_joints() -> None:
    assert pages("https://example.org/path/to/page?query", 22) == [
        ("https://example.", "org/path/to/page?query")
    ]


def test_no_closing_mark_starts_a_line_and_no_opening_one_ends_it() -> None:
    assert atoms("「猫」。ティッシュー（大）") == ["「猫」。", "ティッ", "シュー", "（大）"]


def test_lonely_punctuation_stays_with_its_word() -> None:
    assert atoms("Bonjour ! Ça va « bien » ?") == ["Bonjour ! ", "Ça ", "va ", "« bien » ?"]


def test_a_no_break_space_does_not_break() -> None:
    assert atoms("10\u00a0km weit") == ["10\u00a0km ", "weit"]


def test_thai_breaks_between_the_words_of_the_voice() -> None:
    assert atoms("ที่นี่มีน้ำใจ", {6, 8}) == ["ที่นี่", "มี", "น้ำใจ"]


def test_thai_without_words_is_cut_between_clusters() -> None:
    text = "ที่นี่มีน้ำใจ"
    lines = [line for page in pages(text, 5) for line in page]
    assert "".join(lines) == text
    assert not any(line[0] in "\u0e33\u0e34\u0e35\u0e36\u0e37\u0e48\u0e49" for line in lines)


def test_words_break_after_hyphens_but_numbers_do_not() -> None:
    assert atoms("ninety-nine 2020-21 -5") == ["ninety-", "nine ", "2020-21 ", "-5"]


@given(
    st.lists(
        st.one_of(MARKED, st.text("abc日本語かなกา-é", min_size=1, max_size=60)), min_size=1, max_size=40
    )
)
def test_whatever_is_said_pages_have_two_lines_that_fit_and_all_of_it(words: list[str]) -> None:
    text = " ".join(words)
    cut = pages(text, 24, language="en")
    assert "".join("".join(page) for page in cut).replace(" ", "") == text.replace(" ", "")
    assert all(1 <= len(page) <= 2 and all(0 < len(line) <= 24 for line in page) for page in cut)


@given(st.lists(MARKED, min_size=1, max_size=40))
def test_no_page_is_gone_before_it_is_read(words: list[str]) -> None:
    text = " ".join(words)
    cut = pages(text, 24, language="en")
    shortest = min(sum(len(line) + 1 for line in page) for page in cut) * MS_A_CHARACTER
    assert shortest >= min(700, len(text) * MS_A_CHARACTER)


LONG = st.text("bcdefgh", min_size=3, max_size=10)  # of shorter ones a page is gone before it is read


@given(st.lists(st.one_of(LONG, LONG.map("the ".__add__)), min_size=1, max_size=30))
@example(["bbb", "the bbb.", "the bbbbbbbbbb", "bbb", "bbb"])
def test_no_line_ends_with_an_article(phrases: list[str]) -> None:
    cut = pages(" ".join(phrases), 24, language="en")
    assert not [line for page in cut for line in page if line.split()[-1] == "the"]


@pytest.mark.parametrize(
    "name", ["Marie Curie", "Dr. Smith", "Ursula von der Leyen", "J. S. Bach", "100 metres"]
)
def test_names_and_figures_stay_on_one_line(name: str) -> None:
    for before in ("we saw", "yesterday we saw", "once upon a time we saw"):
        lines = [
            line for page in pages(f"{before} {name} again in that house", 24, language="en") for line in page
        ]
        assert any(name in line for line in lines), lines


def test_japanese_breaks_between_phrases() -> None:
    assert pages("灯台守は毎晩九十九段の階段を登りました。", 12, language="ja") == [
        ("灯台守は毎晩九十九段の", "階段を登りました。")
    ]


def test_chinese_particles_stay_with_their_word() -> None:
    lines = [line for page in pages("老灯塔看守人的房子就在海边的山上。", 7, language="zh") for line in page]
    assert not any(line[0] == "的" or line[-1] == "在" for line in lines)


def test_a_long_text_is_cut_in_reasonable_work() -> None:
    text = "The keeper climbed the stairs again, and he never counted them. " * 300
    assert len(pages(text.strip(), 24, language="en")) > 300

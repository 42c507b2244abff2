from collections.abc import Collection
from itertools import pairwise

from shared.text.caption_lines import Measured, break_points, cut_pages


def pages(text: str, line: int, word_starts: Collection[int] = ()) -> list[tuple[str, ...]]:
    """Pages with every character one pixel wide."""
    measured = Measured(
        text=text, edges_px=range(len(text) + 1), points=break_points(text, word_starts), line_px=line
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

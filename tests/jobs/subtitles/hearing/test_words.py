"""Words are whole, in order, and never more or fewer than were heard."""

from itertools import pairwise

import pytest

from jobs.subtitles.hearing.words import (
    HeardWord,
    in_order,
    joined,
    split,
    spread,
    whole,
    within,
    written,
)


def words(*parts: str) -> list[HeardWord]:
    return [
        HeardWord(text=text, start=float(at), end=at + 0.9, probability=0.9, timing="recognised")
        for at, text in enumerate(parts)
    ]


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ((" It's", " 7", ".30", "."), ["It's", "7.30."]),
        ((" Well", ",", " no", " —"), ["Well,", "no—"]),
        ((" ...", " Yes"), ["Yes"]),
        (("今", "日", "は", "。"), ["今", "日", "は。"]),
        ((" twenty", "-five"), ["twenty-five"]),
    ],
)
def test_parts_of_words_become_words(parts: tuple[str, ...], found: list[str]) -> None:
    assert [word.bare for word in whole(words(*parts))] == found


def test_a_word_lasts_until_its_last_part_and_marks_take_no_time() -> None:
    number, stop = whole(words(" 7", ".30", "."))[0], whole(words(" Stop", "."))[0]
    assert (number.start, number.end) == (0.0, 1.9)
    assert (stop.start, stop.end) == (0.0, 0.9)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Look, a cat!", ["Look,", " a", " cat!"]),
        ("- Hello.", ["-Hello."]),
        ("Bonjour !", ["Bonjour!"]),
        ("猫だ。", ["猫", "だ。"]),
        ("  ", []),
    ],
)
def test_a_text_is_split_into_words_with_their_marks(text: str, found: list[str]) -> None:
    assert split(text) == found


def test_what_is_split_is_written_together_again() -> None:
    text = "It's 7.30, he said: don't wait! 猫だ。"
    times = spread(split(text), [(0.0, 5.0)])
    again = [
        HeardWord(text=word, start=start, end=end, probability=None, timing="spread")
        for word, (start, end) in zip(split(text), times, strict=True)
    ]
    assert written(again) == text


def test_times_are_put_in_order_within_their_bounds() -> None:
    found = in_order([(-1.0, 0.5), (0.2, 0.1), (3.0, 9.0), (1.0, 2.0)], 0.0, 5.0)
    assert found == [(0.0, 0.5), (0.5, 0.5), (3.0, 5.0), (5.0, 5.0)]


def test_words_are_spread_by_their_length_and_none_lies_in_a_pause() -> None:
    stretches = [(0.0, 2.0), (10.0, 12.0)]
    found = spread(["aaaa", "bbbb", "cc", "dddddd"], stretches)
    assert found[0] == pytest.approx((0.0, 1.0))
    assert found[1] == pytest.approx((1.0, 2.0))
    assert found[2] == pytest.approx((10.0, 10.5))
    assert found[3] == pytest.approx((10.5, 12.0))
    assert all(one[1] <= other[0] for one, other in pairwise(found))


def test_what_lies_between_two_times_is_cut_there() -> None:
    stretches = [(0.0, 2.0), (3.0, 6.0)]
    assert within(stretches, 1.0, 4.0) == [(1.0, 2.0), (3.0, 4.0)]
    assert within(stretches, 2.2, 2.8) == [(2.2, 2.8)]
    assert within(stretches, 7.0, 6.5) == [(7.0, 7.0)]


def test_stretches_with_short_gaps_are_one() -> None:
    assert list(joined([(0.0, 1.0), (1.2, 2.0), (2.5, 3.0)], 0.3)) == [(0.0, 2.0), (2.5, 3.0)]
    assert list(joined([], 0.3)) == []

import pytest

from shared.text.heading_lines import (
    SENSIBLE,
    SOFT_HYPHEN,
    Break,
    even_lines,
    measured,
    natural_breaks,
    with_breaks_in_words,
)


def one_em_each(text: str) -> float:
    return float(len(text.replace(SOFT_HYPHEN, "")))


def lines(text: str, most_em: float, *, cut_to: float = 0.0) -> list[str] | None:
    """Lines of letters that are all one em wide."""
    breaks = with_breaks_in_words(
        text, natural_breaks(text), lambda word: one_em_each(word.strip()) > most_em, most_cost=cut_to
    )
    found = even_lines(measured(text, breaks, one_em_each), most_em)
    shown = [text[line.start : line.end].strip() + "-" * line.hyphen for line in found or ()]
    return [line.replace(SOFT_HYPHEN, "") for line in shown] if found else None


def test_lines_are_as_few_and_as_even_as_can_be() -> None:
    assert lines("one two three four five six", 22) == ["one two three", "four five six"]
    assert lines("aaa bbb ccc d", 11) == ["aaa bbb", "ccc d"]


def test_what_fits_in_one_line_stays_in_one() -> None:
    assert lines("Shop Now", 8) == ["Shop Now"]


def test_a_word_that_is_too_long_fits_nowhere_until_it_may_be_cut() -> None:
    assert lines("Donaudampfschifffahrt", 12) is None
    assert lines("Donaudampfschifffahrt", 13, cut_to=1.0) is not None


@pytest.mark.parametrize(
    ("word", "most_em", "expected"),
    [
        ("gesellschaftskapitän", 14, ["gesellschafts-", "kapitän"]),
        ("Versicherungsgesellschaft", 17, ["Versicherungs-", "gesellschaft"]),
        (
            "Donaudampfschifffahrtsgesellschaftskapitänsmütze",
            27,
            ["Donaudampfschifffahrts-", "gesellschaftskapitänsmütze"],
        ),
    ],
)
def test_compounds_are_cut_between_their_parts(word: str, most_em: float, expected: list[str]) -> None:
    assert lines(word, most_em, cut_to=SENSIBLE) == expected


def test_sounds_written_with_several_letters_stay_together() -> None:
    breaks = with_breaks_in_words(
        "maschine", natural_breaks("maschine"), lambda word: True, most_cost=SENSIBLE
    )
    assert not {3, 4} & {place.at for place in breaks}


def test_a_soft_hyphen_says_where_to_cut_and_is_seen_only_there() -> None:
    assert lines(f"Himbeer{SOFT_HYPHEN}kuchen", 8) == ["Himbeer-", "kuchen"]
    assert lines(f"Himbeer{SOFT_HYPHEN}kuchen", 13) == ["Himbeerkuchen"]


def test_addresses_are_cut_after_their_joints_without_a_hyphen() -> None:
    assert lines("www.example.com/watches", 16, cut_to=1.0) == ["www.example.", "com/watches"]


def test_japanese_breaks_where_the_script_changes_rather_than_inside_a_loan_word() -> None:
    assert lines("高級腕時計プレミアム", 6) == ["高級腕時計", "プレミアム"]


def test_a_line_more_is_better_than_a_break_inside_a_japanese_word() -> None:
    assert lines("割引になります。お見逃しなく", 8) == ["割引になります。", "お見逃しなく"]
    assert lines("五十パーセント割引になります", 10) == ["五十パーセント", "割引になります"]


def test_thai_breaks_before_a_vowel_that_starts_a_syllable_and_never_inside_one() -> None:
    assert lines("สั่งซื้อวันนี้ลดเปอร์เซ็นต์", 17) == ["สั่งซื้อวันนี้ลด", "เปอร์เซ็นต์"]
    assert lines("วันวันวันวัน", 7) == ["วันวัน", "วันวัน"]


def test_no_mark_that_closes_starts_a_line() -> None:
    found = lines("今日だけ。明日まで！", 5)
    assert found is not None
    assert not any(line[0] in "。！" for line in found)


def test_hyphens_take_room() -> None:
    measure = measured(
        "abcdef", [Break(at=0, cost=0), Break(at=3, cost=0, hyphen=True), Break(at=6, cost=0)], one_em_each
    )
    assert even_lines(measure, 3.5) is None
    assert even_lines(measure, 4) is not None

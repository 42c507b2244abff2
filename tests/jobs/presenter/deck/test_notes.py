"""Pause marks in notes."""

from hypothesis import given
from hypothesis import strategies as st

from jobs.presenter.deck.notes import between_pauses, pause_mark, without_pauses


def test_notes_are_cut_at_pauses_which_are_not_spoken() -> None:
    pieces = between_pauses("First. [pause] Second, [pause 1.5 s] third.")
    assert [(piece.text, piece.pause_ms) for piece in pieces] == [
        ("First.", 600),
        ("Second,", 1500),
        ("third.", 0),
    ]


def test_pauses_in_a_row_add_up_to_ten_seconds_at_most() -> None:
    assert between_pauses("a [pause 2 s][pause 3 s] b")[0].pause_ms == 5000
    assert between_pauses("a [pause 9 s] [pause 9 s] b")[0].pause_ms == 10_000


def test_a_pause_before_the_first_word_is_dropped() -> None:
    assert [piece.text for piece in between_pauses("[pause 3 s] Begin.")] == ["Begin."]


def test_brackets_that_are_no_pause_are_words() -> None:
    assert without_pauses("[pauses] and [pause x s] stay") == "[pauses] and [pause x s] stay"


@given(st.lists(st.sampled_from(["one", "two three", pause_mark(), pause_mark(1.25), "\n", "[x]"])))
def test_every_piece_is_where_it_says(parts: list[str]) -> None:
    notes = " ".join(parts)
    for piece in between_pauses(notes):
        assert notes[piece.start :].startswith(piece.text)
        assert piece.text == piece.text.strip() != ""

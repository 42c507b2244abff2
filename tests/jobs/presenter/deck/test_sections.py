"""A text that is spoken over the pages of a deck."""

import pytest

from jobs.presenter.deck.sections import notes_for, sections_of
from jobs.presenter.deck.slides import Slide
from shared.errors import InvalidAssets

PAGES = (Slide(notes="own one"), Slide(), Slide(notes="own three"))


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("One.\n\n---\n\nTwo.\n\n---\n\n---\n", ["One.", "Two.", "", ""]),
        ("# First\n\nOne.\n\n## Second\n\nTwo.", ["One.", "Two."]),
        ("Before.\n\n# Next\n\nTwo.", ["Before.", "Two."]),
        ("# A label\n\nOne. # no heading\n\n---\nTwo.", ["One. # no heading", "Two."]),
        ("All of it.", ["All of it."]),
    ],
)
def test_a_text_has_a_section_between_rules_or_below_each_heading(text: str, sections: list[str]) -> None:
    assert sections_of(text) == sections


def test_without_a_text_the_notes_of_the_deck_are_spoken_and_silent_pages_named() -> None:
    notes, warnings = notes_for(PAGES, None, "assets/deck.pptx")
    assert notes == ["own one", "", "own three"]
    assert warnings == ["assets/deck.pptx: nothing is said over page 2"]


def test_a_text_replaces_the_notes_of_the_deck() -> None:
    notes, warnings = notes_for(PAGES, "a\n\n---\n\nb", "assets/deck.pptx")
    assert notes == ["a", "b", ""]
    assert warnings == ["assets/deck.pptx: nothing is said over page 3"]


def test_more_sections_than_pages_are_refused() -> None:
    with pytest.raises(InvalidAssets, match=r"3 pages, but the text has 4 sections: put ---"):
        notes_for(PAGES, "a\n\n---\nb\n\n---\nc\n\n---\nd", "assets/deck.pdf")


def test_a_deck_that_says_nothing_is_refused() -> None:
    with pytest.raises(InvalidAssets, match=r"none of its pages has notes; write them"):
        notes_for((Slide(), Slide(notes=" ")), None, "assets/deck.pptx")

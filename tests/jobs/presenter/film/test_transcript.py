"""The transcript: headings with times that link to the slides, and what was spoken, as Markdown."""

from fractions import Fraction

import pytest

from jobs.presenter.deck.slides import Slide, Slides
from jobs.presenter.film.transcript import clock, transcript_markdown


def transcript(*slides: Slide, title: str = "", starts: tuple[int, ...] | None = None) -> str:
    return transcript_markdown(
        Slides(title=title, slides=slides),
        starts or tuple(1260 * number for number in range(len(slides))),
        Fraction(30),
        lambda number: f"slides/{number + 1:03d}.png",
    )


def test_every_slide_has_a_heading_its_time_and_its_words() -> None:
    first = Slide(kind="title", title="Tea", notes="Welcome. [pause] This is about tea.")
    second = Slide(title="History", notes="It is old.[pause 1.5 s] Very *old*.")
    assert transcript(first, second, title="Tea") == (
        "# Tea\n\n"
        "## [00:00](slides/001.png) Tea\n\nWelcome. This is about tea.\n\n"
        "## [00:42](slides/002.png) History\n\nIt is old.\n\nVery old.\n"
    )


def test_a_slide_without_words_or_title_has_a_heading_with_its_number() -> None:
    assert transcript(Slide(), Slide(subtitle="Part two")) == (
        "## [00:00](slides/001.png) 1\n\n## [00:42](slides/002.png) Part two\n"
    )


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("# no heading", r"\# no heading"),
        ("1. not a list", r"1\. not a list"),
        ("a_b [c](d) <i>", r"a\_b \[c\](d) \<i\>"),
        ("two\nlines", "two lines"),
        ("- x", r"\- x"),
    ],
)
def test_titles_are_taken_literally(words: str, written: str) -> None:
    assert transcript(Slide(title="x"), title=words).startswith(f"# {written}\n")


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "00:00"), (59.99, "00:59"), (600, "10:00"), (3605, "1:00:05")]
)
def test_times_are_as_players_show_them(seconds: float, shown: str) -> None:
    assert clock(Fraction(seconds)) == shown


def test_an_address_with_spaces_stays_a_link() -> None:
    slides = Slides(slides=(Slide(title="x"),))
    text = transcript_markdown(slides, (0,), Fraction(30), lambda _: "my slides/1 (a).png")
    assert "[00:00](<my slides/1 (a).png>)" in text

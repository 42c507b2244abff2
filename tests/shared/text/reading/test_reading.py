"""Texts are read as a person would read them, and every word that is shown is heard at some time."""

import time
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.text.language import words_of
from shared.text.reading import Reading, Timed, read_aloud, times_as_written
from shared.text.reading.tongue import tongue_for

CASES: dict[str, dict[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8")
)
LANGUAGES = ["en", "en-GB", "es", "es-MX", "it", "pt-BR", "fr", "de", "nl", "pl", "ru", "ja", "hi"]
TOKENS = [
    *(
        "€",
        "$3.5M",
        "5",
        "km",
        " ",
        "–",
        "1984",
        "1.234,5",
        "3 May",
        "St.",
        "😀",
        "**",
        "<b>",
        "&amp;",
        "a@b.co",
    ),
    *(
        "https://x.io/a",
        "#tag",
        "7:30 pm",
        "~",
        "½",
        "!?",
        "\n",
        "今天",
        "वाह",
        "+1 555 123 4567",
        "° C",
        "etc.",
    ),
]
texts = st.lists(st.sampled_from(TOKENS) | st.text(max_size=6), max_size=12).map(" ".join) | st.lists(
    st.sampled_from(TOKENS) | st.characters(), max_size=12
).map("".join)


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [(language, text, said) for language, cases in CASES.items() for text, said in cases.items()],
)
def test_it_is_read_as_a_person_would(language: str, text: str, said: str) -> None:
    assert read_aloud(text, language).said == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_words_are_said_as_they_are_written(language: str) -> None:
    text = "High in the mountains — where it's well-known, NASA said: “no”…\nÜber uns; 今天天气很好。"
    assert read_aloud(text, language).said == text


@pytest.mark.parametrize(
    "path", sorted(Path("shared/text/reading/tables").glob("*.yaml")), ids=lambda path: path.stem
)
def test_every_table_has_cases_and_as_many_forms_as_its_language_needs(path: Path) -> None:
    tongue = tongue_for(path.stem)
    assert tongue is not None
    assert path.stem in CASES
    forms = 4 if tongue.plurals in ("polish", "russian") else 2
    assert {len(names) for names in (*tongue.units.values(), *tongue.magnitudes.values())} == {forms}
    assert {len(names) for names in tongue.currencies.values()} <= {forms, 2 * forms}
    assert len(tongue.months) == 12
    assert tongue.feminine <= {
        *tongue.units,
        *tongue.currencies,
        *(each[0] for each in tongue.magnitudes.values()),
    }


def test_what_looks_like_a_mark_is_read_where_there_are_none() -> None:
    assert read_aloud("<b> & 5", "en", has_marks=False).said == "<b> and five"


def test_words_read_together_are_one_piece_and_others_have_their_own() -> None:
    text = "Pay $3.5 million, or € 5 😀 now"
    reading = read_aloud(text, "en")
    found = [
        ([text[start:end] for start, end in piece.words], reading.said[piece.start : piece.end].strip())
        for piece in reading.pieces
    ]
    assert found == [
        (["Pay"], "Pay"),
        (["$3.5", "million,"], "three point five million dollars,"),
        (["or"], "or"),
        (["€"], "five"),
        (["5"], "euros"),
        (["😀"], ""),
        (["now"], "now"),
    ]


def test_a_word_lasts_as_long_as_all_that_is_said_for_it() -> None:
    reading = read_aloud("It made $3.5M 😀 today", "en")
    times = times_as_written(reading, spoken(reading), 9000)
    assert times[:3] == [Timed(0, 2, 0, 1000), Timed(3, 7, 1000, 2000), Timed(8, 13, 2000, 6912)]
    assert times[3:] == [Timed(14, 15, 6912, 7000), Timed(16, 21, 7000, 8000)]


def spoken(reading: Reading) -> list[Timed]:
    """As if each word that is said took a second."""
    return [
        Timed(start, end, 1000 * at, 1000 * at + 1000)
        for at, (start, end) in enumerate(words_of(reading.said))
    ]


@settings(max_examples=150, deadline=None)
@given(text=texts, language=st.sampled_from(LANGUAGES))
def test_every_word_is_in_one_piece_and_has_a_time_in_order(text: str, language: str) -> None:
    reading = read_aloud(text, language)
    assert [word for piece in reading.pieces for word in piece.words] == words_of(text)
    places = [place for piece in reading.pieces for place in (piece.start, piece.end)]
    assert places == sorted(places)
    assert all(0 <= place <= len(reading.said) for place in places)
    times = times_as_written(reading, spoken(reading), 400)
    assert [(each.start, each.end) for each in times] == words_of(text)
    assert all(each.start_ms < each.end_ms for each in times)
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(times))


@settings(max_examples=50, deadline=None)
@given(
    words=st.lists(
        st.sampled_from(["apple", "Zoë", "don't", "сад", "5", "3.50 $", "20 °C", "😀"]), max_size=9
    )
)
def test_nothing_that_is_a_word_is_lost(words: list[str]) -> None:
    said = read_aloud(" ".join(words), "en").said
    assert [word for word in said.split() if word in words] == [
        word for word in words if word.isalpha() or word == "don't"
    ]


@pytest.mark.parametrize(
    "piece", ["1", "1 ", "1-", "a@", "#a", "$1", "+1 ", "~a", "A St. ", "3 May ", "a.a@", "*a ", "<!--"]
)
def test_hostile_text_takes_no_time(piece: str) -> None:
    began = time.process_time()
    read_aloud((piece * 20_000)[:20_000], "en")
    assert time.process_time() - began < 5

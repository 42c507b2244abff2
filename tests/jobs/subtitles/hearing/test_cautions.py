"""cautions: what is doubtful in a transcript is said, with figures, and nothing else is."""

from dataclasses import replace

from jobs.subtitles.hearing.cautions import of_languages, of_script, of_times
from jobs.subtitles.hearing.recognition.languages import Languages
from tests.jobs.subtitles.hearing.making import heard_words

ONE = Languages(main="en", by_chunk=("en",), others={}, chance=1.0)
TWO = replace(ONE, by_chunk=("en", "de"), others={"de": 0.25})


def test_one_language_needs_no_word() -> None:
    assert of_languages(ONE, None) == of_languages(ONE, "en") == ()


def test_a_second_language_is_named_with_its_share() -> None:
    [said] = of_languages(TWO, None)
    assert said.startswith("more than one language is spoken: en, and de 25%")


def test_a_second_language_in_what_was_said_to_be_one_names_the_remedy() -> None:
    [said] = of_languages(TWO, "en-GB")
    assert "another language than en-GB (de 25%)" in said
    assert "leave language out" in said


def test_times_without_an_aligner_are_said_to_be_rough() -> None:
    [said] = of_times(heard_words("guten Tag"), "de")
    assert said.startswith("no aligner knows de")
    assert of_times([], "de") == ()


def test_words_that_could_not_be_aligned_are_counted_from_one_in_twenty_on() -> None:
    aligned, lost = heard_words("yes " * 39, timing="aligned"), heard_words("no no")
    assert of_times([*aligned, lost[0]], "en-US") == ()
    [said] = of_times([*aligned[:38], *lost], "en-US")
    assert said.startswith("2 of 40 words were too noisy to align")


def test_words_of_a_script_that_were_not_heard_are_counted() -> None:
    heard, guessed = heard_words("yes yes", timing="aligned"), heard_words("no", timing="spread")
    assert of_script(heard) == ()
    [said] = of_script([*heard, *guessed])
    assert said.startswith("1 of the script's 3 words could not be heard")

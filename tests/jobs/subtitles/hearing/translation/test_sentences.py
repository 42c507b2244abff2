"""Translations keep the times of what was said, and every sentence has its own part of them."""

from collections.abc import Sequence

import pytest

from jobs.subtitles.hearing.segments import Sentence
from jobs.subtitles.hearing.translation.sentences import in_target, shared_out
from jobs.subtitles.hearing.words import written
from tests.jobs.subtitles.hearing.making import heard_words, sentence

TAG, STURM = sentence("Guten Tag, Kapitän.", 1.0, "de"), sentence("Der Sturm kommt.", 5.0, "de")


def test_a_translation_lies_where_the_sentence_was_said() -> None:
    [one, other] = in_target([TAG, STURM], "en", lambda _: ["Good day, Captain.", "The storm is coming."])
    assert one.sentence.start == 1.0
    assert one.sentence.end == pytest.approx(TAG.end)
    assert (other.sentence.text, other.source_text) == ("The storm is coming.", "Der Sturm kommt.")
    assert other.sentence.language == "en"
    assert {word.timing for word in other.sentence.words} == {"spread"}


def test_no_word_lies_in_a_pause_of_the_original() -> None:
    slow = Sentence(words=(*heard_words("Guten", 1.0), *heard_words("Tag.", 1.9)), language="de")
    [found] = in_target([slow], "en", lambda _: ["A good day to you."])
    assert not any(word.start < 1.9 and word.end > 1.3 + 1e-9 for word in found.sentence.words)
    assert written(found.sentence.words) == "A good day to you."


def test_what_is_said_in_the_target_is_not_translated() -> None:
    asked: list[Sentence] = []

    def translate(sentences: Sequence[Sentence]) -> list[str]:
        asked.extend(sentences)
        return ["Good day."]

    own = sentence("Hello there.", 3.0, "en-GB")
    found = in_target([TAG, own], "en-US", translate)
    assert asked == [TAG]
    assert found[1].sentence == own
    assert found[1].source_text is None


def test_a_sentence_of_which_nothing_is_left_to_say_is_left_out() -> None:
    [found] = in_target([TAG, STURM], "en", lambda _: ["", "The storm is coming."])
    assert found.source_text == "Der Sturm kommt."


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Good day, Captain. The storm is coming.", ["Good day, Captain.", "The storm is coming."]),
        ("Good day Captain the storm is coming", ["Good day Captain the", "storm is coming"]),
        ("Hello.", ["Hello.", ""]),
        ("", ["", ""]),
    ],
)
def test_a_translation_of_several_sentences_is_shared_out(text: str, parts: list[str]) -> None:
    assert shared_out(text, [TAG, STURM]) == parts


def test_one_sentence_gets_all_of_it() -> None:
    assert shared_out("Good day. And more.", [TAG]) == ["Good day. And more."]

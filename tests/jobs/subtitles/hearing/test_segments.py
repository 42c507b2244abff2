"""segments: words become sentences, cut where they end, where people pause, and where another speaks."""

import pytest

from jobs.subtitles.hearing.segments import by_speaker, sentences_of, to_segment
from jobs.subtitles.job.documents import UNKNOWN_SPEAKER, SpeakerStretch
from tests.jobs.subtitles.hearing.making import heard_words, sentence, texts

A, B = "SPEAKER_00", "SPEAKER_01"


def stretch(start: float, end: float, speaker: str) -> SpeakerStretch:
    return SpeakerStretch(start=start, end=end, duration=end - start, speaker=speaker, confidence=0.9)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It rains. Take this.", ["It rains.", "Take this."]),
        ("Ask Mr. Hill and Dr. Ash. Then go!", ["Ask Mr. Hill and Dr. Ash.", "Then go!"]),
        ('He said: "Go!" And left?', ['He said: "Go!"', "And left?"]),
        ("猫だ。 そう", ["猫だ。", "そう"]),
    ],
)
def test_a_sentence_ends_at_its_mark_but_not_after_a_title(text: str, found: list[str]) -> None:
    assert texts(sentences_of(heard_words(text), "en")) == found


def test_a_pause_ends_a_sentence_too() -> None:
    words = heard_words("I never knew", 0.0) + heard_words("what it was", 1.7)
    assert texts(sentences_of(words, "en")) == ["I never knew", "what it was"]
    assert len(sentences_of(heard_words("I never") + heard_words("knew", 1.2), "en")) == 1


def test_a_long_sentence_is_cut_at_a_short_pause() -> None:
    words = heard_words(" ".join(["word"] * 45)) + heard_words("and on", 45 * 0.3 + 0.35)
    assert [len(each.words) for each in sentences_of(words, "en")] == [45, 2]


def test_without_words_there_is_no_sentence() -> None:
    assert sentences_of([], "en") == []


def test_a_sentence_is_whose_words_they_are() -> None:
    both = [stretch(0.0, 1.2, A), stretch(1.2, 4.0, B)]
    [whole] = by_speaker([sentence("all of it is mine", 1.3)], both)
    assert whole.speaker == B
    one, other = by_speaker(
        [sentence("are you there yes I am here")], [stretch(0, 0.9, A), stretch(0.9, 4, B)]
    )
    assert (one.text, one.speaker) == ("are you there", A)
    assert (other.text, other.speaker) == ("yes I am here", B)


@pytest.mark.parametrize("blip", range(7))
def test_a_single_word_of_another_is_an_edge_that_is_not_exact(blip: int) -> None:
    """Even in the middle of the sentence, which decides when no word does."""
    edges = [(at * 0.3, (at + 1) * 0.3, B if at == blip else A) for at in range(7)]
    [found] = by_speaker([sentence("one two three four five six seven")], [stretch(*each) for each in edges])
    assert (found.speaker, len(found.words)) == (A, 7)


def test_a_word_between_stretches_is_the_same_persons_as_the_one_before() -> None:
    [found] = by_speaker([sentence("one two three four")], [stretch(0.0, 0.6, A)])
    assert found.speaker == A


def test_who_is_not_known_stays_unknown() -> None:
    [far] = by_speaker([sentence("hello out there", 50.0)], [stretch(0.0, 0.6, A)])
    [unsure] = by_speaker([sentence("hello out there")], [stretch(0.0, 2.0, UNKNOWN_SPEAKER)])
    assert far.speaker == unsure.speaker == UNKNOWN_SPEAKER


def test_no_word_is_lost_whoever_speaks() -> None:
    said = [sentence("are you there yes I am here"), sentence("and so on", 3.0)]
    found = by_speaker(said, [stretch(0, 0.9, A), stretch(0.9, 3.1, B), stretch(3.1, 3.2, A)])
    assert [word for each in found for word in each.words] == [word for each in said for word in each.words]


def test_a_segment_has_bare_words_and_names_only_a_language_of_its_own() -> None:
    own, other = sentence("Guten Tag.", 2.0, "de"), sentence("Good day.", 3.0)
    segment = to_segment(4, own, "de")
    assert (segment.id, segment.start, segment.text, segment.language) == (4, 2.0, "Guten Tag.", None)
    assert segment.end == pytest.approx(2.6)
    assert [word.text for word in segment.words] == ["Guten", "Tag."]
    assert to_segment(5, other, "de").language == "en"

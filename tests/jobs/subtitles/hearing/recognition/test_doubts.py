"""doubts: what Whisper makes up is dropped with its reason, and what people say is not."""

import pytest

from jobs.subtitles.hearing.recognition.doubts import Judged, judge, over_silence
from jobs.subtitles.hearing.recognition.recogniser import Heard
from tests.jobs.subtitles.hearing.making import chunk, heard_words, raw

LOUD = -20.0
NAMES = "Odalys Merrin. Teodor Kvasnik. Orvanne."


def judged(heard: Heard, level_db: float = LOUD) -> Judged:
    return judge(heard, level_db, NAMES)


def kept(heard: Heard) -> str:
    return "".join(word.text for word in judged(heard).words).strip()


@pytest.mark.parametrize(
    ("heard", "reason"),
    [
        (raw("we sail at dawn", no_speech=0.5, log_probability=-1.2), "no speech"),
        (raw("you", no_speech=0.7, log_probability=-0.5), "what ends videos"),
        (raw("Thank you for watching!", log_probability=-0.7), "what ends videos"),
        (raw("Untertitel der Amara.org-Community", no_speech=0.7), "what ends videos"),
        (raw("Odalys Merrin. Teodor Kvasnik.", log_probability=-0.7), "an echo of the names"),
        (raw("la la lu la la lu", compression=2.6, log_probability=-1.1), "nonsense"),
        (raw("a few words", within=chunk((3.0, 3.2))), "too fast"),
    ],
)
def test_what_nobody_said_is_dropped_with_the_reason(heard: Heard, reason: str) -> None:
    found = judged(heard)
    assert found.words == ()
    [dropped] = found.dropped
    assert dropped.reason.startswith(reason)
    assert dropped.text == heard.text
    assert dropped.start == heard.chunk.spans[0][0] / 16_000
    assert dropped.start < dropped.end <= heard.chunk.end_s


@pytest.mark.parametrize(
    "heard",
    [
        raw("we sail at dawn", no_speech=0.9),  # unsure of speech alone
        raw("we sail at dawn", log_probability=-1.5),  # unsure of words alone
        raw("Thank you for watching!"),  # who says it clearly
        raw("Thank you for watching the lantern, Mister Kvasnik.", log_probability=-0.7),
        raw("Odalys Merrin. Teodor Kvasnik."),
        raw("Orvanne Odalys", log_probability=-0.7),  # in another order
        raw("no no no no", compression=2.6),
        raw("la la lu la la lu", compression=2.6),
    ],
)
def test_one_doubt_alone_drops_nothing(heard: Heard) -> None:
    assert kept(heard) == heard.text
    assert judged(heard).dropped == ()


def test_what_is_heard_where_the_sound_is_silent_is_dropped() -> None:
    heard = raw("we sail at dawn")
    assert judged(heard, -59.0).words == heard.words
    assert judged(heard, -61.0).dropped[0].reason == "silence: the sound is below -60 dB"


@pytest.mark.parametrize(
    ("text", "rest", "reason"),
    [
        ("Well, no, no, no, no, no, no!", "Well, no,", "a loop: 6 times the same"),
        ("So " + "I don't know. " * 5 + "And yet", "So I don't know. And yet", "a loop: 5 times the same"),
        ("Row " * 5 + "on " * 5, "Row on", "a loop: 5 times the same"),
    ],
)
def test_of_a_loop_the_first_turn_is_kept(text: str, rest: str, reason: str) -> None:
    heard = raw(text)
    assert kept(heard) == rest
    dropped = judged(heard).dropped
    assert {each.reason for each in dropped} == {reason}
    assert len(judged(heard).words) + sum(len(each.text.split()) for each in dropped) == len(heard.words)


def test_what_is_dropped_of_a_loop_has_the_times_of_the_film() -> None:
    heard = raw("Well, no, no, no, no, no, no!", within=chunk((20.0, 21.0), (50.0, 59.0)))
    [dropped] = judged(heard).dropped
    assert dropped.start == pytest.approx(20.6)
    assert dropped.end == pytest.approx(51.1)


def test_people_may_repeat_themselves_four_times() -> None:
    heard = raw("No, no, no, no! Never, never, never again.")
    assert kept(heard) == heard.text


def test_of_nothing_nothing_is_dropped() -> None:
    assert judged(raw("", no_speech=1.0)) == Judged(words=(), dropped=())


def test_a_sentence_over_silence_is_recorded() -> None:
    words = heard_words("who is there", 10.0)
    found = over_silence(words, [(0.0, 5.0), (20.0, 25.0)])
    assert found is not None
    assert (found.start, found.end, found.text) == (10.0, 10.9, "who is there")
    assert found.reason.startswith("over silence")
    assert over_silence(words, [(10.8, 12.0)]) is None
    assert over_silence(words, [(10.85, 12.0)]) is not None

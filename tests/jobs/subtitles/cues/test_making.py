"""Layout and timing: the rules that hold for whatever is said, and what readers see."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.subtitles.cues.making import Made, make_cues
from jobs.subtitles.cues.profiles import profile_of
from jobs.subtitles.cues.qc import HARD, check
from jobs.subtitles.job.documents import Cue, Segment, Transcript, Word
from jobs.subtitles.job.options import ProfileName
from tests.jobs.subtitles.making import MEDIA, transcript_of

PROFILES: tuple[ProfileName, ...] = ("netflix", "bbc", "social")
NATURAL = (
    "The kettle began to whistle as the first guests came through the garden gate. She folded the letter "
    "twice, put it under the lamp, and turned off the light. Nobody remembered who had planted the apple "
    "trees behind the old school. When the rain stopped, the whole street smelled of wet stone."
)


def made(transcript: Transcript, profile: ProfileName = "netflix", **facts: object) -> Made:
    rules = profile_of(profile, transcript.language, sdh=False)
    return make_cues(transcript, MEDIA.model_copy(update=facts), rules, {})


def lines(found: Made) -> list[tuple[str, ...]]:
    return [cue.lines for cue in found.cues.cues]


@st.composite
def streams(draw: st.DrawFn) -> Transcript:
    """Words of any length, pace and language, with pauses and speakers that change."""
    language = draw(st.sampled_from(["en", "de", "ja", "ar", "th"]))
    at, segments = draw(st.floats(0, 5)), []
    for number in range(draw(st.integers(1, 6))):
        words = []
        for _ in range(draw(st.integers(1, 12))):
            text = draw(
                st.text("abcdeé日本กา,.-?\\{<&", min_size=1, max_size=draw(st.sampled_from([4, 9, 120])))
            )
            end = at + draw(st.sampled_from([0.01, 0.08, 0.3, 0.9, 9.0]))
            words.append(Word(text=text, start=at, end=end, timing="recognised"))
            at = end + draw(st.sampled_from([0.0, 0.02, 0.2, 0.7, 1.5]))
        segments.append(
            Segment(
                id=number,
                start=words[0].start,
                end=words[-1].end,
                text=" ".join(word.text for word in words),
                speaker=draw(st.sampled_from(["SPEAKER_00", "SPEAKER_01", "UNKNOWN"])),
                words=tuple(words),
            )
        )
    return Transcript(language=language, source_language=language, engine="made up", segments=tuple(segments))


@settings(max_examples=200, deadline=None)
@given(streams(), st.sampled_from(PROFILES), st.lists(st.floats(0, 60), max_size=5))
def test_hard_rules_hold_and_every_word_is_in_one_cue(
    transcript: Transcript, name: ProfileName, cuts: list[float]
) -> None:
    profile = profile_of(name, transcript.language, sdh=False)
    found = make_cues(transcript, MEDIA.model_copy(update={"cuts": tuple(sorted(cuts))}), profile, {})
    report = check(found.cues, profile, transcript=transcript)
    assert {rule: report.left[rule] for rule in HARD if rule in report.left} == {}
    assert report.words_lost == 0
    spans = [cue.words for cue in found.cues.cues]
    assert all(one[1] == other[0] for one, other in pairwise(spans))
    said = "".join(word.text for segment in transcript.segments for word in segment.words)
    shown = "".join(line for cue in found.cues.cues for line in cue.lines)
    dashless = str.maketrans("", "", "- ")
    assert shown.translate(dashless) == said.translate(dashless)


@pytest.mark.parametrize("name", PROFILES)
def test_natural_speech_can_be_read(name: ProfileName) -> None:
    transcript = transcript_of([(1.0, "SPEAKER_00", NATURAL)])
    found = made(transcript, name)
    report = check(found.cues, profile_of(name, "en", sdh=False), transcript=transcript)
    assert report.passed, report.left


def test_lines_end_where_a_reader_pauses() -> None:
    found = lines(made(transcript_of([(1.0, "", NATURAL)])))
    assert not [line for cue in found for line in cue if line.split()[-1] in {"the", "a", "of", "and"}]


def test_two_speakers_share_a_cue_with_dashes() -> None:
    transcript = transcript_of([(1.0, "SPEAKER_00", "Are you there?"), (2.1, "SPEAKER_01", "Yes, I am.")])
    assert lines(made(transcript)) == [("-Are you there?", "-Yes, I am.")]
    spanish = transcript.model_copy(update={"language": "es"})
    assert lines(made(spanish)) == [("- Are you there?", "- Yes, I am.")]


def test_one_speaker_has_no_dashes() -> None:
    transcript = transcript_of([(1.0, "SPEAKER_00", "Are you there?"), (2.1, "SPEAKER_00", "Yes, you are.")])
    assert lines(made(transcript)) == [("Are you there? Yes, you are.",)]


def test_names_of_speakers_are_shown_where_they_are_asked_for() -> None:
    transcript = transcript_of([(1.0, "SPEAKER_00", "Are you there?"), (2.1, "SPEAKER_01", "Yes, I am.")])
    rules = profile_of("netflix", "en", sdh=False)
    found = make_cues(transcript, MEDIA, rules, {"SPEAKER_00": "Ada", "SPEAKER_01": "Hugo"})
    assert lines(found) == [("Ada: Are you there?", "Hugo: Yes, I am.")]


def test_a_short_cue_stays_long_enough_to_be_read() -> None:
    (cue,) = made(transcript_of([(1.0, "", "Yes.")])).cues.cues
    assert cue.end_frame - cue.start_frame == 20


def test_the_dashes_of_a_dialogue_are_read_too() -> None:
    said = [(1.0, "SPEAKER_00", "Is anybody down there at last?"), (2.3, "SPEAKER_01", "Yes, I am here.")]
    found = made(quick := transcript_of(said))
    report = check(found.cues, profile_of("netflix", "en", sdh=False), transcript=quick)
    (cue,) = found.cues.cues
    assert all(line.startswith("-") for line in cue.lines)
    assert report.passed, report.rules["reading_speed"].worst


def test_small_gaps_are_closed_to_two_frames() -> None:
    long = "This is a sentence that takes up all of the room of two lines, it does."
    first = transcript_of([(1.0, "", long)]).segments[0]
    found = made(transcript_of([(1.0, "", long), (first.end + 0.4, "", long)])).cues.cues
    assert [other.start_frame - one.end_frame for one, other in pairwise(found)] == [2]


def test_a_cue_near_a_cut_begins_and_ends_with_it() -> None:
    transcript = transcript_of([(4.1, "", "Look at the tower over there.")])
    (cue,) = made(transcript, cuts=(4.0, 6.1)).cues.cues
    rate = Fraction(24000, 1001)
    assert cue.start_frame == round(4 * rate)
    assert cue.end_frame == round(Fraction(61, 10) * rate) - 2


def test_what_is_said_after_a_long_pause_is_another_cue() -> None:
    found = made(transcript_of([(1.0, "", "One thing."), (4.0, "", "Another.")])).cues.cues
    assert len(found) == 2


def test_japanese_has_no_spaces_between_words() -> None:
    (cue,) = made(transcript_of([(1.0, "", "灯台守 は 毎晩 階段 を 登りました。")], "ja")).cues.cues
    assert "".join(cue.lines) == "灯台守は毎晩階段を登りました。"


def test_without_words_there_are_no_cues() -> None:
    empty = Transcript(language="en", source_language="en", engine="made up", segments=())
    found = made(empty)
    assert found.cues.cues == ()
    assert check(found.cues, profile_of("netflix", "en", sdh=False), transcript=empty).passed


def test_what_breaks_a_rule_is_named_with_its_time() -> None:
    long = "x" * 50
    cue = Cue(start_frame=24, end_frame=30, lines=(long, "b", "c"), speakers=("", "", ""), words=(0, 1))
    cues = made(transcript_of([(1.0, "", "Yes.")])).cues.model_copy(update={"cues": (cue,)})
    report = check(cues, profile_of("netflix", "en", sdh=False))
    assert not report.passed
    assert report.left == {"line_count": 1, "line_length": 1, "least_duration": 1, "reading_speed": 1}
    (worst,) = report.rules["line_length"].worst
    assert (worst.cue, worst.time, worst.value, worst.limit) == (1, "00:00:01.001", 50, 42)

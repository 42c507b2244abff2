"""The aligner on known speech: words get their times, and where it is lost they keep those they had."""

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from jobs.subtitles.hearing.alignment.aligner import Text, align_all, aligner_version, has_aligner
from jobs.subtitles.hearing.chunks import Sound
from jobs.subtitles.hearing.words import HeardWord, in_order
from tests.jobs.subtitles.hearing.making import chunk, heard_words, sound_of
from tests.jobs.subtitles.voices.known import Known, pink

LINES = 2
"""So many of what is said, one with a time of day."""


@pytest.fixture(scope="module")
def truth(known: Known) -> list[HeardWord]:
    return [
        HeardWord(text=f" {text}", start=start, end=end, probability=None, timing="aligned")
        for turn in known.turns[:LINES]
        for text, start, end in turn.words
    ]


@pytest.fixture(scope="module")
def sound(known: Known, tmp_path_factory: pytest.TempPathFactory) -> Sound:
    return sound_of(known.first(LINES), tmp_path_factory.mktemp("sound"))


@pytest.fixture(scope="module")
def roughly(truth: list[HeardWord]) -> list[HeardWord]:
    """The words as a recogniser times them: some tenths of a second off."""
    rng = random.Random(3)
    times = [(word.start + rng.uniform(-0.2, 0.2), word.end + rng.uniform(-0.2, 0.2)) for word in truth]
    return [
        replace(word, start=start, end=end, timing="recognised")
        for word, (start, end) in zip(truth, in_order(times, 0.0, 60.0), strict=True)
    ]


def aligned(sound: Sound, words: Sequence[HeardWord], language: str = "en") -> list[HeardWord]:
    whole = chunk((0.0, sound.duration_s))
    [found] = align_all(sound, [Text(chunk=whole, language=language, words=tuple(words))], 1, lambda *_: None)
    return list(found.words)


def test_words_start_and_end_where_they_are_heard(
    truth: list[HeardWord], roughly: list[HeardWord], sound: Sound
) -> None:
    found = aligned(sound, roughly)
    assert [word.text for word in found] == [word.text for word in truth]
    assert {word.timing for word in found} == {"aligned"}
    assert all(one.end <= other.start + 1e-6 for one, other in pairwise(found))
    starts = sorted(abs(has.start - true.start) for has, true in zip(found, truth, strict=True))
    assert starts[len(starts) // 2] <= 0.02
    assert starts[int(0.95 * len(starts))] <= 0.08
    assert sorted(abs(has.start - true.start) for has, true in zip(roughly, truth, strict=True))[-1] > 0.1


def test_a_word_before_a_pause_ends_with_its_sound(
    truth: list[HeardWord], roughly: list[HeardWord], sound: Sound
) -> None:
    found = aligned(sound, roughly)
    last = [at for at, (word, after) in enumerate(pairwise(truth)) if after.start - word.end > 0.5]
    assert len(last) == LINES - 1
    for at in (*last, len(truth) - 1):
        assert found[at].end == pytest.approx(truth[at].end, abs=0.08)


def test_a_name_that_no_dictionary_has_is_aligned_too(roughly: list[HeardWord], sound: Sound) -> None:
    named = [replace(word, text=re.sub("harbour", "Haarbuhr", word.text)) for word in roughly]
    assert named != roughly
    assert {word.timing for word in aligned(sound, named)} == {"aligned"}


def test_another_language_keeps_the_recognisers_times(roughly: list[HeardWord], sound: Sound) -> None:
    assert aligned(sound, roughly, "de") == roughly
    assert has_aligner("en-GB")
    assert not has_aligner("enm")


def test_words_that_are_not_there_keep_their_times(tmp_path: Path) -> None:
    noise = sound_of(pink(6) * np.float32(0.05 / np.std(pink(6))), tmp_path)
    words = heard_words("Nobody told me about the meeting on Thursday.", 4.5, word_s=0.1)
    found = aligned(noise, words)
    assert [word.timing for word in found] == ["recognised"] * len(words)
    for had, has in zip(words, found, strict=True):
        assert (has.start, has.end) == pytest.approx((had.start, had.end))


def test_the_number_of_cores_changes_nothing(roughly: list[HeardWord], sound: Sound) -> None:
    whole = chunk((0.0, sound.duration_s))
    texts = [Text(chunk=whole, language="en", words=tuple(roughly[at : at + 9])) for at in (0, 9)]
    asked: list[tuple[int, int]] = []
    one = align_all(sound, texts, 1, lambda *done: asked.append(done))
    assert align_all(sound, texts, 2, lambda *_: None) == one
    assert asked == [(1, 2), (2, 2)]


def test_the_version_names_what_times_depend_on() -> None:
    assert re.fullmatch(r"pocketsphinx [\d.]+ espeakng-loader [\d.]+ num2words [\d.]+", aligner_version())

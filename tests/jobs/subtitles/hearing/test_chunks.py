"""chunks: all speech is in exactly one of them, none is too long for Whisper, and times go there and back."""

import math
import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from jobs.subtitles.hearing.chunks import (
    RATE_HZ,
    Sound,
    chunks_of,
    level_db,
    speech_share,
)
from shared.errors import InvalidAssets
from tests.jobs.subtitles.hearing.making import chunk, sound_of
from tests.jobs.subtitles.voices.known import silence, wav


def middle(since: int, until: int) -> int:
    return (since + until) // 2


def random_speech(seed: int) -> tuple[list[tuple[float, float]], float]:
    """Stretches of up to 70 s with pauses between them, and how long the film is."""
    rng = random.Random(seed)
    speech, at = [], rng.uniform(0, 2)
    for _ in range(rng.randint(1, 30)):
        end = at + rng.choice((0.1, 1.0, 4.0, 70.0)) * rng.uniform(0.5, 1)
        speech.append((at, end))
        at = end + rng.uniform(0.36, 5)
    return speech, at


@pytest.mark.parametrize("seed", range(40))
def test_all_speech_is_in_one_chunk_and_no_chunk_is_longer_than_28_seconds(seed: int) -> None:
    speech, seconds = random_speech(seed)
    found = chunks_of(speech, round(seconds * RATE_HZ), middle)
    spans = [span for each in found for span in each.spans]
    assert all(each.duration_s <= 28 for each in found)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    frames = np.zeros(math.ceil(seconds * 100) + 1, bool)
    for first, after in spans:
        assert first % 160 == 0
        frames[first // 160 : -(-after // 160)] = True
    for start, end in speech:
        assert frames[math.ceil(start * 100) : math.floor(end * 100)].all()


def test_short_stretches_are_heard_together_without_the_pauses_between_them() -> None:
    [one] = chunks_of([(10.0, 12.0), (60.0, 63.0)], 100 * RATE_HZ, middle)
    assert one.spans == ((156_000, 196_000), (956_000, 1_012_000))
    assert one.duration_s == pytest.approx(6.0)
    assert one.end_s == 63.25


def test_a_pause_is_shared_by_the_speech_around_it_and_nothing_reaches_out_of_the_sound() -> None:
    [one] = chunks_of([(0.1, 1.0), (1.4, 2.0)], 2 * RATE_HZ, middle)
    assert one.spans == ((0, 2 * RATE_HZ),)


def test_a_long_stretch_is_cut_where_it_is_quietest(tmp_path: Path) -> None:
    samples = np.full(40 * RATE_HZ, 0.2, np.float32)
    samples[round(20.3 * RATE_HZ) : round(20.5 * RATE_HZ)] = 0.001
    sound = sound_of(samples, tmp_path)
    one, other = chunks_of([(0.0, 40.0)], sound.samples, sound.quietest)
    assert 20.3 <= one.end_s <= 20.5
    assert other.spans[0][0] == one.spans[-1][1]


def test_without_speech_there_is_no_chunk() -> None:
    assert chunks_of([], 10 * RATE_HZ, middle) == []


def test_times_go_from_the_film_to_the_chunk_and_back() -> None:
    both = chunk((10.0, 12.0), (60.0, 63.0))
    for at in (10.0, 11.5, 60.001, 62.9):
        assert both.in_film(both.in_chunk(at), both.in_chunk(at))[0] == pytest.approx(at)
    assert both.in_chunk(30.0) == 2.0
    assert both.in_chunk(1.0) == 0.0


def test_a_word_over_a_seam_stays_on_the_side_that_most_of_it_is_on() -> None:
    both = chunk((10.0, 12.0), (60.0, 63.0))
    assert both.in_film(1.5, 2.2) == (11.5, 12.0)
    assert both.in_film(1.9, 2.6) == (60.0, 60.6)
    assert both.in_film(4.9, 9.0) == (62.9, 63.0)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a WAV file"),
        (b"no sound at all", "not a WAV file"),
        (wav(silence(0.1), 8000), "8000 Hz, 1 channels, 16 bits; it must be 16000 Hz"),
    ],
)
def test_what_is_no_such_sound_is_named(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(data)
    with pytest.raises(InvalidAssets, match=rf"^audio\.wav: .*{said}.*run the stage that makes it"):
        Sound(path, "audio.wav")


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    samples = np.arange(3 * RATE_HZ, dtype=np.float32) / np.float32(4 * RATE_HZ)
    sound = sound_of(samples, tmp_path)
    heard = sound.heard(chunk((0.5, 0.6), (2.9, 3.5)))
    assert heard.size == round(0.2 * RATE_HZ)
    assert heard[0] == pytest.approx(0.125, abs=1e-4)
    assert heard[-1] == pytest.approx(0.75, abs=1e-4)


def test_the_level_is_that_of_the_loud_parts() -> None:
    samples = silence(10)
    samples[:RATE_HZ] = 0.1
    assert level_db(samples) == pytest.approx(-20, abs=0.1)
    assert level_db(silence(1)) == level_db(silence(0)) == -math.inf


def test_the_share_of_speech_counts_each_stretch_once() -> None:
    speech = [(1.0, 2.0), (3.0, 5.0)]
    assert speech_share(0.0, 4.0, speech) == pytest.approx(0.5)
    assert speech_share(2.0, 3.0, speech) == 0.0
    assert speech_share(3.5, 4.5, speech) == pytest.approx(1.0)
    assert speech_share(4.0, 4.0, speech) == 0.0

"""pauses: what is counted as a word and is a pause is cut off, in quiet and in noise, and nothing else."""

import numpy as np
import pytest

from jobs.subtitles.hearing.alignment.clearing import cleared
from jobs.subtitles.hearing.alignment.pauses import without_pauses
from tests.jobs.subtitles.voices.known import Samples, pink, silence

RATE_HZ = 16_000
WORD = 0.4


def sound(*, noise_db: float | None = None) -> Samples:
    """A word of 0.4 s from 0.5 s on, a pause of a second, and another word."""
    samples = silence(3.0)
    voice = np.sin(2 * np.pi * 700 * np.arange(round(WORD * RATE_HZ)) / RATE_HZ).astype(np.float32)
    for at in (0.5, 1.9):
        samples[round(at * RATE_HZ) :][: voice.size] = 0.3 * voice
    if noise_db is not None:
        noise = pink(3.0)
        samples += noise * np.float32(0.3 / np.sqrt(2) * 10 ** (-noise_db / 20) / np.std(noise))
    return samples


def cut(samples: Samples, *times: tuple[float, float]) -> list[tuple[float, float]]:
    return without_pauses(cleared((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()), times)


@pytest.mark.parametrize("noise_db", [None, 30, 15, 10])
def test_a_word_ends_where_its_sound_does(noise_db: float | None) -> None:
    [(start, end), last] = cut(sound(noise_db=noise_db), (0.5, 1.6), (1.9, 2.3))
    assert start == 0.5
    assert end == pytest.approx(0.9, abs=0.06)
    assert last == (1.9, 2.3)


@pytest.mark.parametrize("noise_db", [None, 30, 15, 10])
def test_a_word_after_a_pause_starts_where_its_sound_does(noise_db: float | None) -> None:
    [first, (start, end)] = cut(sound(noise_db=noise_db), (0.5, 0.9), (1.3, 2.3))
    assert first == (0.5, 0.9)
    assert start == pytest.approx(1.9, abs=0.08)
    assert end == 2.3


def test_a_word_keeps_its_soft_start_and_the_closure_after_it() -> None:
    samples = sound()
    samples[round(0.35 * RATE_HZ) : round(0.42 * RATE_HZ)] += pink(0.1)[:1120] * np.float32(0.1)
    assert cut(samples, (0.35, 0.9)) == [(0.35, 0.9)]


def test_a_word_keeps_its_soft_end_and_the_closure_before_it() -> None:
    samples = sound()
    samples[round(0.75 * RATE_HZ) : round(0.85 * RATE_HZ)] = 0
    samples[round(0.9 * RATE_HZ) : round(1.0 * RATE_HZ)] += pink(0.1) * np.float32(0.05)
    assert cut(samples, (0.5, 1.02)) == [(0.5, 1.02)]


def test_of_a_word_that_is_not_louder_than_the_noise_nothing_is_cut() -> None:
    noise = pink(3.0) * np.float32(0.1 / np.std(pink(3.0)))
    [(_, end)] = cut(noise, (1.0, 1.4))
    assert end >= 1.2


def test_silence_and_what_lies_beyond_the_sound_stay_as_they_are() -> None:
    assert cut(silence(1.0), (0.2, 0.8)) == [(0.2, 0.8)]
    assert cut(silence(1.0), (0.9, 1.3), (1.2, 1.5)) == [(0.9, 1.3), (1.2, 1.5)]
    assert cut(silence(0.0), (0.0, 0.3)) == [(0.0, 0.3)]

"""clearing: what sounds all the time is taken out, what comes and goes stays, and nothing moves."""

import numpy as np
import pytest

from jobs.subtitles.hearing.alignment.clearing import cleared, kept_db
from tests.jobs.subtitles.voices.known import Samples, pink, silence

RATE_HZ = 16_000


def tone(hz: float, seconds: float) -> Samples:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ).astype(np.float32)


def bursts() -> Samples:
    """A tone of 0.3 s in every second."""
    samples = silence(4.0)
    for at in range(4):
        samples[round((at + 0.35) * RATE_HZ) :][: round(0.3 * RATE_HZ)] = 0.3 * tone(700, 0.3)
    return samples


def pcm_of(samples: Samples) -> bytes:
    return np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def clear(samples: Samples) -> Samples:
    return np.frombuffer(cleared(pcm_of(samples)), "<i2").astype(np.float32) / np.float32(32767)


def level_db(samples: Samples, start: float, end: float) -> float:
    part = samples[round(start * RATE_HZ) : round(end * RATE_HZ)]
    return float(20 * np.log10(np.sqrt((part**2).mean()) + 1e-9))


def test_what_comes_and_goes_stays_as_and_where_it_is() -> None:
    samples = bursts()
    found = clear(samples)
    assert found.size == samples.size
    assert np.corrcoef(samples, found)[0, 1] > 0.99
    assert level_db(found, 1.4, 1.6) == pytest.approx(level_db(samples, 1.4, 1.6), abs=0.5)


def under_the_bursts(kind: str) -> Samples:
    under = pink(4.0) / np.float32(np.std(pink(4.0))) if kind == "noise" else tone(330, 4.0)
    return np.asarray(under * np.float32(0.03), np.float32)


@pytest.mark.parametrize(("kind", "less_db"), [("noise", 6), ("note", 12)])
def test_noise_and_held_notes_become_softer_and_the_voice_does_not(kind: str, less_db: float) -> None:
    samples = bursts() + under_the_bursts(kind)
    found = clear(samples)
    assert level_db(found, 1.8, 2.2) < level_db(samples, 1.8, 2.2) - less_db
    assert level_db(found, 1.4, 1.6) == pytest.approx(level_db(samples, 1.4, 1.6), abs=1)


@pytest.mark.parametrize("samples", [0, 1, 479, 480, 481, 16_001])
def test_sounds_of_any_length_keep_it(samples: int) -> None:
    assert cleared(bytes(2 * samples)) == bytes(2 * samples)


def test_where_nobody_speaks_little_is_left() -> None:
    noise = pcm_of(under_the_bursts("noise"))
    assert kept_db(noise, cleared(noise)) < -6
    spoken = pcm_of(bursts() + under_the_bursts("noise"))
    assert kept_db(spoken, cleared(spoken)) > -1

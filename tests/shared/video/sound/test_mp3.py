"""MP3: as long as what went in, the same bytes each time, another pace at the same pitch."""

import math
from pathlib import Path

import numpy as np
import pytest

from shared.video.sound.mp3 import EDGE_MS, RATE_HZ, at_pace, duration_ms, read_mp3, trimmed, write_mp3


def tone(seconds: float, pitch_hz: float = 220, *, rate_hz: int = RATE_HZ, level: float = 9000) -> bytes:
    at = np.arange(round(seconds * rate_hz))
    return (level * np.sin(math.tau * pitch_hz * at / rate_hz)).astype("<i2").tobytes()


def silence(seconds: float, *, rate_hz: int = RATE_HZ) -> bytes:
    return bytes(2 * round(seconds * rate_hz))


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100])
def test_what_is_written_is_read_back_sample_for_sample_long(tmp_path: Path, rate_hz: int) -> None:
    write_mp3(tone(1.234, rate_hz=rate_hz), rate_hz, tmp_path / "a.mp3")
    found = read_mp3((tmp_path / "a.mp3").read_bytes())
    assert (found.sample_rate_hz, found.channels, found.bits_per_s) == (44_100, 1, 128_000)
    assert abs(found.duration_ms - 1234) <= 1
    loudness = np.frombuffer(found.pcm, "<i2").astype(float).std()
    assert loudness == pytest.approx(9000 / math.sqrt(2), rel=0.06)  # LAME takes 5 % off


def test_the_same_sound_is_the_same_bytes_without_metadata(tmp_path: Path) -> None:
    for name in ("a.mp3", "b.mp3"):
        write_mp3(tone(0.5), RATE_HZ, tmp_path / name, pace=1.1)
    one, two = ((tmp_path / name).read_bytes() for name in ("a.mp3", "b.mp3"))
    assert one == two
    assert b"ID3" not in one
    assert b"ffmpeg" not in one.lower()


@pytest.mark.parametrize("pace", [0.7, 0.93, 1.18, 1.7])
def test_another_pace_changes_the_length_and_not_the_pitch(pace: float) -> None:
    samples = np.frombuffer(at_pace(tone(3.0), RATE_HZ, pace), "<i2").astype(float)
    assert samples.size / RATE_HZ == pytest.approx(3.0 / pace, abs=0.06)
    spectrum = np.abs(np.fft.rfft(samples[:RATE_HZ]))
    assert abs(int(spectrum.argmax()) - 220) <= 2


@pytest.mark.parametrize("data", [b"", b"an MP3, really" * 500, bytes(9000), b"RIFF" + bytes(5000)])
def test_what_is_no_mp3_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="it "):
        read_mp3(data)


@pytest.mark.parametrize("rate_hz", [22_050, 44_100])
@pytest.mark.parametrize("before_s", [0.0, 0.01, 0.5])
def test_trimming_leaves_the_same_edge_whatever_was_there(rate_hz: int, before_s: float) -> None:
    pcm = silence(before_s, rate_hz=rate_hz) + tone(1.0, rate_hz=rate_hz) + silence(0.3, rate_hz=rate_hz)
    found, shift_ms = trimmed(pcm, rate_hz)
    assert abs(duration_ms(found, rate_hz) - 1000 - 2 * EDGE_MS) <= 10
    assert abs(shift_ms - (EDGE_MS - before_s * 1000)) <= 5
    samples = np.abs(np.frombuffer(found, "<i2"))
    assert samples[0] == samples[-1] == 0


def test_a_room_s_noise_is_silence_beside_a_voice() -> None:
    noise = np.random.default_rng(1).normal(0, 20, RATE_HZ // 2).astype("<i2").tobytes()
    found, _ = trimmed(noise + tone(1.0) + noise)
    assert abs(duration_ms(found) - 1000 - 2 * EDGE_MS) <= 10


@pytest.mark.parametrize("pcm", [b"", bytes(2000), silence(1.0)])
def test_silence_alone_is_nothing(pcm: bytes) -> None:
    assert trimmed(pcm) == (b"", 0)


@pytest.mark.parametrize("pace", [0.93, 1.18])
def test_at_another_pace_words_are_where_arithmetic_says(pace: float) -> None:
    """A click a second into silence, so that what lies before it can be measured."""
    rate = 44_100
    sound = np.zeros(2 * rate, np.int16)
    burst = np.sin(np.arange(rate // 20) * 2 * np.pi * 800 / rate)
    sound[rate : rate + rate // 20] = (12_000 * burst).astype(np.int16)
    moved = np.frombuffer(at_pace(sound.tobytes(), rate, pace), np.int16)
    starts_s = np.flatnonzero(np.abs(moved) > 3000)[0] / rate
    assert starts_s == pytest.approx(1 / pace, abs=0.012)

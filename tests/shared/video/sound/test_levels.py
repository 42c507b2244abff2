"""How loud a voice is at each frame: in time with it, and the same however loud it was recorded."""

import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from shared.errors import InvalidAssets
from shared.video.sound.levels import levels_of

RATE = Fraction(30)


def spoken(path: Path, *parts: tuple[float, float], rate_hz: int = 22_050) -> Path:
    """Noise of these (seconds, amplitude)."""
    random = np.random.RandomState(1)
    samples = np.concatenate([random.uniform(-1, 1, int(s * rate_hz)) * loud for s, loud in parts])
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate_hz, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def numbers(levels: str) -> list[int]:
    return [int(level, 16) for level in levels]


def test_levels_rise_at_once_and_fall_slowly(tmp_path: Path) -> None:
    path = spoken(tmp_path / "a.wav", (1, 0.5), (1, 0), (1, 0.5))
    levels = numbers(levels_of([(10, path)], 120, RATE))
    assert len(levels) == 120
    assert levels[:10] == [0] * 10
    assert levels[12] >= 12
    assert levels[39] == 15
    falling = levels[40:55]
    assert falling == sorted(falling, reverse=True)
    assert len(set(falling)) > 6
    assert levels[60:70] == [0] * 10
    assert levels[72] >= 12


@pytest.mark.parametrize("loud", [0.9, 0.3, 0.03])
def test_a_voice_that_was_recorded_more_softly_has_the_same_levels(tmp_path: Path, loud: float) -> None:
    paths = (
        spoken(tmp_path / name, (0.5, part), (0.5, part / 4), (0.5, 0))
        for name, part in (("one.wav", 0.9), ("two.wav", loud))
    )
    one, two = (numbers(levels_of([(0, path)], 45, RATE)) for path in paths)
    assert np.abs(np.subtract(one, two)).max() <= 1


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(30000, 1001), Fraction(60)], ids=str)
def test_every_frame_has_a_level_at_any_rate_and_length_of_speech(tmp_path: Path, rate: Fraction) -> None:
    path = spoken(tmp_path / "a.wav", (3, 0.5), rate_hz=16_000)
    assert len(levels_of([(0, path), (50, path)], 60, rate)) == 60
    assert levels_of([(60, path)], 60, rate) == levels_of([], 60, rate) == "0" * 60
    assert numbers(levels_of([(0, path)], 60, rate))[30:] == [15] * 30


def test_a_piece_has_its_levels_whatever_the_others_are(tmp_path: Path) -> None:
    soft = spoken(tmp_path / "soft.wav", (1, 0.1), (0.3, 0.02))
    loud, quiet = (spoken(tmp_path / f"{part}.wav", (1, part)) for part in (0.9, 0.05))
    with_loud, with_quiet = (levels_of([(0, other), (60, soft)], 120, RATE) for other in (loud, quiet))
    assert with_loud[60:] == with_quiet[60:] == levels_of([(0, soft)], 60, RATE)
    assert levels_of([(0, soft), (20, loud)], 60, RATE)[25:45] == "f" * 20


def test_silence_has_no_level(tmp_path: Path) -> None:
    assert levels_of([(0, spoken(tmp_path / "a.wav", (1, 0.0002)))], 40, RATE) == "0" * 40


def test_speech_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "torn.wav").write_bytes(b"RIFF")
    with pytest.raises(InvalidAssets, match=r"torn\.wav"):
        levels_of([(0, tmp_path / "torn.wav")], 10, RATE)

"""How loud sound is said to be, where that is known."""

from pathlib import Path

import pytest

from shared.cuts.loudness import loudness
from shared.errors import ToolFailed
from shared.machine.ffmpeg import run


def made(path: Path, volume: str, *, duration_s: float = 3) -> Path:
    """A square wave of this volume by time `t`, whose root mean square is that volume."""
    wave = f"aevalsrc='({volume})*(2*gt(sin(2*PI*500*t+0.01),0)-1)':d={duration_s}:s=48000:c=stereo"
    run(["-y", "-f", "lavfi", "-i", wave, "-c:a", "pcm_f32le", path])
    return path


def test_silence_is_0_full_scale_is_1_and_decibels_are_even_between(tmp_path: Path) -> None:
    volume = "if(lt(t,1),0,if(lt(t,2),0.1,0.001))"  # silence, -20 dBFS, -60 dBFS
    values = loudness(made(tmp_path / "a.wav", volume), tmp_path)
    assert len(values) == 30
    assert set(values[:9]) == {0.0}
    assert all(abs(value - 40 / 60) < 0.01 for value in values[11:19])
    assert all(value < 0.01 for value in values[21:])
    assert all(abs(value - 1) < 0.01 for value in loudness(made(tmp_path / "b.wav", "1"), tmp_path)[1:-1])


def test_channels_in_antiphase_are_heard(tmp_path: Path) -> None:
    wave = "aevalsrc='0.5*sin(2*PI*500*t)|-0.5*sin(2*PI*500*t)':d=1:s=44100"
    run(["-y", "-f", "lavfi", "-i", wave, tmp_path / "a.wav"])
    assert all(abs(value - (1 - 9.03 / 60)) < 0.01 for value in loudness(tmp_path / "a.wav", tmp_path)[1:-1])


def test_a_track_that_begins_later_is_silent_until_then(tmp_path: Path) -> None:
    sound, film = made(tmp_path / "a.wav", "0.5", duration_s=1), tmp_path / "film.mkv"
    picture = ["-f", "lavfi", "-i", "color=black:s=64x64:r=10:d=2"]
    run([*picture, "-itsoffset", "0.8", "-i", sound, "-c:v", "libx264", "-c:a", "pcm_s16le", film])
    values = loudness(film, tmp_path)
    assert set(values[:7]) == {0.0}
    assert all(value > 0.85 for value in values[9:17])


@pytest.mark.parametrize("content", [b"", b"not a film at all"])
def test_what_has_no_sound_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(content)
    with pytest.raises(ToolFailed):
        loudness(tmp_path / "film.mp4", tmp_path)

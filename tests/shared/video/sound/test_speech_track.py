"""Speech at its frame, whatever its file, to the word."""

import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.errors import InvalidAssets
from shared.video.sound.mp3 import write_mp3
from shared.video.sound.speech_track import lay_speech
from shared.video.timeline import Shot, Spoken, Timeline

RATE_HZ = 48_000
WORDS_S = (0.3, 1.1, 1.9)


def bursts(rate_hz: int) -> NDArray[np.int16]:
    """Three bursts of noise, 80 ms each."""
    sound = np.zeros(int(2.2 * rate_hz))
    random = np.random.default_rng(1)
    for at_s in WORDS_S:
        at = int(at_s * rate_hz)
        sound[at : at + rate_hz * 80 // 1000] = random.normal(size=rate_hz * 80 // 1000) * 8000
    return sound.clip(-32768, 32767).astype(np.int16)


def speech_file(path: Path, rate_hz: int = 22_050) -> Path:
    if path.suffix == ".mp3":
        write_mp3(bursts(rate_hz).tobytes(), rate_hz, path)
    else:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate_hz)
            file.writeframes(bursts(rate_hz).tobytes())
    return path


def heard_at_s(track: Path) -> list[float]:
    """When each burst starts."""
    loud = np.flatnonzero(np.abs(np.fromfile(track, "<i2").astype(int)) > 1500)
    starts = [loud[0], *loud[1:][np.diff(loud) > RATE_HZ // 5]]
    return [start / RATE_HZ for start in starts]


def laid(speech: Path, folder: Path, pace: float = 1.0) -> list[float]:
    timeline = Timeline(
        width=64,
        height=64,
        frame_rate="30",
        shots=(Shot(frames=120),),
        speech=(Spoken(key="voice", at_frame=30, pace=pace),),
    )
    track = folder / "track"
    lay_speech(timeline, {"voice": speech}, 4 * RATE_HZ, track, rate_hz=RATE_HZ)
    assert track.stat().st_size == 2 * 4 * RATE_HZ
    return heard_at_s(track)


@pytest.mark.parametrize("name", ["voice.mp3", "voice.wav"])
@pytest.mark.parametrize("rate_hz", [22_050, 44_100])
def test_words_are_heard_when_they_were_spoken(tmp_path: Path, name: str, rate_hz: int) -> None:
    heard = laid(speech_file(tmp_path / name, rate_hz), tmp_path)
    assert np.allclose(heard, [1 + at_s for at_s in WORDS_S], atol=0.004)


@pytest.mark.parametrize("name", ["voice.mp3", "voice.wav"])
@pytest.mark.parametrize("pace", [0.9, 1.07, 1.15, 1.3])
def test_words_keep_their_place_at_another_pace(tmp_path: Path, name: str, pace: float) -> None:
    heard = laid(speech_file(tmp_path / name), tmp_path, pace)
    assert np.allclose(heard, [1 + at_s / pace for at_s in WORDS_S], atol=0.02)
    assert not list(tmp_path.glob("pace-*"))


@pytest.mark.parametrize("data", [b"\xff\xfb" + bytes(50), b"ID3" + bytes(100), b"RIFF" + bytes(20), b""])
@pytest.mark.parametrize("pace", [1.0, 1.2])
def test_speech_that_can_not_be_read_is_named(tmp_path: Path, data: bytes, pace: float) -> None:
    path = tmp_path / "voice.mp3"
    path.write_bytes(data)
    with pytest.raises(InvalidAssets, match="'voice'"):
        laid(path, tmp_path, pace)

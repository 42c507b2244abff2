"""The sound that the stages listen to, read from its file block by block."""

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jobs.subtitles.job.names import AUDIO
from shared.errors import StoreError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

RATE_HZ: Final = 16_000
_FULL_SCALE: Final = 32768


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A WAV file of 16 kHz, mono, 16 bits."""

    path: Path
    samples: int

    @property
    def duration_s(self) -> float:
        return self.samples / RATE_HZ


def open_sound(path: Path) -> Sound:
    """Raises `StoreError` for a file that demux didn't write."""
    try:
        with wave.open(str(path), "rb") as file:
            shape = file.getnchannels(), file.getsampwidth(), file.getframerate()
            samples = file.getnframes()
    except (wave.Error, EOFError) as error:
        raise StoreError("read", AUDIO, f"not a WAV file ({error}); run demux again") from error
    if shape != (1, 2, RATE_HZ):
        raise StoreError("read", AUDIO, "must be mono with 16 bits at 16 kHz; run demux again")
    return Sound(path=path, samples=samples)


def blocks(sound: Sound, samples: int) -> "Iterator[Samples]":
    """All of it in blocks of so many samples, the last one shorter; -1 to 1."""
    with wave.open(str(sound.path), "rb") as file:
        while data := file.readframes(samples):
            yield _floats(data)


def part(sound: Sound, start_s: float, end_s: float) -> "Samples":
    """What is heard from one second to another, as far as there is sound."""
    first = min(sound.samples, max(0, round(start_s * RATE_HZ)))
    last = min(sound.samples, max(first, round(end_s * RATE_HZ)))
    with wave.open(str(sound.path), "rb") as file:
        file.setpos(first)
        return _floats(file.readframes(last - first))


def _floats(data: bytes) -> "Samples":
    import numpy as np

    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(_FULL_SCALE)

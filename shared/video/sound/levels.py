"""How loud the voice is at every frame, for what moves with it on screen."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.video.sound.speech_track import decoded_speech

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Loudness = NDArray[np.float64]

_RATE_HZ: Final = 16_000
_RANGE_DB: Final = 22.0
"""Below the voice's loud syllables, up to which a sound is more than silence."""
_LEAST_DBFS: Final = -60.0
"""Quieter speech is silence, however quiet all of it is."""
_LOUD_PERCENTILE: Final = 95
_ATTACK_S: Final = 0.03
_RELEASE_S: Final = 0.16
"""Times in which a change of loudness is followed to 63 %: slower than syllables end, so that it breathes."""


def levels_of(speech: Sequence[tuple[int, Path]], frames: int, frame_rate: Fraction) -> str:
    """`Figure.levels` for pieces of speech (first frame, WAV or MP3) in a film of this many frames.

    Measured against the speech's own loud syllables, so that it does not depend on how loud a voice was
    recorded. The same files give the same levels. Raises `InvalidAssets` for a file that can't be decoded.
    """
    import numpy as np

    power = np.zeros(frames)
    for at_frame, path in speech:
        heard = _power(path, frame_rate)[: max(0, frames - at_frame)]
        power[at_frame : at_frame + len(heard)] += heard
    decibels = 10 * np.log10(np.maximum(power, 1e-12))
    spoken = decibels[decibels > _LEAST_DBFS]
    if not spoken.size:
        return "0" * frames
    top = float(np.percentile(spoken, _LOUD_PERCENTILE))
    wanted = ((decibels - top) / _RANGE_DB + 1).clip(0, 1) * (decibels > _LEAST_DBFS)
    return "".join(f"{round(15 * level):x}" for level in _smoothed(wanted.tolist(), float(frame_rate)))


def _power(path: Path, frame_rate: Fraction) -> "Loudness":
    """The mean square of the samples of each frame, 1 for full scale."""
    import numpy as np

    blocks = list(decoded_speech(path, path.name, _RATE_HZ))
    samples = np.concatenate(blocks) if blocks else np.zeros(0, np.int16)
    count = -(-len(samples) * frame_rate.numerator // (_RATE_HZ * frame_rate.denominator))
    starts = [int(number * _RATE_HZ / frame_rate) for number in range(count + 1)]
    squares = np.concatenate([[0.0], np.cumsum((samples / 32768) ** 2)])
    ends = np.minimum(starts, len(samples))
    lengths = np.maximum(np.diff(starts), 1)
    return np.asarray(np.diff(squares[ends]) / lengths, np.float64)


def _smoothed(wanted: Sequence[float], frames_per_s: float) -> Iterator[float]:
    """Rises fast and falls slowly."""
    up, down = (1 - 2.718281828 ** (-1 / (time_s * frames_per_s)) for time_s in (_ATTACK_S, _RELEASE_S))
    level = 0.0
    for aim in wanted:
        level += (aim - level) * (up if aim > level else down)
        yield level

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
_FADING_S: Final = 1
"""After the end of speech; by then no level is left."""


def levels_of(speech: Sequence[tuple[int, Path]], frames: int, frame_rate: Fraction) -> str:
    """`Figure.levels` for pieces of speech (first frame, WAV or MP3) in a film of this many frames.

    Each piece is measured against its own loud syllables, so that its levels depend neither on how loud it
    was recorded nor on the other pieces. Raises `InvalidAssets` for a file that can't be decoded.
    """
    levels = [0] * frames
    for at_frame, path in speech:
        for frame, level in enumerate(_piece(path, frame_rate), at_frame):
            if frame < frames:
                levels[frame] = max(levels[frame], level)
    return "".join(f"{level:x}" for level in levels)


def _piece(path: Path, frame_rate: Fraction) -> Iterator[int]:
    """The levels from the start of a piece until it has faded."""
    import numpy as np

    decibels = 10 * np.log10(np.maximum(_power(path, frame_rate), 1e-12))
    spoken = decibels[decibels > _LEAST_DBFS]
    top = float(np.percentile(spoken, _LOUD_PERCENTILE)) if spoken.size else 0.0
    wanted = ((decibels - top) / _RANGE_DB + 1).clip(0, 1) * (decibels > _LEAST_DBFS)
    silence = [0.0] * int(_FADING_S * frame_rate)
    return (round(15 * level) for level in _smoothed([*wanted.tolist(), *silence], float(frame_rate)))


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

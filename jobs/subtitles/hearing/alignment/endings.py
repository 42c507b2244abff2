"""Where words before pauses end: the aligner counts much of a pause with music or noise in it as part of the
word before it, so that is cut off by how loud it is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from jobs.subtitles.hearing.chunks import RATE_HZ

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Levels = NDArray[np.float64]

_FRAME: Final = RATE_HZ // 100
_SMOOTHED: Final = 5
"""Frames over which loudness is averaged."""
_EMPHASIS: Final = 0.97
"""Of the sample before, which is subtracted from each: deep music and noise then count for less."""
_AROUND: Final = 100
"""Frames to both sides of a word that tell how loud the film is when nobody speaks."""
_QUIET_SHARE: Final = 0.25
"""The quietest frames around are that."""
_ABOVE_DB: Final = 5.0
"""A voice is at least so much louder …"""
_BELOW_DB: Final = 30.0
"""… and at most so much quieter than the word's loudest sounds."""
_LOUD_SHARE: Final = 0.9
_PAUSE: Final = 16
"""Frames; the closure of a stop at the end of a word is shorter."""
_KEPT: Final = 3
"""Frames after the last loud one, in which it fades."""
_SHORTEST: Final = 5
"""Frames that are left of any word."""

Times = tuple[float, float]


def without_pauses(pcm: bytes, times: Sequence[Times]) -> list[Times]:
    """The same times in seconds, words ending where their sound does."""
    if len(pcm) < 2 * _FRAME:
        return list(times)
    levels = _levels(pcm)
    return [(start, min(end, _end(levels, round(start * 100), round(end * 100)))) for start, end in times]


def _levels(pcm: bytes) -> "Levels":
    """How loud each 10 ms and their neighbours are, in dB."""
    import numpy as np

    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    samples[1:] -= _EMPHASIS * samples[:-1]
    frames = samples[: samples.size // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = np.pad((frames**2).mean(1), _SMOOTHED // 2, "edge")
    return np.asarray(10 * np.log10(np.convolve(power, np.ones(_SMOOTHED) / _SMOOTHED, "valid") + 1.0))


def _end(levels: "Levels", first: int, after: int) -> float:
    """Where a word that is said in these frames ends, in seconds."""
    import numpy as np

    word = levels[max(0, first) : after]
    if word.size <= _PAUSE:
        return after / 100
    around = levels[max(0, first - _AROUND) : after + _AROUND]
    quiet = float(np.quantile(around, _QUIET_SHARE)) + _ABOVE_DB
    heard = np.flatnonzero(word > max(quiet, float(np.quantile(word, _LOUD_SHARE)) - _BELOW_DB))
    last = int(heard[-1]) + 1 if heard.size else word.size
    if word.size - last < _PAUSE:
        return after / 100
    return (first + max(last + _KEPT, _SHORTEST)) / 100

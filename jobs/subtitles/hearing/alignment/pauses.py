"""Where words beside pauses start and end: the aligner counts much of a pause with music or noise in it as
part of a word, so that is cut off by how loud it is."""

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
_PAUSE_BELOW_DB: Final = 15.0
"""What is less quiet than that beside the word's loudest sounds is no pause."""
_LOUD_SHARE: Final = 0.9
_PAUSE: Final = 16
"""Frames; the closure of a stop at the end of a word is shorter …"""
_PAUSE_BEFORE: Final = 18
"""… and so is a soft sound at its start."""
_KEPT: Final = 3
"""Frames after the last loud one, in which it fades …"""
_KEPT_BEFORE: Final = 4
"""… and before the first, in which it begins."""
_SHORTEST: Final = 5
"""Frames that are left of any word."""

Times = tuple[float, float]


def without_pauses(pcm: bytes, times: Sequence[Times]) -> list[Times]:
    """The same times in seconds, words starting and ending where their sound does."""
    if len(pcm) < 2 * _FRAME:
        return list(times)
    levels = _levels(pcm)
    return [_sounding(levels, start, end) for start, end in times]


def _levels(pcm: bytes) -> "Levels":
    """How loud each 10 ms and their neighbours are, in dB."""
    import numpy as np

    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    samples[1:] -= _EMPHASIS * samples[:-1]
    frames = samples[: samples.size // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = np.pad((frames**2).mean(1), _SMOOTHED // 2, "edge")
    return np.asarray(10 * np.log10(np.convolve(power, np.ones(_SMOOTHED) / _SMOOTHED, "valid") + 1.0))


def _sounding(levels: "Levels", start: float, end: float) -> Times:
    """Of a word's time, in seconds, what its sound takes."""
    import numpy as np

    first, after = max(0, round(start * 100)), round(end * 100)
    word = levels[first:after]
    if word.size <= _PAUSE:
        return start, end
    around = levels[max(0, first - _AROUND) : after + _AROUND]
    quiet = float(np.quantile(around, _QUIET_SHARE)) + _ABOVE_DB
    loud = float(np.quantile(word, _LOUD_SHARE))
    heard = np.flatnonzero(word > min(max(quiet, loud - _BELOW_DB), loud - _PAUSE_BELOW_DB))
    if not heard.size:
        return start, end
    begins, last = int(heard[0]), int(heard[-1]) + 1
    if word.size - last >= _PAUSE:
        end = min(end, (first + max(last + _KEPT, _SHORTEST)) / 100)
    if begins >= _PAUSE_BEFORE:
        start = max(start, min((first + begins - _KEPT_BEFORE) / 100, end - _SHORTEST / 100))
    return start, end

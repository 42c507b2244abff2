"""A second detector that needs no model: how loud the band of voices is, against the quiet around it.

It is exact to 10 ms where speech stands out, and lost where music or noise is as loud; so it is asked where
speech starts and ends, not whether there is any.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from jobs.subtitles.voices.sound import RATE_HZ, Sound, blocks
from jobs.subtitles.voices.spans import Span, joined, runs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from jobs.subtitles.voices.sound import Samples

ENGINE: Final = "band-energy-1 (second opinion without pyannote)"
_FRAME: Final = 160
_FRAME_S: Final = _FRAME / RATE_HZ
_BLOCK_FRAMES: Final = 6000
_BAND_HZ: Final = (100, 7000)
_AROUND_FRAMES: Final = 300
"""The quiet is looked for within 3 s to both sides."""
_QUIET: Final = 0.1
"""It is the level that so many of the frames there lie below."""
_ABOVE_DB: Final = 6.0
"""Speech is so much louder than the quiet."""
_FLOOR_DB: Final = -65.0
"""What is quieter than this is never speech."""
_GAP_S: Final = 0.25
_SHORTEST_S: Final = 0.06
PARAMETERS: Final[dict[str, float | int | str]] = {
    "band_from_hz": _BAND_HZ[0],
    "band_until_hz": _BAND_HZ[1],
    "above_quiet_db": _ABOVE_DB,
    "floor_db": _FLOOR_DB,
    "quiet_quantile": _QUIET,
    "quiet_within_s": _AROUND_FRAMES * _FRAME_S,
    "joined_gap_s": _GAP_S,
    "min_speech_s": _SHORTEST_S,
}


def loud_spans(sound: Sound, on_progress: Callable[[float], None]) -> list[Span]:
    """Where the band of voices is well above the quiet around it."""
    import numpy as np

    parts, done = [], 0
    for block in blocks(sound, _BLOCK_FRAMES * _FRAME):
        parts.append(_levels(block))
        done += block.size
        on_progress(done / sound.samples)
    return spans_of(np.concatenate(parts)) if parts else []


def spans_of(levels: "NDArray[np.float32]") -> list[Span]:
    """The spans in a curve of levels in dB, one for each 10 ms."""
    import numpy as np

    wanted = np.maximum(_quiet(levels) + _ABOVE_DB, _FLOOR_DB)
    found = [(first * _FRAME_S, last * _FRAME_S) for first, last in runs(levels > wanted)]
    return [(start, end) for start, end in joined(found, _GAP_S) if end - start >= _SHORTEST_S]


def _levels(block: "Samples") -> "NDArray[np.float32]":
    """The band's level in each frame, in dB below full scale."""
    import numpy as np

    padded = np.pad(block, (0, -block.size % _FRAME)).reshape(-1, _FRAME)
    power = np.abs(np.fft.rfft(padded * np.hanning(_FRAME).astype(np.float32), axis=1)) ** 2
    hz = np.fft.rfftfreq(_FRAME, 1 / RATE_HZ)
    band = power[:, (hz >= _BAND_HZ[0]) & (hz <= _BAND_HZ[1])].sum(1) / (_FRAME / 4) ** 2 / 2
    return np.asarray(10 * np.log10(band + 1e-10), np.float32)


def _quiet(levels: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """The level of the quiet around each frame, looked at once a second."""
    import numpy as np

    at = np.arange(0, levels.size, round(1 / _FRAME_S))
    low = [np.quantile(levels[max(0, each - _AROUND_FRAMES) : each + _AROUND_FRAMES], _QUIET) for each in at]
    return np.interp(np.arange(levels.size), at, low).astype(np.float32)

"""The voice without what sounds under it, for the aligner only: its model knows voices as they are in quiet.

In each band, what is nearly always there within a second or two is noise, or a held note of music; a voice
comes and goes. So a low quantile of the power around is taken for the noise, and each band is turned down
where it is not much louder than that (a Wiener filter). The result sounds hollow, and keeps every sound where
it is.
"""

from typing import TYPE_CHECKING, Final

from jobs.subtitles.hearing.chunks import RATE_HZ

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Values = NDArray[np.float32]
    Spectra = NDArray[np.complex64]

_HOP: Final = RATE_HZ // 100
_OVERLAPPING: Final = 3
"""Windows over each sample."""
_WIDTH: Final = _HOP * _OVERLAPPING
_SMOOTHED: Final = 7
"""Windows over which power is averaged."""
_AROUND: Final = 100
"""Windows to both sides in which the noise is looked for."""
_EVERY: Final = 25
"""The noise is looked for once in so many windows; between two of them it is in between …"""
_SAMPLED: Final = 2
"""… and one in so many of those around is enough."""
_QUIET_SHARE: Final = 0.2
_NOISE_TIMES: Final = 2.6
"""The noise at its loudest, times that quantile of it."""
_LEAST: Final = 0.1
"""No band is turned down further: the model knows no true silence."""


def cleared(pcm: bytes) -> bytes:
    """16-bit samples at 16 kHz, as many as there were."""
    import numpy as np

    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    if samples.size < _WIDTH:
        return pcm
    window = np.sqrt(np.hanning(_WIDTH + 1)[:-1]).astype(np.float32)
    spectra = np.fft.rfft(_windows(samples) * window).astype(np.complex64)
    voices = np.fft.irfft(spectra * _gains(_power(spectra)), _WIDTH).astype(np.float32) * window
    added = _added(voices)[_WIDTH : _WIDTH + samples.size] / np.float32(_OVERLAPPING / 2)
    return np.clip(np.round(added), -32768, 32767).astype("<i2").tobytes()


def kept_db(pcm: bytes, clear: bytes) -> float:
    """How much of a sound's power is left of it when it is cleared, in dB: little where nobody speaks."""
    import numpy as np

    before, after = (np.mean(np.frombuffer(each, "<i2").astype(np.float64) ** 2) for each in (pcm, clear))
    return float(10 * np.log10((after + 1e-3) / (before + 1e-3)))


def _windows(samples: "Values") -> "Values":
    """Every stretch of a window's width, one hop apart, beginning before the sound and ending after it."""
    import numpy as np

    padded = np.pad(samples, (_WIDTH, 2 * _WIDTH))
    return np.lib.stride_tricks.sliding_window_view(padded, _WIDTH)[::_HOP]


def _added(windows: "Values") -> "Values":
    """The windows, one hop apart, as one sound."""
    import numpy as np

    parts = windows.reshape(-1, _OVERLAPPING, _HOP)
    hops = np.zeros((len(parts) + _OVERLAPPING - 1, _HOP), np.float32)
    for at in range(_OVERLAPPING):
        hops[at : at + len(parts)] += parts[:, at]
    return hops.ravel()


def _power(spectra: "Spectra") -> "Values":
    """The power in each window (row) and band (column), averaged with that of its neighbours."""
    import numpy as np

    power = np.pad(np.abs(spectra) ** 2, ((_SMOOTHED // 2 + 1, _SMOOTHED // 2), (0, 0)), "edge")
    sums = np.cumsum(power, 0, dtype=np.float64)
    return np.asarray((sums[_SMOOTHED:] - sums[:-_SMOOTHED]) / _SMOOTHED, np.float32)


def _gains(power: "Values") -> "Values":
    """How much is kept of each window and band."""
    import numpy as np

    above = np.maximum(power / (_NOISE_TIMES * _noise(power) + np.float32(1e-3)) - 1, 0)
    return np.asarray(np.maximum(above / (1 + above), np.float32(_LEAST)), np.float32)


def _noise(power: "Values") -> "Values":
    """What is nearly always there around each window, by band."""
    import numpy as np

    known = np.arange(0, len(power) + _EVERY, _EVERY)
    around = [power[max(0, at - _AROUND) : at + _AROUND + 1 : _SAMPLED] for at in known]
    quiet = np.stack([np.quantile(each, _QUIET_SHARE, axis=0) for each in around]).astype(np.float32)
    before, beyond = np.divmod(np.arange(len(power)), _EVERY)
    share = (beyond / _EVERY).astype(np.float32)[:, None]
    return np.asarray(quiet[before] * (1 - share) + quiet[before + 1] * share, np.float32)

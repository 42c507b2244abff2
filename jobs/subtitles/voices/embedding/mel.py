"""Mel spectra: 40 bands of 25 ms every 10 ms, on Slaney's scale, as the network was trained with."""

from functools import cache
from typing import TYPE_CHECKING, Final

from jobs.subtitles.voices.sound import RATE_HZ

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from jobs.subtitles.voices.sound import Samples

    Spectra = NDArray[np.float32]

BANDS: Final = 40
HOP: Final = 160
_WIDTH: Final = 400
_LOUDNESS_DB: Final = -30.0
"""Quieter stretches are raised to it."""
_LINEAR_UNTIL_HZ: Final = 1000.0
_HZ_PER_MEL: Final = 200 / 3
_LOG_STEP: Final = 0.06875177742094912
"""ln(6.4) / 27: Slaney's scale above 1 kHz."""


def mel_spectra(samples: "Samples") -> "Spectra":
    """A row of powers for each 10 ms, at a loudness of its own."""
    import numpy as np

    padded = np.pad(_raised(samples), _WIDTH // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WIDTH)[::HOP]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WIDTH) / _WIDTH)).astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    return (power @ _filters()).astype(np.float32)


def _raised(samples: "Samples") -> "Samples":
    import numpy as np

    level_db = 10 * np.log10(float(np.mean(samples**2)) + 1e-12) if samples.size else 0.0
    return samples * np.float32(10 ** (max(0.0, _LOUDNESS_DB - level_db) / 20))


@cache
def _filters() -> "NDArray[np.float64]":
    """A triangle for each band, of equal area: a column each."""
    import numpy as np

    hz = np.fft.rfftfreq(_WIDTH, 1 / RATE_HZ)
    edges = _hz(np.linspace(0, _mel(RATE_HZ / 2), BANDS + 2))
    rising = (hz[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hz[:, None]) / (edges[2:] - edges[1:-1])
    area = 2 / (edges[2:] - edges[:-2])
    return np.asarray(np.maximum(0, np.minimum(rising, falling)) * area)


def _mel(hz: float) -> float:
    import math

    return _LINEAR_UNTIL_HZ / _HZ_PER_MEL + math.log(hz / _LINEAR_UNTIL_HZ) / _LOG_STEP


def _hz(mel: "NDArray[np.float64]") -> "NDArray[np.float64]":
    import numpy as np

    turn = _LINEAR_UNTIL_HZ / _HZ_PER_MEL
    return np.where(
        mel < turn, mel * _HZ_PER_MEL, _LINEAR_UNTIL_HZ * np.exp(_LOG_STEP * (np.maximum(mel, turn) - turn))
    )

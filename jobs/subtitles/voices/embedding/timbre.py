"""What a voice is like without a network: the mean and the spread of its mel cepstra."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from jobs.subtitles.voices.embedding.encoder import unit
from jobs.subtitles.voices.embedding.mel import BANDS, mel_spectra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from jobs.subtitles.voices.sound import Samples

COEFFICIENTS: Final = 19
"""Without the first one, which is the loudness."""


def embed(stretches: "Sequence[Samples]") -> "NDArray[np.float32]":
    """A vector for each stretch: a row each. Not of unit length; see `centred`."""
    import numpy as np

    rows = []
    for samples in stretches:
        levels = np.log(mel_spectra(samples) + 1e-6)
        loud = levels[levels.mean(1) >= np.median(levels.mean(1))]
        cepstra = loud @ _cosines()
        rows.append(np.concatenate([cepstra.mean(0), cepstra.std(0)]))
    return np.array(rows, np.float32)


def centred(rows: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """The rows of a whole film as unit vectors that tell its voices apart: what all have in common is taken
    out, and each number counts the same."""
    return unit((rows - rows.mean(0)) / (rows.std(0) + 1e-6))


def _cosines() -> "NDArray[np.float64]":
    import numpy as np

    places = (np.arange(BANDS) + 0.5) * np.pi / BANDS
    return np.asarray(np.cos(np.outer(places, np.arange(1, COEFFICIENTS + 1))))

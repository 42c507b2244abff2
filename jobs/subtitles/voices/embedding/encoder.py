"""Resemblyzer's network in numpy: three layers of LSTM over 1.6 s of mel spectra, and a projection.

Its weights lie in the package `Resemblyzer`, of which nothing else is used; nothing is copied.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jobs.subtitles.voices.embedding.mel import BANDS, mel_spectra
from jobs.subtitles.voices.embedding.tensors import UnreadableTensors, read_tensors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from jobs.subtitles.voices.sound import Samples

    Numbers = NDArray[np.float32]

PACKAGE: Final = "Resemblyzer"
_FILE: Final = "resemblyzer/pretrained.pt"
SHA256: Final = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
_LAYERS: Final = 3
_FRAMES: Final = 160
"""What the network hears at once, 1.6 s."""
_STEP: Final = 80
_BATCH: Final = 128
"""Windows at a time: memory stays flat, and the products of matrices are large enough to be fast."""


class NoWeights(Exception):
    """The weights can't be used; the reason is a part of a sentence."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """An LSTM's weights, transposed, its two biases added: gates in the order in, forget, cell, out."""

    by_input: "Numbers"
    by_state: "Numbers"
    bias: "Numbers"


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """The network."""

    layers: tuple[Layer, ...]
    projection: "Numbers"
    bias: "Numbers"

    def embed(self, stretches: "Sequence[Samples]") -> "Numbers":
        """A unit vector for each stretch of speech: a row each."""
        import numpy as np

        windows = [_windows(mel_spectra(samples)) for samples in stretches]
        owners = np.repeat(np.arange(len(windows)), [len(each) for each in windows])
        whole = np.concatenate(windows)
        vectors = np.concatenate(
            [self._of_windows(whole[at : at + _BATCH]) for at in range(0, len(whole), _BATCH)]
        )
        means = np.zeros((len(windows), vectors.shape[1]), np.float32)
        np.add.at(means, owners, vectors)
        return unit(means)

    def _of_windows(self, spectra: "Numbers") -> "Numbers":
        import numpy as np

        outputs = np.ascontiguousarray(spectra.transpose(1, 0, 2))
        for layer in self.layers:
            outputs = run_layer(layer, outputs)
        projected: Numbers = np.maximum(outputs[-1] @ self.projection + self.bias, 0)
        return unit(projected)


def load_encoder() -> Encoder:
    """The network with its weights; raises `NoWeights` if they are not there, or are others."""
    try:
        path = Path(str(distribution(PACKAGE).locate_file(_FILE)))
        data = path.read_bytes()
    except (PackageNotFoundError, OSError) as error:
        raise NoWeights(f"the package {PACKAGE} is not installed") from error
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise NoWeights(f"the package {PACKAGE} holds other weights than 0.1.4's")
    try:
        return _encoder(data)
    except (UnreadableTensors, LookupError) as error:
        raise NoWeights(f"the weights in {PACKAGE} can't be read ({error})") from error


def unit(rows: "Numbers") -> "Numbers":
    """Each row at a length of 1; one of zeros stays."""
    import numpy as np

    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), np.float32)


def run_layer(layer: Layer, inputs: "Numbers") -> "Numbers":
    """`(steps, batch, inputs)` to `(steps, batch, state)`, from a state of zeros."""
    import numpy as np

    steps, batch, _ = inputs.shape
    size = layer.by_state.shape[0]
    given = (inputs.reshape(steps * batch, -1) @ layer.by_input + layer.bias).reshape(steps, batch, -1)
    outputs = np.empty((steps, batch, size), np.float32)
    state, cell = np.zeros((2, batch, size), np.float32)
    for step in range(steps):
        gates = given[step] + state @ layer.by_state
        let_in, keep, out = (_sigmoid(gates[:, part * size : (part + 1) * size]) for part in (0, 1, 3))
        cell = keep * cell + let_in * np.tanh(gates[:, 2 * size : 3 * size])
        state = outputs[step] = out * np.tanh(cell)
    return outputs


def _sigmoid(numbers: "Numbers") -> "Numbers":
    import numpy as np

    half = np.float32(0.5)
    return np.asarray(half * np.tanh(half * numbers) + half)


def _windows(spectra: "Numbers") -> "Numbers":
    """Windows of 1.6 s every .8 s and one at the end; of a shorter stretch one, repeated to its length."""
    import numpy as np

    if len(spectra) < _FRAMES:
        return np.resize(spectra, (1, _FRAMES, BANDS))
    starts = sorted({*range(0, len(spectra) - _FRAMES + 1, _STEP), len(spectra) - _FRAMES})
    return np.stack([spectra[start : start + _FRAMES] for start in starts])


def _encoder(data: bytes) -> Encoder:
    tensors = read_tensors(data, "model_state")
    layers = tuple(
        Layer(
            by_input=tensors[f"lstm.weight_ih_l{number}"].T.copy(),
            by_state=tensors[f"lstm.weight_hh_l{number}"].T.copy(),
            bias=tensors[f"lstm.bias_ih_l{number}"] + tensors[f"lstm.bias_hh_l{number}"],
        )
        for number in range(_LAYERS)
    )
    return Encoder(
        layers=layers, projection=tensors["linear.weight"].T.copy(), bias=tensors["linear.bias"].copy()
    )

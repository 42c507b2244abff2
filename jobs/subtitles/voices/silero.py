"""Silero's voice activity detector, version 6, from faster-whisper: how likely each 32 ms are speech."""

from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from jobs.subtitles.voices.sound import RATE_HZ, Sound, blocks
from jobs.subtitles.voices.spans import JOINED_S, Span, joined, runs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from jobs.subtitles.voices.sound import Samples

ENGINE: Final = "silero-v6"
_WINDOW: Final = 512
"""Samples that are judged at once."""
_BEFORE: Final = 64
"""Samples before them that the model sees too."""
_STATE: Final = 128
_BLOCK_WINDOWS: Final = 1875
"""One minute."""
FRAME_S: Final = _WINDOW / RATE_HZ
THRESHOLD: Final = 0.5
"""Speech starts here …"""
SILENCE_THRESHOLD: Final = 0.35
"""… and ends below this."""
PAD_S: Final = 0.03
SHORTEST_S: Final = 0.1
PARAMETERS: Final[dict[str, float | int | str]] = {
    "threshold": THRESHOLD,
    "silence_threshold": SILENCE_THRESHOLD,
    "speech_pad_s": PAD_S,
    "min_speech_s": SHORTEST_S,
    "joined_gap_s": JOINED_S,
    "window_samples": _WINDOW,
    "sample_rate": RATE_HZ,
}


def engine_version() -> str:
    """What the probabilities depend on."""
    return f"{ENGINE} faster-whisper {version('faster-whisper')} onnxruntime {version('onnxruntime')}"


def speech_spans(sound: Sound, on_progress: Callable[[float], None]) -> list[Span]:
    """Where there is speech; `on_progress` gets the part that is done, once a minute of sound."""
    import numpy as np

    parts, done = [], 0
    for likely in _probabilities(sound):
        parts.append(likely)
        done += likely.size
        on_progress(min(1.0, done * _WINDOW / max(1, sound.samples)))
    return spans_of(np.concatenate(parts), sound.duration_s) if parts else []


def spans_of(likely: "NDArray[np.float32]", duration_s: float) -> list[Span]:
    """The spans in a curve of probabilities, one for each `FRAME_S`."""
    found = []
    for first, last in runs(likely >= SILENCE_THRESHOLD):
        sure = (likely[first:last] >= THRESHOLD).nonzero()[0]
        if sure.size:
            start = max(0.0, (first + int(sure[0])) * FRAME_S - PAD_S)
            found.append((start, min(duration_s, last * FRAME_S + PAD_S)))
    return [(start, end) for start, end in joined(found) if end - start >= SHORTEST_S]


def _probabilities(sound: Sound) -> "Iterator[NDArray[np.float32]]":
    """Block by block, the model's memory going from each to the next."""
    import numpy as np
    from faster_whisper.vad import get_vad_model

    session: Any = get_vad_model().session
    memory = [np.zeros((1, 1, _STATE), np.float32)] * 2
    before = np.zeros(_BEFORE, np.float32)
    for block in blocks(sound, _BLOCK_WINDOWS * _WINDOW):
        seen = _windows(before, block)
        likely, *memory = session.run(None, {"input": seen, "h": memory[0], "c": memory[1]})
        before = block[-_BEFORE:]
        yield likely.ravel()


def _windows(before: "Samples", block: "Samples") -> "Samples":
    """A row for each window, the samples before it first; the last window is filled with silence."""
    import numpy as np

    missing = -block.size % _WINDOW
    padded = np.concatenate([before, block, np.zeros(missing, np.float32)])
    rows = np.lib.stride_tricks.sliding_window_view(padded, _BEFORE + _WINDOW)[::_WINDOW]
    return np.ascontiguousarray(rows)

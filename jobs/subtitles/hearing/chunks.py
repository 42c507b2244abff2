"""What the recogniser gets at once: stretches of speech, joined without the pauses between them.

Whisper always works on 30 s, so that many short stretches would cost as much as that each.
"""

import math
import wave
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.errors import InvalidAssets

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

RATE_HZ: Final = 16_000
_LONGEST: Final = 28 * RATE_HZ
"""Samples; Whisper hears 30 s at most."""
_SLACK_S: Final = 0.25
"""Kept on either side of speech: a detector is late where a word begins softly."""
_FRAME: Final = RATE_HZ // 100
"""Samples of 10 ms, on which all stretches begin and end, so that times in a chunk are whole frames."""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Stretches of the film's sound, in order, that are heard as one."""

    spans: tuple[tuple[int, int], ...]
    """First sample, and the one after the last."""

    @property
    def duration_s(self) -> float:
        return self._ends[-1] / RATE_HZ

    @property
    def end_s(self) -> float:
        """In the film."""
        return self.spans[-1][1] / RATE_HZ

    @cached_property
    def _ends(self) -> list[int]:
        """Where each stretch ends, in samples of the chunk."""
        return list(accumulate(end - start for start, end in self.spans))

    def in_film(self, start_s: float, end_s: float) -> tuple[float, float]:
        """From times in the chunk to those in the film; what reaches over a seam is cut there."""
        middle = (start_s + end_s) / 2 * RATE_HZ
        at = min(bisect_right(self._ends, middle), len(self.spans) - 1)
        first, after = self.spans[at]
        offset = first - (self._ends[at] - (after - first))
        edges = (min(max(round(time_s * RATE_HZ) + offset, first), after) for time_s in (start_s, end_s))
        start, end = (edge / RATE_HZ for edge in edges)
        return start, end

    def in_chunk(self, at_s: float) -> float:
        """From a time in the film to the nearest one in the chunk."""
        sample = at_s * RATE_HZ
        at = max(bisect_right([start for start, _ in self.spans], sample) - 1, 0)
        first, after = self.spans[at]
        return (self._ends[at] - after + min(max(sample, first), after)) / RATE_HZ


Quietest = Callable[[int, int], int]
"""The sample between two others at which the sound is quietest."""


def chunks_of(speech: Sequence[tuple[float, float]], total: int, quietest: Quietest) -> list[Chunk]:
    """Chunks of stretches of speech in seconds, in order; all of them are in exactly one chunk.

    `total` is the sound's length in samples. A stretch that is too long is cut where it is quietest.
    """
    pieces = [piece for span in _widened(speech, total) for piece in _short(span, quietest)]
    found: list[list[tuple[int, int]]] = []
    filled = 0
    for start, end in pieces:
        if found and filled + end - start <= _LONGEST:
            found[-1].append((start, end))
        else:
            found.append([(start, end)])
            filled = 0
        filled += end - start
    return [Chunk(spans=tuple(_joined(spans))) for spans in found]


def _widened(speech: Sequence[tuple[float, float]], total: int) -> Iterator[tuple[int, int]]:
    """With some sound before and after, on whole frames, up to the middle of the pause between two."""
    middles = [(end + start) / 2 for (_, end), (start, _) in pairwise(speech)]
    bounds = zip([0.0, *middles], [*middles, total / RATE_HZ], strict=True)
    for (start, end), (least, most) in zip(speech, bounds, strict=bool(speech)):
        first = int(max(start - _SLACK_S, least) * 100) * _FRAME
        after = min(total, int(min(end + _SLACK_S, most) * 100) * _FRAME)
        if first < after:
            yield first, after


def _joined(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Stretches that meet are one."""
    last: tuple[int, int] | None = None
    for start, end in spans:
        if last and start <= last[1]:
            last = (last[0], max(last[1], end))
        else:
            if last:
                yield last
            last = (start, end)
    if last:
        yield last


def _short(span: tuple[int, int], quietest: Quietest) -> Iterator[tuple[int, int]]:
    """A stretch in parts that fit in a chunk, each but the last at least half as long as that."""
    start, end = span
    while end - start > _LONGEST:
        cut = quietest(start + _LONGEST // 2, min(start + _LONGEST, end)) // _FRAME * _FRAME
        yield start, cut
        start = cut
    yield start, end


class Sound:
    """The film's sound as a WAV file, of which only what is asked for is read."""

    def __init__(self, path: Path, name: str) -> None:
        """Raises `InvalidAssets` unless it is 16 kHz, mono and 16 bits; `name` is that of its object."""
        self.path = path
        try:
            with wave.open(str(path), "rb") as file:
                shape = file.getframerate(), file.getnchannels(), file.getsampwidth()
                self.samples = file.getnframes()
        except (wave.Error, EOFError) as error:
            raise InvalidAssets(f"{name}: not a WAV file ({error}); run the stage that makes it") from error
        if shape != (RATE_HZ, 1, 2):
            raise InvalidAssets(
                f"{name}: {shape[0]} Hz, {shape[1]} channels, {8 * shape[2]} bits; it must be 16000 Hz, "
                "mono, 16 bits: run the stage that makes it"
            )

    @property
    def duration_s(self) -> float:
        return self.samples / RATE_HZ

    def pcm(self, spans: Sequence[tuple[int, int]]) -> bytes:
        """Stretches, one after the other, as 16-bit samples."""
        with wave.open(str(self.path), "rb") as file:
            parts = []
            for start, end in spans:
                file.setpos(min(start, self.samples))
                parts.append(file.readframes(end - start))
        return b"".join(parts)

    def quietest(self, since: int, until: int) -> int:
        """The middle of the quietest tenth of a second between two samples."""
        import numpy as np

        samples = np.frombuffer(self.pcm([(since, until)]), "<i2").astype(np.float64)
        width = RATE_HZ // 10
        if samples.size <= width:
            return (since + until) // 2
        power = np.convolve(samples**2, np.ones(width), "valid")[::_FRAME]
        return since + int(power.argmin()) * _FRAME + width // 2

    def heard(self, chunk: Chunk) -> "Samples":
        """A chunk's samples, -1 to 1."""
        import numpy as np

        return np.frombuffer(self.pcm(chunk.spans), "<i2").astype(np.float32) / np.float32(32768)


def level_db(samples: "Samples") -> float:
    """How loud the loud parts are, dBFS: of 20 ms each, the one that only one in twenty is louder than."""
    import numpy as np

    width = RATE_HZ // 50
    parts = samples[: samples.size // width * width].reshape(-1, width)
    if not parts.size:
        return -math.inf
    loud = float(np.percentile(np.sqrt((parts**2).mean(axis=1)), 95))
    return 20 * math.log10(loud) if loud > 0 else -math.inf


def speech_share(start_s: float, end_s: float, speech: Sequence[tuple[float, float]]) -> float:
    """How much of a stretch is speech, 0 to 1; `speech` is in order."""
    if end_s <= start_s:
        return 0.0
    first = bisect_left([end for _, end in speech], start_s)
    covered = 0.0
    for start, end in speech[first:]:
        if start >= end_s:
            break
        covered += min(end, end_s) - max(start, start_s)
    return covered / (end_s - start_s)

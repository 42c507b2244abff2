"""The row of symbols that the model is given, and when each word of it is heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.providers.speech.kokoro.model import FRAME, SAMPLE_RATE_HZ, Utterance
from shared.providers.speech.kokoro.phonemes import Said
from shared.providers.speech.kokoro.symbols import IDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_EARLY_MS: Final = 40
"""By how much all that is heard comes before the symbol that it belongs to, by the model's own lengths."""
_BLOCK_MS: Final = 5
_AUDIBLE: Final = 0.03
"""Of the loudest block: quieter ones beside a pause mark are silence."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Symbols in a row, and where in it each run is."""

    ids: tuple[int, ...]
    places: tuple[tuple[int, int, int], ...]
    """Of each run: where it begins (with the space before it), and where its symbols begin and end."""


def row_of(said: Sequence[Said]) -> Row:
    """The runs with a space between them."""
    ids: list[int] = []
    places: list[tuple[int, int, int]] = []
    for run in said:
        begins = len(ids)
        if run.symbols and ids:
            ids.append(IDS[" "])
        ids += [IDS[char] for char in run.before]
        first = len(ids)
        ids += [IDS[char] for char in run.symbols]
        places.append((begins, first, len(ids)))
        ids += [IDS[char] for char in run.after]
    return Row(ids=tuple(ids), places=tuple(places))


def times_of(row: Row, utterance: Utterance) -> list[tuple[int, int]]:
    """From and until which sample each run is heard; a mark alone takes no time."""
    edges = _edges(utterance.frames)
    early = SAMPLE_RATE_HZ * _EARLY_MS // 1000
    loud = _Loudness(utterance.samples)
    times: list[tuple[int, int]] = []
    for begins, first, end in row.places:
        least = times[-1][1] if times else 0
        if first == end:
            times.append((least, least))
            continue
        start = max(least, edges[begins] - early)
        until = max(start, edges[end] - early)
        if begins == 0 or (row.ids[begins - 1] != IDS[" "] and _is_mark(row, begins - 1)):
            start = loud.onset(start, edges[first + 1])
        if (end < len(row.ids) and _is_mark(row, end)) or end == len(row.ids):
            until = loud.offset(start, until)
        times.append((start, max(start, until)))
    return times


def _is_mark(row: Row, place: int) -> bool:
    return row.ids[place] <= IDS["”"]


def _edges(frames: "NDArray[np.int64]") -> list[int]:
    """Where each symbol of a row begins, in samples, and where the last one ends."""
    return [int(edge) * FRAME for edge in frames.cumsum()]


class _Loudness:
    """How loud speech is, block by block."""

    def __init__(self, samples: "NDArray[np.float32]") -> None:
        import numpy as np

        self._block = SAMPLE_RATE_HZ * _BLOCK_MS // 1000
        blocks = samples[: samples.size // self._block * self._block].reshape(-1, self._block)
        level = np.sqrt((blocks**2).mean(axis=1))
        self._loud: list[bool] = (level > _AUDIBLE * level.max(initial=0.0)).tolist()

    def onset(self, start: int, latest: int) -> int:
        """Where it gets loud between two samples."""
        for block in range(start // self._block, min(len(self._loud), latest // self._block)):
            if self._loud[block]:
                return max(start, block * self._block)
        return start

    def offset(self, start: int, end: int) -> int:
        """Where the last that is loud between two samples ends."""
        for block in range(min(len(self._loud), end // self._block) - 1, start // self._block, -1):
            if self._loud[block]:
                return min(end, (block + 1) * self._block)
        return end

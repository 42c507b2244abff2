"""How well speech and speakers are found, against the truth: pure functions of spans in seconds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

FRAME_S: Final = 0.01
COLLAR_S: Final = 0.25
Span = tuple[float, float]
Spoken = tuple[float, float, str]
"""A span and who speaks in it."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """Frames of 10 ms that were found to be speech, against those that are."""

    f1: float
    missed: float
    """Of the speech, 0 to 1."""
    false_alarms: float
    """Of what is not speech, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Diarized:
    """The diarization error in its three parts, each a share of the time that is spoken."""

    missed: float
    false_alarms: float
    confused: float

    @property
    def error(self) -> float:
        """DER: their sum."""
        return self.missed + self.false_alarms + self.confused


def frame_f1(truth: Iterable[Span], found: Iterable[Span], duration_s: float) -> Found:
    """Both lists of spans compared frame by frame, without a collar."""
    is_speech, heard = (_flags(spans, duration_s) for spans in (truth, found))
    hits = int((is_speech & heard).sum())
    both = int(is_speech.sum() + heard.sum())
    return Found(
        f1=2 * hits / both if both else 1.0,
        missed=1 - hits / max(1, int(is_speech.sum())),
        false_alarms=int((heard & ~is_speech).sum()) / max(1, int((~is_speech).sum())),
    )


def diarization_error(
    truth: Sequence[Spoken], found: Sequence[Spoken], duration_s: float, *, collar_s: float = 0.0
) -> Diarized:
    """Against a truth without overlaps, under the best matching of names. Nothing counts within `collar_s` to
    both sides of each true edge. Speech whose speaker is `UNKNOWN` counts as missed."""
    true_names = sorted({name for *_, name in truth})
    found_names = sorted({name for *_, name in found} - {"UNKNOWN"})
    is_at = np.stack([_flags(_of(truth, name), duration_s) for name in true_names])
    shape = (len(found_names), is_at.shape[1])
    heard_at = np.array([_flags(_of(found, name), duration_s) for name in found_names], bool).reshape(shape)
    counted = ~_flags(_collars(truth, collar_s), duration_s)
    is_at, heard_at = is_at[:, counted], heard_at[:, counted]
    spoken, heard = is_at.any(0), heard_at.any(0)
    total = max(1, int(spoken.sum()))
    both = int((spoken & heard).sum())
    return Diarized(
        missed=int((spoken & ~heard).sum()) / total,
        false_alarms=int((heard & ~spoken).sum()) / total,
        confused=(both - _best_match(is_at.astype(np.int64) @ heard_at.T.astype(np.int64))) / total,
    )


def _of(spoken: Iterable[Spoken], name: str) -> list[Span]:
    return [(start, end) for start, end, who in spoken if who == name]


def _collars(truth: Iterable[Spoken], collar_s: float) -> list[Span]:
    edges = [edge for start, end, _ in truth for edge in (start, end)]
    return [(edge - collar_s, edge + collar_s) for edge in edges if collar_s]


def _flags(spans: Iterable[Span], duration_s: float) -> NDArray[np.bool_]:
    flags = np.zeros(round(duration_s / FRAME_S), bool)
    for start, end in spans:
        flags[max(0, round(start / FRAME_S)) : max(0, round(end / FRAME_S))] = True
    return flags


def _best_match(together: NDArray[np.int64]) -> int:
    """The most frames that agree if each true name (row) is given at most one found name (column)."""
    few, many = sorted(together.shape)
    table = together if together.shape[0] == many else together.T

    @cache
    def best(row: int, taken: int) -> int:
        if row == many:
            return 0
        free = [column for column in range(few) if not taken >> column & 1]
        given = [int(table[row, column]) + best(row + 1, taken | 1 << column) for column in free]
        return max([best(row + 1, taken), *given])

    return best(0, 0)

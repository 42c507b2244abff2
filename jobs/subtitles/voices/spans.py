"""Spans of seconds, in order and without overlaps: found in curves, joined, and merged of two detectors.

Two detectors are merged by one rule, `MERGE_RULE`: Silero says what is speech, the other one where exactly it
starts and ends. Silero errs least in music and noise, but sees only 32 ms at a time and lets speech ring out.
So what only the other one hears is left out, what only Silero hears stays, and an edge moves inwards to the
nearest one that the other hears, if it is near. That is done only where the two agree about the surroundings
of the edge: in music and noise a simple detector is lost, disagrees, and is not listened to.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]

Span = tuple[float, float]
JOINED_S: Final = 0.35
"""Pauses up to this long belong to the speech around them."""
MERGE_RULE: Final = "silero, its edges moved inwards to those of the second opinion where the two agree"
TRIMMED_S: Final = 0.15
"""How far an edge moves at most."""
AGREED: Final = 0.97
"""They agree if this share (of Dice) of what they hear is the same …"""
AROUND_S: Final = 15.0
"""… within so many seconds to both sides of an edge."""
MERGE_PARAMETERS: Final[dict[str, float | int | str]] = {
    "max_trim_s": TRIMMED_S,
    "agreement": AGREED,
    "agreement_within_s": AROUND_S,
}
_FRAMES_PER_S: Final = 100
_ROUNDING_S: Final = 1e-6


def runs(flags: "Flags") -> list[tuple[int, int]]:
    """From and until which frames the flags are set."""
    import numpy as np

    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def joined(spans: Iterable[Span], gap_s: float = JOINED_S) -> list[Span]:
    """The spans with gaps up to so many seconds closed; they may overlap, but start in order."""
    found: list[Span] = []
    for start, end in spans:
        if found and start - found[-1][1] <= gap_s + _ROUNDING_S:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def merged(first: Sequence[Span], second: Sequence[Span]) -> list[Span]:
    """Silero's spans and those of a second opinion, by `MERGE_RULE`."""
    agree = _agreement(first, second)
    starts, ends = [start for start, _ in second], [end for _, end in second]
    found = []
    for start, end in first:
        later = next(iter(starts[bisect_left(starts, start) :][:1]), start)
        sooner = next(iter(ends[: bisect_left(ends, end)][-1:]), end)
        new_start = later if later - start <= TRIMMED_S and agree(start) else start
        new_end = sooner if end - sooner <= TRIMMED_S and agree(end) else end
        found.append((new_start, new_end) if new_start < new_end else (start, end))
    return found


def _agreement(first: Sequence[Span], second: Sequence[Span]) -> Callable[[float], bool]:
    """Whether both hear the same around a second."""
    import numpy as np

    duration_s = max((end for _, end in (*first, *second)), default=0.0)
    one, other = (_flags(spans, duration_s) for spans in (first, second))
    heard, alike = np.cumsum(one.astype(int) + other), np.cumsum(one & other)

    def agree(at_s: float) -> bool:
        low = max(0, round((at_s - AROUND_S) * _FRAMES_PER_S))
        high = min(heard.size - 1, round((at_s + AROUND_S) * _FRAMES_PER_S))
        return bool(2 * (alike[high] - alike[low]) >= AGREED * (heard[high] - heard[low]))

    return agree


def _flags(spans: Iterable[Span], duration_s: float) -> "Flags":
    import numpy as np

    flags = np.zeros(round(duration_s * _FRAMES_PER_S) + 1, bool)
    for start, end in spans:
        flags[round(start * _FRAMES_PER_S) : round(end * _FRAMES_PER_S)] = True
    return flags

"""Which stretches are of one voice: average-linkage clustering of unit vectors by cosine distance.

For unit vectors the mean distance between two groups follows from their sums, so no table of all distances is
needed: memory grows with the stretches, not with their square. The merges are found along chains of nearest
neighbours (Murtagh, 1983), which is exact for average linkage, as no merge can make groups closer.

A film has many stretches of a cry or a laugh that resemble nothing. Their small groups are dissolved, and
each stretch goes to the voice that it resembles most.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float32]
    Labels = NDArray[np.int64]

SMALLEST_S: Final = 2.0
"""A voice speaks at least so long …"""
SMALLEST_SHARE: Final = 0.02
"""… and at least so much of all speech."""


@dataclass(frozen=True, kw_only=True)
class Merge:
    """Two groups, each named by its lowest row, that are so far apart."""

    distance: float
    one: int
    other: int


def linkage(rows: "Rows", on_progress: Callable[[float], None] = lambda _done: None) -> list[Merge]:
    """All merges until one group is left, the nearest first."""
    import numpy as np

    sums, sizes = rows.astype(np.float64), np.ones(len(rows))
    merges: list[Merge] = []
    chain: list[int] = []
    while len(merges) < len(rows) - 1:
        if not chain:
            chain.append(int(np.flatnonzero(sizes)[0]))
        last = chain[-1]
        nearest, distance = _nearest(sums, sizes, last, chain[-2] if len(chain) > 1 else None)
        if len(chain) > 1 and nearest == chain[-2]:
            one, other = sorted((last, nearest))
            del chain[-2:]
            sums[one] += sums[other]
            sizes[one] += sizes[other]
            sizes[other] = 0
            merges.append(Merge(distance=distance, one=one, other=other))
            on_progress(len(merges) / (len(rows) - 1))
        else:
            chain.append(nearest)
    return sorted(merges, key=lambda merge: merge.distance)


def _nearest(
    sums: "NDArray[np.float64]", sizes: "NDArray[np.float64]", group: int, before: int | None
) -> tuple[int, float]:
    """The group that is nearest to one, and how far; of equally near ones that `before` it in the chain."""
    import numpy as np

    alike = np.full(len(sizes), -np.inf)
    there = sizes > 0
    np.divide(sums @ sums[group], sizes * sizes[group], out=alike, where=there)
    alike[group] = -np.inf
    best = int(alike.argmax())
    if before is not None and alike[before] >= alike[best] - 1e-12:
        best = before
    return best, 1 - float(alike[best])


def voices_of(
    merges: Sequence[Merge], weights: "Rows", *, distance: float, count: int | None = None
) -> "Labels":
    """A number for each row: whose voice it is, or -1 for those of groups that are too small.

    `weights` are seconds. With `count`, the tree is cut where so many voices are first there, whatever the
    distance; where it never has so many, small groups count as voices too.
    """
    import numpy as np

    smallest = min(max(SMALLEST_S, SMALLEST_SHARE * float(weights.sum())), float(weights.sum()))
    if count is None:
        groups = _groups(len(weights), [merge for merge in merges if merge.distance <= distance])
    else:
        groups, smallest = _cut(merges, weights, count, smallest)
    spoken_s = np.bincount(groups, weights, minlength=len(weights))
    order = np.argsort(-spoken_s, kind="stable")
    large = [int(group) for group in order if spoken_s[group] >= smallest][:count] or [int(order[0])]
    numbers = np.full(len(weights), -1)
    numbers[large] = np.arange(len(large))
    return np.asarray(numbers[groups])


def _cut(merges: Sequence[Merge], weights: "Rows", count: int, smallest: float) -> tuple["Labels", float]:
    """The coarsest groups of which `count` are large enough, and how large that is."""
    import numpy as np

    for needed in (smallest, 0.0):
        for kept in range(len(merges), -1, -1):
            groups = _groups(len(weights), merges[:kept])
            spoken_s = np.bincount(groups, weights)
            if int((spoken_s[spoken_s > 0] >= needed).sum()) >= count:
                return groups, needed
    return groups, 0.0  # fewer rows than voices


def _groups(size: int, merges: Sequence[Merge]) -> "Labels":
    """By row, the lowest row of its group."""
    import numpy as np

    parents = list(range(size))

    def root(row: int) -> int:
        while parents[row] != row:
            parents[row] = row = parents[parents[row]]
        return row

    for merge in merges:
        low, high = sorted((root(merge.one), root(merge.other)))
        parents[high] = low
    return np.array([root(row) for row in range(size)])

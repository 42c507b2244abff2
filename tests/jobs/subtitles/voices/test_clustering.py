"""Clustering, against a plain one that looks at all distances."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from jobs.subtitles.voices.clustering import linkage, voices_of

Rows = NDArray[np.float32]


def around(centres: int, each: int, spread: float, seed: int = 1) -> Rows:
    """Unit vectors in groups, group after group."""
    rng = np.random.default_rng(seed)
    middles = np.repeat(np.eye(centres, 16), each, axis=0)
    rows = middles + spread * rng.standard_normal(middles.shape)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def plain(rows: Rows) -> list[float]:
    """The distances of all merges, found the slow way."""
    apart = 1 - rows.astype(float) @ rows.astype(float).T
    groups, found = [[row] for row in range(len(rows))], []
    while len(groups) > 1:
        pairs = list(itertools.combinations(range(len(groups)), 2))
        distances = [apart[np.ix_(groups[one], groups[other])].mean() for one, other in pairs]
        best = int(np.argmin(distances))
        one, other = pairs[best]
        found.append(float(distances[best]))
        groups[one] += groups.pop(other)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_the_merges_are_those_of_average_linkage(seed: int) -> None:
    rows = around(3, 8, 0.2, seed)
    found = [merge.distance for merge in linkage(rows)]
    assert found == pytest.approx(sorted(plain(rows)), abs=1e-6)


def test_equal_rows_are_one_voice() -> None:
    rows = np.tile(around(1, 1, 0), (6, 1))
    assert voices_of(linkage(rows), np.full(6, 2.0), distance=0.25).tolist() == [0] * 6


def test_small_groups_are_dissolved() -> None:
    rows = np.concatenate([around(2, 10, 0.05), np.eye(16, dtype=np.float32)[9:10]])
    labels = voices_of(linkage(rows), np.full(21, 1.5), distance=0.25)
    assert labels.tolist() == [0] * 10 + [1] * 10 + [-1]


def test_a_given_number_of_voices_is_found_at_any_distance() -> None:
    rows = np.concatenate([around(4, 10, 0.05), np.eye(16, dtype=np.float32)[9:10]])
    for count in (1, 2, 3, 4):
        labels = voices_of(linkage(rows), np.full(41, 2.0), distance=0.25, count=count)
        assert set(labels.tolist()) - {-1} == set(range(count))


def test_the_voice_that_speaks_longest_is_the_first() -> None:
    seconds = np.array([2.0] * 10 + [4.0] * 10)
    labels = voices_of(linkage(around(2, 10, 0.05)), seconds, distance=0.25)
    assert labels.tolist() == [1] * 10 + [0] * 10


@pytest.mark.parametrize("count", [None, 1, 3])
def test_a_single_row_is_a_voice(count: int | None) -> None:
    assert voices_of(linkage(around(1, 1, 0)), np.array([0.4]), distance=0.25, count=count).tolist() == [0]

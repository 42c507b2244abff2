"""Parts of exhaustive tests: `make test` runs another one each day, `make soak` runs all of them.

`SHARD=<number>` chooses the part, to repeat a failure of another day; `SHARD=none` chooses none of the parts.
"""

import os
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import pytest

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

_Case = TypeVar("_Case")
Extent = Literal["a part", "all"]
SHARDS: Final = 7
"""One for each day of a week."""
EXTENTS: Final = ("a part", pytest.param("all", marks=pytest.mark.soak))
"""The values of `extent` in a test that loops over cases: `@pytest.mark.parametrize("extent", EXTENTS)`."""


def shard_of_the_day() -> str:
    """The part's number, or `none`."""
    given = os.environ.get("SHARD") or str(datetime.now(UTC).toordinal())
    return str(int(given) % SHARDS) if given.isdigit() else given


def todays(cases: Sequence[_Case]) -> list[_Case]:
    """Every seventh of them, so neighbours are in different parts."""
    shard = shard_of_the_day()
    return [] if shard == "none" else list(cases[int(shard) :: SHARDS])


def of_extent(extent: Extent, cases: Sequence[_Case]) -> list[_Case]:
    return list(cases) if extent == "all" else todays(cases)


def in_parts(cases: Sequence[tuple[Any, ...]]) -> "list[ParameterSet]":
    """Cases for `@pytest.mark.parametrize`; those of other days are marked for `make soak`."""
    return _marked(cases, todays(range(len(cases))))


def in_turn(
    cases: Sequence[tuple[Any, ...]], *, kind: Callable[[tuple[Any, ...]], object] = lambda case: case[0]
) -> "list[ParameterSet]":
    """Cases for `@pytest.mark.parametrize`: each day another one of each kind, and all of them within a
    week; those of other days are marked for `make soak`."""
    kinds: dict[object, list[int]] = {}
    for number, case in enumerate(cases):
        kinds.setdefault(kind(case), []).append(number)
    shard = shard_of_the_day()
    now: set[int] = set()
    for turn, numbers in enumerate(kinds.values()):
        if shard != "none":
            step = min(len(numbers), SHARDS)
            now.update(numbers[(int(shard) + turn) % step :: step])
    return _marked(cases, now)


def _marked(cases: Sequence[tuple[Any, ...]], now: Collection[int]) -> "list[ParameterSet]":
    return [
        pytest.param(*case, id="-".join(map(_name, case)), marks=() if number in now else pytest.mark.soak)
        for number, case in enumerate(cases)
    ]


def _name(value: object) -> str:
    """The same in every process."""
    return str(getattr(value, "__name__", value))

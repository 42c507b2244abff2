"""Parts of exhaustive tests: `make test` runs another one each day, `make soak` runs all of them.

`SHARD=<number>` chooses the part, to repeat a failure of another day; `SHARD=none` chooses none of the parts.
"""

import os
from collections.abc import Sequence
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
    now = todays(range(len(cases)))
    return [
        pytest.param(*case, id="-".join(map(_name, case)), marks=() if number in now else pytest.mark.soak)
        for number, case in enumerate(cases)
    ]


def _name(value: object) -> str:
    """The same in every process."""
    return str(getattr(value, "__name__", value))

"""Parts of exhaustive tests: `make test` runs one, each day another, and `make soak` runs them whole.

`SHARD=<number>` names the part, to see a failure of another day again.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

_Case = TypeVar("_Case")
SHARDS: Final = 4


def shard_of_the_day() -> int:
    given = os.environ.get("SHARD", "")
    return (int(given) if given else datetime.now(UTC).toordinal()) % SHARDS


def todays(cases: Sequence[_Case]) -> list[_Case]:
    """Every fourth of them, so that neighbours are in different parts."""
    return list(cases[shard_of_the_day() :: SHARDS])

"""A sweep: every run that is under way is looked at, several at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Literal

_AT_ONCE: Final = 8
Swept = Literal["looked", "launched", "ended", "failed"]
"""What came of one run."""


@dataclass(frozen=True, kw_only=True)
class SweepReport:
    """What a sweep did."""

    advanced: int
    """Runs under way that it looked at."""
    launched: int
    """Of those, runs that stood still and go on now."""
    ended: int
    """Of those, runs that turned out to have ended."""
    failed: list[str]
    """Creations that could not be advanced; the log says why."""


def sweep_all(marks: Sequence[str], sweep_one: Callable[[str], tuple[Swept, str]]) -> SweepReport:
    """`sweep_one` gets a run's mark and answers with what came of it, and with the creation's ID."""
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="sweep") as pool:
        found = list(pool.map(sweep_one, marks))
    outcomes = [outcome for outcome, _ in found]
    return SweepReport(
        advanced=len(found),
        launched=outcomes.count("launched"),
        ended=outcomes.count("ended"),
        failed=[creation_id for outcome, creation_id in found if outcome == "failed"],
    )

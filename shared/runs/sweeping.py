"""A sweep: looks at every run that is under way, several at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Literal

_AT_ONCE: Final = 8
Swept = Literal["looked", "launched", "ended", "failed"]
"""What was found and done for one run."""


@dataclass(frozen=True, kw_only=True)
class SweepReport:
    """What a sweep did."""

    advanced: int
    """Runs under way that it looked at."""
    launched: int
    """Of those, runs that had stopped advancing and go on now."""
    ended: int
    """Of those, runs that had ended."""
    failed: list[str]
    """Creations that could not be advanced; the log says why."""


def sweep_all(marks: Sequence[str], sweep_one: Callable[[str], tuple[Swept, str]]) -> SweepReport:
    """`sweep_one` takes a run's mark and returns the outcome and the creation's ID."""
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="sweep") as pool:
        found = list(pool.map(sweep_one, marks))
    outcomes = [outcome for outcome, _ in found]
    return SweepReport(
        advanced=len(found),
        launched=outcomes.count("launched"),
        ended=outcomes.count("ended"),
        failed=[creation_id for outcome, creation_id in found if outcome == "failed"],
    )

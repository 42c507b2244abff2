"""Checks whether a cloud has the jobs that it may be asked to run."""

import logging
from collections.abc import Callable, Collection

from shared.logs import log


def some_are_there(
    jobs: Collection[str], is_there: Callable[[str], bool], missing: Callable[[str], str]
) -> bool:
    """Whether the platform has at least one of the jobs; for each missing one it logs `missing`'s message."""
    absent = [job for job in jobs if not is_there(job)]
    if len(absent) == len(jobs):
        return False
    for job in absent:
        log(logging.WARNING, "job_missing", missing(job))
    return True

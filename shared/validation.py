"""Checking what people give, all of it, before anything is said of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import BadRequest


@contextmanager
def noting(problems: list[str]) -> Iterator[None]:
    """Collect the problems of a `BadRequest` that is raised inside instead of letting it end the check."""
    try:
        yield
    except BadRequest as error:
        problems.extend(error.problems)

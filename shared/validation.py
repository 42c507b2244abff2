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


def name_pattern(longest: int) -> str:
    """Of names that every cloud takes: up to so many of a-z, 0-9 and -, a letter first and no - last."""
    return rf"^[a-z]([a-z0-9-]{{0,{longest - 2}}}[a-z0-9])?$"

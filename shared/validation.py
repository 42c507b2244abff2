"""Checks user input completely before it reports any problem."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import yaml
from pydantic import ValidationError

from shared.errors import BadRequest

VOICE: Final[dict[str, Any]] = {"format": "voice"}
LANGUAGE: Final[dict[str, Any]] = {"format": "language"}
TITLE: Final[dict[str, Any]] = {"format": "title"}
"""For the schema of a field, so that a form can offer the voices that there are, or languages, and knows what
people call a creation."""


@contextmanager
def noting(problems: list[str]) -> Iterator[None]:
    """Collect the problems of a `BadRequest` that is raised inside instead of letting it end the check."""
    try:
        yield
    except BadRequest as error:
        problems.extend(error.problems)


def problems_of(error: Exception) -> str:
    """A validation error as one line: each problem with its location."""
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(_problem(problem["loc"], problem["msg"]) for problem in error.errors(include_url=False))


def from_yaml(text: str | bytes) -> Any:
    """What a YAML file of our own says; raises `yaml.YAMLError`.

    By libyaml, where PyYAML has it: it reads all pipelines, styles and tables in a tenth of the time. Texts
    of others are for `yaml.safe_load`, since libyaml takes no care how deep they nest.
    """
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe


def _problem(place: Iterable[int | str], message: str) -> str:
    where = ".".join(map(str, place))
    message = message.removeprefix("Value error, ")  # pydantic's words for an error of ours
    return f"{where}: {message}" if where else message


def name_pattern(longest: int) -> str:
    """A pattern for names on every cloud: up to `longest` of a-z, 0-9 and -, a letter first and no - last."""
    return rf"^[a-z]([a-z0-9-]{{0,{longest - 2}}}[a-z0-9])?$"

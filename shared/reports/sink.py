"""Where others are told how runs go on: Redis, the database. None of it is needed to make a film.

To add somewhere to tell:
1. write a class with `Sink`'s methods in `shared/reports/<name>.py`,
2. add it in `open_publisher` (`shared/reports/publisher.py`),
3. add it to the `place` fixture of `tests/shared/reports/test_sinks.py`.
"""

from typing import Protocol

from shared.runs.report import Report


class Sink(Protocol):
    """Somewhere to tell. Used by one thread at a time."""

    name: str
    """For people, in the middle of a sentence: `Redis`, `the database`."""

    def publish(self, report: Report) -> None:
        """Tell it, within a few seconds; raises whatever goes wrong."""

    def close(self) -> None:
        """Let go of connections; called by the thread that told, if any report ever came."""


class Audience(Protocol):
    """What is told: a `Publisher`, or what stands in for one."""

    def publish(self, report: Report) -> None:
        """Returns at once, and raises nothing."""

"""Sinks of reports: Redis, the database. Making a film depends on none of them.

To add a sink:
1. write a class with `Sink`'s methods in `shared/reports/<name>.py`,
2. add it in `open_publisher` (`shared/reports/publisher.py`),
3. add it to the `place` fixture of `tests/shared/reports/test_sinks.py`.
"""

from typing import Protocol

from shared.runs.report import Report


class Sink(Protocol):
    """Receives reports. Used by one thread at a time."""

    name: str
    """For people, in the middle of a sentence: `Redis`, `the database`."""

    def publish(self, report: Report) -> None:
        """Write the report, within a few seconds; may raise any error."""

    def close(self) -> None:
        """Close connections; called by the thread that published, if any report ever came."""


class Audience(Protocol):
    """Receives reports: a `Publisher`, or its replacement in tests."""

    def publish(self, report: Report) -> None:
        """Returns at once, and raises nothing."""

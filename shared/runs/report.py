"""Telling others how runs go on: the log, Redis, the database. None of it is needed to make a film.

To add somewhere to tell:
1. write a class with `Sink`'s methods in `shared/reports/<name>.py`,
2. add it in `open_publisher` (`shared/reports/publisher.py`),
3. add it to the `place` fixture of `tests/shared/reports/test_sinks.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal, Protocol

State = Literal["pending", "processing", "completed", "failed"]
ERROR: Final = "error"
"""Stands for a stage's name in the report that the whole run failed."""
PIPELINE: Final = "pipeline"
"""Stands for a stage's name in reports that the whole run was asked for, or is done."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """One update on one run."""

    job_id: str
    """The creation ID."""
    pipeline: str
    run: int
    stage: str
    """Or `ERROR`, or `PIPELINE`."""
    status: State
    """Of the stage; of the run where the stage is `ERROR` or `PIPELINE`."""
    progress: int
    """0 to 100, of the stage; 0 in errors."""
    overall: int
    """0 to 100, of the run."""
    message: str
    """A sentence for people; the error's text where something failed."""
    at: datetime
    started_at: datetime | None = None
    """Of the stage."""
    completed_at: datetime | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    """Of the run: the fields of its brief that its pipeline reports, video_url once it is made, created_at (a
    datetime), stages (the names of all that it has)."""

    def fields(self) -> dict[str, Any]:
        """What is published: job_id, stage, progress, message, timestamp; also overall, status, run."""
        at = self.at.astimezone(UTC).isoformat(timespec="milliseconds")
        return {
            "job_id": self.job_id,
            "stage": self.stage,
            "progress": self.progress,
            "message": self.message,
            "timestamp": at.replace("+00:00", "Z"),
            "overall": self.overall,
            "status": self.status,
            "run": self.run,
        }


class Sink(Protocol):
    """Somewhere to tell. Used by one thread at a time."""

    name: str
    """For people, in the middle of a sentence: `Redis`, `the database`."""

    def publish(self, report: Report) -> None:
        """Tell it, within a few seconds; raises whatever goes wrong."""

    def close(self) -> None:
        """Let go of connections; called by the thread that told, if any report ever came."""


class Audience(Protocol):
    """Whoever is told: a `Publisher`, or what stands in for one."""

    def publish(self, report: Report) -> None:
        """Returns at once, and raises nothing."""

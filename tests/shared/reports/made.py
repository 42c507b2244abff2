"""Reports, and someone who is told, for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from shared.runs.report import Report

NOON: Final = datetime(2025, 1, 15, 12, 0, 0, 123_456, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def report(stage: str = "script_gen", progress: int = 50, **facts: Any) -> Report:
    values: dict[str, Any] = {
        "job_id": "job-123", "pipeline": "ad", "run": 1, "status": "processing", "overall": progress // 4,
        "message": "Analyzing product image...", "at": NOON, "started_at": NOON,
    }  # fmt: skip
    return Report(stage=stage, progress=progress, **values | facts)


class Said:
    """Stands for the log."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.data: list[dict[str, Any]] = []

    def __call__(self, severity: int, action: str, message: str, **data: Any) -> None:
        self.lines.append((action, message))
        self.data.append(data)

    def of(self, action: str) -> list[str]:
        return [message for found, message in self.lines if found == action]

    def has(self, times: int, action: str) -> bool:
        return len(self.of(action)) == times

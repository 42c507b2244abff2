"""What a client that watches a job is sent: no update twice, none that is outdated, and always the end."""

import asyncio
from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from shared.redact import without_paths
from shared.runs.report import ERROR, PIPELINE, Report, State

_MOST_WAITING: Final = 128


class Update(BaseModel):
    """One message about a job."""

    model_config = ConfigDict(frozen=True)

    job_id: str
    stage: str
    """Or `pipeline` for the whole run, or `error` after it has failed."""
    progress: int = Field(ge=0, le=100)
    """Of the stage."""
    message: str
    timestamp: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
    """UTC, to the millisecond, so that sorting as text sorts by time."""
    overall: int = Field(ge=0, le=100)
    status: State
    """Of the stage, or of the run."""
    run: int

    @property
    def is_about_the_run(self) -> bool:
        return self.stage in (PIPELINE, ERROR)

    @property
    def is_the_last(self) -> bool:
        return self.is_about_the_run and self.status in ("completed", "failed")


def update_of(report: Report) -> Update:
    return Update.model_validate({**report.fields(), "message": without_paths(report.message)})


class Sieve:
    """Passes on what one client has not received yet.

    Updates come from the store, which repeats them, and from Redis, which is ahead of it: an update older
    than the latest of its stage is outdated. `overall` never falls within a run.
    """

    def __init__(self) -> None:
        self._begin(0)

    def _begin(self, run: int) -> None:
        self._run = run
        self._overall = 0
        self._seen: set[tuple[object, ...]] = set()
        self._latest: dict[str, str] = {}
        self._closed: set[str] = set()

    def sift(self, updates: Iterable[Update]) -> list[Update]:
        """The new updates among these, in the order of arrival."""
        return [self._noted(update) for update in updates if self._is_news(update)]

    def _is_news(self, update: Update) -> bool:
        if update.run > self._run:
            self._begin(update.run)
        if update.run < self._run or update.stage in self._closed:
            return False
        content = (update.stage, update.status, update.progress, update.message)
        return content not in self._seen and update.timestamp >= self._latest.get(update.stage, "")

    def _noted(self, update: Update) -> Update:
        self._seen.add((update.stage, update.status, update.progress, update.message))
        self._latest[update.stage] = update.timestamp
        if update.status == "completed":
            self._closed.add(update.stage)
        self._overall = max(self._overall, update.overall)
        return update.model_copy(update={"overall": self._overall})


class Mailbox:
    """Updates that wait for a client; a client that reads too slowly misses some of those in the middle."""

    def __init__(self, most: int = _MOST_WAITING) -> None:
        self._most = most
        self._waiting: list[Update] = []
        self._filled = asyncio.Event()
        self._is_over = False

    def put(self, updates: Iterable[Update]) -> None:
        for update in updates:
            self._waiting.append(update)
            if len(self._waiting) > self._most:
                del self._waiting[self._least()]
            self._filled.set()

    def end(self) -> None:
        """No more updates will come."""
        self._is_over = True
        self._filled.set()

    async def take(self) -> Update | None:
        """The next one; None when no more will come."""
        while not self._waiting and not self._is_over:
            self._filled.clear()
            await self._filled.wait()
        return self._waiting.pop(0) if self._waiting else None

    def _least(self) -> int:
        """The index of the least important update: the oldest from the middle of a stage. Never the first or
        the last update."""
        middles = (at for at, update in enumerate(self._waiting) if _is_a_middle(update))
        return next(middles, 1)


def _is_a_middle(update: Update) -> bool:
    return update.status == "processing" and update.progress > 0

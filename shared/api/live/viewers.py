"""Viewers of jobs: one reading of the store for all viewers of a job, and news from Redis in between."""

import asyncio
import logging
import time
from typing import Final

from starlette.concurrency import run_in_threadpool

from shared.api.live.redis_news import listen
from shared.api.live.updates import Mailbox, Sieve, Update, update_of
from shared.errors import BadRequest, InvalidCreationId
from shared.logs import log
from shared.preparing.looking import look_after, reports_of_preparation
from shared.records.creation import Creation, check_creation_id
from shared.records.documents import load_request
from shared.runs.report import reports_of
from shared.runs.trigger import Trigger

_LOOK_EVERY_S: Final = 0.5
_LOOK_SLOWLY_EVERY_S: Final = 2.0
"""Between readings of the store for a job that Redis sent news of lately."""
_HEARD_LATELY_S: Final = 10.0


class NoSuchJob(Exception):
    """No run of a pipeline that is installed here has this ID."""


class Viewer:
    """One client that watches a job."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        self.mailbox = Mailbox()
        self._sieve = Sieve()

    def send(self, updates: list[Update]) -> None:
        self.mailbox.put(self._sieve.sift(updates))


class Viewers:
    """All viewers of one server. Belongs to one event loop; only reading the store happens in threads."""

    def __init__(
        self, trigger: Trigger, redis_url: str | None = None, *, look_every_s: float = _LOOK_EVERY_S
    ) -> None:
        self._trigger = trigger
        self._redis_url = redis_url
        self._look_every_s = look_every_s
        self._watched: dict[str, _Watched] = {}
        self._listening: asyncio.Task[None] | None = None

    async def join(self, job_id: str) -> Viewer:
        """Add a viewer, which has received all updates so far.

        Raises `NoSuchJob`, and `StoreError` or `PlatformError` when the updates can't be read.
        """
        updates = await run_in_threadpool(self._look, job_id)
        client = Viewer(job_id)
        client.send(updates)
        if job_id not in self._watched:
            self._watched[job_id] = _Watched()
            self._watched[job_id].task = asyncio.create_task(self._watch(job_id))
        self._watched[job_id].clients.add(client)
        if self._redis_url and self._listening is None:
            self._listening = asyncio.create_task(listen(self._redis_url, self._take))
        return client

    def leave(self, client: Viewer) -> None:
        """The last viewer of a job ends its watch, and the last of all the connection to Redis."""
        watch = self._watched.get(client.job_id)
        if watch is None:
            return
        watch.clients.discard(client)
        if not watch.clients:
            del self._watched[client.job_id]
            watch.cancel()
        if not self._watched and self._listening:
            self._listening.cancel()
            self._listening = None

    def _take(self, update: Update) -> None:
        """News from Redis. After a run's end the store is read: updates before the end may be missing."""
        watch = self._watched.get(update.job_id)
        if watch is None:
            return
        watch.heard_at = time.monotonic()
        if update.is_the_last:
            watch.hint.set()
        else:
            watch.send([update])

    async def _watch(self, job_id: str) -> None:
        watch = self._watched[job_id]
        is_out = False
        while True:
            await watch.rest(self._look_every_s)
            try:
                watch.send(await run_in_threadpool(self._look, job_id))
                is_out = False
            except NoSuchJob:
                watch.end()
                return
            except Exception as error:  # noqa: BLE001 - viewers wait: after any error, look again
                if not is_out:
                    log(logging.WARNING, "watch_interrupted", f"{job_id}: can't be read now: {error}")
                is_out = True

    def _look(self, job_id: str) -> list[Update]:
        """All updates of the job's latest run so far; a run that stopped advancing is advanced."""
        try:
            creation = Creation(self._trigger.store, check_creation_id(job_id))
        except InvalidCreationId as error:
            raise NoSuchJob(job_id) from error
        request, _ = load_request(creation)
        prepared = None if request else look_after(self._trigger, creation)
        if prepared:
            request, _ = load_request(creation)
        if prepared and request is None:
            return [*map(update_of, reports_of_preparation(job_id, prepared))]
        pipeline = self._trigger.pipelines.get(request.pipeline) if request else None
        if pipeline is None:
            raise NoSuchJob(job_id)
        try:
            status = self._trigger.status(job_id)
            if status.ready:  # a stage ended unnoticed, as when the server was restarted meanwhile
                status = self._trigger.advance(job_id)
        except BadRequest as error:  # it was deleted just now
            raise NoSuchJob(job_id) from error
        return [update_of(report) for report in reports_of(creation, pipeline, status.request, status)]


class _Watched:
    """One job that is watched."""

    def __init__(self) -> None:
        self.clients: set[Viewer] = set()
        self.task: asyncio.Task[None] | None = None
        self.hint = asyncio.Event()
        """Read the store at once."""
        self.heard_at = float("-inf")

    def send(self, updates: list[Update]) -> None:
        for client in self.clients:
            client.send(updates)

    def end(self) -> None:
        for client in self.clients:
            client.mailbox.end()

    def cancel(self) -> None:
        if self.task:
            self.task.cancel()

    async def rest(self, seconds: float) -> None:
        """Wait until the store has to be read again."""
        if time.monotonic() - self.heard_at < _HEARD_LATELY_S:
            seconds = max(seconds, _LOOK_SLOWLY_EVERY_S)
        try:
            await asyncio.wait_for(self.hint.wait(), seconds)
        except TimeoutError:
            return
        self.hint.clear()

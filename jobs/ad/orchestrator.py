"""The ad pipeline for Python programs: one call makes an ad in this process and reports its progress.

    orchestrator = create_pipeline_orchestrator(job_id="job-123", redis_client=redis, db_session=db)
    final_video = await orchestrator.execute_pipeline(
        product_name="Premium Watch", style="luxury", cta_text="Shop Now", product_image_path="./product.jpg"
    )

`shared.database` has `get_db`, `Job` and `Stage`; `shared.reports.redis_channel` has `get_redis`.
"""

import asyncio
import inspect
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from jobs.ad.brief import Brief, write_brief
from jobs.catalogue import pipelines
from jobs.fused import run_fused
from shared.errors import BadRequest, ReelwrightError
from shared.logs import log
from shared.records.creation import Creation, check_creation_id
from shared.records.documents import load_request, utc_now
from shared.reports.redis_channel import CHANNEL
from shared.runs.report import ERROR, Report
from shared.runs.status import RunStatus
from shared.settings import Settings, read_settings
from shared.storage import ObjectStore, open_store
from shared.validation import problems_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_PIPELINE: Final = "ad"


class PipelineOrchestrationError(ReelwrightError, RuntimeError):
    """The ad could not be made; names the part of the work that failed, and the reason."""

    def __init__(self, phase: str, reason: str) -> None:
        super().__init__(phase, reason)

    def __str__(self) -> str:
        phase, reason = self.args
        return f"{phase} failed: {reason}"


def create_pipeline_orchestrator(
    job_id: str,
    redis_client: Any = None,
    db_session: "Session | None" = None,
    *,
    settings: Settings | None = None,
) -> "PipelineOrchestrator":
    """An orchestrator for one job.

    `redis_client` is a `redis.Redis` or `redis.asyncio.Redis`, `db_session` an SQLAlchemy session; both are
    optional receivers of reports. `settings` are read from the environment unless given. Raises
    `InvalidCreationId` for a job ID that can't name a folder, `InvalidSettings` for an invalid environment.
    """
    settings = settings or read_settings(os.environ)
    return PipelineOrchestrator(
        check_creation_id(job_id),
        open_store(settings.store_url, settings),
        settings,
        redis_client,
        db_session,
    )


class PipelineOrchestrator:
    """One job. Make it with `create_pipeline_orchestrator`."""

    def __init__(
        self,
        job_id: str,
        store: ObjectStore,
        settings: Settings,
        redis_client: Any,
        db_session: "Session | None",
    ) -> None:
        self.job_id = job_id
        self._store = store
        self._settings = settings
        self._listeners = _listeners_of(redis_client, db_session)
        self._folders: list[Path] = []

    async def execute_pipeline(
        self,
        product_name: str,
        style: str,
        cta_text: str,
        product_image_path: str | Path | None = None,
        *,
        proof: str | None = None,
        aspect_ratio: str = "9:16",
    ) -> str:
        """Make the ad and return the path of its film on this machine.

        `proof` is what others say about the product, e.g. `4.8 stars from 2,100 reviews`: it is shown and
        spoken word for word. `aspect_ratio` is the frame's, width to height: 9:16, 1:1, 4:5 or 16:9.

        Work already done for the same brief is not repeated. Raises `PipelineOrchestrationError` after the
        job and its failed stage have been reported as failed. If cancelled, it stops the work and waits for
        its end.
        """
        relay = _Relay(asyncio.get_running_loop())
        notifying = asyncio.create_task(self._notify_all(relay))
        try:
            log(
                logging.INFO,
                "pipeline_execution_started",
                f"{self.job_id}: started",
                job_id=self.job_id,
                product_name=product_name,
                style=style,
            )
            asked = {"product_name": product_name, "style": style, "cta_text": cta_text}
            brief = {**asked, "proof": proof, "aspect_ratio": aspect_ratio}
            await self._prepare(relay, asked, brief, product_image_path)
            status = await self._run(relay)
            if status.status != "completed":
                raise _failure(status)
            return str(await asyncio.to_thread(self._film, status))
        finally:
            relay.end()
            await notifying

    async def _prepare(
        self,
        relay: "_Relay",
        asked: dict[str, str],
        fields: dict[str, str | None],
        picture: str | Path | None,
    ) -> None:
        creation = Creation(self._store, self.job_id)
        try:
            brief = Brief.model_validate(fields)
            local = Path(picture) if picture else None
            await asyncio.to_thread(write_brief, creation, brief, picture=local)
        except (BadRequest, ValidationError) as error:
            phase = _phase_of("script_gen")
            failure = PipelineOrchestrationError(phase, problems_of(error))
            request, _ = load_request(creation)
            for report in _refusal(self.job_id, request.run if request else 1, failure, asked):
                relay.publish(report)
            raise failure from error

    async def _run(self, relay: "_Relay") -> RunStatus:
        """Run the pipeline in a thread; if this task is cancelled, cancel the run and wait for its end."""
        work = asyncio.create_task(
            asyncio.to_thread(run_fused, _PIPELINE, self.job_id, self._store, self._settings, publisher=relay)
        )
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.to_thread(self._cancel)
            await asyncio.wait([work])
            raise
        except ReelwrightError as error:
            raise PipelineOrchestrationError("Pipeline execution", str(error)) from error

    def _cancel(self) -> None:
        from shared.reports.composing import trigger_of
        from shared.runs.launch import never_fuses
        from shared.worker.inline import InlinePlatform

        known = pipelines()
        platform = InlinePlatform(self._store, self._settings, known, {})
        # The run itself, in this process, reports its end to the relay.
        trigger = trigger_of(self._settings, self._store, platform, known, None, fuses=never_fuses)
        trigger.cancel(self.job_id)

    def _film(self, status: RunStatus) -> Path:
        key = f"{self.job_id}/{status.outputs['video'].key}"
        place = urlsplit(self._store.url)
        if place.scheme == "file":
            return Path(unquote(place.path)) / key
        folder = Path(tempfile.mkdtemp(prefix="reelwright-"))
        self._folders.append(folder)
        self._store.download(key, folder / "video.mp4")
        return folder / "video.mp4"

    async def _cleanup_temporary_files(self) -> None:
        """Remove the local copy of a film from a bucket when it is no longer needed."""
        while self._folders:
            await asyncio.to_thread(shutil.rmtree, self._folders.pop(), ignore_errors=True)

    async def _notify_all(self, relay: "_Relay") -> None:
        while (report := await relay.queue.get()) is not None:
            for notify in self._listeners:
                await notify(report)


class _Relay:
    """Takes reports in any thread and passes them to the event loop's thread, which owns the session."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.queue: asyncio.Queue[Report | None] = asyncio.Queue()

    def publish(self, report: Report) -> None:
        self._loop.call_soon_threadsafe(self.queue.put_nowait, report)

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self.queue.put_nowait, None)


_Listener = Callable[[Report], Awaitable[None]]


def _listeners_of(redis_client: Any, db_session: "Session | None") -> list[_Listener]:
    listeners: list[_Listener] = [_log]
    if redis_client is not None:
        listeners.append(_once_warned("Redis", _to_redis(redis_client)))
    if db_session is not None:
        listeners.append(_once_warned("the database", _to_database(db_session)))
    return listeners


async def _log(report: Report) -> None:
    fields = {name: value for name, value in report.fields().items() if name != "message"}
    log(logging.INFO, "progress", report.message, **fields)


def _to_redis(client: Any) -> _Listener:
    async def notify(report: Report) -> None:
        sent = client.publish(CHANNEL, json.dumps(report.fields()))
        if inspect.isawaitable(sent):
            await sent

    return notify


def _to_database(session: "Session") -> _Listener:
    async def notify(report: Report) -> None:
        from shared.database.mirror import record_report

        try:
            record_report(session, report)
            session.commit()
        except Exception:
            session.rollback()
            raise

    return notify


def _once_warned(name: str, notify: _Listener) -> _Listener:
    """The same, but all errors become one warning: the ad does not depend on reports of its progress."""
    warned = False

    async def guarded(report: Report) -> None:
        nonlocal warned
        try:
            await notify(report)
        except Exception as error:  # noqa: BLE001 - whatever a client raises
            if not warned:
                text = f"can't report progress to {name}; the ad is made anyway"
                log(logging.WARNING, "reports_unsaid", text, kind=type(error).__name__)
            warned = True

    return guarded


def _phase_of(stage: str) -> str:
    reported = pipelines()[_PIPELINE].reported
    return reported.phases[stage] if reported else stage


def _failure(status: RunStatus) -> PipelineOrchestrationError:
    failed = status.failed_stage
    if failed is None or failed.error is None:
        return PipelineOrchestrationError("Pipeline execution", status.error)
    return PipelineOrchestrationError(_phase_of(failed.name), failed.error.message)


def _refusal(
    job_id: str, run: int, failure: PipelineOrchestrationError, details: dict[str, str]
) -> list[Report]:
    """The reports on a brief that is refused."""
    now = utc_now()

    def report(stage: str) -> Report:
        return Report(
            job_id=job_id, pipeline=_PIPELINE, run=run, stage=stage, status="failed", progress=0, overall=0,
            message=str(failure), at=now, started_at=now, completed_at=now,
            details=details if stage == ERROR else {},
        )  # fmt: skip

    return [report("script_gen"), report(ERROR)]

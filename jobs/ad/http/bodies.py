"""The HTTP responses about ads; the fields document the API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from shared.api.http.prefix import server_url
from shared.api.routes.models import CostBody, cost_body, creation_url, websocket_url
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation
from shared.records.names import FILM, POSTER
from shared.redact import without_paths
from shared.runs.report import ERROR, PIPELINE, Report, State, reports_of
from shared.runs.status import RunStatus

_TOLD: Final = ("product_name", "style", "cta_text")
Percent = Annotated[int, Field(ge=0, le=100, description="How much is done, 0 to 100.", examples=[42])]
JobId = Annotated[str, Field(examples=["job-123"])]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True)


class AcceptedBody(_Body):
    """The ad will be made."""

    job_id: JobId
    status: State = "pending"
    status_url: str = Field(examples=["/api/videos/job-123"])
    websocket_url: str = Field(description="Watch it here.", examples=["/ws/job/job-123"])


class AdStageBody(_Body):
    """The state of one stage."""

    name: str = Field(examples=["script_gen"])
    status: State
    progress: Percent
    message: str = Field(description="What it is doing now.", examples=["Analyzing product image..."])
    started_at: datetime | None
    completed_at: datetime | None = Field(description="When it succeeded or failed.")
    error: str | None


class SummaryBody(_Body):
    """An ad at a glance."""

    job_id: JobId
    status: State = Field(description="pending: not started yet; processing; completed; failed: see error.")
    progress: Percent
    product_name: str | None = Field(examples=["Premium Watch"])
    style: str | None = Field(examples=["luxury"])
    cta_text: str | None = Field(examples=["Shop Now"])
    video_url: str | None = Field(
        description="Null until it is made.", examples=["/me/creation/job-123/assets/video.mp4"]
    )
    error: str | None = Field(examples=["Asset generation failed: replicate: the model timed out"])
    created_at: datetime
    updated_at: datetime


class VideoBody(SummaryBody):
    """The state of an ad: its latest run."""

    run: int = Field(description="Number of the run; 0 before the first.", examples=[1])
    message: str = Field(description="What it is doing now.")
    failed_stage: str | None
    stages: list[AdStageBody]
    poster_url: str | None
    warnings: list[str] = Field(description="Problems that did not stop the run.")
    queued: bool = Field(description="Another run follows this one, because the brief has changed since.")
    outdated: bool = Field(description="The brief, picture or music has changed since the run was requested.")
    cost: CostBody


class VideosBody(_Body):
    """Ads, newest first."""

    videos: list[SummaryBody]
    next_cursor: str | None = Field(description="Send it as cursor to get the next page; null on the last.")


def accepted_body(job_id: str) -> AcceptedBody:
    return AcceptedBody(
        job_id=job_id,
        status_url=server_url(f"/api/videos/{quote(job_id)}"),
        websocket_url=websocket_url(job_id),
    )


def video_body(creation: Creation, pipeline: Pipeline, status: RunStatus) -> VideoBody:
    """The state that the store holds, the same as in live reports."""
    reports = reports_of(creation, pipeline, status.request, status)
    last = reports[-1]
    error = without_paths(last.message) if last.stage == ERROR else None
    urls = _urls(status)
    return VideoBody(
        job_id=creation.creation_id,
        status=last.status if last.stage in (PIPELINE, ERROR) else "processing",
        run=status.request.run,
        progress=last.overall,
        message=error or without_paths(status.message),
        error=error,
        failed_stage=status.failed_stage.name if status.failed_stage else None,
        **{name: last.details.get(name) for name in _TOLD},
        stages=_stages(pipeline, reports),
        video_url=urls.get(FILM),
        poster_url=urls.get(POSTER),
        warnings=[without_paths(warning) for warning in status.warnings],
        queued=status.request.queued is not None,
        outdated=status.outdated,
        created_at=status.request.created_at,
        updated_at=max(report.at for report in reports),
        cost=cost_body(status.records),
    )


def not_begun(
    creation: Creation, pipeline: Pipeline, brief: Mapping[str, str | None], posted_at: datetime
) -> VideoBody:
    """An ad whose brief is in the store but which was never started."""
    return VideoBody(
        job_id=creation.creation_id,
        status="pending",
        run=0,
        progress=0,
        message="not started; POST it again",
        error=None,
        failed_stage=None,
        **{name: brief.get(name) for name in _TOLD},
        stages=_stages(pipeline, []),
        video_url=None,
        poster_url=None,
        warnings=[],
        queued=False,
        outdated=False,
        created_at=posted_at,
        updated_at=posted_at,
        cost=cost_body([]),
    )


def summary_of(video: VideoBody) -> SummaryBody:
    return SummaryBody.model_validate(video.model_dump(include=set(SummaryBody.model_fields)))


def _urls(status: RunStatus) -> dict[str, str]:
    """URLs by key, of this run's outputs only: those of an earlier run must not appear as its result."""
    if status.status != "completed":
        return {}
    keys = (output.key for output in status.outputs.values())
    return {key: creation_url(status.creation_id, key) for key in keys if key in (FILM, POSTER)}


def _stages(pipeline: Pipeline, reports: list[Report]) -> list[AdStageBody]:
    latest = {report.stage: report for report in reports}
    return [_stage(name, latest.get(name)) for name in pipeline.stages]


def _stage(name: str, report: Report | None) -> AdStageBody:
    if report is None:
        return AdStageBody(
            name=name,
            status="pending",
            progress=0,
            message="",
            started_at=None,
            completed_at=None,
            error=None,
        )
    message = without_paths(report.message)
    return AdStageBody(
        name=name,
        status=report.status,
        progress=report.progress,
        message=message,
        started_at=report.started_at,
        completed_at=report.completed_at,
        error=message if report.status == "failed" else None,
    )

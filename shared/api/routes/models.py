"""The HTTP API's responses as data; the fields are also its documentation."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from shared.api.http.conditional import etag
from shared.api.http.content import media_type
from shared.api.http.prefix import server_url
from shared.pipelines.definition import Pipeline
from shared.preparing.record import Preparation
from shared.records.documents import Failure, Record
from shared.records.names import ASSETS
from shared.redact import without_paths
from shared.runs.manifest import paid_usd
from shared.runs.status import RunStatus, StageState, StageStatus
from shared.storage import ObjectInfo

Part = Annotated[float, Field(ge=0, le=1, description="How much is done, 0 to 1.", examples=[0.42])]
Usd = Annotated[
    dict[str, float],
    Field(description="List price in US dollars, by platform.", examples=[{"cloudrun": 0.0021}]),
]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True)


class FailureBody(_Body):
    """Why a stage failed."""

    kind: str = Field(description="The error's class.", examples=["InvalidAssets"])
    message: str = Field(examples=["part 2 has no image; add 2/image.png"])
    permanent: bool = Field(description="A retry without a change can't help.")


class StageBody(_Body):
    """The status of one stage."""

    name: str
    state: StageState
    progress: Part
    message: str = Field(description="What it is doing now.", examples=["segment 3 of 7"])
    tasks: int = Field(description="How many tasks the stage is spread over.", examples=[1])
    tasks_done: int = Field(examples=[0])
    attempt: int = Field(description="Of the task that needed most of them, counted from 0.", examples=[0])
    duration_ms: int | None = Field(
        description="From the first task's start to the last one's end; null before that.", examples=[5230]
    )
    cost_usd: Usd
    warnings: list[str] = Field(description="Problems that you should know of although the stage succeeded.")
    error: FailureBody | None


class CostBody(_Body):
    """What the run used so far, and its price."""

    cpu_s: float = Field(examples=[9.81])
    peak_memory_mib: int = Field(description="Of the largest task.", examples=[412])
    bytes_in: int = Field(description="Read from the store.", examples=[5_242_880])
    bytes_out: int = Field(description="Written to the store.", examples=[9_437_184])
    usd: Usd
    paid_usd: dict[str, float] = Field(
        description="List prices of what was bought, by paid provider.", examples=[{"elevenlabs": 0.12}]
    )


class StatusBody(_Body):
    """The status of a creation's latest run."""

    creation_id: str = Field(examples=["2025/10/30/spring"])
    pipeline: str
    status: Literal["pending", "completed", "failed"] = Field(
        description="pending: not started, or under way. completed: the video is there. failed: see error."
    )
    run: int = Field(description="Incremented by every start; 0 before the first.", examples=[1])
    progress: Part
    message: str = Field(description="What is being done now.", examples=["render: segment 3 of 7"])
    error: str | None = Field(description="Why the run failed.")
    stages: list[StageBody]
    warnings: list[str] = Field(description="All stages' warnings.")
    queued: bool = Field(
        description="Inputs or parameters changed while this run was under way and it was asked for again: "
        "another run of them follows this one."
    )
    outdated: bool = Field(
        description="Inputs changed since this run was asked for, and no run of them was asked for: "
        "the video is older than they are. Start again for one of them."
    )
    urls: dict[str, str] = Field(
        description="Where the results are, by name; empty until the run is completed.",
        examples=[{"video": "/me/creation/spring/assets/video.mp4"}],
    )
    requested_at: datetime | None = Field(description="When this run was asked for.")
    completed_at: datetime | None
    cost: CostBody


class AssetBody(_Body):
    """One asset."""

    name: str = Field(description="Below the creation's assets.", examples=["1/image.png"])
    url: str = Field(examples=["/me/creation/spring/assets/1/image.png"])
    size_bytes: int = Field(examples=[183_412])
    media_type: str = Field(examples=["image/png"])
    etag: str = Field(description="Send it back as If-Match to replace only this.", examples=['"4f2a"'])
    content_hash: str = Field(description="SHA-256 of the bytes, in hex.")
    modified_at: datetime


class AssetsBody(_Body):
    """All assets of a creation, part 2 before part 10."""

    creation_id: str
    assets: list[AssetBody]


class HealthBody(_Body):
    """The server answers and reaches its store."""

    status: Literal["ok"] = "ok"
    version: str = Field(examples=["0.1.0"])


class SweepBody(_Body):
    """What a sweep did."""

    advanced: int = Field(description="Runs under way that it looked at.", examples=[3])
    launched: int = Field(description="Of those, runs that stood still and go on now.", examples=[1])
    ended: int = Field(description="Of those, runs that turned out to have ended.", examples=[0])
    removed: int = Field(description="Deleted creations that were due and are removed now.", examples=[0])
    failed: list[str] = Field(
        description="Creations that could not be advanced; the server's log says why.", examples=[[]]
    )


def creation_url(creation_id: str, place: str) -> str:
    """The URL, relative to the server, of an object or route of the creation."""
    return server_url(f"/me/creation/{quote(creation_id)}/{quote(place)}")


def websocket_url(job_id: str) -> str:
    """Where the job is watched, relative to the server."""
    return server_url(f"/ws/job/{quote(job_id)}")


def asset_body(creation_id: str, name: str, info: ObjectInfo) -> AssetBody:
    return AssetBody(
        name=name,
        url=creation_url(creation_id, f"{ASSETS}{name}"),
        size_bytes=info.size_bytes,
        media_type=media_type(name),
        etag=etag(info),
        content_hash=info.content_hash,
        modified_at=info.modified_at,
    )


def not_started(creation_id: str, pipeline: Pipeline, prepared: Preparation | None = None) -> StatusBody:
    """The status of a creation that was never started: its assets are there, or a job prepares them."""
    return StatusBody(
        creation_id=creation_id,
        pipeline=pipeline.name,
        status="failed" if prepared and prepared.state == "failed" else "pending",
        run=0,
        progress=0,
        message=without_paths(prepared.message) if prepared else "not started",
        error=(without_paths(prepared.error) or None) if prepared else None,
        stages=[_stage(StageStatus(name=name, state="waiting")) for name in pipeline.stages],
        warnings=[],
        queued=False,
        outdated=False,
        urls={},
        requested_at=prepared.posted_at if prepared else None,
        completed_at=None,
        cost=cost_body([]),
    )


def status_body(status: RunStatus) -> StatusBody:
    return StatusBody(
        creation_id=status.creation_id,
        pipeline=status.request.pipeline,
        status=status.status,
        run=status.request.run,
        progress=_part(status.progress),
        message=without_paths(status.message),
        error=without_paths(status.error) or None,
        stages=[_stage(stage) for stage in status.stages.values()],
        warnings=[without_paths(warning) for warning in status.warnings],
        queued=status.request.queued is not None,
        outdated=status.outdated,
        urls=_urls(status) if status.status == "completed" else {},
        requested_at=status.request.requested_at,
        completed_at=status.completed_at,
        cost=cost_body(status.records),
    )


def _urls(status: RunStatus) -> dict[str, str]:
    """Only this run's outputs: an earlier run's output is never shown as its result."""
    keys = {label: output.key for label, output in status.outputs.items() if output.key.startswith(ASSETS)}
    return {label: creation_url(status.creation_id, key) for label, key in keys.items()} | {
        "manifest": creation_url(status.creation_id, "manifest")
    }


def _stage(stage: StageStatus) -> StageBody:
    return StageBody(
        name=stage.name,
        state=stage.state,
        progress=_part(stage.progress),
        message=without_paths(stage.message),
        tasks=stage.tasks,
        tasks_done=stage.tasks_done,
        attempt=max((record.attempt for record in stage.records), default=0),
        duration_ms=_duration_ms(stage),
        cost_usd=_usd(stage.records),
        warnings=[without_paths(warning) for record in stage.records for warning in record.warnings],
        error=_failure(stage.error) if stage.error else None,
    )


def _failure(failure: Failure) -> FailureBody:
    return FailureBody(kind=failure.kind, message=without_paths(failure.message), permanent=failure.permanent)


def _duration_ms(stage: StageStatus) -> int | None:
    ends = [record.completed_at for record in stage.records if record.completed_at]
    if len(ends) < stage.tasks:
        return None
    began = min(record.started_at for record in stage.records)
    return round((max(ends) - began).total_seconds() * 1000)


def cost_body(records: list[Record]) -> CostBody:
    costs = [record.cost for record in records]
    return CostBody(
        cpu_s=round(sum(cost.cpu_s for cost in costs), 3),
        peak_memory_mib=max((cost.peak_memory_mib for cost in costs), default=0),
        bytes_in=sum(cost.bytes_in for cost in costs),
        bytes_out=sum(cost.bytes_out for cost in costs),
        usd=_usd(records),
        paid_usd=paid_usd(records),
    )


def _usd(records: Iterable[Record]) -> dict[str, float]:
    total: Counter[str] = Counter()
    for record in records:
        total.update(record.cost.usd)
    return {platform: round(usd, 8) for platform, usd in sorted(total.items())}


def _part(progress: float) -> float:
    return min(1.0, max(0.0, round(progress, 4)))

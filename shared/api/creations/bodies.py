"""The HTTP responses about all creations; the fields document the API."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from shared.api.creations.entry import Entry, State
from shared.api.routes.models import Part, creation_url
from shared.pipelines.definition import Pipeline
from shared.redact import without_paths


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True)


class CreationBody(_Body):
    """A creation at a glance: its latest run."""

    creation_id: str = Field(examples=["2025/10/30/spring"])
    pipeline: str | None = Field(description="Null for one with assets that was never started.")
    title: str | None = Field(description="What people called it, if it says so.", examples=["Premium Watch"])
    status: State = Field(
        description="new: never started. pending: under way. completed: the film is there. failed: see error."
    )
    progress: Part
    message: str = Field(description="What is being done now.", examples=["render: segment 3 of 7"])
    error: str | None = Field(description="Why the run failed.")
    run: int = Field(description="0 before the first.", examples=[1])
    outdated: bool | None = Field(
        description="Of a completed run: inputs changed since. Null for others, or if it can't be known now."
    )
    requested_at: datetime | None = Field(description="When this run was asked for.")
    completed_at: datetime | None
    modified_at: datetime = Field(description="When its request or result was written last.")
    urls: dict[str, str] = Field(
        description="As far as they exist: status, film, poster.",
        examples=[{"film": "/me/creation/spring/assets/video.mp4"}],
    )


class CreationsBody(_Body):
    """Creations, newest first."""

    creations: list[CreationBody]
    total: int = Field(description="How many match, on all pages.", examples=[10_000])
    next_cursor: str | None = Field(description="Send it as cursor to get the next page; null on the last.")
    complete: bool = Field(
        description="False while the server still looks through the store: ask again for the rest."
    )


class DeletedBody(_Body):
    """The creation is deleted, and can be restored until it is removed."""

    creation_id: str
    removed_at: datetime = Field(description="From then on it is removed; it can be restored until then.")


def creation_body(entry: Entry, pipelines: Mapping[str, Pipeline], outdated: bool | None) -> CreationBody:
    return CreationBody(
        creation_id=entry.creation_id,
        pipeline=entry.pipeline,
        title=entry.title,
        status=entry.status,
        progress=min(1.0, max(0.0, round(entry.progress, 4))),
        message=without_paths(entry.message),
        error=without_paths(entry.error) if entry.error else None,
        run=entry.run,
        outdated=outdated,
        requested_at=entry.requested_at,
        completed_at=entry.completed_at,
        modified_at=entry.modified_at,
        urls=_urls(entry, pipelines.get(entry.pipeline or "")),
    )


def _urls(entry: Entry, pipeline: Pipeline | None) -> dict[str, str]:
    names = {"film": entry.film, "poster": entry.poster}
    made = {label: creation_url(entry.creation_id, name) for label, name in names.items() if name}
    if pipeline and pipeline.listed.status_at:
        return {"status": pipeline.listed.status_at.format(creation_id=quote(entry.creation_id)), **made}
    if pipeline and pipeline.action:
        return {"status": creation_url(entry.creation_id, f"{pipeline.action}_status"), **made}
    return made

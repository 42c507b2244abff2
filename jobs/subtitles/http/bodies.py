"""The HTTP request and response of a job; the fields document the API."""

from pathlib import PurePosixPath

from pydantic import BaseModel, ConfigDict, Field

from jobs.subtitles.job.options import JobOptions
from shared.api.routes.models import creation_url, websocket_url
from shared.pipelines.definition import Pipeline
from shared.records.dated import DatedJob
from shared.records.names import ASSETS


class JobRequest(JobOptions):
    """A new job, and its options."""

    user: int = Field(1, ge=0, lt=10**9, description="Whose job it is.")
    film_of: str | None = Field(
        None,
        max_length=128,
        description="The creation whose film gets subtitles; the run then starts at once.",
        examples=["my-story"],
    )
    script: str | None = Field(
        None, min_length=1, max_length=1 << 20, description="What is said: then it is only timed."
    )

    @property
    def options(self) -> JobOptions:
        return JobOptions.model_validate(
            self.model_dump(exclude_unset=True, exclude={"user", "film_of", "script"})
        )


class JobBody(BaseModel):
    """Where a job is, and what comes next."""

    model_config = ConfigDict(frozen=True)

    jobId: str = Field(description="Counted for each day.", examples=["20251030-001"])  # noqa: N815
    creationId: str = Field(  # noqa: N815
        description="The same with date and user.", examples=["2025/10/30/1/20251030-001"]
    )
    filmUrl: str = Field(description="PUT the film here, with its own ending …")  # noqa: N815
    uploadsUrl: str = Field(  # noqa: N815
        description="… or POST a resumable upload here (tus 1.0.0), with the name film.mp4."
    )
    startUrl: str = Field(description="Then POST here.")  # noqa: N815
    statusUrl: str = Field(description="Poll it.")  # noqa: N815
    websocketUrl: str = Field(description="Or watch it here.")  # noqa: N815
    subtitlesUrl: str = Field(  # noqa: N815
        description="The subtitles, once they are made; also .vtt, .ass and .ttml."
    )


def job_body(job: DatedJob, pipeline: Pipeline, film: str) -> JobBody:
    place = job.creation_id
    return JobBody(
        jobId=job.job_id,
        creationId=place,
        filmUrl=creation_url(place, f"{ASSETS}{PurePosixPath(film).name}"),
        uploadsUrl=creation_url(place, "uploads"),
        startUrl=creation_url(place, str(pipeline.action)),
        statusUrl=creation_url(place, f"{pipeline.action}_status"),
        websocketUrl=websocket_url(place),
        subtitlesUrl=creation_url(place, f"{ASSETS}subtitles/subtitles.srt"),
    )

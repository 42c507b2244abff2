"""`POST /subtitles/jobs`: a job by date, whose film is then uploaded, or is another creation's."""

from typing import Final

from fastapi import APIRouter, Response
from starlette import status

from jobs.subtitles.http.bodies import JobBody, JobRequest, job_body
from jobs.subtitles.job.names import FILM_STEM, OPTIONS, SCRIPT
from jobs.subtitles.job.taking import film_of, take
from shared.accepted import FILM_TYPES
from shared.api.http.problems import RESPONSES
from shared.api.routes.context import WithIndex, WithTrigger, installed
from shared.job_manager import create_stored_job
from shared.records.creation import Creation, canonical_json
from shared.records.names import ASSETS

PIPELINE: Final = "subtitles"

router = APIRouter(prefix="/subtitles", tags=["subtitles"], responses=RESPONSES)


@router.post("/jobs", status_code=201)
def create_job(wanted: JobRequest, trigger: WithTrigger, index: WithIndex, response: Response) -> JobBody:
    """Make a job. With `film_of` it starts at once; otherwise upload the film, then start it."""
    pipeline = installed(trigger, PIPELINE)
    source = film_of(trigger.store, wanted.film_of, trigger.pipelines) if wanted.film_of else None
    job = create_stored_job(trigger.store, wanted.user)
    creation = Creation(trigger.store, job.creation_id)
    creation.write(OPTIONS, canonical_json(wanted.options.model_dump(mode="json", exclude_unset=True)))
    if wanted.script:
        creation.write(SCRIPT, wanted.script.encode())
    film = f"{ASSETS}{FILM_STEM}{FILM_TYPES[0]}"
    if source:
        film = take(creation, *source)
        trigger.start(PIPELINE, job.creation_id)
        response.status_code = status.HTTP_202_ACCEPTED
    index.touch(job.creation_id)
    body = job_body(job, pipeline, film)
    response.headers["Location"] = body.statusUrl
    return body

"""Ads, newest first, page by page: from the database where there is one that works, else from the store."""

import json
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from shared.api.removal import database_is_there
from shared.api.video_models import SummaryBody, VideosBody, summary_of, summary_of_row, video_body
from shared.brief import BRIEF_NAME
from shared.creation import Creation, check_creation_id
from shared.errors import BadRequest, InvalidCreationId, PlatformError, StoreError
from shared.logs import log
from shared.pipeline import Pipeline
from shared.record import Request, load
from shared.reports import State
from shared.settings import Settings
from shared.trigger import Trigger

MOST: Final = 100


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in the list a page begins: after this job."""

    at: datetime
    job_id: str

    @staticmethod
    def of(cursor: str) -> "Place":
        """Raises `BadRequest` for what is no cursor of ours."""
        try:
            at, job_id = json.loads(urlsafe_b64decode(cursor.encode("ascii")))
            place = Place(at=datetime.fromisoformat(at), job_id=check_creation_id(job_id))
        except (ValueError, TypeError) as error:
            raise BadRequest(
                "cursor: is none of ours; send next_cursor as it came, or leave it out"
            ) from error
        if place.at.tzinfo is None:
            raise BadRequest("cursor: is none of ours; send next_cursor as it came, or leave it out")
        return place

    def cursor(self) -> str:
        return urlsafe_b64encode(json.dumps([self.at.isoformat(), self.job_id]).encode()).decode()


@dataclass(frozen=True, kw_only=True)
class Page:
    """What is asked for."""

    limit: int
    after: Place | None
    status: State | None


_Found = tuple[Place, SummaryBody]


def list_videos(trigger: Trigger, settings: Settings, pipeline: Pipeline, page: Page) -> VideosBody:
    found = _from_database(settings, pipeline, page)
    if found is None:
        found = list(islice(_from_store(trigger, pipeline, page), page.limit + 1))
    shown = found[: page.limit]
    more = len(found) > page.limit
    return VideosBody(
        videos=[summary for _, summary in shown], next_cursor=shown[-1][0].cursor() if more else None
    )


def _from_database(settings: Settings, pipeline: Pipeline, page: Page) -> list[_Found] | None:
    """One more than asked for, so that it is known if there are more; None without a database that works."""
    try:
        return _rows(settings, pipeline, page) if database_is_there(settings) else None
    except Exception as error:  # noqa: BLE001 - whatever its driver raises: the store knows as well
        text = "jobs are listed from the store: the database can't be asked"
        log(logging.WARNING, "database_unasked", text, kind=type(error).__name__)
        return None


def _rows(settings: Settings, pipeline: Pipeline, page: Page) -> list[_Found]:
    from sqlalchemy import select, tuple_

    from shared.database import Job, session_for

    query = select(Job).where(Job.pipeline == pipeline.name)
    if page.status:
        query = query.where(Job.status == page.status)
    if page.after:
        query = query.where(tuple_(Job.created_at, Job.id) < tuple_(page.after.at, page.after.job_id))
    query = query.order_by(Job.created_at.desc(), Job.id.desc()).limit(page.limit + 1)
    with session_for(settings) as session:
        return [
            (Place(at=job.created_at, job_id=job.id), summary_of_row(job)) for job in session.scalars(query)
        ]


def _from_store(trigger: Trigger, pipeline: Pipeline, page: Page) -> Iterator[_Found]:
    """By when their briefs were written."""
    places = sorted(_places(trigger), key=lambda place: (place.at, place.job_id), reverse=True)
    for place in places:
        if page.after and (place.at, place.job_id) >= (page.after.at, page.after.job_id):
            continue
        summary = _summary(trigger, pipeline, place.job_id)
        if summary and page.status in (None, summary.status):
            yield place, summary


def _places(trigger: Trigger) -> Iterator[Place]:
    for info in trigger.store.list(""):
        job_id = info.key.removesuffix(f"/{BRIEF_NAME}")
        if job_id != info.key and _is_creation_id(job_id):
            yield Place(at=info.modified_at, job_id=job_id)


def _is_creation_id(name: str) -> bool:
    try:
        check_creation_id(name)
    except InvalidCreationId:
        return False
    return True


def _summary(trigger: Trigger, pipeline: Pipeline, job_id: str) -> SummaryBody | None:
    """None for one that was never started, is of another pipeline, or can't be read."""
    creation = Creation(trigger.store, job_id)
    try:
        request, _ = load(creation, "request.json", Request)
        if request is None or request.pipeline != pipeline.name:
            return None
        return summary_of(video_body(creation, pipeline, trigger.status(job_id)))
    except (StoreError, PlatformError, BadRequest) as error:
        log(logging.WARNING, "job_unlisted", f"{job_id}: can't be listed: {error}")
        return None

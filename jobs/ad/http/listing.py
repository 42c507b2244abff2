"""Lists ads from the store, newest first, page by page.

It does not query the database, although that would be faster. The database mirrors reports: it may have
missed some while it was down, be younger than the store, or list deleted ads after a late report.
"""

import heapq
import json
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from jobs.ad.brief import BRIEF_NAME
from jobs.ad.http.bodies import SummaryBody, VideosBody, summary_of, video_body
from shared.errors import BadRequest, PlatformError, StoreError
from shared.logs import log
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation, check_creation_id, is_creation_id
from shared.records.documents import load_request
from shared.runs.report import State
from shared.runs.trigger import Trigger

MOST: Final = 100
_MOST_LOOKED_AT: Final = 200
"""For one page: if few ads have the requested status, a page ends before it is full."""
_READERS: Final = 4


@dataclass(frozen=True, kw_only=True, order=True)
class Place:
    """Where a page begins in the list: after this job."""

    at: datetime
    job_id: str

    @staticmethod
    def of(cursor: str) -> "Place":
        """Raises `BadRequest` for an invalid cursor."""
        try:
            at, job_id = json.loads(urlsafe_b64decode(cursor.encode("ascii")))
            place = Place(at=datetime.fromisoformat(at), job_id=check_creation_id(job_id))
        except (ValueError, TypeError) as error:
            raise BadRequest("cursor: is invalid; send next_cursor unchanged, or leave it out") from error
        if place.at.tzinfo is None:
            raise BadRequest("cursor: is invalid; send next_cursor unchanged, or leave it out")
        return place

    def cursor(self) -> str:
        return urlsafe_b64encode(json.dumps([self.at.isoformat(), self.job_id]).encode()).decode()


@dataclass(frozen=True, kw_only=True)
class Page:
    """The requested page."""

    limit: int
    after: Place | None
    status: State | None


def list_videos(trigger: Trigger, pipeline: Pipeline, page: Page) -> VideosBody:
    most = heapq.nlargest(_MOST_LOOKED_AT + 1, _places(trigger, page.after))
    videos: list[SummaryBody] = []
    reached = None
    for place, summary in _looked_at(trigger, pipeline, most[:_MOST_LOOKED_AT], page.limit):
        reached = place
        if summary and page.status in (None, summary.status):
            videos.append(summary)
        if len(videos) == page.limit:
            break
    more = reached and reached != most[-1]
    return VideosBody(videos=videos, next_cursor=reached.cursor() if reached and more else None)


def _looked_at(
    trigger: Trigger, pipeline: Pipeline, places: list[Place], limit: int
) -> Iterator[tuple[Place, SummaryBody | None]]:
    """The summary at each place; several are read in parallel, since most stores are remote."""
    size = max(limit, _READERS)
    with ThreadPoolExecutor(max_workers=_READERS, thread_name_prefix="list") as pool:
        for start in range(0, len(places), size):
            batch = places[start : start + size]
            yield from zip(batch, pool.map(partial(_summary, trigger, pipeline), batch), strict=True)


def _places(trigger: Trigger, after: Place | None) -> Iterator[Place]:
    """Places of all ads, by the time when their briefs were written."""
    for info in trigger.store.list(""):
        job_id = info.key.removesuffix(f"/{BRIEF_NAME}")
        if job_id == info.key or not is_creation_id(job_id):
            continue
        place = Place(at=info.modified_at, job_id=job_id)
        if after is None or place < after:
            yield place


def _summary(trigger: Trigger, pipeline: Pipeline, place: Place) -> SummaryBody | None:
    """None for an ad that was never started, belongs to another pipeline or can't be read."""
    job_id = place.job_id
    creation = Creation(trigger.store, job_id)
    try:
        request, _ = load_request(creation)
        if request is None or request.pipeline != pipeline.name:
            return None
        return summary_of(video_body(creation, pipeline, trigger.status(job_id)))
    except (StoreError, PlatformError, BadRequest) as error:
        log(logging.WARNING, "job_unlisted", f"{job_id}: can't be listed: {error}")
        return None

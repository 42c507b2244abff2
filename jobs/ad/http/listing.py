"""Lists ads from the store, newest first, page by page.

The index of all creations tells which are ads and in which order; what is shown is read from the store. The
database is not asked. The database mirrors reports: it may have
missed some while it was down, be younger than the store, or list deleted ads after a late report.
"""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final

from jobs.ad.http.bodies import SummaryBody, VideosBody, summary_of, video_body
from shared.api.creations.entry import Entry
from shared.api.creations.index import Index
from shared.api.creations.paging import Place, beyond
from shared.errors import BadRequest, PlatformError, StoreError
from shared.logs import log
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation
from shared.records.documents import load_request
from shared.runs.report import State
from shared.runs.trigger import Trigger

MOST: Final = 100
_MOST_LOOKED_AT: Final = 200
"""For one page: if few ads have the requested status, a page ends before it is full."""
_READERS: Final = 4
_PATIENCE_S: Final = 30.0
"""How long a request waits for the index of a large store to be filled."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """The requested page."""

    limit: int
    after: Place | None
    status: State | None


def list_videos(trigger: Trigger, index: Index, pipeline: Pipeline, page: Page) -> VideosBody:
    places = map(Place.of_entry, _candidates(index, pipeline, page))
    most = list(islice(places, _MOST_LOOKED_AT + 1))
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


def _candidates(index: Index, pipeline: Pipeline, page: Page) -> Iterator[Entry]:
    """The ads that come after the page's place, newest first, except those that have ended with another
    status than the one that is asked for."""
    known = index.found(patience_s=_PATIENCE_S).entries
    possible = ("completed", "failed", "pending") if page.status is None else (page.status, "pending")
    ads = (entry for entry in known if entry.pipeline == pipeline.name and entry.status in possible)
    return beyond(ads, page.after)


def _summary(trigger: Trigger, pipeline: Pipeline, place: Place) -> SummaryBody | None:
    """None for an ad that was never started, belongs to another pipeline or can't be read."""
    job_id = place.creation_id
    creation = Creation(trigger.store, job_id)
    try:
        request, _ = load_request(creation)
        if request is None or request.pipeline != pipeline.name:
            return None
        return summary_of(video_body(creation, pipeline, trigger.status(job_id)))
    except (StoreError, PlatformError, BadRequest) as error:
        log(logging.WARNING, "job_unlisted", f"{job_id}: can't be listed: {error}")
        return None

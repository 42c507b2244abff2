"""`/metrics`: what Prometheus scrapes."""

import logging
from typing import Final

from fastapi import APIRouter, Request, Response

from shared.api.http.problems import RESPONSES
from shared.api.routes.context import WithTrigger
from shared.errors import StoreError
from shared.logs import log
from shared.records.names import MARKS
from shared.reports.metrics import Metrics
from shared.runs.trigger import Trigger

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter(
    tags=["server"], responses={status: RESPONSES[status] for status in (400, 401, 403, 405, 408)}
)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(request: Request, trigger: WithTrigger) -> Response:
    """Counters and durations since this server began, in Prometheus's text format."""
    found = request.app.state.metrics
    assert isinstance(found, Metrics)
    return Response(found.exposition(_in_progress(trigger)), media_type=MEDIA_TYPE)


def _in_progress(trigger: Trigger) -> int | None:
    try:
        return sum(1 for _ in trigger.store.list(MARKS))
    except StoreError as error:
        log(logging.WARNING, "jobs_uncounted", f"jobs in progress can't be counted: {error}")
        return None

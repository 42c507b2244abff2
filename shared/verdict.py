"""Why a run has failed."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from shared.errors import OutOfTime
from shared.record import Request

if TYPE_CHECKING:
    from shared.status import StageStatus


def failure_of(request: Request, failed: "Sequence[StageStatus]", now: datetime) -> str:
    """Why the run has failed; empty if it has not."""
    if request.cancelled_at:
        return "cancelled; run it again to resume"
    if request.given_up:
        return request.given_up
    if failed:
        stage = next((stage for stage in failed if not stage.was_stopped), failed[0])
        return f"{stage.name}: {stage.error.message if stage.error else 'failed'}"
    if request.outcome:
        return f"its workflow ended ({request.outcome}) before its stages did; run it again to resume"
    if request.time_limit_s and request.is_out_of_time(now):
        return str(OutOfTime(request.pipeline, request.time_limit_s))
    return ""

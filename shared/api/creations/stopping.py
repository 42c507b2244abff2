"""Before a creation is deleted, all work on it has to end."""

import time
from collections.abc import Callable
from typing import Final

from fastapi import HTTPException

from shared.preparing.record import UNDER_WAY, fail, load_preparation
from shared.records.creation import Creation
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger

_STOPS_WITHIN_S: Final = 10.0
_NAP_S: Final = 0.2


def stop(
    creation: Creation,
    trigger: Trigger,
    what: str,
    *,
    may_cancel: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return when all work on the run has ended; 409 if it does not end. `what` names the creation."""
    status = trigger.status(creation.creation_id)
    if status.status == "pending" and not may_cancel:
        raise HTTPException(409, f"{what} is running; cancel it first, or delete it with ?cancel=true")
    if status.status == "pending":
        status = trigger.cancel(creation.creation_id)
    left_s = _STOPS_WITHIN_S
    while _is_busy(status) and left_s > 0:
        sleep(_NAP_S)
        left_s -= _NAP_S
        status = trigger.status(creation.creation_id)
    if _is_busy(status):
        raise HTTPException(409, "it is being stopped; try to delete it again soon", {"Retry-After": "10"})


def stop_preparing(creation: Creation, trigger: Trigger, *, may_cancel: bool) -> None:
    """End the job that prepares the creation, if there is one; 409 if it may not be ended."""
    found, _ = load_preparation(creation)
    if found is None or found.state not in (*UNDER_WAY, "ready"):
        return
    if not may_cancel:
        raise HTTPException(
            409, f"creation {creation.creation_id!r} is being prepared; delete it with ?cancel=true"
        )
    fail(creation, "its creation was deleted")
    if found.execution:
        trigger.platform.cancel(found.execution)


def _is_busy(status: RunStatus) -> bool:
    return status.is_busy

"""A whole run inside one process."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial
from queue import Empty, SimpleQueue

from shared.errors import StaleAttempt
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from shared.worker.inline import InlinePlatform


def run_to_end(
    trigger: Trigger,
    platform: InlinePlatform,
    creation_id: str,
    width: int,
    *,
    left: Sequence[str] = (),
    sleep: Callable[[float], None] = time.sleep,
) -> RunStatus:
    """Work on the run's stages, as many at once as its pipeline is wide.

    Every worker does the same: it claims any ready stage that is unclaimed, after the stages that an earlier
    attempt has `left`. An error in one worker ends the others; it is raised only if the run has not ended by
    then.
    """
    waiting: SimpleQueue[str] = SimpleQueue()
    for stage in left:
        waiting.put(stage)
    work = partial(_work_on, trigger, platform, creation_id, waiting, sleep)
    if width == 1:
        return work()
    with ThreadPoolExecutor(max_workers=width, thread_name_prefix="stages") as pool:
        try:
            workers = [pool.submit(work) for _ in range(width)]
            wait(workers, return_when=FIRST_EXCEPTION)
        finally:
            platform.end()
    platform.reopen()
    errors = [error for worker in workers if (error := worker.exception())]
    overtaken = [error for error in errors if isinstance(error, StaleAttempt)]
    if overtaken:
        raise overtaken[0]
    status = trigger.advance(creation_id)
    if status.status == "pending" and errors:
        raise errors[0]
    return status


def _work_on(
    trigger: Trigger,
    platform: InlinePlatform,
    creation_id: str,
    left: "SimpleQueue[str]",
    sleep: Callable[[float], None],
) -> RunStatus:
    while stage := _next(left):
        trigger.continue_stage(creation_id, stage)
    status = trigger.advance(creation_id)
    while status.status == "pending" and not platform.is_ending():
        if not status.ready:
            sleep(0.5)
        status = trigger.advance(creation_id)
    return status


def _next(left: "SimpleQueue[str]") -> str:
    """The next stage, for the first worker that asks; empty when there is none."""
    try:
        return left.get_nowait()
    except Empty:
        return ""

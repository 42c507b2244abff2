"""Runs a whole pipeline in this process."""

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from jobs.catalogue import pipelines, stages
from shared.platforms.task import Task
from shared.records.creation import Creation
from shared.reports.composing import trigger_of
from shared.runs.launch import never_fuses
from shared.runs.status import RunStatus
from shared.settings import Settings
from shared.storage import ObjectStore
from shared.worker.fused import run_to_end
from shared.worker.inline import InlinePlatform

if TYPE_CHECKING:
    from shared.reports.sink import Audience


def run_fused(
    pipeline: str,
    creation_id: str,
    store: ObjectStore,
    settings: Settings,
    *,
    task: Task | None = None,
    publisher: "Audience | None" = None,
    sleep: Callable[[float], None] = time.sleep,
) -> RunStatus:
    """Run all stages in this process, in parallel if the pipeline allows it, and return the run's status.

    Launched by a trigger it works on that trigger's run only. Otherwise it starts a run, or waits for one
    that another process works on, and takes it over if that process has died.
    """
    task = task or Task()
    known = pipelines()
    platform = InlinePlatform(store, settings, known, stages(), outer=task, publisher=publisher, sleep=sleep)
    trigger = trigger_of(
        settings, store, platform, known, publisher, fuses=never_fuses, held_token=task.claim
    )
    work = partial(run_to_end, trigger, platform, creation_id, known[pipeline].width, sleep=sleep)
    left: list[str] = []
    if task.attempt and Creation(store, creation_id).has_request():
        left = trigger.unfinished_stages(creation_id, task.execution)
    if task.claim:
        return work(left=left)
    trigger.start(pipeline, creation_id, checked=False)
    status = work(left=left)
    if any(stage.error and stage.error.has_died for stage in status.stages.values()):
        trigger.start(pipeline, creation_id, checked=False)
        status = work()
    return status

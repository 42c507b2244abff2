"""`python -m jobs <pipeline> <creation_id>`: a whole pipeline inside one container."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from jobs.catalogue import STAGES, pipelines
from shared.errors import StageFailed
from shared.platforms.task import Task, read_task
from shared.records.creation import Creation, canonical_json
from shared.records.documents import DIED
from shared.reports.composing import trigger_of
from shared.runs.launch import never_fuses
from shared.runs.status import RunStatus
from shared.settings import Settings
from shared.storage import ObjectStore, open_store
from shared.worker.entry import BAD_REQUEST, DONE, FAILED, guarded, publishing
from shared.worker.fused import run_to_end
from shared.worker.inline import InlinePlatform

if TYPE_CHECKING:
    from shared.runs.report import Audience


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    known = pipelines()
    parser = argparse.ArgumentParser(prog="python -m jobs", description="A whole pipeline in one process.")
    parser.add_argument("pipeline", choices=sorted(known))
    parser.add_argument("creation_id", help="its assets lie at <STORE_URL>/<creation_id>/assets/")
    asked = parser.parse_args(arguments)

    environ = os.environ if environ is None else environ

    def work(settings: Settings) -> int:
        store = open_store(settings.store_url, settings)
        store.check()
        task = read_task(environ)
        with publishing(settings, [known[asked.pipeline]]) as publisher:
            status = run_fused(
                asked.pipeline, asked.creation_id, store, settings, task=task, publisher=publisher
            )
        sys.stdout.write(canonical_json({label: out.key for label, out in status.outputs.items()}).decode())
        return DONE if status.status == "completed" else _failure(status)

    return guarded(work, environ, about={"job_id": asked.creation_id})


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
    """Run all stages here, side by side where the pipeline allows it, and return how the run ended.

    Launched by a trigger it works on that trigger's run and no other; else it starts a run, or waits for one
    that another process is at work on and takes it over if that one turns out to be dead.
    """
    task = task or Task()
    known = pipelines()
    platform = InlinePlatform(store, settings, known, STAGES, outer=task, publisher=publisher, sleep=sleep)
    trigger = trigger_of(settings, store, platform, known, publisher, fuses=never_fuses, holding=task.claim)
    work = partial(run_to_end, trigger, platform, creation_id, known[pipeline].width, sleep=sleep)
    left: list[str] = []
    if task.attempt and Creation(store, creation_id).stat("request.json"):
        left = trigger.left_by(creation_id, task.execution)
    if task.claim:
        return work(left=left)
    trigger.start(pipeline, creation_id, checked=False)
    status = work(left=left)
    if any(stage.error and stage.error.kind == DIED for stage in status.stages.values()):
        trigger.start(pipeline, creation_id, checked=False)
        status = work()
    return status


def _failure(status: RunStatus) -> int:
    """The failed stage's exit code: it has said why in the log already."""
    failed = [stage for stage in status.stages.values() if stage.state == "failed"]
    if not failed:
        raise StageFailed("run", status.error)
    return BAD_REQUEST if any(stage.error and stage.error.permanent for stage in failed) else FAILED


if __name__ == "__main__":
    sys.exit(main())

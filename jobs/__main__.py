"""`python -m jobs <pipeline> <creation_id>`: a whole pipeline inside one container."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from jobs.catalogue import STAGES, pipelines
from shared.creation import canonical_json
from shared.entry import BAD_REQUEST, DONE, FAILED, guarded
from shared.errors import StageFailed
from shared.platforms.inline import InlinePlatform
from shared.settings import Settings
from shared.status import DIED, RunStatus
from shared.storage import ObjectStore, open_store
from shared.trigger import Trigger


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    known = pipelines()
    parser = argparse.ArgumentParser(prog="python -m jobs", description="A whole pipeline in one process.")
    parser.add_argument("pipeline", choices=sorted(known))
    parser.add_argument("creation_id", help="its assets lie at <STORE_URL>/<creation_id>/assets/")
    asked = parser.parse_args(arguments)

    def work(settings: Settings) -> int:
        status = run_fused(asked.pipeline, asked.creation_id, open_store(settings.store_url), settings)
        sys.stdout.write(canonical_json({label: out.key for label, out in status.outputs.items()}).decode())
        return DONE if status.status == "completed" else _failure(status)

    return guarded(work, os.environ if environ is None else environ)


def run_fused(
    pipeline: str,
    creation_id: str,
    store: ObjectStore,
    settings: Settings,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> RunStatus:
    """Run all stages here, one after another; waits for a run that another process is at work on, and takes
    the work over if that one turns out to be dead."""
    known = pipelines()
    platform = InlinePlatform(store, settings, known, STAGES, sleep=sleep)
    trigger = Trigger(store, platform, known, stale_after_s=settings.stale_after_s)
    status = _run_to_end(trigger, pipeline, creation_id, sleep)
    if any(stage.error and stage.error.kind == DIED for stage in status.stages.values()):
        status = _run_to_end(trigger, pipeline, creation_id, sleep)
    return status


def _run_to_end(
    trigger: Trigger, pipeline: str, creation_id: str, sleep: Callable[[float], None]
) -> RunStatus:
    status = trigger.start(pipeline, creation_id)
    while status.status == "pending":
        if not status.ready:
            sleep(0.5)
        status = trigger.advance(creation_id)
    return status


def _failure(status: RunStatus) -> int:
    """The failed stage's exit code: it has said why in the log already."""
    failed = [stage for stage in status.stages.values() if stage.state == "failed"]
    if not failed:
        raise StageFailed("run", status.error)
    return BAD_REQUEST if any(stage.error and stage.error.permanent for stage in failed) else FAILED


if __name__ == "__main__":
    sys.exit(main())

"""`python -m jobs [<pipeline>] <creation_id>`: runs a whole pipeline in one container."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from jobs.catalogue import pipelines
from jobs.fused import run_fused
from shared.errors import RunFailed
from shared.platforms.task import read_task
from shared.records.creation import canonical_json
from shared.runs.status import RunStatus
from shared.settings import Settings
from shared.storage import open_store
from shared.worker.entry import BAD_REQUEST, DONE, FAILED, guarded, publishing


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    known = pipelines()
    parser = argparse.ArgumentParser(
        prog="python -m jobs", description="Run a whole pipeline in one process."
    )
    only = next(iter(known)) if len(known) == 1 else None
    parser.add_argument(
        "pipeline", choices=sorted(known), nargs="?" if only else None, default=only, help="its name"
    )
    parser.add_argument("creation_id", help="its assets are in <STORE_URL>/<creation_id>/assets/")
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


def _failure(status: RunStatus) -> int:
    """The failed stage's exit code; the stage has logged the reason."""
    failed = [stage for stage in status.stages.values() if stage.state == "failed"]
    if not failed:
        raise RunFailed(status.creation_id, status.error)
    return BAD_REQUEST if any(stage.error and stage.error.permanent for stage in failed) else FAILED


if __name__ == "__main__":
    sys.exit(main())

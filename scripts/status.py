"""`reelwright status`: shows the state of a creation."""

import sys

from rich.console import Console

from scripts.report import print_next, resuming, show_run
from scripts.wiring import make_trigger
from shared.records.creation import canonical_json
from shared.runs.manifest import manifest
from shared.settings import Settings


def show_status(settings: Settings, creation_id: str, *, as_json: bool) -> None:
    trigger = make_trigger(settings, writes=False, about=creation_id)
    status = trigger.status(creation_id)
    if as_json:
        document = manifest(status.request, status)
        document["pipeline"] |= {
            "queued": status.request.queued is not None,
            "outdated": status.outdated,
        }
        sys.stdout.write(canonical_json(document).decode())
        return
    sys.stdout.write(f"{status.status}\n")
    console = Console(stderr=True)
    show_run(console, trigger, status)
    if status.status == "failed":
        console.print(f"failed: {status.error}", style="red", markup=False, highlight=False)
        print_next(console, [resuming(status)])

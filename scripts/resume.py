"""`reelwright resume`: runs a creation again, without repeating finished work."""

from functools import partial

from rich.console import Console

from scripts.follow import LogPanel
from scripts.run import follow_run
from scripts.wiring import make_trigger
from shared.errors import BadRequest
from shared.records.creation import Creation
from shared.records.documents import load_request
from shared.records.names import BLUEPRINTS
from shared.runs.status import RunStatus
from shared.settings import Settings


def resume(settings: Settings, creation_id: str, *, verbose: bool) -> RunStatus:
    console = Console(stderr=True)
    trigger = make_trigger(settings, on_log=LogPanel(console, verbose=verbose))
    request, _ = load_request(Creation(trigger.store, creation_id))
    if request and request.pipeline == BLUEPRINTS:
        raise BadRequest(
            f"creation {creation_id!r} is a blueprint's run: `blueprint run <export-dir> --id {creation_id}`"
        )
    start = partial(trigger.resume, creation_id)
    return follow_run(trigger, creation_id, console, start, again=f"resume {creation_id}")

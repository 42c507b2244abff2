"""`reelwright resume`: runs a creation again, without repeating finished work."""

from functools import partial

from rich.console import Console

from scripts.follow import LogPanel
from scripts.run import follow_run, print_film
from scripts.wiring import make_trigger
from shared.records.creation import Creation
from shared.records.documents import load_request
from shared.records.names import BLUEPRINTS
from shared.settings import Settings


def resume(settings: Settings, creation_id: str, *, verbose: bool) -> None:
    """Resume it, show it to its end and print the result.

    Raises `StageFailed` or `BadRequest` if the run fails.
    """
    console = Console(stderr=True)
    trigger = make_trigger(settings, on_log=LogPanel(console, verbose=verbose))
    request, _ = load_request(Creation(trigger.store, creation_id))
    if request and request.pipeline == BLUEPRINTS:
        from scripts.blueprint_run import resume_export

        resume_export(settings, creation_id)
        return
    start = partial(trigger.resume, creation_id)
    print_film(follow_run(trigger, creation_id, console, start, again=f"resume {creation_id}"))

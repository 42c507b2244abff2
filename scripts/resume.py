"""`reelwright resume`: runs a creation again, without repeating finished work."""

from functools import partial

from rich.console import Console

from scripts.follow import LogPanel
from scripts.run import follow_run
from scripts.wiring import make_trigger
from shared.runs.status import RunStatus
from shared.settings import Settings


def resume(settings: Settings, creation_id: str, *, verbose: bool) -> RunStatus:
    console = Console(stderr=True)
    trigger = make_trigger(settings, on_log=LogPanel(console, verbose=verbose))
    start = partial(trigger.resume, creation_id)
    return follow_run(trigger, creation_id, console, start, again=f"resume {creation_id}")

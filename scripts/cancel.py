"""`reelwright cancel` and `reelwright settle`: end a run from outside."""

from rich.console import Console

from scripts.report import print_next, resuming, show_run
from scripts.wiring import make_trigger
from shared.settings import Settings


def cancel(settings: Settings, creation_id: str) -> None:
    """Stop the run and report its state."""
    trigger = make_trigger(settings, about=creation_id)
    status = trigger.cancel(creation_id)
    console = Console(stderr=True)
    show_run(console, trigger, status)
    if status.status == "failed":
        print_next(console, [resuming(status)])


def settle(settings: Settings, pipeline: str, creation_id: str, *, workflow: str, outcome: str) -> None:
    """End a run that a workflow drove and report how it ended."""
    trigger = make_trigger(settings)
    trigger.follows_up = False  # this process is about to end; a sweep starts what is queued
    status = trigger.close_run(pipeline, creation_id, opened_by=workflow, outcome=outcome)
    show_run(Console(stderr=True), trigger, status)

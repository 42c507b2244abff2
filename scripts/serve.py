"""`reelwright serve`: the HTTP server on this machine's platform."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console

from jobs.catalogue import pipelines
from scripts.report import print_next
from scripts.wiring import make_trigger
from shared.api.app import create_app
from shared.api.creations.due import sweep_all
from shared.api.guard.auth import check_listen_address
from shared.api.guard.serve import serve as listen
from shared.api.routes.removal import Rows
from shared.logs import log
from shared.machine.temporary import remove_abandoned
from shared.reports.metrics import Metrics
from shared.runs.trigger import Trigger
from shared.settings import Settings
from studio.serving import mount_studio

_SWEEP_EVERY_S: Final = 15.0
_SWEEP_ENDS_WITHIN_S: Final = 5.0
"""When the server ends. A longer sweep is interrupted, which is safe at any point."""


def serve(
    settings: Settings,
    host: str,
    port: int,
    *,
    studio: bool = False,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Answer requests until Ctrl-C or SIGTERM; running tasks are then stopped cleanly and can be resumed.

    `on_ready` gets the server's URL; unset, that is said, with what can be asked of it.
    """
    check_listen_address(host, settings)
    console = Console(stderr=True)
    metrics = Metrics(pipelines())
    trigger = make_trigger(settings, metrics=metrics)
    remove_abandoned(trigger.store.url)

    def say(url: str) -> None:
        auth = ' -H "Authorization: Bearer $API_TOKEN"' if settings.api_token else ""
        console.print(f"listening on {url}, creations in {trigger.store.url}", highlight=False)
        examples = [each.examples for each in trigger.pipelines.values() if each.examples]
        said = [line.format(url=url) for example in examples for line in example.http]
        print_next(console, [f"curl{auth} {line}" for line in said])

    try:
        app = create_app(trigger, settings=settings, metrics=metrics)
        if studio:
            mount_studio(app)
        with _sweeping(trigger, Rows(settings)):
            listen(app, settings=settings, host=host, port=port, on_ready=on_ready or say)
    finally:
        trigger.platform.stop()


@contextmanager
def _sweeping(trigger: Trigger, rows: Rows) -> Iterator[None]:
    """Sweep at intervals, as a scheduler does in a cloud: this repeats webhooks that failed, ends runs that
    exceeded their time limit, finds stages that died without a record and removes what was deleted."""
    done = threading.Event()

    def sweep() -> None:
        while not done.wait(_SWEEP_EVERY_S):
            try:
                sweep_all(trigger, rows.remove)
            except Exception as error:  # noqa: BLE001 - the next sweep may find the store again
                log(logging.ERROR, "sweep_failed", f"the store could not be swept: {error}")

    thread = threading.Thread(target=sweep, name="sweep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(_SWEEP_ENDS_WITHIN_S)

"""`reelwright list`: all creations in the store."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from scripts.wiring import make_trigger
from shared.creation import creation_ids
from shared.errors import ReelwrightError
from shared.settings import Settings
from shared.trigger import Trigger


def list_creations(settings: Settings) -> None:
    trigger = make_trigger(settings, writes=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("creation", "pipeline", "run", "status", "asked for"):
        table.add_column(column)
    for creation_id in creation_ids(trigger.store):
        table.add_row(*(Text(cell) for cell in (creation_id, *_row(trigger, creation_id))))
    Console().print(table)


def _row(trigger: Trigger, creation_id: str) -> list[str]:
    try:
        status = trigger.status(creation_id)
    except ReelwrightError as error:
        return ["", "", f"unreadable: {error}", ""]
    request = status.request
    stands = f"{status.status}, but inputs changed since" if status.outdated else status.status
    return [request.pipeline, str(request.run), stands, f"{request.requested_at:%Y-%m-%d %H:%M} UTC"]

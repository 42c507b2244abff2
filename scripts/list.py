"""`reelwright list`: all creations in the store."""

from rich.console import Console
from rich.table import Table

from scripts.wiring import make_trigger
from shared.errors import ReelwrightError
from shared.settings import Settings
from shared.trigger import Trigger

_REQUEST = "/request.json"


def list_creations(settings: Settings) -> None:
    trigger = make_trigger(settings)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("creation", "pipeline", "run", "status", "asked for"):
        table.add_column(column)
    for creation_id in creation_ids(trigger):
        table.add_row(creation_id, *_row(trigger, creation_id))
    Console().print(table)


def creation_ids(trigger: Trigger) -> list[str]:
    """Every creation that was ever started, by name."""
    keys = (info.key for info in trigger.store.list(""))
    return [key.removesuffix(_REQUEST) for key in keys if key.endswith(_REQUEST)]


def _row(trigger: Trigger, creation_id: str) -> list[str]:
    try:
        status = trigger.status(creation_id)
    except ReelwrightError as error:
        return ["", "", f"unreadable: {error}", ""]
    request = status.request
    return [request.pipeline, str(request.run), status.status, f"{request.requested_at:%Y-%m-%d %H:%M} UTC"]

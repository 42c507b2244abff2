"""`reelwright list`: all creations in the store."""

from scripts.report import print_table
from scripts.wiring import make_trigger, reader_of
from shared.api.creations.scanning import deleted_in
from shared.errors import ReelwrightError
from shared.records.creation import creation_ids
from shared.runs.trigger import Trigger
from shared.settings import Settings


def list_creations(settings: Settings) -> None:
    trigger = make_trigger(settings, writes=False)
    ids = creation_ids(trigger.store)
    deleted = deleted_in(trigger.store)
    rows = ([name, *_row(trigger, name, is_deleted=name in deleted)] for name in ids)
    print_table(("creation", "pipeline", "run", "status", "asked for"), rows, folded=("creation", "status"))


def _row(trigger: Trigger, creation_id: str, *, is_deleted: bool) -> list[str]:
    try:
        status = reader_of(trigger, creation_id).status(creation_id)
    except ReelwrightError as error:
        return ["", "", f"unreadable: {error}", ""]
    request = status.request
    stands = f"{status.status}, but inputs changed since" if status.outdated else status.status
    if is_deleted:
        stands = "deleted, can be restored until it is removed"
    return [request.pipeline, str(request.run), stands, f"{request.requested_at:%Y-%m-%d %H:%M} UTC"]

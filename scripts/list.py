"""`reelwright list`: all creations in the store."""

from scripts.report import print_table
from scripts.wiring import make_trigger
from shared.errors import ReelwrightError, UnknownName
from shared.records.creation import creation_ids
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from shared.settings import Settings


def list_creations(settings: Settings) -> None:
    trigger = make_trigger(settings, writes=False)
    ids = creation_ids(trigger.store)
    rows = ([creation_id, *_row(settings, trigger, creation_id)] for creation_id in ids)
    print_table(("creation", "pipeline", "run", "status", "asked for"), rows, folded=("creation", "status"))


def _row(settings: Settings, trigger: Trigger, creation_id: str) -> list[str]:
    try:
        status = _status(settings, trigger, creation_id)
    except ReelwrightError as error:
        return ["", "", f"unreadable: {error}", ""]
    request = status.request
    stands = f"{status.status}, but inputs changed since" if status.outdated else status.status
    return [request.pipeline, str(request.run), stands, f"{request.requested_at:%Y-%m-%d %H:%M} UTC"]


def _status(settings: Settings, trigger: Trigger, creation_id: str) -> RunStatus:
    try:
        return trigger.status(creation_id)
    except UnknownName:  # it may be a blueprint's run, which has a graph of its own
        return make_trigger(settings, writes=False, about=creation_id).status(creation_id)

"""All creations over HTTP: list them, delete one, restore it."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Query, Request

from shared.api.creations.bodies import CreationBody, CreationsBody, DeletedBody, creation_body
from shared.api.creations.due import remove_if_due
from shared.api.creations.entry import Entry, State, read_again
from shared.api.creations.freshness import Freshness
from shared.api.creations.index import Index
from shared.api.creations.paging import Page, Place, Wanted
from shared.api.creations.stopping import stop, stop_preparing
from shared.api.http.problems import RESPONSES, Problem
from shared.api.routes.context import WithCreation, WithIndex, WithRows, WithTrigger
from shared.records.creation import Creation
from shared.records.documents import load_request
from shared.records.removal import is_deleted, mark_removed, objects_of, restore
from shared.runs.trigger import Trigger

MOST: Final = 100
_READERS: Final = 8
_DELETING: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": Problem, "description": "It is running, or this server doesn't have its pipeline."}
}

router = APIRouter(tags=["creations"], responses=RESPONSES)


@router.get("/creations")
def list_creations(
    *,
    request: Request,
    trigger: WithTrigger,
    index: WithIndex,
    pipeline: Annotated[list[str], Query(description="Only of these pipelines.")] = [],  # noqa: B006 - FastAPI copies it
    status: Annotated[list[State], Query(description="Only with one of these.")] = [],  # noqa: B006
    search: Annotated[
        str, Query(max_length=200, description="Words that are all in the ID or the title; any case.")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
    cursor: Annotated[
        str | None, Query(max_length=500, description="`next_cursor` of the previous page.")
    ] = None,
) -> CreationsBody:
    """All creations, newest first. A page may hold fewer than `limit` although more follow, since runs under
    way are looked at again for it."""
    page = Page(
        wanted=Wanted.of(pipeline, status, search),
        limit=limit,
        after=Place.of(cursor) if cursor else None,
    )
    return _listed(trigger, index, request.app.state.freshness, page)


@router.delete("/me/creation/{creation_id:path}", status_code=202, responses=_DELETING)
def delete_creation(
    creation: WithCreation,
    trigger: WithTrigger,
    index: WithIndex,
    rows: WithRows,
    after_s: Annotated[float, Query(ge=0, le=3600, description="How long it can be restored.")] = 60,
    cancel: Annotated[bool, Query(description="Stop it first if it is running.")] = False,
) -> DeletedBody:
    """Delete a creation. It leaves the list at once, can be read and restored until `removed_at`, and is
    removed by the next sweep after that."""
    run = _ended_run(creation, trigger, may_cancel=cancel)
    mark = mark_removed(creation, run=run, after_s=after_s)
    if mark.is_due(mark.asked_at):
        remove_if_due(trigger, creation.creation_id, rows.remove)
    index.touch(creation.creation_id)
    return DeletedBody(creation_id=creation.creation_id, removed_at=mark.due_at)


@router.post("/me/creation/{creation_id:path}/restore", status_code=204)
def restore_creation(creation: WithCreation, index: WithIndex) -> None:
    """Take the deletion of a creation back; 404 when there is nothing to restore (any more)."""
    if not restore(creation):
        too_late = is_deleted(creation.store, creation.creation_id)
        reason = "it is being removed already" if too_late else "it was not deleted, or is removed already"
        raise HTTPException(404, f"creation {creation.creation_id!r} can't be restored: {reason}")
    index.touch(creation.creation_id)


def _ended_run(creation: Creation, trigger: Trigger, *, may_cancel: bool) -> int:
    """The number of the latest run, all work on which has ended; 0 if there was none."""
    name = f"creation {creation.creation_id!r}"
    request, _ = load_request(creation)
    if request is None:
        if next(objects_of(creation), None) is None:
            raise HTTPException(404, f"there is no {name}")
        stop_preparing(creation, trigger, may_cancel=may_cancel)
        return 0
    if request.pipeline not in trigger.pipelines:
        raise HTTPException(409, f"{name} is of {request.pipeline!r}, which is not installed on this server")
    stop(creation, trigger, name, may_cancel=may_cancel)
    return request.run


def _listed(trigger: Trigger, index: Index, freshness: Freshness, asked: Page) -> CreationsBody:
    found = index.found()
    page = asked.of(found.entries)
    under_way = [entry for entry in page.entries if entry.status == "pending"]
    now = {each.creation_id: each for each in index.refreshed(under_way, partial(read_again, trigger))}
    known = [entry for entry in page.entries if entry.status != "pending" or entry.creation_id in now]
    shown = [now.get(entry.creation_id, entry) for entry in known]
    return CreationsBody(
        creations=_bodies(trigger, freshness, [entry for entry in shown if asked.wanted.has(entry)]),
        total=page.total,
        next_cursor=page.next.cursor() if page.next else None,
        complete=found.complete,
    )


def _bodies(trigger: Trigger, freshness: Freshness, entries: list[Entry]) -> list[CreationBody]:
    with ThreadPoolExecutor(_READERS, thread_name_prefix="list") as pool:
        outdated = list(pool.map(freshness.is_outdated, entries))
    return [
        creation_body(entry, trigger.pipelines, stale) for entry, stale in zip(entries, outdated, strict=True)
    ]

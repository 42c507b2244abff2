"""Asking for runs, at once or after the one that is under way; the inputs at the time of asking."""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from shared.errors import BadRequest, PreconditionFailed
from shared.logs import log
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation, canonical_json
from shared.records.documents import Queued, Record, Request, save_request
from shared.records.names import ASSETS, REQUEST
from shared.records.removal import demand_kept
from shared.runs.status import RunStatus
from shared.storage import ObjectInfo

Inputs: TypeAlias = Mapping[str, ObjectInfo]
"""People's inputs, by name below the creation."""


def inputs_now(creation: Creation, pipeline: Pipeline) -> dict[str, ObjectInfo]:
    """All assets except those that the pipeline makes itself."""
    return {name: info for name, info in creation.list(ASSETS) if not pipeline.makes(name)}


def summary_of(inputs: Inputs) -> str:
    """Equal for the same writes of the same assets. An asset that was changed and changed back differs, since
    a stage may have read it in between."""
    writes = [[name, info.generation, info.modified_at.isoformat()] for name, info in sorted(inputs.items())]
    return hashlib.sha256(canonical_json(writes)).hexdigest()


def is_outdated(pipeline: Pipeline, request: Request, records: Iterable[Record], inputs: Inputs) -> bool:
    """Whether inputs changed after the run was asked for and its stages have not read their present state.

    False for a request that doesn't hold a summary of its inputs.
    """
    if request.inputs in ("", summary_of(inputs)):
        return False
    read = {
        (file.key, file.content_hash)
        for record in records
        for file in record.inputs
        if file.size_bytes is not None and file.key.startswith(ASSETS) and not pipeline.makes(file.key)
    }
    return read != {(name, info.content_hash) for name, info in inputs.items()}


def check_pipeline(creation: Creation, request: Request, pipeline: str) -> None:
    """Raise `BadRequest` if the creation is another pipeline's."""
    if request.pipeline != pipeline:
        raise BadRequest(
            f"creation {creation.creation_id!r} belongs to pipeline {request.pipeline!r}; "
            "use another creation ID"
        )


def inputs_of(creation: Creation, pipeline: Pipeline) -> Inputs:
    """The inputs; raises `BadRequest` for a creation without any assets, or one that is being deleted."""
    demand_kept(creation)
    found = inputs_now(creation, pipeline)
    if not found and not creation.has_assets():
        raise no_assets(creation)
    return found


def no_assets(creation: Creation) -> BadRequest:
    return BadRequest(
        f"creation {creation.creation_id!r} has no assets; put them under {creation.key('assets/')}"
    )


def demand_kept_meanwhile(creation: Creation) -> None:
    """Withdraw the first request of a creation that was removed, or marked for removal, while it was asked
    for; raises `BadRequest` then. Whoever removes it looks for a request after the mark, so that one of both
    sees the other."""
    try:
        demand_kept(creation)
        if not creation.has_assets():
            raise no_assets(creation)
    except BadRequest:
        creation.delete(REQUEST)
        raise


def ask(creation: Creation, request: Request, *, over: str) -> bool:
    """Ask for this run over the request of generation `over`; False if another caller has replaced that.

    The mark comes first: a process that dies after the request leaves a run that a sweep finds.
    """
    creation.mark(request.run)
    try:
        save_request(creation, request, expect=over)
    except PreconditionFailed:
        creation.withdraw_if_removed()
        return False
    return True


def queue_behind(
    creation: Creation,
    pipeline: Pipeline,
    status: RunStatus,
    parameters: Mapping[str, Any] | None,
    inputs: Inputs,
    *,
    over: str,
    now: datetime,
) -> bool:
    """Queue a run behind the one under way, whose request is of generation `over`; False if someone else has
    replaced that request. With `parameters` None the latest ones are used.

    No run is queued if the one under way makes the same. The latest request counts.
    """
    request = status.request
    wanted = request.latest_parameters if parameters is None else dict(parameters)
    queued = request.queued
    if _same(wanted, request.parameters) and not is_outdated(pipeline, request, status.records, inputs):
        queued = None
    elif queued is None or not _same(wanted, queued.parameters):
        queued = Queued(parameters=wanted, asked_at=now)
    if queued == request.queued:
        return True
    try:
        save_request(creation, request.model_copy(update={"queued": queued}), expect=over)
    except PreconditionFailed:
        return False
    if queued:
        creation.mark(request.run)  # the run may have ended and lost its mark meanwhile
        creation.withdraw_if_removed()
        log(
            logging.INFO, "run_queued", f"{creation.creation_id}: another run follows the one under way",
            creation_id=creation.creation_id, run=request.run,
        )  # fmt: skip
    return True


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return canonical_json(one) == canonical_json(other)

"""One creation in the list, read from as little of the store as will do.

The manifest of a run that has ended says all, unless the request was written later. Of a run under way the
records are read; of a creation without a request, how far it is prepared.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import ValidationError
from pydantic_core import from_json

from shared.errors import BadRequest, ObjectNotFound, StoreError
from shared.pipelines.definition import Called, Pipeline
from shared.preparing.record import load_preparation
from shared.records.creation import Creation
from shared.records.documents import Request, load_request
from shared.records.names import ASSETS, CLAIMS, MANIFEST, POSTER, REQUEST
from shared.runs.report import film_made
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from shared.storage import ABSENT, ObjectInfo

State = Literal["new", "pending", "completed", "failed"]
_SETTLED: Final = ("completed", "failed")
_LONGEST: Final = 400
"""Characters of a title or message that are kept."""
_FILM: Final = "video"


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What a listing of the store shows of a creation."""

    creation_id: str
    request: ObjectInfo | None = None
    manifest: ObjectInfo | None = None
    other: ObjectInfo | None = None
    """Of one without a request: its first asset, or what it was claimed with."""

    @property
    def generations(self) -> tuple[str, str]:
        return _generation(self.request or self.other), _generation(self.manifest)

    @property
    def modified_at(self) -> datetime:
        return max(info.modified_at for info in (self.request, self.manifest, self.other) if info)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A creation in the list. Texts are cut, so that its memory is bounded."""

    creation_id: str
    generations: tuple[str, str]
    """Of request and manifest when they were read: as long as they stay, so does the entry."""
    created_at: datetime
    """Its place in the list: when its first run was asked for; before that, when it was put there."""
    modified_at: datetime
    pipeline: str | None = None
    title: str | None = None
    status: State = "new"
    run: int = 0
    progress: float = 0.0
    message: str = ""
    error: str | None = None
    requested_at: datetime | None = None
    completed_at: datetime | None = None
    film: str | None = None
    """Name of the film that its latest run made."""
    poster: str | None = None


def look_at(creation: Creation) -> Seen | None:
    """What the store shows of one creation; None if there is none."""
    request, manifest = creation.stat(REQUEST), creation.stat(MANIFEST)
    other = None if request or manifest else _first(creation)
    if not (request or other):
        return None
    return Seen(creation_id=creation.creation_id, request=request, manifest=manifest, other=other)


def _first(creation: Creation) -> ObjectInfo | None:
    folders = (next(creation.list(folder), None) for folder in (ASSETS, CLAIMS))
    return next((found[1] for found in folders if found), None)


def read_entry(trigger: Trigger, seen: Seen) -> Entry | None:
    """The entry; None if the creation is gone. Raises `StoreError` or `PlatformError` if it can't be read
    now; one whose documents are broken is an entry that says so."""
    creation = Creation(trigger.store, seen.creation_id)
    try:
        if seen.request is None:
            return _unstarted(creation, seen)
        if seen.manifest and seen.manifest.modified_at >= seen.request.modified_at:
            entry = _from_manifest(trigger, creation, seen)
            if entry:
                return entry
        return from_status(trigger, seen.creation_id, seen.generations, seen.modified_at)
    except (StoreError, BadRequest) as error:
        if isinstance(error, StoreError) and not isinstance(error.__cause__, ValidationError):
            raise
        return _broken(seen, str(error))


def read_again(trigger: Trigger, entry: Entry) -> Entry | None:
    """The entry of a creation that is under way, as it is now; None if that is gone."""
    if entry.run:
        return from_status(trigger, entry.creation_id, entry.generations, entry.modified_at)
    seen = look_at(Creation(trigger.store, entry.creation_id))
    return read_entry(trigger, seen) if seen else None


def from_status(
    trigger: Trigger, creation_id: str, generations: tuple[str, str], modified_at: datetime
) -> Entry | None:
    """The entry of a run as it is now; None if there is none (any more). Raises as `Trigger.status`."""
    creation = Creation(trigger.store, creation_id)
    request, _ = load_request(creation)
    if request is None:
        return None
    facts: dict[str, Any] = {
        "creation_id": creation_id,
        "generations": generations,
        "modified_at": modified_at,
        **_of_request(request),
    }
    pipeline = trigger.pipelines.get(request.pipeline)
    if pipeline is None:
        return Entry(status="pending", message="this server does not have its pipeline", **facts)
    status = trigger.status(creation_id)
    metadata = status.metadata
    return Entry(
        **{**facts, **_of_request(status.request)},
        title=_title(creation, pipeline, metadata, request.latest_parameters),
        status=status.status,
        progress=status.progress,
        message=status.message[:_LONGEST],
        error=status.error[:_LONGEST] or None,
        completed_at=status.completed_at,
        **_made(pipeline, status),
    )


def _of_request(request: Request) -> dict[str, Any]:
    return {
        "pipeline": request.pipeline,
        "run": request.run,
        "created_at": request.created_at,
        "requested_at": request.requested_at,
    }


def _made(pipeline: Pipeline, status: RunStatus) -> dict[str, Any]:
    if status.status != "completed":
        return {}
    keys = {output.key for output in status.outputs.values()}
    return {"film": film_made(pipeline, status), "poster": POSTER if POSTER in keys else None}


def _from_manifest(trigger: Trigger, creation: Creation, seen: Seen) -> Entry | None:
    """None if the manifest is gone or of an older form."""
    try:
        data, info = creation.read(MANIFEST)
        found = from_json(data)
        pipeline = trigger.pipelines.get(found["pipeline_name"])
        return _entry_of(found, creation, seen, info, pipeline)
    except (ObjectNotFound, ValueError, TypeError, KeyError, AttributeError):
        return None


def _entry_of(
    found: dict[str, Any], creation: Creation, seen: Seen, info: ObjectInfo, pipeline: Pipeline | None
) -> Entry:
    status, timing = found["pipeline"]["status"], found["timing"]
    outputs = _outputs(found, creation.creation_id) if status == "completed" else {}
    metadata = {name: stage["metadata"] for name, stage in found["stages"].items()}
    film = pipeline.film if pipeline and pipeline.film in outputs.values() else outputs.get(_FILM)
    is_over = status in _SETTLED
    return Entry(
        creation_id=creation.creation_id,
        generations=(_generation(seen.request), info.generation),
        created_at=datetime.fromisoformat(found["created_at"]),
        modified_at=max(seen.modified_at, info.modified_at),
        pipeline=str(found["pipeline_name"]),
        title=_title(creation, pipeline, metadata, found["parameters"]) if pipeline else None,
        status=status if is_over else "pending",
        run=int(found["run"]),
        progress=1.0 if status == "completed" else 0.0,
        message=status if is_over else "",
        error=(found["pipeline"]["error"] or "")[:_LONGEST] or None,
        requested_at=_moment(timing["started_at"]),
        completed_at=_moment(timing["completed_at"]),
        film=film,
        poster=POSTER if POSTER in outputs.values() else None,
    )


def _outputs(found: Mapping[str, Any], creation_id: str) -> dict[str, str]:
    """Names below the creation, by label: a dated job's manifest has whole paths."""
    return {
        label: file["path"].rpartition(f"{creation_id}/")[2]
        for stage in found["stages"].values()
        for label, file in stage["outputs"].items()
    }


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _unstarted(creation: Creation, seen: Seen) -> Entry | None:
    """A creation with assets that was never started, or that a job prepares."""
    facts: dict[str, Any] = {
        "creation_id": seen.creation_id,
        "generations": seen.generations,
        "modified_at": seen.modified_at,
    }
    prepared, _ = load_preparation(creation)
    if prepared:
        return Entry(
            **facts,
            created_at=prepared.posted_at,
            pipeline=prepared.pipeline,
            status="failed" if prepared.state == "failed" else "pending",
            message=prepared.message[:_LONGEST],
            error=prepared.error[:_LONGEST] or None,
            requested_at=prepared.posted_at,
        )
    if not creation.has_assets():
        return None
    return Entry(**facts, created_at=seen.modified_at, message="not started")


def _broken(seen: Seen, error: str) -> Entry:
    return Entry(
        creation_id=seen.creation_id,
        generations=seen.generations,
        created_at=seen.modified_at,
        modified_at=seen.modified_at,
        status="failed",
        message="can't be read",
        error=error[:_LONGEST],
    )


def _title(
    creation: Creation, pipeline: Pipeline, metadata: Mapping[str, Any], parameters: Mapping[str, Any]
) -> str | None:
    """What people called it, if the pipeline knows where that is."""
    for place in pipeline.listed.called:
        found = _called(creation, place, metadata, parameters)
        if isinstance(found, str) and found.strip():
            return " ".join(found.split())[:_LONGEST]
    return None


def _called(
    creation: Creation, place: Called, metadata: Mapping[str, Any], parameters: Mapping[str, Any]
) -> object:
    if place.stage:
        return metadata.get(place.stage, {}).get(place.field)
    if place.field in parameters:
        return parameters[place.field]
    with suppress(ObjectNotFound, ValueError):
        found = from_json(creation.read(place.document or "")[0])
        return found.get(place.field) if isinstance(found, dict) else None
    return None


def _generation(info: ObjectInfo | None) -> str:
    return info.generation if info else ABSENT

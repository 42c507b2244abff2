"""`manifest.json`: the whole run at a glance, derived from the records."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from shared.errors import ObjectNotFound, PreconditionFailed
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation, canonical_json
from shared.records.dated import load_job_info
from shared.records.documents import InputFile, OutputFile, Record, Request
from shared.records.job_manifest import laid_out, of_job
from shared.records.names import MANIFEST
from shared.runs.status import RunStatus, StageStatus
from shared.storage import ABSENT

_SHOWN: Final = {"starting": "running", "retrying": "running", "waiting": "pending"}


def manifest_generation(creation: Creation) -> str:
    """Read this before the records: see `rewrite_manifest`."""
    info = creation.stat(MANIFEST)
    return info.generation if info else ABSENT


def rewrite_manifest(
    creation: Creation, request: Request, status: RunStatus, pipeline: Pipeline, *, over: str
) -> bool:
    """Bring the stored manifest up to date; False if another process rewrote it after generation `over`.

    That writer may have seen less than `status`, or more: read the records again, then try again.
    """
    job = load_job_info(creation)
    found_now = manifest(request, status)
    data = laid_out(of_job(found_now, job, pipeline)) if job else canonical_json(found_now)
    try:
        found, info = creation.read(MANIFEST)
        if found == data:
            return True
        generation = info.generation
    except ObjectNotFound:
        generation = ABSENT
    if generation != over:
        return False
    try:
        creation.write(MANIFEST, data, expect=over)
    except PreconditionFailed:
        return False
    return True


def manifest(request: Request, status: RunStatus) -> dict[str, Any]:
    """The manifest's content: version, stages with inputs and outputs, the pipeline's state, timing."""
    stages = {
        name: _stage(status, number, stage)
        for number, (name, stage) in enumerate(status.stages.items(), 1)
        if stage.records
    }
    by_state = {name: stage.state for name, stage in status.stages.items()}
    return {
        "version": "1.0.0",
        "created_at": _time(request.created_at),
        "job_id": status.creation_id,
        "pipeline_name": request.pipeline,
        "run": request.run,
        "parameters": request.parameters,
        "output_dir": f"{status.creation_id}/assets",
        "stages": stages,
        "pipeline": {
            "status": status.status,
            "current_stage": next((name for name, state in by_state.items() if state == "running"), None),
            "completed_stages": [name for name, state in by_state.items() if state == "success"],
            "failed_stages": [name for name, state in by_state.items() if state == "failed"],
            "error": status.error or None,
        },
        "timing": _timing(request.requested_at, status.completed_at),
    }


def _stage(status: RunStatus, number: int, stage: StageStatus) -> dict[str, Any]:
    first = stage.records[0]
    started = min(record.started_at for record in stage.records)
    ends = [record.completed_at for record in stage.records]
    completed = max((end for end in ends if end), default=None) if all(ends) else None
    return {
        "job_id": status.creation_id,
        "stage_number": number,
        "stage_name": stage.name,
        "status": _SHOWN.get(stage.state, stage.state),
        "started_at": _time(started),
        "completed_at": _time(completed),
        "duration_seconds": (completed - started).total_seconds() if completed else None,
        "tasks": stage.tasks,
        "attempt": max(record.attempt for record in stage.records),
        "reused": all(record.reused for record in stage.records),
        "input_files": [_input(file) for file in first.inputs],
        "outputs": {
            label: _output(file) for record in stage.records for label, file in record.outputs.items()
        },
        "metadata": first.metadata,
        "warnings": [warning for record in stage.records for warning in record.warnings],
        "cost": _cost(stage.records),
        "error": stage.error.model_dump() if stage.error else None,
    }


def _cost(records: tuple[Record, ...]) -> dict[str, Any]:
    platforms = {platform for record in records for platform in record.cost.usd}
    return {
        "cpu_seconds": round(sum(record.cost.cpu_s for record in records), 3),
        "peak_memory_mib": max(record.cost.peak_memory_mib for record in records),
        "bytes_in": sum(record.cost.bytes_in for record in records),
        "bytes_out": sum(record.cost.bytes_out for record in records),
        "usd": {
            platform: round(sum(record.cost.usd.get(platform, 0) for record in records), 8)
            for platform in sorted(platforms)
        },
        "paid_usd": paid_usd(records),
    }


def paid_usd(records: Iterable[Record]) -> dict[str, float]:
    """What paid providers cost, by provider, at list price."""
    paid: Counter[str] = Counter()
    for record in records:
        paid.update(record.cost.paid_usd)
    return {provider: round(usd, 6) for provider, usd in sorted(paid.items())}


def _input(file: InputFile) -> dict[str, Any]:
    return {
        "key": file.label or file.key,
        "path": file.key,
        "exists": file.size_bytes is not None,
        "size_bytes": file.size_bytes,
        "content_hash": file.content_hash,
        **({"description": file.description} if file.description else {}),
    }


def _output(file: OutputFile) -> dict[str, Any]:
    return {
        "path": file.key,
        "exists": True,
        "size_bytes": file.size_bytes,
        "content_hash": file.content_hash,
        "description": file.description,
    }


def _timing(started: datetime, completed: datetime | None) -> dict[str, Any]:
    seconds = (completed - started).total_seconds() if completed else None
    return {"started_at": _time(started), "completed_at": _time(completed), "total_seconds": seconds}


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None

"""`manifest.json`: the whole run at a glance, derived from the records."""

import json
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from shared.errors import ObjectNotFound, PreconditionFailed
from shared.records.creation import Creation, canonical_json
from shared.records.dated import JobInfo, load_job_info
from shared.records.documents import Record, Request
from shared.records.names import MANIFEST
from shared.runs.status import RunStatus, StageStatus
from shared.storage import ABSENT

_SHOWN: Final = {"starting": "running", "retrying": "running", "waiting": "pending"}


def manifest_generation(creation: Creation) -> str:
    """Read this before the records: see `rewrite_manifest`."""
    info = creation.stat(MANIFEST)
    return info.generation if info else ABSENT


def rewrite_manifest(
    creation: Creation, request: Request, status: RunStatus, *, over: str, optional: Collection[str] = ()
) -> bool:
    """Bring the stored manifest up to date; False if another process rewrote it after generation `over`.

    That writer may have seen less than `status`, or more: read the records again, then try again. `optional`
    are the stages without which a run goes on.
    """
    job = load_job_info(creation)
    found_now = manifest(request, status)
    data = laid_out(of_job(found_now, job, optional)) if job else canonical_json(found_now)
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


def of_job(found: dict[str, Any], info: JobInfo, optional: Collection[str]) -> dict[str, Any]:
    """The manifest of a dated job: with its facts and whole paths; failed optional stages are skipped."""
    facts = {"job_id": info.job_id, "user_id": info.user_id, "job_env_file": info.env_file}
    pipeline = found["pipeline"]
    failed = pipeline["failed_stages"]
    return {
        **found,
        **facts,
        "output_dir": info.output_dir,
        "stages": {
            name: _stage_of_job(stage, info, optional) | facts for name, stage in found["stages"].items()
        },
        "pipeline": {  # in this order: `grep -A 5` shows the first five
            "status": pipeline["status"],
            "current_stage": pipeline["current_stage"],
            "completed_stages": pipeline["completed_stages"],
            "failed_stages": [name for name in failed if name not in optional],
            "skipped_stages": [name for name in failed if name in optional],
            "error": pipeline["error"],
        },
    }


def _stage_of_job(stage: dict[str, Any], info: JobInfo, optional: Collection[str]) -> dict[str, Any]:
    skipped = stage["status"] == "failed" and stage["stage_name"] in optional
    root = str(Path(info.output_dir).absolute()) if info.log_dir else info.output_dir

    def placed(file: dict[str, Any]) -> dict[str, Any]:
        return {**file, "path": f"{root}/{file['path']}"}

    return {
        **stage,
        "status": "skipped" if skipped else stage["status"],
        "input_files": [placed(file) for file in stage["input_files"]],
        "outputs": {label: placed(file) for label, file in stage["outputs"].items()},
    }


def laid_out(value: dict[str, Any]) -> bytes:
    """JSON in the order of its keys, with a list of plain values in one line."""
    return f"{_text(value, '')}\n".encode()


def _text(value: Any, indent: str) -> str:
    inner = f"{indent}  "
    if isinstance(value, dict) and value:
        lines = [f"{json.dumps(key)}: {_text(each, inner)}" for key, each in value.items()]
        return "{" + ",".join(f"\n{inner}{line}" for line in lines) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        return "[" + ",".join(f"\n{inner}{_text(each, inner)}" for each in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False)


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


def _input(file: Any) -> dict[str, Any]:
    return {
        "key": file.key,
        "path": file.key,
        "exists": file.size_bytes is not None,
        "size_bytes": file.size_bytes,
        "content_hash": file.content_hash,
    }


def _output(file: Any) -> dict[str, Any]:
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

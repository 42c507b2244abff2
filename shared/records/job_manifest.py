"""The manifest of a dated job: the run's manifest with the job's facts, whole paths and people's words.

It is laid out so that the tools of a shell can read it: `grep -A 5 '"pipeline"'` shows the job's state.
"""

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, TypeAlias

from shared.pipelines.definition import Pipeline
from shared.records.dated import JobInfo

_Data: TypeAlias = dict[str, Any]


def of_job(found: _Data, info: JobInfo, pipeline: Pipeline) -> _Data:
    """The manifest of a dated job, of the run's manifest `found`; failed optional stages are skipped."""
    facts = {"job_id": info.job_id, "user_id": info.user_id, "job_env_file": info.env_file}
    state, optional = found["pipeline"], pipeline.optional
    failed = state["failed_stages"]
    made = _made(found["stages"])
    first = {"version": found["version"], "created_at": found["created_at"]}
    return {
        **first,
        **facts,
        "input": _input_of(found["stages"], pipeline.identified_by),
        **{name: value for name, value in found.items() if name not in {*first, *facts}},
        "output_dir": info.output_dir,
        "stages": {
            name: _stage(stage, info, made) | _skipped(stage, optional) | facts
            for name, stage in found["stages"].items()
        },
        "pipeline": {  # in this order: `grep -A 5` shows the first five
            "status": state["status"],
            "current_stage": state["current_stage"],
            "completed_stages": state["completed_stages"],
            "failed_stages": [name for name in failed if name not in optional],
            "skipped_stages": [name for name in failed if name in optional],
            "error": state["error"],
        },
    }


def _input_of(stages: Mapping[str, _Data], identified_by: Mapping[str, str]) -> _Data:
    """What stages found out about what was put in; None for what they didn't."""
    places = {label: place.partition(".") for label, place in identified_by.items()}
    return {
        label: stages.get(stage, {}).get("metadata", {}).get(name)
        for label, (stage, _, name) in places.items()
    }


def _made(stages: Mapping[str, _Data]) -> dict[str, dict[str, str]]:
    """By name, the label and the description of all that stages made."""
    return {
        file["path"]: {"key": label, "description": file["description"]}
        for stage in stages.values()
        for label, file in stage["outputs"].items()
    }


def _stage(stage: _Data, info: JobInfo, made: Mapping[str, dict[str, str]]) -> _Data:
    root = info.place or info.output_dir

    def placed(file: _Data) -> _Data:
        path = file["path"]
        return {**file, "path": path if path.startswith("/") else f"{root}/{path}"}

    def named(file: _Data) -> _Data:
        given = {"key": PurePosixPath(file["path"]).stem, "description": "given by the user"}
        return placed({**file, **made.get(file["path"], given), **_own(file)})

    return {
        **stage,
        "input_files": [named(file) for file in stage["input_files"]],
        "outputs": {label: placed(file) for label, file in stage["outputs"].items()},
    }


def _own(file: _Data) -> _Data:
    """What the record of a stage says itself about what it read."""
    own = {"description": file["description"]} if "description" in file else {}
    return own | ({"key": file["key"]} if file["key"] != file["path"] else {})


def _skipped(stage: _Data, optional: frozenset[str]) -> dict[str, str]:
    is_skipped = stage["status"] == "failed" and stage["stage_name"] in optional
    return {"status": "skipped"} if is_skipped else {}


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

"""Whether what was made is of the inputs as they are now."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation, canonical_json
from shared.records.documents import Record, Request
from shared.records.names import ASSETS
from shared.storage import ObjectInfo

Inputs: TypeAlias = Mapping[str, ObjectInfo]
"""By name below the creation, what people put in."""


def inputs_now(creation: Creation, pipeline: Pipeline) -> dict[str, ObjectInfo]:
    """All assets but those that the pipeline makes itself."""
    return {name: info for name, info in creation.list(ASSETS) if not pipeline.makes(name)}


def summary_of(inputs: Inputs) -> str:
    """The same for the same writes of the same assets: one that was changed and changed back differs, since
    a stage may have read it in between."""
    writes = [[name, info.generation, info.modified_at.isoformat()] for name, info in sorted(inputs.items())]
    return hashlib.sha256(canonical_json(writes)).hexdigest()


def is_outdated(pipeline: Pipeline, request: Request, records: Iterable[Record], inputs: Inputs) -> bool:
    """Whether inputs changed since the run was asked for, and its stages have not read them as they are now.

    False for a request that doesn't say what its inputs were.
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

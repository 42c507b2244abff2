"""Publishing: every output once, by the attempt that owns the stage."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from shared.errors import PreconditionFailed, StoreError
from shared.records.creation import Creation
from shared.records.documents import OutputFile
from shared.stages.stage import Output, Result
from shared.storage import ABSENT
from shared.worker.ownership import Ownership

_TRIES = 5


def publish(creation: Creation, outputs: Mapping[str, Output], ownership: Ownership) -> dict[str, OutputFile]:
    """Write the outputs; raises `StaleAttempt` when another attempt has taken the stage over.

    The outputs' generations are noted first, then the record is written under its own precondition, which
    proves that no other attempt had taken over by then; each output then replaces only the noted generation.
    So an attempt that sleeps at any point in between finds either its record or the output changed. For this
    reason an output that exists already is written again.
    """
    ownership.check()
    noted = {label: _note(creation, output.name)[0] for label, output in outputs.items()}
    ownership.update()
    return {
        label: _publish_one(creation, output, noted[label], ownership) for label, output in outputs.items()
    }


def _note(creation: Creation, name: str) -> tuple[str, str]:
    """The object's generation and content hash."""
    info = creation.stat(name)
    return (info.generation, info.content_hash) if info else (ABSENT, "")


def _publish_one(creation: Creation, output: Output, generation: str, ownership: Ownership) -> OutputFile:
    digest = sha256_of(output.path)
    for _ in range(_TRIES):
        try:
            creation.upload(output.path, output.name, expect=generation)
            break
        except StoreError as error:
            generation, present = _note(creation, output.name)
            ownership.update()
            if present == digest:
                break  # by our write, whose answer was lost
            if not isinstance(error, PreconditionFailed):
                raise
    else:
        raise PreconditionFailed(creation.key(output.name), generation, "one that keeps changing")
    return OutputFile(
        key=output.name,
        size_bytes=output.path.stat().st_size,
        content_hash=digest,
        description=output.description,
    )


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def prune(creation: Creation, result: Result, ownership: Ownership) -> None:
    """Delete what is old in the folders that `result` keeps, but what it names."""
    started_at = ownership.record.started_at
    old = [
        name
        for folder, names in result.keep.items()
        for name, info in creation.list(folder)
        if name not in names and info.modified_at < started_at
    ]
    if old:
        ownership.update()  # raises if taken over: the next attempt may need what is deleted here
    for name in old:
        ownership.check()
        creation.delete(name)

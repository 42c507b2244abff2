"""Bringing a person's own folder of assets into the store."""

import re
from collections.abc import Iterator
from pathlib import Path

from shared.creation import Creation, check_creation_id
from shared.errors import BadRequest


def creation_id_for(folder: Path) -> str:
    """A creation ID made of the folder's name."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.resolve().name).strip("-._")[:100]
    return check_creation_id(name or "story")


def import_folder(folder: Path, creation: Creation, outputs: frozenset[str]) -> int:
    """Make the creation's assets those of the folder and return how many there are.

    Files that are already there unchanged are left alone; assets that the folder no longer has are
    deleted, but for the creation's own `outputs`.
    """
    if not folder.is_dir():
        raise BadRequest(f"{folder}: no such folder; name the one that holds 1/, 2/, …")
    wanted = {f"assets/{path.relative_to(folder).as_posix()}": path for path in _files(folder)}
    for name, _ in list(creation.list("assets/")):
        if name not in wanted and name not in outputs:
            creation.delete(name)
    for name, path in wanted.items():
        if name not in outputs:
            _bring(creation, name, path)
    return len(wanted)


def _files(folder: Path) -> Iterator[Path]:
    """The files that may be assets: not hidden ones, which tools leave behind."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path


def _bring(creation: Creation, name: str, path: Path) -> None:
    there = creation.stat(name)
    if there and there.size_bytes == path.stat().st_size and there.content_hash == _sha256(path):
        return
    creation.upload(path, name)


def _sha256(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

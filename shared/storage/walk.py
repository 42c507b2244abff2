"""The content of a folder on disk as keys; symbolic links can't lead out of it."""

import os
from collections.abc import Iterator
from pathlib import Path

from shared.storage.keys import RESERVED, is_key


def is_inside(real: str, root: Path) -> bool:
    """Whether a path without links is in `root`, and not among its own files."""
    path = Path(real)
    if path == root or not path.is_relative_to(root):
        return False
    return path.relative_to(root).parts[0].casefold() != RESERVED


def keys(root: Path, folder: str, real: str, prefix: str, above: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The keys of files in `folder` (which is empty or ends with /, and really is at `real`) that start with
    `prefix`, in order, each with its real path. Resolving each would take longer than all the rest."""
    if real in above:  # a link to a folder above it
        return
    for name, path in _entries(root, real):
        key = folder + name
        if not key.startswith(prefix) or not is_key(key.removesuffix("/")):
            continue
        if name.endswith("/"):
            yield from keys(root, key, path, prefix, above | {real})
        else:
            yield key, path


def _entries(root: Path, folder: str) -> list[tuple[str, str]]:
    """The entries of a folder, with their real paths. Folders end with /, so that keys sort as in a
    bucket."""
    try:
        with os.scandir(folder) as entries:
            return sorted(filter(None, (_entry(root, entry) for entry in entries)))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _entry(root: Path, entry: os.DirEntry[str]) -> tuple[str, str] | None:
    seen: os.DirEntry[str] | Path = entry
    real = entry.path
    if entry.is_symlink():
        real = os.path.realpath(entry.path)
        if not is_inside(real, root):
            return None
        seen = Path(entry.path)  # its methods return False for a link to itself, where an entry's raise
    if seen.is_dir():
        return f"{entry.name}/", real
    return (entry.name, real) if seen.is_file() else None

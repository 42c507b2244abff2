"""What a folder on disk holds, as keys, with no way out of it by symbolic links."""

import os
from collections.abc import Iterator
from pathlib import Path

from shared.storage.keys import RESERVED, is_key


def is_inside(real: str, root: Path) -> bool:
    """Whether a path without links lies in `root`, and not in its books."""
    path = Path(real)
    if path == root or not path.is_relative_to(root):
        return False
    return path.relative_to(root).parts[0].casefold() != RESERVED


def keys(root: Path, folder: str, real: str, prefix: str, above: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The keys of files in `folder` (which is empty or ends with /, and is really at `real`) that start with
    `prefix`, in order, each with its real path. To resolve each would take longer than all else."""
    if real in above:  # a link to a folder that it lies in
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
    """What is seen in a folder, and its real path. Folders have a / at the end, so that keys sort as in a
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
        seen = Path(entry.path)  # whose methods take a link to itself for nothing, where an entry's raise
    if seen.is_dir():
        return f"{entry.name}/", real
    return (entry.name, real) if seen.is_file() else None

"""The content of a folder on disk as keys; symbolic links can't lead out of it."""

import os
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from shared.storage.keys import RESERVED, is_key

_DEEPEST: Final = 32


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


def heads(
    root: Path, folder: str, real: str, names: Collection[str], folders: Collection[str], depth: int = 0
) -> Iterator[tuple[str, str]]:
    """The keys and real paths of `ObjectStore.heads` in `folder`, which really is at `real`."""
    if depth > _DEEPEST:  # a link to a folder above it
        return
    entries = _entries(root, real)
    heads_here = [(name, path) for name, path in entries if name in names]
    yield from ((folder + name, path) for name, path in heads_here)
    for name, path in entries:
        plain = name.removesuffix("/")
        if plain in folders:
            if not heads_here and plain != name:
                yield from islice(keys(root, folder + name, path, folder + name, frozenset()), 1)
        elif plain != name and is_key(folder + plain):
            yield from heads(root, folder + name, path, names, folders, depth + 1)


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

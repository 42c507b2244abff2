"""Bringing a person's own folder of assets into the store."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from scripts.folder_files import files_of
from shared.creation import RESERVED, Creation, check_creation_id
from shared.errors import BadRequest
from shared.storage.keys import check_key


def creation_id_for(folder: Path) -> str:
    """A creation ID made of the folder's name, or of its parent's for one that is just called `assets`."""
    place = folder.resolve()
    if place.name in RESERVED:
        place = place.parent
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", place.name).strip("-._")[:100]
    return check_creation_id(name if name and name not in RESERVED else "story")


def import_folder(folder: Path, creation: Creation, outputs: frozenset[str]) -> int:
    """Make the creation's assets those of the folder and return how many there are.

    Files that are already there unchanged are left alone; assets that the folder no longer has are
    deleted at the end, but for the creation's own `outputs`. Nothing is changed when a name can't be a key.
    """
    if not folder.is_dir():
        raise BadRequest(f"{folder}: no such folder; name the one that holds 1/, 2/, …")
    store = urlsplit(creation.store.url)
    inside = Path(unquote(store.path)) if store.scheme == "file" else None
    files = {f"assets/{name}": path for name, path in files_of(folder, but_for=inside).items()}
    wanted = {name: path for name, path in files.items() if name not in outputs}
    for name in wanted:
        check_key(creation.key(name))
    for name, path in wanted.items():
        _bring(creation, name, path)
    for name, _ in list(creation.list("assets/")):
        if name not in wanted and name not in outputs:
            creation.delete(name)
    return len(wanted)


def _bring(creation: Creation, name: str, path: Path) -> None:
    there = creation.stat(name)
    if there and there.size_bytes == path.stat().st_size and there.content_hash == _sha256(path):
        return
    creation.upload(path, name)


def _sha256(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

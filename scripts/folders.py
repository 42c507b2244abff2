"""Bringing a person's own folder of assets into the store."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from scripts.folder_files import files_of
from shared.errors import BadRequest
from shared.records.creation import Creation
from shared.records.names import ASSETS
from shared.storage.keys import check_key


def import_folder(folder: Path, creation: Creation, outputs: frozenset[str]) -> int:
    """Make the creation's assets those of the folder and return how many there are.

    Files that are already there unchanged are left alone; assets that the folder no longer has are
    deleted at the end, but for the creation's own `outputs`. Nothing is changed when a name can't be a key.
    """
    wanted = assets_in(folder, creation, outputs)
    bring_assets(creation, wanted, outputs)
    return len(wanted)


def assets_in(folder: Path, creation: Creation, outputs: frozenset[str]) -> dict[str, Path]:
    """By the names that they get below the creation; raises `BadRequest` for a name that can't be a key."""
    if not folder.is_dir():
        raise BadRequest(f"{folder}: no such folder; name the one that holds 1/, 2/, …")
    store = urlsplit(creation.store.url)
    inside = Path(unquote(store.path)) if store.scheme == "file" else None
    files = {f"{ASSETS}{name}": path for name, path in files_of(folder, but_for=inside).items()}
    wanted = {name: path for name, path in files.items() if name not in outputs}
    for name in wanted:
        check_key(creation.key(name))
    return wanted


def bring_assets(creation: Creation, wanted: Mapping[str, Path], outputs: frozenset[str]) -> None:
    """Make these the creation's assets, beside its outputs."""
    for name, path in wanted.items():
        creation.bring(path, name)
    for name, _ in list(creation.list(ASSETS)):
        if name not in wanted and name not in outputs:
            creation.delete(name)

"""Copies a person's folder of assets into the store."""

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from scripts.folder_files import files_of
from shared.errors import BadRequest
from shared.records.creation import Creation
from shared.records.names import ASSETS
from shared.storage.keys import check_key


def assets_in(folder: Path, creation: Creation, makes: Callable[[str], bool]) -> dict[str, Path]:
    """A folder's files by their names below the creation, without those that the pipeline `makes`.

    Raises `BadRequest` for a name that can't be a key.
    """
    if not folder.is_dir():
        raise BadRequest(f"{folder}: no such folder; name the one that holds 1/, 2/, …")
    store = urlsplit(creation.store.url)
    inside = Path(unquote(store.path)) if store.scheme == "file" else None
    files = {f"{ASSETS}{name}": path for name, path in files_of(folder, but_for=inside).items()}
    wanted = {name: path for name, path in files.items() if not makes(name)}
    for name in wanted:
        check_key(creation.key(name))
    return wanted


def bring_assets(creation: Creation, wanted: Mapping[str, Path], makes: Callable[[str], bool]) -> None:
    """Make these the creation's assets, in addition to those that its pipeline `makes`.

    Unchanged files are not copied again; assets that the folder no longer has are deleted at the end.
    """
    for name, path in wanted.items():
        creation.bring(path, name)
    for name, _ in list(creation.list(ASSETS)):
        if name not in wanted and not makes(name):
            creation.delete(name)

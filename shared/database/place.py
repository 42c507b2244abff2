"""Where the database is: the one that settings name, or a file beside the store."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from shared.settings import Settings
from shared.storage import open_store
from shared.storage.keys import RESERVED


def database_url(settings: Settings) -> str | None:
    """DATABASE_URL; without it an SQLite file beside the folder of a store on disk, e.g. `creations.db`
    beside `creations/`, or inside it if none can be created beside it; None for any other store."""
    if settings.database_url or not settings.store_url.lower().startswith("file:"):
        return settings.database_url
    folder = Path(unquote(urlsplit(open_store(settings.store_url, settings).url).path))
    return f"sqlite:///{_file_of(folder)}" if folder.name else None


def _file_of(folder: Path) -> Path:
    """The existing file, if any: users with different permissions share it."""
    beside, inside = folder.with_name(folder.name + ".db"), folder / RESERVED / "jobs.db"
    there = [file for file in (beside, inside) if os.access(file, os.F_OK)]
    return there[0] if there else beside if _takes_files(folder.parent) else inside


def _takes_files(folder: Path) -> bool:
    """Whether a file can be made there. Never in the root, which a container deletes at its end."""
    nearest = next(place for place in (folder, *folder.parents) if os.access(place, os.F_OK))
    return folder != Path(folder.anchor) and os.access(nearest, os.W_OK)

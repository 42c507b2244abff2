"""What a creation was made from, so that another source replaces it only on request.

`claims/source.json` below the creation names the folder or product. It is written under a precondition, so
of two concurrent commands only one gets the creation. A creation with assets but without this file belongs to
the first command that claims it.
"""

import hashlib
import os
import socket
import unicodedata
from pathlib import Path
from typing import Final

from shared.errors import BadRequest, PreconditionFailed
from shared.records.creation import Creation
from shared.records.documents import Source, load, load_request, save
from shared.records.names import SOURCE
from shared.records.naming import product_words
from shared.runs.asking import check_pipeline

_MACHINE_ID: Final = Path("/etc/machine-id")


def source_of_folder(folder: Path, creation: Creation) -> Source:
    """The source that a folder is, or a file."""
    place = os.fsencode(folder.resolve()).decode("utf-8", "backslashreplace")
    on_disk = creation.store.url.startswith("file:")
    return Source(folder=unicodedata.normalize("NFC", place), machine="" if on_disk else _machine())


def claim_creation(creation: Creation, source: Source, pipeline: str, *, replace: bool) -> None:
    """Claim the creation for this source; raises `BadRequest` if it was made from another one, unless
    `replace` is given, or if it belongs to another pipeline."""
    request, _ = load_request(creation)
    if request:
        check_pipeline(creation, request, pipeline)
    _claim(creation, source, replace=replace)


def _claim(creation: Creation, source: Source, *, replace: bool) -> None:
    found, generation = load(creation, SOURCE, Source)
    if found and _is_same(found, source):
        return
    if found and not replace:
        raise BadRequest(
            f"creation {creation.creation_id!r} was made from {_named(found)}, not from {_named(source)}; "
            "use another creation ID, or add --replace (also if it is the same one, moved or renamed)"
        )
    try:
        save(creation, SOURCE, source, expect=generation)
    except PreconditionFailed:
        _claim(creation, source, replace=replace)


def _is_same(one: Source, other: Source) -> bool:
    if one.product or other.product:
        return product_words(one.product) == product_words(other.product)
    if one.machine != other.machine:
        return False
    return one.folder == other.folder or _is_same_folder(one.folder, other.folder)


def _is_same_folder(one: str, other: str) -> bool:
    """For disks on which one folder can have several names."""
    try:
        return Path(one).samefile(other)
    except OSError:
        return False


def _named(source: Source) -> str:
    if source.product:
        return f"the product {source.product!r}"
    where = f" on the machine {source.machine}" if source.machine else ""
    return f"{source.folder!r}{where}"


def _machine() -> str:
    """The host's name, with a hash that distinguishes machines of the same name if the system has an ID.

    The ID itself is confidential.
    """
    try:
        number = _MACHINE_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        number = ""
    digest = hashlib.sha256(f"reelwright {number}".encode()).hexdigest()[:8]
    return f"{socket.gethostname()} ({digest})" if number else socket.gethostname()

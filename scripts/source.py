"""What a creation was made of, so that nothing else takes its place unasked.

`claims/source.json` below the creation says which folder or product it is. It is written only where there is
none, or over what was read, so that of two at once one gets the creation. A creation that has none, but
assets already, becomes that of whoever comes first.
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
    place = os.fsencode(folder.resolve()).decode("utf-8", "backslashreplace")
    on_disk = creation.store.url.startswith("file:")
    return Source(folder=unicodedata.normalize("NFC", place), machine="" if on_disk else _machine())


def claim_creation(creation: Creation, source: Source, pipeline: str, *, replace: bool) -> None:
    """Make sure that the creation may be made of this; raises `BadRequest` if it is made of something else,
    unless that is to be replaced, or if it is another pipeline's."""
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
            f"creation {creation.creation_id!r} was made from {_told(found)}, not from {_told(source)}; "
            "name another creation ID for this one, or add --replace to put it in that one's place "
            "(also where it is the same, moved or renamed)"
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
    """For disks on which several names are one folder's."""
    try:
        return Path(one).samefile(other)
    except OSError:
        return False


def _told(source: Source) -> str:
    if source.product:
        return f"the product {source.product!r}"
    where = f" on the machine {source.machine}" if source.machine else ""
    return f"the folder {source.folder!r}{where}"


def _machine() -> str:
    """Tells machines of one name apart, where the system knows how. Its ID itself is not for others' eyes."""
    try:
        number = _MACHINE_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        number = ""
    digest = hashlib.sha256(f"reelwright {number}".encode()).hexdigest()[:8]
    return f"{socket.gethostname()} ({digest})" if number else socket.gethostname()

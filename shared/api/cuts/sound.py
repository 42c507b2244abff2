"""How loud a film is, measured once: kept below `cache/loudness/` by the hash of what was measured."""

import logging
from importlib.util import find_spec
from typing import Final

from pydantic import ValidationError

from shared.cuts.loudness import loudness
from shared.errors import ObjectNotFound, StoreError, ToolFailed
from shared.logs import log
from shared.machine.temporary import scratch
from shared.records.creation import Creation
from shared.records.documents import Document
from shared.records.names import CACHE
from shared.storage import ObjectInfo

_FOLDER: Final = f"{CACHE}loudness/"


class Measured(Document):
    """`cache/loudness/<hash>.json`."""

    values: tuple[float, ...] | None
    """None for a film whose sound can't be read."""


def kept_loudness(creation: Creation, sound: str) -> Measured | None:
    """What was measured of the object earlier; None if it was not."""
    name = _name(_described(creation, sound))
    try:
        return Measured.model_validate_json(creation.read(name)[0])
    except (ObjectNotFound, ValidationError):
        return None


def measured_loudness(creation: Creation, sound: str, most_bytes: int) -> Measured:
    """The same, measured now if it is not there, and kept; another film's goes.

    It is unknown, and not kept, where this server has no ffmpeg and for a larger object: it is fetched into
    the temporary folder, which may be memory.
    """
    found = kept_loudness(creation, sound)
    if found:
        return found
    info = _described(creation, sound)
    if find_spec("imageio_ffmpeg") is None or info.size_bytes > most_bytes:
        return Measured(values=None)
    measured = _measure(creation, sound)
    _keep(creation, _name(info), measured)
    return measured


def _measure(creation: Creation, sound: str) -> Measured:
    with scratch() as folder:
        path = creation.download(sound, folder / "sound")
        try:
            return Measured(values=loudness(path, folder))
        except ToolFailed as error:
            text = f"{creation.key(sound)}: its loudness is unknown: {error}"
            log(logging.WARNING, "loudness_unknown", text, creation_id=creation.creation_id)
            return Measured(values=None)


def _keep(creation: Creation, name: str, measured: Measured) -> None:
    try:
        for other, _ in list(creation.list(_FOLDER)):
            if other != name:
                creation.delete(other)
        creation.write(name, measured.to_bytes())
    except StoreError as error:
        text = f"{creation.key(name)}: not kept, and measured again next time: {error}"
        log(logging.WARNING, "loudness_not_kept", text, creation_id=creation.creation_id)
    finally:
        creation.withdraw_if_removed()


def _described(creation: Creation, sound: str) -> ObjectInfo:
    info = creation.stat(sound)
    if info is None:
        raise ObjectNotFound(creation.key(sound))
    return info


def _name(info: ObjectInfo) -> str:
    return f"{_FOLDER}{info.content_hash[:32]}.json"

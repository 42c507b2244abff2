"""Taking a creation out of the store, so that nobody takes what is half gone for work to be done again."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from shared.errors import PreconditionFailed
from shared.records.creation import Creation, canonical_json
from shared.records.names import FOLDERS, MANIFEST, POSTED, REQUEST, marks_of
from shared.storage import ABSENT, ObjectInfo

REMOVED: Final = canonical_json({"state": "removed"})
"""What `POSTED` says while its creation is deleted."""


def objects_of(creation: Creation) -> Iterator[tuple[str, ObjectInfo]]:
    """All that the creation holds, but nothing of a creation below it."""
    for name in (REQUEST, MANIFEST):
        info = creation.stat(name)
        if info:
            yield name, info
    for folder in FOLDERS:
        yield from creation.list(folder)


def remove(creation: Creation, *, over: str | None = None) -> bool:
    """Delete a creation that nothing works for; False if its request is not of generation `over`, where that
    is given: it was started again.

    Its claim says so first, and goes last: nobody gets the ID in between, and what broke off can be done
    again. The request goes next, and with it all that a run could go on with.
    """
    found = creation.stat(REQUEST)
    if over not in (None, found.generation if found else ABSENT):
        return False
    claim = creation.write(POSTED, REMOVED)
    if found and not _deleted(creation, REQUEST, over):
        _deleted(creation, POSTED, claim.generation)
        return False
    marks = marks_of(creation.creation_id)
    for mark in list(creation.store.list(marks)):
        if mark.key.removeprefix(marks).isdecimal():
            creation.store.delete(mark.key)
    for name in [name for name, _ in objects_of(creation) if name != POSTED]:
        creation.delete(name)
    _deleted(creation, POSTED, claim.generation)  # unless another deletes it as well, and is not done
    return True


def is_half_removed(creation: Creation) -> bool:
    """Whether its removal broke off: doing it again finishes it."""
    with suppress(FileNotFoundError):
        return creation.read(POSTED)[0] == REMOVED and not creation.has_request()
    return False


def _deleted(creation: Creation, name: str, expect: str | None) -> bool:
    try:
        creation.store.delete(creation.key(name), expect=expect)
    except PreconditionFailed:
        return False
    return True

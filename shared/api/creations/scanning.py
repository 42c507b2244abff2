"""What the whole store holds, as far as the list needs to know: one listing, nothing is read but marks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.api.creations.entry import Seen
from shared.records.creation import is_creation_id
from shared.records.names import ASSETS, CLAIMS, FOLDERS, MANIFEST, REMOVING, REQUEST, removed_creation
from shared.records.removal import is_deleted
from shared.storage import ObjectInfo, ObjectStore

_NAMES: Final = frozenset({REQUEST, MANIFEST})
_FOLDERS: Final = frozenset(folder.removesuffix("/") for folder in FOLDERS)
_BESIDE: Final = (ASSETS, CLAIMS)
"""Where something is of a creation that has no request yet, the first that counts first."""


@dataclass(kw_only=True, slots=True)
class _Found:
    request: ObjectInfo | None = None
    manifest: ObjectInfo | None = None
    others: dict[str, ObjectInfo] = field(default_factory=dict)

    def seen(self, creation_id: str) -> Seen | None:
        other = next((self.others[folder] for folder in _BESIDE if folder in self.others), None)
        if not self.request and (self.manifest or not other):
            return None
        return Seen(
            creation_id=creation_id,
            request=self.request,
            manifest=self.manifest,
            other=None if self.request else other,
        )


def seen_in(store: ObjectStore, known: Mapping[str, object]) -> Iterator[Seen]:
    """All creations that are there; `known` IDs are not checked again."""
    found: dict[str, _Found] = {}
    for info in store.heads(_NAMES, _FOLDERS):
        creation_id, folder, name = _parted(info.key)
        each = found.setdefault(creation_id, _Found())
        if folder:
            each.others[folder] = info
        elif name == REQUEST:
            each.request = info
        else:
            each.manifest = info
    for creation_id, each in found.items():
        if creation_id in known or is_creation_id(creation_id):
            seen = each.seen(creation_id)
            if seen:
                yield seen


def _parted(key: str) -> tuple[str, str, str]:
    """The creation's ID, the folder below it that an object is in, or else the object's name."""
    *above, name = key.split("/")
    depth = next((number for number, segment in enumerate(above) if segment in _FOLDERS), None)
    if depth is None:
        return "/".join(above), "", name
    return "/".join(above[:depth]), f"{above[depth]}/", ""


def deleted_in(store: ObjectStore) -> set[str]:
    """The IDs of all creations that are marked for removal."""
    marked = [removed_creation(info.key) for info in store.list(REMOVING)]
    return {creation_id for creation_id in marked if is_deleted(store, creation_id)}

"""Pages of a list that is ordered from the newest to the oldest, and stays so while it grows."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from shared.api.creations.entry import Entry, State
from shared.errors import BadRequest
from shared.records.creation import check_creation_id


@dataclass(frozen=True, kw_only=True, order=True)
class Place:
    """Where a page begins in the list: after this creation."""

    at: datetime
    creation_id: str

    @staticmethod
    def of(cursor: str) -> "Place":
        """Raises `BadRequest` for an invalid cursor."""
        try:
            at, creation_id = json.loads(urlsafe_b64decode(cursor.encode("ascii")))
            place = Place(at=datetime.fromisoformat(at), creation_id=check_creation_id(creation_id))
        except (ValueError, TypeError) as error:
            raise BadRequest("cursor: is invalid; send next_cursor unchanged, or leave it out") from error
        if place.at.tzinfo is None:
            raise BadRequest("cursor: is invalid; send next_cursor unchanged, or leave it out")
        return place

    @staticmethod
    def of_entry(entry: Entry) -> "Place":
        return Place(at=entry.created_at, creation_id=entry.creation_id)

    def cursor(self) -> str:
        return urlsafe_b64encode(json.dumps([self.at.isoformat(), self.creation_id]).encode()).decode()


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which creations are asked for."""

    pipelines: frozenset[str] = frozenset()
    """Of these; empty: of all."""
    statuses: frozenset[State] = frozenset()
    words: tuple[str, ...] = ()
    """In lower case; all of them are in its ID or its title."""

    @staticmethod
    def of(pipelines: Iterable[str], statuses: Iterable[State], search: str) -> "Wanted":
        words = tuple(search.casefold().split())
        return Wanted(pipelines=frozenset(pipelines), statuses=frozenset(statuses), words=words)

    def has(self, entry: Entry) -> bool:
        if self.pipelines and entry.pipeline not in self.pipelines:
            return False
        if self.statuses and entry.status not in self.statuses:
            return False
        if not self.words:
            return True
        text = f"{entry.creation_id}\n{entry.title or ''}".casefold()
        return all(word in text for word in self.words)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What is on a page."""

    entries: list[Entry]
    total: int
    """How many match on all pages."""
    next: Place | None
    """None on the last page."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """The page that is asked for."""

    wanted: Wanted
    limit: int
    after: Place | None

    def of(self, entries: Iterable[Entry]) -> Shown:
        """`entries` are in the order of the list."""
        matching = [entry for entry in entries if self.wanted.has(entry)]
        found = list(islice(beyond(matching, self.after), self.limit + 1))
        shown = found[: self.limit]
        after = Place.of_entry(shown[-1]) if len(found) > self.limit else None
        return Shown(entries=shown, total=len(matching), next=after)


def beyond(entries: Iterable[Entry], after: Place | None) -> Iterator[Entry]:
    """Those that come after this place."""
    if after is None:
        return iter(entries)
    last = after.at, after.creation_id
    return (entry for entry in entries if (entry.created_at, entry.creation_id) < last)

"""An index of all creations in a server's memory: a list must not read 10,000 objects for each request.

It is a cache and nothing more: what is true is in the store, and each server has its own. A look compares the
generations that one listing of the store shows with those that were read, and reads only what has changed,
the newest first. Small stores are looked at for each request; large ones beside the requests, a third of the
time at most, and only while somebody asks. What this server itself changes is read again at once.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from shared.api.creations.entry import Entry, Seen, look_at, read_entry
from shared.api.creations.scanning import deleted_in, seen_in
from shared.errors import ReelwrightError
from shared.logs import log
from shared.records.creation import Creation
from shared.records.documents import Request
from shared.records.removal import is_deleted
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger

_READERS: Final = 8
_FEW: Final = 100
_QUICK_S: Final = 0.1
"""A look at so few creations, or one that is so quick, is part of each request."""
_PATIENCE_S: Final = 1.5
"""How long a request waits for a look, if it waits."""
_OLD_S: Final = 10.0
"""A request waits for a look if the last one ended so long ago."""
_MOST_TOUCHED: Final = 200
_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the index knows now."""

    entries: list[Entry]
    """Newest first, without those that are marked for removal."""
    complete: bool
    """False while it is still being filled, or if the store could not be looked at lately."""


@dataclass(kw_only=True)
class _Look:
    """One reading of what has changed in the store."""

    number: int
    began_at: float
    ended_at: float = 0.0
    count: int = 0
    """Of creations."""
    error: Exception | None = None
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def took_s(self) -> float:
        return self.ended_at - self.began_at

    @property
    def is_small(self) -> bool:
        return self.count <= _FEW or self.took_s <= _QUICK_S


class Index:
    """All creations of a trigger's store. Its methods may be called from any thread."""

    def __init__(self, trigger: Trigger, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._trigger = trigger
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}
        self._deleted: set[str] = set()
        self._noted: dict[str, int] = {}
        """By ID, the number of the latest look when it was read by itself: older looks know less of it."""
        self._touched: dict[str, None] = {}
        self._order: list[Entry] | None = None
        self._last: _Look | None = None
        self._now: _Look | None = None
        self._looks = 0
        trigger.tell(self._heard)

    def touch(self, creation_id: str) -> None:
        """This server has changed the creation: it is read again before the next answer."""
        with self._lock:
            self._touched[creation_id] = None
            while len(self._touched) > _MOST_TOUCHED:  # the next look finds these
                del self._touched[next(iter(self._touched))]

    def found(self, *, patience_s: float = _PATIENCE_S) -> Found:
        """All creations, as of now in a small store, else as of a moment ago; where nothing is known yet, or
        nothing of late, what is found within `patience_s`.

        Raises what the store raised if it could not be looked at then.
        """
        self._wait(patience_s)
        self._read_touched()
        with self._lock:
            if self._order is None:
                shown = [entry for name, entry in self._entries.items() if name not in self._deleted]
                self._order = sorted(shown, key=_place, reverse=True)
            return Found(entries=self._order, complete=self._is_complete())

    def refreshed(self, entries: Iterable[Entry], read: Callable[[Entry], Entry | None]) -> list[Entry]:
        """Read these again, several at once, and keep what was read; those that are gone are left out, and
        those that can't be read now stay as they were."""

        def again(entry: Entry) -> Entry | None:
            try:
                return read(entry)
            except ReelwrightError as error:
                log(logging.WARNING, "creation_unread", f"{entry.creation_id}: can't be read now: {error}")
                return entry

        before = list(entries)
        after = _side_by_side(again, before)
        with self._lock:
            for old, new in zip(before, after, strict=True):
                if new and new != old and self._entries.get(old.creation_id) is old:
                    self._put(new)
        return [entry for entry in after if entry]

    def _heard(self, creation: Creation, request: Request, status: RunStatus) -> None:
        """The trigger has read a status."""
        with self._lock:
            known = self._entries.get(creation.creation_id)
        if known is None or (known.run, known.status) != (request.run, status.status):
            self.touch(creation.creation_id)

    def _is_complete(self) -> bool:
        last = self._last
        return last is not None and self._clock() - last.ended_at <= max(_OLD_S, 4 * last.took_s)

    def _wait(self, patience_s: float) -> None:
        until = self._clock() + patience_s
        with self._lock:
            last = self._last
        if last and last.is_small:  # one that begins now
            look = self._begun(after=self._looks)
        elif last is None or self._clock() - last.ended_at > _OLD_S:
            look = self._begun(after=0 if last is None else last.number)
        else:
            if self._clock() - last.ended_at >= 2 * last.took_s:
                self._begun(after=last.number)
            return
        while look is None or not look.done.wait(max(0.0, until - self._clock())):
            if self._clock() >= until:
                return
            look = look or self._begun(after=self._looks)
        if look.error:
            raise look.error

    def _begun(self, *, after: int) -> _Look | None:
        """A look with a higher number, which may be under way; waits for an earlier one to end first."""
        while True:
            with self._lock:
                now = self._now
                if now is None:
                    self._looks += 1
                    now = self._now = _Look(number=self._looks, began_at=self._clock())
                    threading.Thread(target=self._look, args=(now,), name="index", daemon=True).start()
                    return now
                if now.number > after:
                    return now
            if not now.done.wait(_PATIENCE_S):
                return None

    def _look(self, look: _Look) -> None:
        try:
            with self._lock:
                known = dict(self._entries)
            seen = list(seen_in(self._trigger.store, known))
            deleted = deleted_in(self._trigger.store)
            self._leave_out(look, {each.creation_id for each in seen}, deleted)
            changed = [each for each in seen if _is_news(each, known.get(each.creation_id))]
            changed.sort(key=lambda each: each.modified_at, reverse=True)
            _side_by_side(partial(self._read, look), changed)
            look.count = len(seen)
        except Exception as error:  # noqa: BLE001 - raised by those who wait for it
            log(logging.WARNING, "list_unread", f"the store could not be looked at: {error}")
            look.error = error
        look.ended_at = self._clock()
        with self._lock:
            if look.error is None:
                self._last = look
            self._now = None
        look.done.set()

    def _leave_out(self, look: _Look, there: set[str], deleted: set[str]) -> None:
        """Forget what is gone, unless it was read by itself after this look began."""
        with self._lock:
            newer = {name for name, number in self._noted.items() if number >= look.number}
            self._noted = {name: self._noted[name] for name in newer}
            gone = self._entries.keys() - there - newer
            for name in gone:
                del self._entries[name]
            before, self._deleted = self._deleted, (deleted - newer) | (self._deleted & newer)
            if gone or before != self._deleted:
                self._order = None

    def _read(self, look: _Look, seen: Seen) -> None:
        """Read what has changed; what can't be read now is tried again by the next look."""
        try:
            entry = read_entry(self._trigger, seen)
        except ReelwrightError as error:
            log(logging.WARNING, "creation_unread", f"{seen.creation_id}: can't be read now: {error}")
            return
        with self._lock:
            if self._noted.get(seen.creation_id, 0) >= look.number:
                return
            if entry:
                self._put(entry)
            elif self._entries.pop(seen.creation_id, None):
                self._order = None

    def _put(self, entry: Entry) -> None:
        self._entries[entry.creation_id] = entry
        self._order = None

    def _read_touched(self) -> None:
        with self._lock:
            touched, self._touched = list(self._touched), {}
        _side_by_side(self._read_anew, touched)

    def _read_anew(self, creation_id: str) -> None:
        creation = Creation(self._trigger.store, creation_id)
        try:
            deleted = is_deleted(creation.store, creation_id)
            seen = look_at(creation)
            entry = read_entry(self._trigger, seen) if seen else None
        except ReelwrightError as error:
            log(logging.WARNING, "creation_unread", f"{creation_id}: can't be read now: {error}")
            return
        with self._lock:
            self._noted[creation_id] = self._looks
            (self._deleted.add if deleted else self._deleted.discard)(creation_id)
            self._entries.pop(creation_id, None)
            self._order = None
            if entry:
                self._put(entry)


def _side_by_side(work: Callable[[_Item], _Made], items: list[_Item]) -> list[_Made]:
    """The results in the order of the items."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(_READERS, len(items)), thread_name_prefix="list") as pool:
        return list(pool.map(work, items))


def _place(entry: Entry) -> tuple[object, str]:
    return entry.created_at, entry.creation_id


def _is_news(seen: Seen, known: Entry | None) -> bool:
    return known is None or known.generations != seen.generations

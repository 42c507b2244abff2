"""Whether an attempt is alive, judged from its heartbeats in the store as the launcher sees them.

Silence is counted in looks that found no new heartbeat, not read off clocks. So it doesn't matter if the
worker's clock differs, or if this process or the whole machine slept: a heartbeat after that is seen at the
next look. While the store can't be read, nothing is known of the attempt, and counting starts again.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Final

from shared.errors import ReelwrightError
from shared.platforms import LaunchOrder
from shared.records.creation import Creation
from shared.records.documents import Record, load
from shared.records.names import RECORDS
from shared.settings import Settings

_LOOKS: Final = 12
"""Looks within the time after which silence means death."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long an attempt may be silent."""

    at_work_s: float = 60.0
    """While its own record says that it works: STALE_AFTER_S."""
    otherwise_s: float = 300.0
    """While no record does: it has not begun, is between two stages, or is done and has yet to end."""

    @property
    def look_every_s(self) -> float:
        return self.at_work_s / _LOOKS


USUAL: Final = Patience()


def patience_of(settings: Settings) -> Patience:
    """The patience that the settings define."""
    limit_s = settings.stale_after_s
    return replace(USUAL, at_work_s=limit_s, otherwise_s=max(limit_s, USUAL.otherwise_s))


@dataclass(kw_only=True)
class Pulse:
    """The heartbeats of one attempt at one task."""

    creation: Creation
    order: LaunchOrder
    execution: str
    index: int
    patience: Patience
    _before: frozenset[tuple[str, str]] | None = None
    """Heartbeats from attempts before this one."""
    _seen: frozenset[tuple[str, str]] = frozenset()
    _silent_looks: int = 0
    _known: dict[str, tuple[str, Record | None]] = field(default_factory=dict)
    """By name, the generation of a record that was read, and the record."""

    def silence(self) -> str:
        """Look once: why the attempt must be ended, or empty text. Called once before the attempt begins,
        then every `look_every_s`."""
        try:
            beats = {_beat(record): record for record in self._records() if self._is_mine(record)}
        except ReelwrightError:
            self._silent_looks = 0
            return ""
        if self._before is None:
            self._before = frozenset(beats)
        mine = {beat: record for beat, record in beats.items() if beat not in self._before}
        self._silent_looks = self._silent_looks + 1 if mine.keys() == self._seen else 0
        self._seen = frozenset(mine)
        return self._verdict(at_work=any(record.status == "running" for record in mine.values()))

    def _verdict(self, *, at_work: bool) -> str:
        limit_s = self.patience.at_work_s if at_work else self.patience.otherwise_s
        silent_s = self._silent_looks * self.patience.look_every_s
        if silent_s <= limit_s:
            return ""
        if at_work:
            age = f"its heartbeat was {math.ceil(silent_s)} s old"
            return f"{age}, more than STALE_AFTER_S={limit_s:g} allows, so it was ended"
        return f"it wrote no heartbeat for {math.ceil(silent_s)} s, so it was ended"

    def _is_mine(self, record: Record) -> bool:
        return (record.run, record.execution) == (self.order.run, self.execution)

    def _records(self) -> list[Record]:
        task = self.order.task(self.index)
        if task:
            found = [load(self.creation, task.record, Record)[0]]
        else:
            listed = list(self.creation.list(RECORDS))
            found = [self._read(each, info.generation) for each, info in listed]
        return [record for record in found if record]

    def _read(self, name: str, generation: str) -> Record | None:
        """The record, from memory if it is still of this generation: there may be many."""
        if self._known.get(name, ("", None))[0] != generation:
            self._known[name] = generation, load(self.creation, name, Record)[0]
        return self._known[name][1]


def _beat(record: Record) -> tuple[str, str]:
    return record.owner, record.heartbeat_at.isoformat()

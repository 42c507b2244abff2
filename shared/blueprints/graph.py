"""The graph of RPCs: who feeds whom, in which levels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TypeAlias

Place: TypeAlias = tuple[str, str]
"""A service or container, and one of its RPCs."""


def place_name(place: Place) -> str:
    """`data_generator1.GenerateData`."""
    return ".".join(place)


@dataclass(frozen=True)
class Graph:
    """RPCs and the links between them."""

    places: tuple[Place, ...]
    links: tuple[tuple[Place, Place], ...]

    @cached_property
    def before(self) -> Mapping[Place, tuple[Place, ...]]:
        """By RPC, those that feed it."""
        return {place: tuple(one for one, other in self.links if other == place) for place in self.places}

    @cached_property
    def after(self) -> Mapping[Place, tuple[Place, ...]]:
        """By RPC, those that it feeds."""
        return {place: tuple(other for one, other in self.links if one == place) for place in self.places}

    @cached_property
    def levels(self) -> tuple[tuple[Place, ...], ...]:
        """RPCs whose needs are all in earlier levels; those of a cycle, and what follows it, are in none."""
        waiting = {place: set(needs) for place, needs in self.before.items()}
        levels = []
        while ready := tuple(place for place in self.places if place in waiting and not waiting[place]):
            levels.append(ready)
            for place in ready:
                del waiting[place]
            for needs in waiting.values():
                needs.difference_update(ready)
        return tuple(levels)

    @cached_property
    def cycle(self) -> tuple[Place, ...]:
        """The RPCs of one cycle in their order; empty if there is none."""
        done = {place for level in self.levels for place in level}
        left = [place for place in self.places if place not in done]
        if not left:
            return ()
        path = [left[0]]
        while True:  # backwards: each RPC that is left has a need that is left
            path.append(next(need for need in self.before[path[-1]] if need not in done))
            if path[-1] in path[:-1]:
                return tuple(reversed(path[path.index(path[-1]) + 1 :]))

    @property
    def starts(self) -> tuple[Place, ...]:
        return tuple(place for place in self.places if not self.before[place])

    def islands(self) -> list[tuple[str, ...]]:
        """The services in groups that no link connects, the largest first."""
        return islands_of([name for name, _ in self.places], [(a[0], b[0]) for a, b in self.links])

    def services_by_level(self, first: str = "") -> list[str]:
        """The services from producers to consumers: `first`, then by level, and by name within one."""
        depth: dict[str, int] = {}
        for number, level in enumerate(self.levels):
            for name, _ in level:
                depth.setdefault(name, number)
        names = dict.fromkeys(name for name, _ in self.places)
        return sorted(names, key=lambda name: (name != first, depth.get(name, len(depth)), name))


def islands_of(names: Iterable[str], links: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Groups of names that no link connects, the largest first, then by name."""
    group = {name: {name} for name in names}
    for one, other in links:
        if one in group and other in group and group[one] is not group[other]:
            group[one] |= group[other]
            for name in group[one]:
                group[name] = group[one]
    found = {tuple(sorted(names)) for names in group.values()}
    return sorted(found, key=lambda names: (-len(names), names))


def nearest(name: str, known: Sequence[str]) -> str:
    """What was perhaps meant, for the end of a message."""
    close = get_close_matches(name, known, n=3, cutoff=0.5) or sorted(known)[:5]
    return f"; nearest: {', '.join(close)}" if close else ""

"""What goes wrong on purpose: by chance, or at an exact call; all of it is counted."""

import random
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Final

OPERATIONS: Final = frozenset(
    {
        *("buckets.get", "buckets.insert"),
        *("objects.get", "objects.media", "objects.list", "objects.delete", "objects.patch"),
        *("objects.insert", "resumable.start", "resumable.chunk", "resumable.cancel"),
    }
)
KINDS: Final[Mapping[str, frozenset[str]]] = {
    "503-before": OPERATIONS,
    "429-before": OPERATIONS,
    "503-after": OPERATIONS,
    "reset-before": OPERATIONS,
    "reset-after": OPERATIONS,
    "broken-download": frozenset({"objects.media"}),
    "broken-upload": frozenset({"objects.insert", "resumable.chunk"}),
    "short-chunk": frozenset({"resumable.chunk"}),
    "lost-session": frozenset({"resumable.chunk"}),
}
"""Each kind and the operations that it can strike.

`…-before` leaves undone what was asked for, `…-after` does it and loses the answer. `broken-…` ends the
connection amid the bytes. `short-chunk` keeps a part of a chunk and says so (308), `lost-session` forgets a
resumable upload (410).
"""


DAMAGES: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(
        (
            *("wrong-bytes", "short-answer", "long-answer", "other-generation", "other-place"),
            *("gunzipped", "gzipped", "range-ignored", "no-sums"),
        ),
        frozenset({"objects.media"}),
    ),
    "page": OPERATIONS,
    "missing-page": OPERATIONS,
    "other-json": OPERATIONS,
    "cut-json": OPERATIONS - {"objects.media", "objects.delete"},
}
"""What Cloud Storage itself does not do, but something in between might; chance never strikes with these.

`wrong-bytes` has one byte changed, `short-answer` ends early, and says so, `long-answer` has bytes that were
not asked for; `other-generation` and `other-place` say that the bytes are others than were asked for.
`gunzipped` and `gzipped` come repacked, `range-ignored` is all of the object; `no-sums` leaves out
X-Goog-Hash, as one may. `page` and `missing-page` (404) are pages for people, `other-json` is an empty object
of JSON, `cut-json` lacks its end.
"""


class Faults:
    """Decides for every call whether a fault strikes it. May be asked from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._chance = random.Random(0)
        self._rates: dict[str, float] = {}
        self._planned: dict[tuple[str, int], str] = {}
        self.calls: Counter[str] = Counter()
        """How often each operation was called."""
        self.injected: list[tuple[str, int, str]] = []
        """Operation, which call of it (from 1), kind; in the order in which they struck."""

    def plan(self, operation: str, nth: int, kind: str) -> None:
        """Strike the nth call of an operation from now on, 1 being the next."""
        if operation not in {**KINDS, **DAMAGES}[kind] or nth < 1:
            raise ValueError(f"{kind!r} can't strike call {nth} of {operation!r}")
        with self._lock:
            self._planned[operation, self.calls[operation] + nth] = kind

    def rate(self, rates: Mapping[str, float], *, seed: int) -> None:
        """Strike at random from now on: the probability of each kind, at the calls that it can strike."""
        if not KINDS.keys() >= rates.keys():
            raise ValueError(f"unknown among {sorted(rates)}; known: {sorted(KINDS)}")
        with self._lock:
            self._rates = dict(rates)
            self._chance = random.Random(seed)

    def draw(self, operation: str) -> str:
        """The kind of fault that strikes this call, or nothing; whoever asks injects it."""
        with self._lock:
            self.calls[operation] += 1
            nth = self.calls[operation]
            kind = self._planned.pop((operation, nth), "") or self._by_chance(operation)
            if kind:
                self.injected.append((operation, nth, kind))
            return kind

    @property
    def pending(self) -> list[tuple[str, int, str]]:
        """What was planned and has not struck."""
        with self._lock:
            return [(operation, nth, kind) for (operation, nth), kind in sorted(self._planned.items())]

    def verify(self) -> None:
        """Raise `AssertionError` if a planned fault has not struck."""
        if self.pending:
            raise AssertionError(f"planned, but never struck: {self.pending}; calls: {dict(self.calls)}")

    def _by_chance(self, operation: str) -> str:
        for kind, rate in self._rates.items():
            if operation in KINDS[kind] and self._chance.random() < rate:
                return kind
        return ""

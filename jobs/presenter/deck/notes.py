"""Notes: what is spoken over a slide, with pause marks: `[pause]`, or `[pause 1.5 s]`."""

import re
from dataclasses import dataclass
from typing import Final

PAUSE_S: Final = 0.6
"""Of a mark without a number."""
_LONGEST_S: Final = 10.0
_MARK: Final = re.compile(r"\s*\[pause(?:\s+([0-9]{1,2}(?:\.[0-9]{1,2})?)\s*s)?\]\s*")


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """Words between two pauses."""

    text: str
    start: int
    """Place of its first character in the notes."""
    pause_ms: int
    """Of silence after it."""


def pause_mark(seconds: float = PAUSE_S) -> str:
    """The mark for a pause."""
    return "[pause]" if seconds == PAUSE_S else f"[pause {round(seconds, 2):g} s]"


def without_pauses(notes: str) -> str:
    """The words alone."""
    return _MARK.sub(" ", notes).strip()


def between_pauses(notes: str) -> list[Spoken]:
    """The words in order. Pauses before the first are dropped; several in a row add up, to at most 10 s."""
    pieces: list[Spoken] = []
    start = 0
    for mark in [*_MARK.finditer(notes), None]:
        end = mark.start() if mark else len(notes)
        pause_ms = round(float(mark[1] or PAUSE_S) * 1000) if mark else 0
        text = notes[start:end]
        if text.strip():
            lead = len(text) - len(text.lstrip())
            pieces.append(Spoken(text=text.strip(), start=start + lead, pause_ms=_most(pause_ms)))
        elif pieces:
            last = pieces[-1]
            pieces[-1] = Spoken(text=last.text, start=last.start, pause_ms=_most(last.pause_ms + pause_ms))
        start = mark.end() if mark else end
    return pieces


def _most(pause_ms: int) -> int:
    return min(pause_ms, round(_LONGEST_S * 1000))

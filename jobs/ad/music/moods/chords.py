"""What the pieces share: chords over a section, beds of them, and air that rises into the next one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jobs.ad.music import instruments as play
from jobs.ad.music.desk import Desk, Section

Sections = Sequence[Section]


@dataclass(frozen=True, kw_only=True)
class Chord:
    """A chord and where in its section it is played, in eighths."""

    bass: int
    notes: tuple[int, ...]
    start: float
    length: float


def chords(section: Section, *parts: tuple[int, ...]) -> Iterator[Chord]:
    """The chords, bass first, over the section in equal parts of whole eighths."""
    edges = [round(section.eighths * number / len(parts)) for number in range(len(parts) + 1)]
    for (bass, *notes), start, end in zip(parts, edges, edges[1:], strict=False):
        yield Chord(bass=bass, notes=tuple(notes), start=start, length=end - start)


def into(desk: Desk, section: Section, gain: float, *, seconds: float, bright: float) -> None:
    """Air that rises into the section."""
    length_s = min(seconds, section.start_s)
    desk.add(play.riser(round(length_s, 2), bright), section.start_s - length_s, gain, echo=0.5)


def bed(desk: Desk, section: Section, chord: Chord, gain: float, *, bright: float, yields: bool) -> None:
    """A chord as a pad, each note left and right; it fades into its neighbours."""
    over_s = 0.9
    start_s = max(0.0, section.at(chord.start) - over_s / 2)
    length_s = round(chord.length * section.step_s + over_s, 3)
    for number, note in enumerate(chord.notes):
        level = gain * (0.85 if number % 2 else 1.0)
        for side in (-1, 1):
            tone = play.pad(note, length_s, side=side, bright=bright)
            desk.add(tone, start_s, level, pan=0.75 * side, echo=0.5, yields=yields)

"""Minimal: G major, a wooden motif that answers itself, two still tones, much room."""

from typing import Final

from jobs.ad.music import instruments as play
from jobs.ad.music.desk import Desk, Section, Stereo
from jobs.ad.music.moods.chords import Chord, Sections, bed, chords, into

_HARMONY: Final = (
    ((43, 62, 67), (40, 62, 67)),
    ((36, 64, 67), (38, 62, 69)),
    ((40, 62, 67), (36, 64, 67)),
    ((36, 64, 67), (38, 62, 69)),
    ((43, 62, 67, 71),),
)
_MOTIF: Final = ((0, 74), (1, 79), (3, 76), (4, 74))
_ANSWER: Final = ((0, 71), (2, 74), (3, 69))
_CLIMB: Final = ((0, 74), (1, 79), (2, 74), (3, 81), (4, 79))
"""Eighth and note of each."""


def piece(desk: Desk, parts: Sections) -> Stereo:
    for number, part in enumerate(parts):
        for chord in chords(part, *_HARMONY[number]):
            bed(desk, part, chord, (0.045, 0.05, 0.055, 0.06, 0.065)[number], bright=0.1, yields=False)
            if number:
                deep = play.sub(chord.bass, round(chord.length * part.step_s * 0.7, 3))
                desk.add(deep, part.at(chord.start), 0.16)
            _motif(desk, part, chord, number)
        if number in (1, 2):
            _heartbeat(desk, part, softly=number == 1)
        if number:
            into(desk, part, 0.03, seconds=1.2, bright=0.3)
            desk.add(play.boom(2.0, 1.0), part.start_s, 0.16 if number < 4 else 0.3, echo=0.4)
    for delay, note in ((0, 79), (2, 83), (3, 86)):
        _answered(desk, parts[4], delay, note, 0.3)
    return desk.master(echo_s=3.2, echo=1.3, deep=0.8, air=3.0)


def _motif(desk: Desk, part: Section, chord: Chord, number: int) -> None:
    """The motif under a chord, its answer under the next; in the build it climbs instead."""
    if number == 4:
        return
    figure: tuple[tuple[int, int], ...] = _MOTIF if chord.start == 0 or number == 2 else _ANSWER
    if number == 3:
        figure = _CLIMB
    wait = 2 if number == 0 and chord.start == 0 else 0
    for eighth, note in figure:
        fits = note if chord.bass != 38 or note != 79 else 78
        _answered(desk, part, chord.start + wait + eighth, fits, 0.27 if number else 0.24)


def _answered(desk: Desk, part: Section, eighth: float, note: int, gain: float) -> None:
    """A note, and its echoes one and a half beats apart, left and right."""
    for count in range(3):
        pan = (0.0, -0.6, 0.6)[count]
        at_s = part.at(eighth + 3 * count)
        desk.played(play.mallet(note), at_s, gain * 0.42**count, pan=pan, echo=0.45, loose_s=0.005)


def _heartbeat(desk: Desk, part: Section, *, softly: bool) -> None:
    for count, eighth in enumerate(part.every(2, until=part.eighths - 1)):
        if count % 2 == 0:
            desk.played(play.kick(0.0), part.at(eighth), 0.12 if softly else 0.2, loose_s=0.003)
        else:
            desk.played(play.snap(), part.at(eighth), 0.05 if softly else 0.08, pan=0.25, echo=0.5)
        if not softly:
            desk.played(play.tick(), part.at(eighth + 1), 0.03, pan=-0.4, echo=0.2)

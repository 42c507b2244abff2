"""Energetic: A minor to C major, four on the floor, tresillo chords, a bass between the beats."""

from collections.abc import Sequence
from typing import Final

from jobs.ad.music import instruments as play
from jobs.ad.music.desk import Desk, Section, Stereo
from jobs.ad.music.moods.chords import Chord, Sections, bed, chords, into

_VI_IV_I_V: Final = ((45, 60, 64, 69, 72), (41, 60, 65, 69, 72), (48, 60, 64, 67, 72), (43, 59, 62, 67, 71))
_HARMONY: Final = (
    _VI_IV_I_V,
    _VI_IV_I_V,
    _VI_IV_I_V,
    ((41, 60, 65, 69, 72), (43, 62, 67, 71, 74)),
    ((48, 60, 64, 67, 72), (48, 64, 67, 72, 76)),
)
_TRESILLO: Final = (0, 3, 6)


def piece(desk: Desk, parts: Sections) -> Stereo:
    kicks: list[float] = []
    for number, part in enumerate(parts):
        for chord in chords(part, *_HARMONY[number]):
            bed(desk, part, chord, (0.05, 0.055, 0.06, 0.07, 0.07)[number], bright=0.6, yields=True)
            _club_chord(desk, part, chord, number)
        kicks += _club_drums(desk, part, number)
        if number:
            into(desk, part, 0.16 if number < 4 else 0.3, seconds=2.0 if number < 4 else 3.6, bright=1.0)
            desk.add(play.hat(2.2), part.start_s, 0.20, pan=-0.2, echo=0.4)
            desk.add(play.boom(1.4, 0.6), part.start_s, 0.35, echo=0.2)
    _button(desk, parts[4], (48, 60, 64, 67, 72, 76, 79))
    desk.duck(kicks, depth=0.62)
    return desk.master(echo_s=1.3, echo=0.9, deep=0.55, air=1.5)


def _club_chord(desk: Desk, part: Section, chord: Chord, number: int) -> None:
    last = part.eighths - (2 if number < 4 else part.eighths / 2)
    bright = (0.4, 0.6, 0.7, 0.5, 0.9)[number]
    for eighth in part.every(1, first=chord.start, until=min(chord.start + chord.length, last)):
        place = (eighth - chord.start) % 8
        if place in _TRESILLO:
            for note in chord.notes:
                tone = play.stab(note, 0.42, bright)
                desk.played(tone, part.at(eighth), 0.15, pan=(note - 66) / 14, echo=0.35, yields=True)
        if number and place % 2:
            low = play.bass(chord.bass - 12, round(part.step_s * 0.9, 3), 0.25)
            desk.played(low, part.at(eighth), 0.32, yields=True, loose_s=0.002)
    if number in (2, 4):
        _sixteenths(desk, part, chord, last)


def _sixteenths(desk: Desk, part: Section, chord: Chord, last: float) -> None:
    for count, eighth in enumerate(
        part.every(0.5, first=chord.start, until=min(chord.start + chord.length, last))
    ):
        note = chord.notes[(count * 3) % len(chord.notes)] + 12
        tone = play.stab(note, 0.2, 0.8)
        desk.played(tone, part.at(eighth), 0.085, pan=0.5 - (count % 2), echo=0.4, yields=True, loose_s=0.003)


def _club_drums(desk: Desk, part: Section, number: int) -> list[float]:
    """Plays them, and returns the seconds at which the bass drum is heard."""
    last = part.eighths - (2 if number < 4 else part.eighths / 2)
    first = part.eighths / 2 if number == 0 else 0
    beats = [part.at(eighth) for eighth in part.every(2, first=2 * (first // 2), until=last)]
    for at_s in beats:
        desk.add(play.kick(0.7), at_s, 0.5 if number else 0.36)
    for count, eighth in enumerate(part.every(2, until=last)):
        if count % 2:
            desk.played(play.clap() if number else play.snap(), part.at(eighth), 0.34, pan=0.1, echo=0.4)
        if number or count >= 4:
            length = 0.22 if number in (2, 4) else 0.09
            desk.played(play.hat(length), part.at(eighth + 1), 0.2, pan=0.3, echo=0.1, loose_s=0.003)
    if number == 3:
        _roll(desk, part, last)
    return beats


def _roll(desk: Desk, part: Section, last: float) -> None:
    """A drum roll that doubles half way and grows."""
    half = part.eighths / 2
    for eighth in (*part.every(1, until=half), *part.every(0.5, first=half, until=last)):
        gain = 0.06 + 0.2 * (eighth / part.eighths) ** 1.5
        desk.played(play.snare(0.0), part.at(eighth), gain, pan=-0.1, echo=0.25, loose_s=0.003)


def _button(desk: Desk, part: Section, notes: Sequence[int]) -> None:
    """The last chord, half way through the arrival; it rings to the end."""
    at_s = part.at(2 * round(part.eighths / 4))
    for note in notes:
        desk.add(play.stab(note, 1.6, 0.9), at_s, 0.16, pan=(note - 64) / 20, echo=0.6)
    desk.add(play.bass(notes[0] - 12, 1.2, 0.25), at_s, 0.5)
    desk.add(play.kick(0.7), at_s, 0.6)
    desk.add(play.clap(), at_s, 0.25, echo=0.5)
    desk.add(play.hat(1.8), at_s, 0.18, echo=0.4)

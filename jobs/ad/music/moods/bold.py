"""Bold: D minor in half time, huge drums, a bass that growls, horns."""

from typing import Final

from jobs.ad.music import instruments as play
from jobs.ad.music.desk import Desk, Section, Stereo
from jobs.ad.music.moods.chords import Chord, Sections, bed, chords, into

_HARMONY: Final = (
    ((38, 50, 57), (38, 50, 57)),
    ((38, 50, 57, 62), (34, 53, 58, 62)),
    ((38, 50, 57, 62, 65), (31, 55, 58, 62, 67), (34, 53, 58, 65, 70)),
    ((34, 53, 58, 62, 65), (33, 52, 57, 61, 64)),
    ((38, 50, 57, 62, 69),),
)
_RIFF: Final = {0: 0, 1: 0, 3: 0, 4: 12, 6: 0, 7: 7}
"""Semitones above the chord's bass, by eighth."""


def piece(desk: Desk, parts: Sections) -> Stereo:
    for number, part in enumerate(parts):
        for chord in chords(part, *_HARMONY[number]):
            bed(desk, part, chord, (0.05, 0.05, 0.06, 0.08, 0.07)[number], bright=0.3, yields=False)
            _horns(desk, part, chord, number)
            _growl(desk, part, chord, number)
        _half_time(desk, part, number)
        desk.add(play.boom(2.4, 0.2), part.start_s, 0.5 if number in (0, 4) else 0.4, echo=0.35)
        if number:
            into(desk, part, 0.2, seconds=1.4 if number < 4 else 2.8, bright=0.5)
            desk.add(play.hat(2.4), part.start_s, 0.15, pan=0.2, echo=0.5)
    end_s = parts[4].at(2 * round(parts[4].eighths / 3))
    for note in (38, 50, 57, 62, 69):
        desk.add(play.brass(note, 0.7), end_s, 0.16, pan=(note - 54) / 40, echo=0.6)
    desk.add(play.boom(2.0, 0.3), end_s, 0.55, echo=0.4)
    desk.add(play.snare(1.0), end_s, 0.3, echo=0.5)
    return desk.master(echo_s=2.0, echo=1.0, deep=0.6, air=1.8)


def _horns(desk: Desk, part: Section, chord: Chord, number: int) -> None:
    """A stab on one and a push before two; a swell in the opening, a climb in the build."""
    if number == 0:
        calls: tuple[tuple[float, float, float], ...] = ((chord.start + 8, 0.9, 0.4),) if chord.start else ()
    elif number == 3:
        calls = tuple(
            (chord.start + eighth, 0.3, 0.6 + 0.05 * eighth) for eighth in range(0, int(chord.length), 2)
        )
    elif number == 4:
        calls = ((0.0, 1.6, 1.0),)
    else:
        calls = ((chord.start, 0.32, 0.9), (chord.start + 3, 0.5, 1.0))
    for eighth, length_s, force in calls:
        for note in chord.notes:
            horn = play.brass(note, length_s, force)
            desk.played(horn, part.at(eighth), 0.21 * force, pan=(note - 57) / 24, echo=0.45, loose_s=0.008)


def _growl(desk: Desk, part: Section, chord: Chord, number: int) -> None:
    if number == 0:
        low = play.sub(chord.bass, round(chord.length * part.step_s, 3))
        desk.add(low, part.at(chord.start), 0.2)
        return
    last = part.eighths * (2 / 3 if number == 4 else 1.0) - 1
    for eighth in part.every(1, first=chord.start, until=min(chord.start + chord.length, last)):
        place = int(eighth - chord.start) % 8
        if place in _RIFF:
            low = play.bass(chord.bass + _RIFF[place], round(part.step_s * 1.05, 3), 0.9)
            desk.played(low, part.at(eighth), 0.26, loose_s=0.003)


def _half_time(desk: Desk, part: Section, number: int) -> None:
    """One, and three; a watchful cymbal in the opening, drums that run in the build."""
    last = part.eighths * (2 / 3 if number == 4 else 1.0) - 1
    for count, eighth in enumerate(part.every(1, until=last)):
        place = count % 8
        if place in ((0,) if number == 0 else (0, 5)):
            desk.played(play.kick(1.0), part.at(eighth), 0.6 if number else 0.4, echo=0.06, loose_s=0.003)
        if place == 4 and number:
            desk.played(play.snare(1.0), part.at(eighth), 0.42, echo=0.3, loose_s=0.004)
        if number in (0, 2, 4):
            accent = 0.05 if place % 2 else 0.08
            desk.played(play.hat(0.06), part.at(eighth), accent, pan=0.4, echo=0.1)
            desk.played(play.hat(0.05), part.at(eighth + 0.5), accent * 0.6, pan=-0.4, echo=0.1)
    if number == 3:
        for count, eighth in enumerate(part.every(0.5, first=part.eighths / 2, until=last)):
            drum = play.tom((43, 40, 36, 33)[count * 4 // int(part.eighths) % 4])
            desk.played(drum, part.at(eighth), 0.2 + 0.03 * count, pan=0.5 - 0.1 * count, echo=0.3)

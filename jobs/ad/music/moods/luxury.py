"""Luxury: D major, felt piano over warm strings, a watch's tick, a deep root."""

from typing import Final

from jobs.ad.music import instruments as play
from jobs.ad.music.desk import Desk, Section, Stereo
from jobs.ad.music.moods.chords import Chord, Sections, bed, chords, into

_HARMONY: Final = (
    ((38, 57, 61, 64, 66), (35, 57, 61, 62, 66)),
    ((43, 59, 62, 66, 69), (42, 57, 61, 64, 69)),
    ((40, 59, 62, 66, 67), (35, 57, 61, 62, 69), (43, 59, 62, 66, 69), (45, 57, 62, 64, 69)),
    ((43, 59, 62, 66, 71), (45, 61, 64, 69, 71)),
    ((38, 57, 61, 64, 66),),
)
_ARPEGGIO: Final = (0, 2, 1, 3, 2, 4, 3, 1)


def piece(desk: Desk, parts: Sections) -> Stereo:
    for number, part in enumerate(parts):
        for chord in chords(part, *_HARMONY[number]):
            bed(desk, part, chord, (0.06, 0.065, 0.07, 0.085, 0.08)[number], bright=0.15, yields=False)
            if number or chord.start:
                deep = play.sub(chord.bass, round(chord.length * part.step_s - 0.2, 3))
                desk.add(deep, part.at(chord.start), (0.16, 0.24, 0.26, 0.26, 0.32)[number])
            _felt_arpeggio(desk, part, chord, number)
        if number in (1, 2, 3):
            for eighth in part.every(2, first=1):
                desk.played(play.tick(), part.at(eighth), 0.03, pan=0.35, echo=0.3, loose_s=0.002)
        _glimmer(desk, part, number)
    return desk.master(echo_s=3.4, echo=1.5, deep=0.8, air=4.5)


def _glimmer(desk: Desk, part: Section, number: int) -> None:
    """What opens a section: a breath before it, something deep, and light on top."""
    if number:
        into(desk, part, 0.05, seconds=1.8, bright=0.6)
    desk.add(play.boom(2.6, 1.0), part.start_s, (0.24, 0.38, 0.38, 0.38, 0.6)[number], echo=0.35)
    for delay, note in enumerate((78, 81, 85) if number < 4 else (74, 78, 81, 86)):
        desk.played(play.felt(note, 0.3), part.start_s + 0.07 * delay, 0.14, pan=0.4, echo=1.0)


def _felt_arpeggio(desk: Desk, part: Section, chord: Chord, number: int) -> None:
    """Quarters at first, eighths later, sixteenths in the build; the end is one rolled chord."""
    tones = (chord.bass + 12, *chord.notes)
    if number == 4:
        for delay, note in enumerate((*tones, tones[-1] + 12)):
            desk.played(play.felt(note, 0.55), part.at(0) + 0.045 * delay, 0.34, pan=-0.2, echo=0.5)
        for late, note in ((4, 78), (5, 81), (6, 86)):
            desk.played(play.felt(note, 0.25), part.at(late), 0.13, pan=0.3, echo=0.9, loose_s=0.012)
        return
    step = (2.0, 1.0, 1.0, 0.5)[number]
    for count, eighth in enumerate(part.every(step, first=chord.start, until=chord.start + chord.length)):
        note = tones[_ARPEGGIO[count % len(_ARPEGGIO)]] + (12 if number >= 2 and count % 4 == 3 else 0)
        accent = 1.25 if count % 4 == 0 else 1.0
        gain = accent * (0.22, 0.27, 0.28, 0.2 + 0.12 * eighth / part.eighths)[number]
        pan = (note - 66) / 30
        desk.played(play.felt(note, 0.45), part.at(eighth), gain, pan=pan, echo=0.55, loose_s=0.011)

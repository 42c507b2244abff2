"""The four pieces: who plays what when. Each has five sections, one for each scene and one for the call to
action: an opening that leaves room for the first words, two that add to it, a build, and an arrival.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from jobs.ad.music import instruments as play
from jobs.ad.music.desk import Desk, Section, Stereo

Mood = Literal["luxury", "energetic", "minimal", "bold"]
Sections = Sequence[Section]


@dataclass(frozen=True, kw_only=True)
class _Chord:
    """A chord and where in its section it is played, in eighths."""

    bass: int
    notes: tuple[int, ...]
    start: float
    length: float


def _chords(section: Section, *chords: tuple[int, ...]) -> Iterator[_Chord]:
    """The chords, bass first, over the section in equal parts of whole eighths."""
    edges = [round(section.eighths * number / len(chords)) for number in range(len(chords) + 1)]
    for (bass, *notes), start, end in zip(chords, edges, edges[1:], strict=False):
        yield _Chord(bass=bass, notes=tuple(notes), start=start, length=end - start)


def _into(desk: Desk, section: Section, gain: float, *, seconds: float, bright: float) -> None:
    """Air that rises into the section."""
    length_s = min(seconds, section.start_s)
    desk.add(play.riser(round(length_s, 2), bright), section.start_s - length_s, gain, echo=0.5)


def _bed(desk: Desk, section: Section, chord: _Chord, gain: float, *, bright: float, yields: bool) -> None:
    """A chord as a pad, each note left and right; it fades into its neighbours."""
    over_s = 0.9
    start_s = max(0.0, section.at(chord.start) - over_s / 2)
    length_s = round(chord.length * section.step_s + over_s, 3)
    for number, note in enumerate(chord.notes):
        level = gain * (0.85 if number % 2 else 1.0)
        for side in (-1, 1):
            tone = play.pad(note, length_s, side=side, bright=bright)
            desk.add(tone, start_s, level, pan=0.75 * side, echo=0.5, yields=yields)


# Luxury: D major, felt piano over warm strings, a watch's tick, a deep root.

_LUXURY: Final = (
    ((38, 57, 61, 64, 66), (35, 57, 61, 62, 66)),
    ((43, 59, 62, 66, 69), (42, 57, 61, 64, 69)),
    ((40, 59, 62, 66, 67), (35, 57, 61, 62, 69), (43, 59, 62, 66, 69), (45, 57, 62, 64, 69)),
    ((43, 59, 62, 66, 71), (45, 61, 64, 69, 71)),
    ((38, 57, 61, 64, 66),),
)
_ARPEGGIO: Final = (0, 2, 1, 3, 2, 4, 3, 1)


def _luxury(desk: Desk, parts: Sections) -> Stereo:
    for number, part in enumerate(parts):
        for chord in _chords(part, *_LUXURY[number]):
            _bed(desk, part, chord, (0.06, 0.065, 0.07, 0.085, 0.08)[number], bright=0.15, yields=False)
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
        _into(desk, part, 0.05, seconds=1.8, bright=0.6)
    desk.add(play.boom(2.6, 1.0), part.start_s, (0.24, 0.38, 0.38, 0.38, 0.6)[number], echo=0.35)
    for delay, note in enumerate((78, 81, 85) if number < 4 else (74, 78, 81, 86)):
        desk.played(play.felt(note, 0.3), part.start_s + 0.07 * delay, 0.14, pan=0.4, echo=1.0)


def _felt_arpeggio(desk: Desk, part: Section, chord: _Chord, number: int) -> None:
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


# Energetic: A minor to C major, four on the floor, tresillo chords, a bass between the beats.

_VI_IV_I_V: Final = ((45, 60, 64, 69, 72), (41, 60, 65, 69, 72), (48, 60, 64, 67, 72), (43, 59, 62, 67, 71))
_ENERGETIC: Final = (
    _VI_IV_I_V,
    _VI_IV_I_V,
    _VI_IV_I_V,
    ((41, 60, 65, 69, 72), (43, 62, 67, 71, 74)),
    ((48, 60, 64, 67, 72), (48, 64, 67, 72, 76)),
)
_TRESILLO: Final = (0, 3, 6)


def _energetic(desk: Desk, parts: Sections) -> Stereo:
    kicks: list[float] = []
    for number, part in enumerate(parts):
        for chord in _chords(part, *_ENERGETIC[number]):
            _bed(desk, part, chord, (0.05, 0.055, 0.06, 0.07, 0.07)[number], bright=0.6, yields=True)
            _club_chord(desk, part, chord, number)
        kicks += _club_drums(desk, part, number)
        if number:
            _into(desk, part, 0.16 if number < 4 else 0.3, seconds=2.0 if number < 4 else 3.6, bright=1.0)
            desk.add(play.hat(2.2), part.start_s, 0.20, pan=-0.2, echo=0.4)
            desk.add(play.boom(1.4, 0.6), part.start_s, 0.35, echo=0.2)
    _button(desk, parts[4], (48, 60, 64, 67, 72, 76, 79))
    desk.duck(kicks, depth=0.62)
    return desk.master(echo_s=1.3, echo=0.9, deep=0.55, air=1.5)


def _club_chord(desk: Desk, part: Section, chord: _Chord, number: int) -> None:
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


def _sixteenths(desk: Desk, part: Section, chord: _Chord, last: float) -> None:
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


# Minimal: G major, a wooden motif that answers itself, two still tones, much room.

_MINIMAL: Final = (
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


def _minimal(desk: Desk, parts: Sections) -> Stereo:
    for number, part in enumerate(parts):
        for chord in _chords(part, *_MINIMAL[number]):
            _bed(desk, part, chord, (0.045, 0.05, 0.055, 0.06, 0.065)[number], bright=0.1, yields=False)
            if number:
                deep = play.sub(chord.bass, round(chord.length * part.step_s * 0.7, 3))
                desk.add(deep, part.at(chord.start), 0.16)
            _motif(desk, part, chord, number)
        if number in (1, 2):
            _heartbeat(desk, part, softly=number == 1)
        if number:
            _into(desk, part, 0.03, seconds=1.2, bright=0.3)
            desk.add(play.boom(2.0, 1.0), part.start_s, 0.16 if number < 4 else 0.3, echo=0.4)
    for delay, note in ((0, 79), (2, 83), (3, 86)):
        _answered(desk, parts[4], delay, note, 0.3)
    return desk.master(echo_s=3.2, echo=1.3, deep=0.8, air=3.0)


def _motif(desk: Desk, part: Section, chord: _Chord, number: int) -> None:
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


# Bold: D minor in half time, huge drums, a bass that growls, horns.

_BOLD: Final = (
    ((38, 50, 57), (38, 50, 57)),
    ((38, 50, 57, 62), (34, 53, 58, 62)),
    ((38, 50, 57, 62, 65), (31, 55, 58, 62, 67), (34, 53, 58, 65, 70)),
    ((34, 53, 58, 62, 65), (33, 52, 57, 61, 64)),
    ((38, 50, 57, 62, 69),),
)
_RIFF: Final = {0: 0, 1: 0, 3: 0, 4: 12, 6: 0, 7: 7}
"""Semitones above the chord's bass, by eighth."""


def _bold(desk: Desk, parts: Sections) -> Stereo:
    for number, part in enumerate(parts):
        for chord in _chords(part, *_BOLD[number]):
            _bed(desk, part, chord, (0.05, 0.05, 0.06, 0.08, 0.07)[number], bright=0.3, yields=False)
            _horns(desk, part, chord, number)
            _growl(desk, part, chord, number)
        _half_time(desk, part, number)
        desk.add(play.boom(2.4, 0.2), part.start_s, 0.5 if number in (0, 4) else 0.4, echo=0.35)
        if number:
            _into(desk, part, 0.2, seconds=1.4 if number < 4 else 2.8, bright=0.5)
            desk.add(play.hat(2.4), part.start_s, 0.15, pan=0.2, echo=0.5)
    end_s = parts[4].at(2 * round(parts[4].eighths / 3))
    for note in (38, 50, 57, 62, 69):
        desk.add(play.brass(note, 0.7), end_s, 0.16, pan=(note - 54) / 40, echo=0.6)
    desk.add(play.boom(2.0, 0.3), end_s, 0.55, echo=0.4)
    desk.add(play.snare(1.0), end_s, 0.3, echo=0.5)
    return desk.master(echo_s=2.0, echo=1.0, deep=0.6, air=1.8)


def _horns(desk: Desk, part: Section, chord: _Chord, number: int) -> None:
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


def _growl(desk: Desk, part: Section, chord: _Chord, number: int) -> None:
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


MOODS: Final[dict[Mood, Callable[[Desk, Sections], Stereo]]] = {
    "luxury": _luxury,
    "energetic": _energetic,
    "minimal": _minimal,
    "bold": _bold,
}

"""Directs the talk: when each slide and each of its bullets is shown, from the times of the spoken words."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from jobs.presenter.deck.slides import Slide
from shared.stages.narration import Narrated
from shared.video.timeline import (
    CaptionStyle,
    Cue,
    FontFace,
    Music,
    Shot,
    Spoken,
    Timeline,
    Transition,
    with_short_enough_transitions,
)

SILENT_S: Final = 4.0
"""How long a slide without words is shown at least."""
_OPENING_MS: Final = 900
_SETTLING_MS: Final = 350
"""From the start of a slide to its first word; the first slide has `_OPENING_MS`."""
_BREATH_MS: Final = 120
"""After each piece, beside its own pause."""
_SLIDE_END_MS: Final = 450
_CLOSING_MS: Final = 1500
_EARLY_MS: Final = 150
"""A bullet begins to appear this long before its first word."""
_TURN_S: Final = 0.4
"""Of the crossfade to the next slide."""
_APPEAR_S: Final = 0.2
"""Of the crossfade in which a bullet appears."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """A piece of a slide's notes, spoken."""

    narrated: Narrated
    start: int
    """Place of its first character in the notes."""
    pause_ms: int
    """Of silence after it."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A slide that is ready to be filmed."""

    slide: Slide
    pictures: tuple[tuple[str, str], ...]
    """Name and content hash of each of its states' pictures."""
    said: tuple[Said, ...]
    """Empty: it is shown in silence."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The film's shape and sound."""

    width: int
    height: int
    frame_rate: Fraction
    language: str
    captions: CaptionStyle
    fonts: tuple[FontFace, ...]
    music: Music | None


@dataclass(frozen=True, kw_only=True)
class Directed:
    """The film, and where its slides begin."""

    timeline: Timeline
    starts: tuple[int, ...]
    """The first frame of each slide."""


def direct(scenes: Iterable[Scene], setting: Setting) -> Directed:
    """The talk's timeline. Pieces take whole frames, so that an edit does not change the following slides."""
    clock = _Clock(setting.frame_rate)
    scenes = list(scenes)
    shots: list[Shot] = []
    cues: list[Cue] = []
    speech: list[Spoken] = []
    starts: list[int] = []
    at = 0
    for number, scene in enumerate(scenes):
        starts.append(at)
        spoken = list(_cues(scene, at + clock.frames(_OPENING_MS if number == 0 else _SETTLING_MS), clock))
        end = _end(scene, at, spoken, clock, last=number == len(scenes) - 1)
        for said, cue in zip(scene.said, spoken, strict=True):
            cues.append(cue)
            if said.narrated.speech:
                speech.append(Spoken(key=said.narrated.speech, at_frame=cue.at_frame))
        shots += _shots(scene, at, end, spoken, clock)
        at = end
    timeline = Timeline(
        width=setting.width,
        height=setting.height,
        frame_rate=setting.frame_rate,
        language=setting.language,
        shots=with_short_enough_transitions(shots),
        cues=tuple(cues),
        caption_style=setting.captions,
        fonts=setting.fonts,
        speech=tuple(speech),
        music=setting.music,
    )
    return Directed(timeline=timeline, starts=tuple(starts))


class _Clock:
    """Milliseconds in whole frames."""

    def __init__(self, rate: Fraction) -> None:
        self._rate = rate

    def frames(self, duration_ms: float) -> int:
        """Rounded up."""
        return math.ceil(Fraction(round(duration_ms)) * self._rate / 1000)


def _cues(scene: Scene, at: int, clock: _Clock) -> Iterator[Cue]:
    for said in scene.said:
        narrated = said.narrated
        frames = clock.frames(narrated.duration_ms + _BREATH_MS)
        yield Cue(
            at_frame=at,
            frames=frames,
            text=narrated.caption.text,
            language=narrated.caption.language,
            words=narrated.words,
        )
        at += frames + clock.frames(said.pause_ms)


def _end(scene: Scene, start: int, cues: Sequence[Cue], clock: _Clock, *, last: bool) -> int:
    """The frame after the slide's last."""
    if not cues:
        return start + clock.frames(1000 * max(scene.slide.seconds, SILENT_S))
    rest_ms = _CLOSING_MS if last else _SLIDE_END_MS
    return cues[-1].at_frame + cues[-1].frames + clock.frames(scene.said[-1].pause_ms + rest_ms)


def _shots(scene: Scene, start: int, end: int, cues: Sequence[Cue], clock: _Clock) -> list[Shot]:
    """A shot for each state; of two that begin at the same frame the later one."""
    begins = [start, *_appearances(scene, start, end, cues, clock)]
    shots: list[Shot] = []
    for state, (name, content_hash) in enumerate(scene.pictures):
        frames = (begins[state + 1] if state + 1 < len(begins) else end) - begins[state]
        if frames <= 0:
            continue
        fade = 0 if start == begins[state] == 0 else clock.frames(1000 * (_APPEAR_S if shots else _TURN_S))
        shots.append(
            Shot(
                frames=frames,
                picture=name,
                picture_hash=content_hash,
                transition=Transition(kind="crossfade", frames=fade) if fade else Transition(),
            )
        )
    return shots


def _appearances(scene: Scene, start: int, end: int, cues: Sequence[Cue], clock: _Clock) -> Iterator[int]:
    """The frame at which each later bullet appears; in their order on the slide."""
    latest = start
    for bullet in scene.slide.bullets:
        if bullet.at is not None:
            latest = min(end, max(latest, _heard(bullet.at, scene, cues, clock) or latest))
            yield latest


def _heard(place: int, scene: Scene, cues: Sequence[Cue], clock: _Clock) -> int | None:
    """When the word at this place of the notes begins, a little earlier; None if nothing is spoken."""
    if not cues:
        return None
    number = max(0, bisect_left([said.start for said in scene.said], place + 1) - 1)
    words = cues[number].words
    within = place - scene.said[number].start
    word = next((word for word in words if word.end > within), None)
    offset_ms = word.start_ms if word else scene.said[number].narrated.duration_ms
    return cues[number].at_frame + clock.frames(max(0, offset_ms - _EARLY_MS))

"""Directs the story: makes a timeline from narrated parts, with pace, motion and transitions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from jobs.story.framing import Framing, framed
from jobs.story.input.options import StoryOptions
from shared.stages.narration import Narrated
from shared.video.frames.motion import keeping
from shared.video.subjects.boxes import Box
from shared.video.timeline import (
    CaptionStyle,
    Cue,
    FontFace,
    Motion,
    Music,
    Shot,
    Spoken,
    Timeline,
    Transition,
    with_short_enough_transitions,
)

_OPENING_MS: Final = 500
"""Of silence before the first word of the film."""
_SETTLING_MS: Final = 150
"""After a transition, before the part's first word."""
_BREATH_MS: Final = 280
"""After every caption."""
_PART_END_MS: Final = 250
"""More after the last caption of a part."""
_CLOSING_MS: Final = 1200
"""After the last word of the film."""
_ZOOM_PER_S: Final = 0.016
_ZOOM_LEAST, _ZOOM_MOST, _ZOOM_BLURRED = 1.06, 1.18, 1.03
_FOCI: Final = ((0.5, 0.44), (0.36, 0.4), (0.62, 0.46), (0.5, 0.32), (0.42, 0.56), (0.6, 0.38))


@dataclass(frozen=True, kw_only=True)
class NarratedPart:
    """A part that is ready to be filmed."""

    picture: str
    picture_hash: str
    picture_size: tuple[int, int]
    """Width and height, upright."""
    captions: tuple[Narrated, ...]
    """Empty for a picture without captions."""
    number: int = 1
    """Of its folder."""
    subjects: tuple[Box, ...] = ()
    """What matters in the picture."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """The options, resolved for this story."""

    options: StoryOptions
    width: int
    height: int
    language: str
    fonts: tuple[FontFace, ...]
    music: str | None


def direct(parts: Sequence[NarratedPart], look: Look) -> Timeline:
    """The story's timeline. Captions take whole frames, so an edit does not change later parts."""
    rate = look.options.frame_rate
    shots: list[Shot] = []
    cues: list[Cue] = []
    speech: list[Spoken] = []
    start = 0
    for number, part in enumerate(parts):
        transition = _transition(look.options, first=number == 0)
        at = start + _frames(_lead_ms(transition, rate, first=number == 0), rate)
        for narrated in part.captions:
            frames = _frames(narrated.duration_ms + _BREATH_MS, rate)
            cues.append(_cue(narrated, at, frames))
            if narrated.speech:
                speech.append(Spoken(key=narrated.speech, at_frame=at))
            at += frames
        last = number == len(parts) - 1
        if part.captions:
            at += _frames(_CLOSING_MS if last else _PART_END_MS, rate)
        else:
            at = start + _frames(look.options.picture_s * 1000, rate)
        shots.append(_shot(part, number, at - start, transition, look))
        start = at
    return Timeline(
        engine=look.options.engine,
        width=look.width,
        height=look.height,
        frame_rate=rate,
        language=look.language,
        shots=with_short_enough_transitions(shots),
        cues=tuple(cues),
        caption_style=CaptionStyle.model_validate(look.options.captions.model_dump()),
        fonts=look.fonts,
        speech=tuple(speech),
        music=Music(key=look.music, volume=look.options.music_volume) if look.music else None,
    )


def _frames(duration_ms: float, rate: Fraction) -> int:
    return math.ceil(Fraction(round(duration_ms)) * rate / 1000)


def _lead_ms(transition: Transition, rate: Fraction, *, first: bool) -> float:
    """From the start of a part to its first word."""
    return _OPENING_MS if first else float(transition.frames / rate * 1000) + _SETTLING_MS


def _transition(options: StoryOptions, *, first: bool) -> Transition:
    frames = round(options.transition_s * options.frame_rate)
    if first or options.transition == "cut" or frames == 0:
        return Transition()
    return Transition(kind=options.transition, frames=frames)


def _cue(narrated: Narrated, at: int, frames: int) -> Cue:
    caption = narrated.caption
    return Cue(
        at_frame=at,
        frames=frames,
        text=caption.text,
        language=caption.language,
        words=narrated.words,
        styles=caption.styles,
        asset=caption.name,
    )


def _shot(part: NarratedPart, number: int, frames: int, transition: Transition, look: Look) -> Shot:
    fit, focus = look.options.framing_of(part.number)
    framing = framed(part.picture_size, (look.width, look.height), part.subjects, fit=fit, focus=focus)
    seconds = float(frames / look.options.frame_rate)
    return Shot(
        frames=frames,
        picture=part.picture,
        picture_hash=part.picture_hash,
        fit=framing.fit,
        anchor_x=framing.anchor_x,
        anchor_y=framing.anchor_y,
        motion=_motion(look.options.motion, number, seconds, framing),
        transition=transition,
        effect=look.options.effect,
    )


def _motion(kind: str, number: int, seconds: float, framing: Framing) -> Motion:
    """Ken Burns zooms in and out by turns, around changing points and slowly enough not to distract."""
    if kind == "none":
        return Motion()
    blurred = framing.fit == "blur"
    most = _ZOOM_BLURRED if blurred else min(_ZOOM_MOST, max(_ZOOM_LEAST, 1 + _ZOOM_PER_S * seconds))
    x, y = (0.5, 0.5) if blurred else _FOCI[number % len(_FOCI)]
    side = 1.0 if number % 2 else 0.0
    moved = Motion(kind="pan", zoom_from=round(most, 2), zoom_to=round(most, 2), focus_x=side, focus_y=y)
    if kind != "pan":
        inwards = kind == "zoom-in" or (kind == "kenburns" and number % 2 == 0)
        one, two = (1.0, round(most, 2)) if inwards else (round(most, 2), 1.0)
        moved = Motion(kind="zoom", zoom_from=one, zoom_to=two, focus_x=x, focus_y=y)
    return moved if framing.kept is None else keeping(moved, framing.kept)

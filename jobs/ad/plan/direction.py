"""Directs the ad: makes a timeline from script, voices and clips, with cuts, words and transitions."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from jobs.ad.plan.frame import Frame
from jobs.ad.plan.schedule import CLOSING, Schedule, VoicePlace, make_schedule
from jobs.ad.plan.script import Scene, Script
from jobs.ad.plan.voiceovers import Voiceover, Voiceovers
from jobs.ad.scenery.paint.layout import Layout, Shape, shape_of
from jobs.ad.styles import Style
from shared.errors import InvalidAssets
from shared.video.timeline import (
    CaptionStyle,
    Cue,
    FontFace,
    Letters,
    Motion,
    Music,
    Overlay,
    Shot,
    Spoken,
    Timeline,
    Transition,
    Word,
)

_WORDS_AFTER_S: Final = 0.6
"""After a scene's start, if its words are not spoken."""
_WORDS_AHEAD_S: Final = 0.1
"""Before they are spoken: they take a moment to appear."""
_WORDS_LEAST_S: Final = 1.6
"""On screen, long enough to read."""
_WORDS_PLACE: Final[Mapping[Shape, tuple[float, float]]] = {
    "tall": (0.71, 0.2),
    "square": (0.83, 0.22),
    "wide": (0.83, 0.22),
}
"""Their middle and their greatest height, in parts of the frame's: below the product, and in a tall frame
above the players' buttons."""
_LEAST_PX: Final = 8
_GOING_FRAMES: Final = 8
_BEFORE_CUT_FRAMES: Final = 2


@dataclass(frozen=True, kw_only=True)
class Filmed:
    """A clip or picture made for the ad."""

    name: str
    """Below the creation."""
    content_hash: str


@dataclass(frozen=True, kw_only=True)
class Footage:
    """All clips and pictures."""

    clips: Mapping[int, Filmed]
    """By scene, 1 to 4."""
    cta: Filmed
    """The picture with the call to action."""


def direct_ad(
    script: Script,
    style: Style,
    voiceovers: Voiceovers,
    footage: Footage,
    *,
    music: Music | None,
    fonts: Sequence[FontFace],
) -> Timeline:
    """The ad's timeline: 30 s, unless voices at their fastest need up to half a second more.

    `music` plays through the whole ad. Raises `InvalidAssets` naming the scene whose voice-over is missing
    or too long.
    """
    frame, rate = script.frame, script.frame.rate
    voices = _by_scene(script, voiceovers)
    schedule = make_schedule(
        {scene.id: scene.duration for scene in script.scenes}, script.cta_scene.duration, voices, rate
    )
    spoken = [(voices[scene], schedule.voices[scene]) for scene in sorted(voices)]
    return Timeline(
        width=frame.width,
        height=frame.height,
        frame_rate=rate,
        language=voices[1].language,
        shots=_shots(style, footage, schedule, rate),
        cues=tuple(_cue(voice, place, rate) for voice, place in spoken),
        caption_style=caption_style(style, captions=script.captions),
        fonts=tuple(fonts),
        overlays=tuple(_overlays(script, style, voices, schedule)),
        speech=tuple(Spoken(key=voice.name, at_frame=at.at_frame, pace=at.pace) for voice, at in spoken),
        music=music,
    )


def scene_starts(timeline: Timeline) -> list[int]:
    """Frames at which scenes 2 to 4 and the call to action start."""
    starts, at = [], 0
    for shot in timeline.shots[:-1]:
        at += shot.frames
        starts.append(at)
    return starts


def _by_scene(script: Script, voiceovers: Voiceovers) -> dict[int, Voiceover]:
    """Every scene's voice-over, given in any order."""
    voices = {voice.scene: voice for voice in voiceovers.voiceovers}
    missing = [str(scene.id) for scene in script.scenes if scene.id not in voices]
    if missing:
        raise InvalidAssets(f"missing voice-over of scene {', '.join(missing)}: run voice_gen again")
    return {scene.id: voices[scene.id] for scene in script.scenes}


def _shots(style: Style, footage: Footage, schedule: Schedule, rate: Fraction) -> tuple[Shot, ...]:
    shots: list[Shot] = []
    for scene, frames in schedule.scenes.items():
        clip = footage.clips[scene]
        transition = _transition(style, frames, rate) if shots else Transition()
        shots.append(Shot(frames=frames, clip=clip.name, clip_hash=clip.content_hash, transition=transition))
    closing = Shot(
        frames=schedule.cta,
        picture=footage.cta.name,
        picture_hash=footage.cta.content_hash,
        motion=Motion(kind="zoom", zoom_from=1.0, zoom_to=round(1.025 + 0.03 * style.look.energy, 3)),
        transition=_transition(style, schedule.cta, rate),
    )
    return (*shots, closing)


def _transition(style: Style, frames: int, rate: Fraction) -> Transition:
    length = min(round(style.transition_s * rate), frames // 2)
    if style.transition == "cut" or length == 0:
        return Transition()
    return Transition(kind=style.transition, frames=length)


def _cue(voice: Voiceover, place: VoicePlace, rate: Fraction) -> Cue:
    words = _words(voice, place.pace)
    last_ms = max([round(voice.duration_ms / place.pace), *(word.end_ms for word in words)])
    frames = math.ceil(Fraction(last_ms) * rate / 1000)
    return Cue(at_frame=place.at_frame, frames=frames, text=voice.text, language=voice.language, words=words)


def _words(voice: Voiceover, pace: float) -> tuple[Word, ...]:
    """When the words are heard at this pace."""
    return tuple(
        word.model_copy(update={"start_ms": round(word.start_ms / pace), "end_ms": round(word.end_ms / pace)})
        for word in voice.words
    )


def caption_style(style: Style, *, captions: bool) -> CaptionStyle:
    """How the spoken words are drawn, if they are."""
    return CaptionStyle(
        look="highlight" if captions else "off",
        position="top",  # the words of scenes and of the call to action are below the middle
        highlight=style.look.accent,
        size=0.85,
    )


def _overlays(
    script: Script, style: Style, voices: Mapping[int, Voiceover], schedule: Schedule
) -> list[Overlay]:
    """The words of scenes 1 to 3; each disappears before the next scene starts."""
    overlays, start, rate = [], 0, script.frame.rate
    for scene in script.scenes:
        end = start + schedule.scenes[scene.id]
        if scene.id != CLOSING and scene.text_overlay.strip():
            settled = start + (round(style.transition_s * rate) if start else 0)
            place = schedule.voices[scene.id]
            first = _words_from(scene, voices[scene.id], place, rate, (start, settled, end))
            span = first, end - _BEFORE_CUT_FRAMES
            overlays.append(words_over(scene.text_overlay, style, script.frame, span))
        start = end
    return overlays


def _words_from(
    scene: Scene, voice: Voiceover, place: VoicePlace, rate: Fraction, span: tuple[int, int, int]
) -> int:
    """The frame at which a scene's words appear: when they are spoken, or soon after its start.

    The span is the scene's start, the end of its transition and its end.
    """
    start, settled, end = span
    soon = max(settled, start + round(_WORDS_AFTER_S * rate))
    said_ms = _said_at_ms(scene.text_overlay, voice)
    if said_ms is None:
        return soon
    said = place.at_frame + round((said_ms / place.pace / 1000 - _WORDS_AHEAD_S) * rate)
    latest = end - round(_WORDS_LEAST_S * rate)
    return max(settled, said) if said <= latest else soon


def _said_at_ms(words: str, voice: Voiceover) -> int | None:
    """When the voice says these words in sequence, from the start of its file; None if it doesn't."""
    wanted = [_plain(word) for word in words.split()]
    spoken = [_plain(voice.text[word.start : word.end]) for word in voice.words]
    for number in range(len(spoken) - len(wanted) + 1):
        if spoken[number : number + len(wanted)] == wanted:
            return voice.words[number].start_ms
    return None


def _plain(word: str) -> str:
    return "".join(char for char in word.casefold() if char.isalnum())


def words_over(text: str, style: Style, frame: Frame, span: tuple[int, int]) -> Overlay:
    """Words in the style's letters; the span is their first frame and the one after their last."""
    letters = style.letters
    (first, end), scale = span, Layout(width=frame.width, height=frame.height).scale
    place, box_height = _WORDS_PLACE[shape_of(frame.width, frame.height)]
    return Overlay(
        text=text,
        at_frame=first,
        frames=max(1, end - first),
        place=place,
        box_height=box_height,
        letters=Letters(
            family=letters.font,
            weight=letters.weight,
            size_px=max(_LEAST_PX, round(letters.overlay_size * scale)),
            uppercase=letters.uppercase,
            colour=letters.overlay_colour,
            shadow_px=round(letters.shadow * scale),
            plate=letters.plate,
        ),
        coming=letters.overlay_motion,
        coming_frames=round((0.6 - 0.25 * style.look.energy) * frame.rate),
        going_frames=_GOING_FRAMES,
    )

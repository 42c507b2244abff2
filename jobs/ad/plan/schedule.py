"""When what is seen and heard: five scenes and four voices in the length of the ad.

Every scene has a planned length. One whose voice needs more takes it from the others, from each in proportion
to what it can spare. When all of them are too long together, pauses shrink first, then voices speed up a
little.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from jobs.ad.plan.pace import CLOSING_PAUSE_S, PAUSE_S, SHORTEST_PAUSE_S, most_faster
from jobs.ad.plan.voiceovers import Voiceover
from shared.errors import InvalidAssets

CLOSING: Final = 4
"""The scene whose voice goes on over the call to action."""
_BREATH_S: Final = 0.5
"""More before a voice at most, where there is time."""
_LEAST_SCENE_S: Final = 2.0
_CTA_S: Final = (3.0, 4.5)
_TOLERANCE_S: Final = 0.5
"""By which an ad may be longer than planned."""
_STEPS: Final = 14


@dataclass(frozen=True, kw_only=True)
class VoicePlace:
    """Where a voice-over is in the film."""

    at_frame: int
    """Of the start of its file."""
    pace: float
    """By how much it is sped up to fit, beyond what it was before."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The lengths of all scenes, and where the voices are."""

    scenes: Mapping[int, int]
    """Frames by scene, 1 to 4."""
    cta: int
    """Frames of the call to action."""
    voices: Mapping[int, VoicePlace]
    """By scene."""


@dataclass(frozen=True, kw_only=True)
class _Slot:
    """A scene with its voice; the last one with the call to action."""

    planned_s: float
    voice: Voiceover

    @property
    def is_closing(self) -> bool:
        return self.voice.scene == CLOSING

    @property
    def silence_s(self) -> float:
        """At the start of the voice's file."""
        return self.voice.words[0].start_ms / 1000 if self.voice.words else 0.0

    @property
    def spoken_s(self) -> float:
        last_ms = self.voice.words[-1].end_ms if self.voice.words else 0
        return max(self.voice.duration_ms / 1000, last_ms / 1000 - self.silence_s)

    def pace(self, pressure: float) -> float:
        return round(1 + (most_faster(self.voice.pace) - 1) * max(0.0, pressure - 1), 4)

    def needed_s(self, pressure: float) -> float:
        """The least that the slot may take."""
        pause = _pause_s(pressure)
        after = pause * CLOSING_PAUSE_S / PAUSE_S if self.is_closing else pause
        least = _LEAST_SCENE_S + (_CTA_S[0] if self.is_closing else 0)
        return max(least, pause + self.spoken_s / self.pace(pressure) + after)


def make_schedule(
    planned_s: Mapping[int, float], cta_s: float, voices: Mapping[int, Voiceover], frame_rate: Fraction
) -> Schedule:
    """Lengths and places for scenes 1 to 4, by what is planned for them and by their voice-overs.

    The film is as long as planned, to the frame, unless voices at their fastest need up to half a second
    more. Raises `InvalidAssets` that names the voice which is too long.
    """
    slots = {
        scene: _Slot(planned_s=seconds + (cta_s if scene == CLOSING else 0), voice=voices[scene])
        for scene, seconds in sorted(planned_s.items())
    }
    planned_whole_s = sum(slot.planned_s for slot in slots.values())
    pressure = _least_pressure(list(slots.values()), planned_whole_s)
    needed = {scene: slot.needed_s(pressure) for scene, slot in slots.items()}
    whole_s = max(planned_whole_s, sum(needed.values()))
    if whole_s > planned_whole_s + _TOLERANCE_S:
        raise InvalidAssets(_too_long(slots, whole_s - planned_whole_s))
    lengths_s = _shared_out({scene: slot.planned_s for scene, slot in slots.items()}, needed, whole_s)
    return _in_frames(slots, lengths_s, pressure, frame_rate)


def _pause_s(pressure: float) -> float:
    return PAUSE_S + (SHORTEST_PAUSE_S - PAUSE_S) * min(1.0, pressure)


def _least_pressure(slots: list[_Slot], whole_s: float) -> float:
    """0 leaves everyone their time, 1 shrinks all pauses, 2 is the fastest pace: the least that fits."""

    def fits(pressure: float) -> bool:
        return sum(slot.needed_s(pressure) for slot in slots) <= whole_s

    if fits(0):
        return 0.0
    low, high = 0.0, 2.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def _too_long(slots: Mapping[int, _Slot], over_s: float) -> str:
    scene, slot = max(slots.items(), key=lambda item: item[1].needed_s(2) - item[1].planned_s)
    own_s = slot.needed_s(2) - slot.planned_s
    return (
        f"the voice-overs are {over_s:.1f} s too long for the ad even at their fastest; the one of scene "
        f"{scene} is the worst ({slot.spoken_s:.1f} s, {own_s:.1f} s over its scene): "
        "ask for another variation, or shorten the product's name or the call to action"
    )


def _shared_out(
    planned: Mapping[int, float], needed: Mapping[int, float], whole_s: float
) -> dict[int, float]:
    """Lengths that come to the whole, none below its need; who can spare gives in proportion."""
    spare = {scene: max(0.0, planned[scene] - needed[scene]) for scene in planned}
    wanted = sum(max(planned[scene], needed[scene]) for scene in planned)
    share = (wanted - whole_s) / (sum(spare.values()) or 1)
    return {scene: max(planned[scene], needed[scene]) - share * spare[scene] for scene in planned}


def _in_frames(
    slots: Mapping[int, _Slot], lengths_s: Mapping[int, float], pressure: float, rate: Fraction
) -> Schedule:
    """Cuts are rounded from the start of the film, so that the whole is right to the frame."""
    cuts, at_s = [0], 0.0
    voices: dict[int, VoicePlace] = {}
    for scene, slot in slots.items():
        spare_s = max(0.0, lengths_s[scene] - slot.needed_s(pressure))
        pace = slot.pace(pressure)
        lead_s = _pause_s(pressure) + min(_BREATH_S, 0.3 * spare_s) - slot.silence_s / pace
        voices[scene] = VoicePlace(at_frame=round(Fraction(max(0.0, at_s + lead_s)) * rate), pace=pace)
        at_s += lengths_s[scene]
        cuts.append(round(Fraction(at_s) * rate))
    frames = {scene: cuts[number + 1] - cuts[number] for number, scene in enumerate(slots)}
    cta = round(Fraction(_cta_s(float(frames[CLOSING] / rate))) * rate)
    frames[CLOSING] -= cta
    return Schedule(scenes=frames, cta=cta, voices=voices)


def _cta_s(closing_s: float) -> float:
    least, most = _CTA_S
    return min(max(closing_s / 2, least), most, max(least, closing_s - _LEAST_SCENE_S))

"""How fast the pictures of a film follow each other, and whether always equally fast."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, pairwise
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

USUAL: Final = Fraction(25)
"""For a film that doesn't say."""
_STANDARD: Final = (
    *(Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30)),
    *(Fraction(48), Fraction(50), Fraction(60000, 1001), Fraction(60)),
)
_NEAR: Final = 0.0004
"""Relative: containers round times. 24 and 23.976 are 0.001 apart."""
_LOOKS: Final = 3
_FRAMES_A_LOOK: Final = 250
"""The film is looked at in three places; a phone's rate varies everywhere."""
_MOST_UNEVEN: Final = 0.02
"""Of the steps: a frame that was dropped now and then is no variable rate."""


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """The rate of a film's pictures."""

    frame_rate: Fraction
    """The average, if it varies."""
    is_variable: bool


def rhythm_of(container: "InputContainer", stream: "VideoStream") -> Rhythm:
    """From the times of packets; decodes nothing."""
    times = [_times(container, stream, place) for place in range(_LOOKS)]
    is_variable = _is_uneven([step for look in times for step in _steps(look)], float(stream.time_base or 0))
    guessed = stream.average_rate if is_variable else (stream.guessed_rate or stream.average_rate)
    return Rhythm(frame_rate=standard_rate(guessed or USUAL), is_variable=is_variable)


def standard_rate(rate: Fraction) -> Fraction:
    """The broadcast rate that is meant; others with a denominator up to 1001."""
    near = [usual for usual in _STANDARD if abs(rate - usual) <= usual * Fraction(_NEAR)]
    return near[0] if near else rate.limit_denominator(1001) or USUAL


def _times(container: "InputContainer", stream: "VideoStream", place: int) -> list[float]:
    """When the next pictures from there are shown, in seconds and in order."""
    length = container.duration or 0
    container.seek((container.start_time or 0) + length * place // _LOOKS)
    packets = islice(container.demux(stream), _FRAMES_A_LOOK)
    return sorted(float(packet.pts * packet.time_base) for packet in packets if packet.pts is not None)


def _steps(times: Sequence[float]) -> Iterator[float]:
    """The first and last pictures of a look may wait for others that weren't read."""
    return (after - before for before, after in pairwise(times[4:-8]))


def _is_uneven(steps: Sequence[float], tick_s: float) -> bool:
    if not steps:
        return False
    usual = median(steps)
    odd = sum(abs(step - usual) > 1.5 * tick_s + usual / 10 for step in steps)
    return odd > _MOST_UNEVEN * len(steps)

"""When things move: curves from 0 to 1 over a stretch of seconds, and beats."""

import math


def ramp(at: float, start: float, end: float) -> float:
    """Straight from 0 at `start` to 1 at `end`."""
    return min(1.0, max(0.0, (at - start) / (end - start)))


def smooth(at: float, start: float, end: float) -> float:
    """Soft at both ends."""
    part = ramp(at, start, end)
    return part * part * (3 - 2 * part)


def landing(at: float, start: float, end: float) -> float:
    """Fast first, then ever slower."""
    return 1 - (1 - ramp(at, start, end)) ** 4


def overshoot(at: float, start: float, end: float, *, by: float = 1.7) -> float:
    """Past 1 and back again; `by` 1.7 is a tenth too far."""
    rest = ramp(at, start, end) - 1
    return 1 + rest * rest * ((by + 1) * rest + by)


def ringing(at: float, start: float, *, hertz: float = 2.4, fading: float = 5.0) -> float:
    """From 0 to 1 like something hung from a spring."""
    since = at - start
    return 0.0 if since <= 0 else 1 - math.exp(-fading * since) * math.cos(math.tau * hertz * since)


def fading(at: float, start: float, *, seconds: float) -> float:
    """1 at `start`, then less and less: a third after `seconds`; 0 before, and once hardly any is left."""
    left = math.exp((start - at) / seconds) if at >= start else 0.0
    return left if left > 0.004 else 0.0


def bump(at: float, start: float, end: float) -> float:
    """From 0 up to 1 in the middle and down to 0."""
    return math.sin(math.pi * ramp(at, start, end)) ** 2


def beat_of(at: float, beat_s: float, *, every: int = 1) -> tuple[int, float]:
    """Which beat (or group of `every` beats) it is, and how many seconds ago it began."""
    length = beat_s * every
    number = math.floor(at / length + 1e-9)
    return number, at - number * length


def between(start: float, end: float, part: float) -> float:
    return start + (end - start) * part


def swaying(at: float, seconds: float, phase: float = 0.0) -> float:
    """-1 to 1 and back, once in so many seconds; `phase` in turns."""
    return math.sin(math.tau * (at / seconds + phase))

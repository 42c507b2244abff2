"""The instruments: each gives one mono sound at `RATE_HZ`, its loudest sample about 1 unless said otherwise.

Notes are MIDI numbers (69 is A4, 440 Hz). Noise is seeded: same arguments, same sound.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 48_000
Sound = NDArray[np.float32]

_TABLE: Final = 8192
_SHIFT: Final = np.uint32(32 - 13)
"""From a phase to its place in a table."""

_SOFT_EXPONENT: Final = 2.0
"""Of the harmonics' fall: 1/k^2 sounds as round as a flute, 1/k as bright as a saw."""


def frequency_hz(note: float) -> float:
    return float(440 * 2 ** ((note - 69) / 12))


def ticks(seconds: float) -> Sound:
    """The time of each sample."""
    return np.arange(max(1, int(seconds * RATE_HZ)), dtype=np.float32) / np.float32(RATE_HZ)


def noise(seed: int, seconds: float) -> Sound:
    size = max(1, int(seconds * RATE_HZ))
    return np.random.default_rng(seed).standard_normal(size, dtype=np.float32)


def banded(sound: Sound, low_hz: float, high_hz: float) -> Sound:
    """What lies between two frequencies, with slopes of 12 dB an octave."""
    hz = np.fft.rfftfreq(sound.size, 1 / RATE_HZ).astype(np.float32)
    gain = (hz / low_hz) ** 2 / (1 + (hz / low_hz) ** 2) / (1 + (hz / high_hz) ** 2)
    return np.asarray(np.fft.irfft(np.fft.rfft(sound) * gain, sound.size), np.float32)


def _levelled(sound: Sound) -> Sound:
    return np.asarray(sound / np.float32(np.abs(sound).max() + 1e-9), np.float32)


@lru_cache(maxsize=64)
def _table(harmonics: int, exponent: float) -> Sound:
    """One turn of a wave whose harmonics fall by `k ** -exponent`; none lies above half the sample rate."""
    turn = np.arange(_TABLE, dtype=np.float64) / _TABLE * 2 * np.pi
    wave = sum(np.sin(turn * k) * k**-exponent for k in range(1, harmonics + 1))
    return np.asarray(wave / np.abs(wave).max(), np.float32)


def _turns(note: float, seconds: float, *, start: float = 0.0) -> NDArray[np.uint32]:
    """The phase of each sample, a turn being 2^32: it wraps by itself."""
    step = round(frequency_hz(note) / RATE_HZ * 2**32)
    count = np.arange(max(1, int(seconds * RATE_HZ)), dtype=np.uint32)
    return count * np.uint32(step) + np.uint32(int(start % 1 * 2**32))


def _wave(turns: NDArray[np.uint32], note: float, exponent: float, most: int) -> Sound:
    harmonics = max(1, min(most, int(16_000 / frequency_hz(note))))
    return np.asarray(_table(harmonics, exponent)[turns >> _SHIFT], np.float32)


def _envelope(seconds: float, attack_s: float, release_s: float) -> Sound:
    """Rises and falls as a cosine does."""
    t = ticks(seconds)
    rise = np.clip(t / max(attack_s, 1e-4), 0, 1)
    fall = np.clip((t[-1] - t) / max(release_s, 1e-4), 0, 1)
    return np.asarray((np.sin(rise * np.pi / 2) * np.sin(fall * np.pi / 2)) ** 2, np.float32)


def pad(note: int, seconds: float, *, side: int, bright: float = 0.0) -> Sound:
    """A slow chord tone for one side (-1 or 1), which is a little out of tune with the other's."""
    turns = _turns(note + side * 0.045, seconds, start=0.13 * note + 0.4 * side)
    slow = _turns(note - side * 0.06, seconds, start=0.31 * note)
    tone = _wave(turns, note, _SOFT_EXPONENT - bright, 10) + _wave(slow, note, _SOFT_EXPONENT - bright, 10)
    return np.asarray(tone * _envelope(seconds, seconds * 0.3, seconds * 0.4) / 2, np.float32)


@lru_cache(maxsize=64)
def felt(note: int, loud: float = 0.6) -> Sound:
    """A piano with felt between hammer and string; `loud` (0 to 1) brings the overtones in."""
    t = ticks(3.0)
    base = frequency_hz(note)
    decay = 0.8 + 0.5 * (base / 260) ** 0.7
    tone = np.zeros_like(t)
    for k in range(1, 7):
        stretched = k * np.sqrt(1 + 0.0004 * k * k)
        swing = np.sin(t * np.float32(2 * np.pi * base * stretched) + np.float32(0.7 * k))
        tone += (
            swing * np.exp(-t * np.float32(decay * (0.7 + 0.6 * k))) * np.float32(k ** -(3.2 - 1.6 * loud))
        )
    knock = banded(noise(note, 0.05), 150, 900) * np.exp(-ticks(0.05) * 90)
    tone[: knock.size] += 0.10 * knock
    return _levelled(tone * np.clip(t / 0.006, 0, 1) * np.clip((3.0 - t) / 0.4, 0, 1))


@lru_cache(maxsize=64)
def mallet(note: int) -> Sound:
    """A wooden bar over its tube: the fundamental rings, the overtones at 4 and 9.8 times it only knock."""
    t = ticks(1.8)
    turn = t * np.float32(2 * np.pi * frequency_hz(note))
    tone = np.sin(turn) * np.exp(-t * 3.4)
    tone += 0.30 * np.sin(turn * 3.98) * np.exp(-t * 15) + 0.10 * np.sin(turn * 9.8) * np.exp(-t * 45)
    return _levelled(tone * np.clip(t / 0.003, 0, 1) * np.clip((1.8 - t) / 0.3, 0, 1))


@lru_cache(maxsize=128)
def stab(note: int, seconds: float, bright: float) -> Sound:
    """A synthesiser's short chord tone: bright at first, then round."""
    t = ticks(seconds)
    shine = np.exp(-t * 9) * np.float32(bright)
    tone = np.zeros_like(t)
    for cents, start in ((-9.0, 0.0), (0.0, 0.33), (8.0, 0.71)):
        turns = _turns(note + cents / 100, seconds, start=start)
        tone += _wave(turns, note, 1.0, 40) * shine + _wave(turns, note, _SOFT_EXPONENT, 8) * (1 - shine)
    return np.asarray(tone / 3 * np.exp(-t * 3.5) * _envelope(seconds, 0.004, 0.06), np.float32)


@lru_cache(maxsize=64)
def brass(note: int, seconds: float, force: float = 1.0) -> Sound:
    """Horns in unison: the tone slides up into its pitch, and the louder it is the brighter."""
    t = ticks(seconds)
    swell = np.clip(t / 0.05, 0, 1) * (0.55 + 0.45 * np.exp(-t * 5)) * _envelope(seconds, 0.02, 0.18)
    late = frequency_hz(note) * 0.02 / 28 * (np.exp(-t * 28) - 1)
    bend = (late % 1 * 2**32).astype(np.uint32)
    tone = np.zeros_like(t)
    for cents, start in ((-7.0, 0.2), (0.0, 0.55), (6.0, 0.9)):
        turns = _turns(note + cents / 100, seconds, start=start) + bend
        shine = (swell * np.float32(force)) ** 2
        tone += _wave(turns, note, 1.15, 24) * shine + _wave(turns, note, 2.2, 6) * (1 - shine)
    return np.asarray(tone / 3 * swell, np.float32)


def sub(note: int, seconds: float) -> Sound:
    """A deep sine with just enough of its octave to be heard on small speakers."""
    tone = _wave(_turns(note, seconds), note, 2.2, 3)
    return np.asarray(tone * _envelope(seconds, 0.04, min(0.5, seconds / 2)), np.float32)


@lru_cache(maxsize=64)
def bass(note: int, seconds: float, drive: float) -> Sound:
    """A plucked synthesiser bass; `drive` (0 to 1) distorts it."""
    t = ticks(seconds)
    turns = _turns(note, seconds)
    pluck = np.exp(-t * (7 - 4 * drive))
    tone = _wave(turns, note, 1.0, 14) * pluck * 0.6 + _wave(turns, note, _SOFT_EXPONENT, 4) * 0.7
    hot = np.tanh(tone * (1 + 5 * drive)) / np.tanh(1 + 5 * drive)
    return np.asarray(hot * _envelope(seconds, 0.004, min(0.06, seconds / 3)), np.float32)


@lru_cache(maxsize=8)
def kick(hard: float) -> Sound:
    """A bass drum: its pitch falls to 46 Hz; `hard` (0 to 1) gives it a click and more punch."""
    t = ticks(0.55)
    fall = 46 * t - (70 + 90 * hard) / 28 * (np.exp(-t * 28) - 1)
    body = np.sin(2 * np.pi * fall) * np.exp(-t * (9 - 2.5 * hard))
    click = banded(noise(11, 0.55), 1200, 6000) * np.exp(-t * 260) * hard * 0.35
    return _levelled(
        np.tanh((body * np.clip(t / 0.002, 0, 1) + click) * (1 + hard)) * np.clip((0.55 - t) / 0.1, 0, 1)
    )


@lru_cache(maxsize=8)
def snare(size: float) -> Sound:
    """`size` 0 is a tight drum, 1 a huge one."""
    seconds = 0.3 + 0.45 * size
    t = ticks(seconds)
    rattle = banded(noise(12, seconds), 900 - 400 * size, 7500) * np.exp(-t * (17 - 8 * size))
    body = np.sin(2 * np.pi * (178 * t - 2.0 * np.exp(-t * 40))) * np.exp(-t * 15)
    return _levelled((_levelled(rattle) + 0.7 * body) * np.clip((seconds - t) / 0.08, 0, 1))


@lru_cache(maxsize=2)
def clap() -> Sound:
    """Four hands that are not quite together."""
    t = ticks(0.32)
    hands = sum(np.exp(-np.clip(t - at, 0, None) * 130) * (t >= at) for at in (0.0, 0.010, 0.021))
    tail = np.exp(-np.clip(t - 0.03, 0, None) * 17) * (t >= 0.03)
    return _levelled(banded(noise(13, 0.32), 900, 4200) * (hands + 0.8 * tail).astype(np.float32))


@lru_cache(maxsize=8)
def hat(seconds: float) -> Sound:
    """A cymbal: closed when short, open when longer, a crash when over a second."""
    t = ticks(seconds)
    hiss = banded(noise(14, seconds), 6500, 15_000) * np.exp(-t * (5.5 / seconds))
    return _levelled(hiss * np.clip(t / 0.001, 0, 1) * np.clip((seconds - t) / (0.3 * seconds), 0, 1))


@lru_cache(maxsize=2)
def snap() -> Sound:
    """Two fingers."""
    t = ticks(0.16)
    return _levelled(banded(noise(15, 0.16), 1600, 3600) * np.exp(-t * 60) * np.clip(t / 0.001, 0, 1))


@lru_cache(maxsize=2)
def tick() -> Sound:
    """A small, dry click, as of a watch."""
    t = ticks(0.05)
    tone = np.sin(2 * np.pi * 3300 * t) * np.exp(-t * 190) + 0.5 * np.sin(2 * np.pi * 5150 * t) * np.exp(
        -t * 260
    )
    return _levelled(tone * np.clip(t / 0.0006, 0, 1))


@lru_cache(maxsize=8)
def tom(note: int) -> Sound:
    t = ticks(0.6)
    base = frequency_hz(note)
    skin = np.sin(2 * np.pi * (base * t - base * 0.018 * (np.exp(-t * 18) - 1))) * np.exp(-t * 7)
    stick = banded(noise(16, 0.6), 300, 2500) * np.exp(-t * 60) * 0.2
    return _levelled((skin + stick) * np.clip(t / 0.002, 0, 1) * np.clip((0.6 - t) / 0.1, 0, 1))


@lru_cache(maxsize=8)
def boom(seconds: float, dark: float) -> Sound:
    """An impact in a large room: a falling deep tone, and rubble; `dark` (0 to 1) leaves the rubble out."""
    t = ticks(seconds)
    deep = np.sin(2 * np.pi * (38 * t - 1.6 * (np.exp(-t * 12) - 1))) * np.exp(-t * (4.5 / seconds))
    rubble = _levelled(banded(noise(17, seconds), 90, 2400 - 1800 * dark)) * np.exp(-t * (9 / seconds))
    rise = np.clip(t / 0.004, 0, 1) * np.clip((seconds - t) / (0.4 * seconds), 0, 1)
    return _levelled((deep + (0.55 - 0.4 * dark) * rubble) * rise)


@lru_cache(maxsize=16)
def riser(seconds: float, bright: float) -> Sound:
    """Air that grows louder and brighter until it stops."""
    x = ticks(seconds) / np.float32(seconds)
    air = noise(18, seconds)
    low, high = _levelled(banded(air, 300, 1100)), _levelled(banded(air, 1800 + 3200 * bright, 12_000))
    return np.asarray(
        (low * (1 - x) + high * x) * x**2.6 * np.clip((1 - x) * seconds / 0.02, 0, 1), np.float32
    )

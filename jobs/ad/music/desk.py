"""Where the music is put together: a grid of beats that meets the film's cuts, and a mixing desk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from jobs.ad.music.instruments import RATE_HZ, Sound, noise

_MOST_STRETCH: Final = 0.04
"""By how much the tempo may differ from the one asked for, so that the cuts fall on beats."""
_PEAK: Final = 0.63
"""-4 dBFS."""
_FADE_S: Final = 1.2
_LOWEST_HZ: Final = np.float32(28)
_DEEP_HZ: Final = np.float32(110)
_AIR_HZ: Final = np.float32(3000)

Stereo = NDArray[np.float32]
"""`(2, samples)`."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """The music between two cuts of the film, in eighth notes."""

    start_s: float
    end_s: float
    eighths: int

    @property
    def step_s(self) -> float:
        """How long an eighth lasts."""
        return (self.end_s - self.start_s) / self.eighths

    def at(self, eighth: float) -> float:
        """The second at which an eighth starts."""
        return self.start_s + eighth * self.step_s

    def every(self, eighths: float, *, first: float = 0.0, until: float | None = None) -> Iterable[float]:
        """Every so many eighths, from `first` to before `until`, or the end."""
        end = self.eighths if until is None else until
        return (first + number * eighths for number in range(max(0, int(np.ceil((end - first) / eighths)))))


def sections(cuts_s: Sequence[float], seconds: float, tempo_bpm: float) -> tuple[Section, ...]:
    """A section between each two cuts, of whole eighths and as near to the tempo as can be.

    Composers for film do the same: a tempo near the wanted one is looked for at which the cuts fall on
    beats, and what is left over is stretched into each section.
    """
    edges = [0.0, *cuts_s, seconds]
    lengths = np.diff(edges)
    if lengths.min() < 0.5:
        raise ValueError(f"cuts at {list(cuts_s)} of {seconds:g} s leave no room for music between them")
    tempi = tempo_bpm * np.linspace(1 - _MOST_STRETCH, 1 + _MOST_STRETCH, 81)
    eighths = lengths[np.newaxis] * tempi[:, np.newaxis] / 30
    whole = np.maximum(1, np.rint(eighths))
    off = np.abs(eighths / whole - 1).max(axis=1) + 0.1 * np.abs(tempi / tempo_bpm - 1)
    best = whole[int(off.argmin())]
    return tuple(
        Section(start_s=float(start), end_s=float(end), eighths=int(count))
        for start, end, count in zip(edges, edges[1:], best, strict=False)
    )


class Desk:
    """A mixing desk with two stereo buses, of which one can give way to the bass drum, and an echo."""

    def __init__(self, seconds: float, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.samples = round(seconds * RATE_HZ)
        self._firm: Stereo = np.zeros((2, self.samples), np.float32)
        self._yielding: Stereo = np.zeros((2, self.samples), np.float32)
        self._send: Stereo = np.zeros((2, self.samples), np.float32)

    def add(
        self,
        sound: Sound,
        at_s: float,
        gain: float,
        *,
        pan: float = 0.0,
        echo: float = 0.0,
        yields: bool = False,
    ) -> None:
        """Mix a mono sound in at a second; `pan` from -1 (left) to 1, `echo` is how much the room answers."""
        start = max(0, round(at_s * RATE_HZ))
        piece = sound[: max(0, self.samples - start)]
        angle = (pan + 1) * np.pi / 4
        sides = np.array([[np.cos(angle)], [np.sin(angle)]], np.float32) * np.float32(gain)
        stereo = piece[np.newaxis] * sides
        place = slice(start, start + piece.size)
        (self._yielding if yields else self._firm)[:, place] += stereo
        if echo:
            self._send[:, place] += stereo * np.float32(echo)

    def played(
        self,
        sound: Sound,
        at_s: float,
        gain: float,
        *,
        pan: float = 0.0,
        echo: float = 0.0,
        yields: bool = False,
        loose_s: float = 0.006,
    ) -> None:
        """The same as by a human: a little early or late, a little softer or louder."""
        late_s = float(self.rng.normal(0, loose_s))
        touch = float(1 + self.rng.normal(0, 0.07))
        self.add(sound, at_s + late_s, gain * touch, pan=pan, echo=echo, yields=yields)

    def duck(self, kicks_s: Iterable[float], *, depth: float) -> None:
        """Let the yielding bus dip at each beat of the bass drum and return within a quarter of a second."""
        dip = np.linspace(0, 1, int(0.26 * RATE_HZ), dtype=np.float32) ** 1.6 * depth + (1 - depth)
        level = np.ones(self.samples, np.float32)
        for at_s in kicks_s:
            start = max(0, round(at_s * RATE_HZ))
            room = level[start : start + dip.size]
            np.minimum(room, dip[: room.size], out=room)
        self._yielding *= level

    def master(self, *, echo_s: float, echo: float, deep: float, air: float) -> Stereo:
        """The finished music: echo added, tone set, peaks rounded, both ends silent.

        `deep` is the gain of what lies below `_DEEP_HZ`, `air` that of what lies above `_AIR_HZ`.
        """
        dry = self._firm + self._yielding
        size = _fast_size(self.samples + int(echo_s * RATE_HZ))
        hz = np.asarray(np.fft.rfftfreq(size, 1 / RATE_HZ), np.float32)
        shelves = _shelf(hz / _DEEP_HZ, deep) * _shelf(_AIR_HZ / (hz + 1), air)
        tone = (1 - np.exp(-((hz / _LOWEST_HZ) ** 4))) * shelves
        mix = np.empty_like(dry)
        for side in range(2):
            room = np.fft.rfft(_room(side, echo_s), size) * np.float32(echo)
            whole = np.fft.rfft(dry[side], size) + np.fft.rfft(self._send[side], size) * room
            mix[side] = np.fft.irfft(whole * tone, size)[: self.samples]
        return _finished(mix)


def _shelf(ratio: Sound, gain: float) -> Sound:
    """`gain` where the ratio is well below 1, 1 where it is well above."""
    return np.asarray(1 + (gain - 1) / (1 + ratio**2), np.float32)


def _room(side: int, echo_s: float) -> Sound:
    """A room's answer: noise that dies away, its highs first, after a gap of 18 ms."""
    air = noise(70 + side, echo_s)
    t = np.arange(air.size, dtype=np.float32) / RATE_HZ
    dark = np.convolve(air, np.ones(9, np.float32) / 9, "same")
    mixed = air * np.exp(-t * (11 / echo_s)) * 0.6 + dark * np.exp(-t * (6.2 / echo_s))
    shaped = mixed * np.clip((t - 0.018) / 0.03, 0, 1) * np.clip((echo_s - t) / (0.2 * echo_s), 0, 1)
    return np.asarray(shaped / np.sqrt((shaped**2).sum()), np.float32)


def _finished(mix: Stereo) -> Stereo:
    """Peaks rounded off as tape does, so that a hit doesn't make all else soft; then one level."""
    loud = float(np.quantile(np.abs(mix[:, ::16]), 0.995)) + 1e-9
    round_mix = np.tanh(mix / np.float32(loud * 2.2))
    fade = int(_FADE_S * RATE_HZ)
    round_mix[:, -fade:] *= np.cos(np.linspace(0, np.pi / 2, fade, dtype=np.float32)) ** 2
    start = int(0.005 * RATE_HZ)
    round_mix[:, :start] *= np.linspace(0, 1, start, dtype=np.float32)
    round_mix -= round_mix.mean(axis=1, keepdims=True) * _inside(round_mix.shape[1], start, fade)
    return np.asarray(round_mix * np.float32(_PEAK / np.abs(round_mix).max()), np.float32)


def _inside(samples: int, start: int, fade: int) -> Sound:
    """1, and 0 at both ends, so that taking a mean away makes no step there."""
    inside = np.ones(samples, np.float32)
    inside[:start] = np.linspace(0, 1, start)
    inside[-fade:] = np.linspace(1, 0, fade)
    return inside


def _fast_size(least: int) -> int:
    """The next size that the fast Fourier transform likes: 2^n or 3 times that."""
    power = 1 << (least - 1).bit_length()
    return power * 3 // 4 if power * 3 // 4 >= least else power

"""A quiet bed of music: eight chords of a soft pad, a few bells, all computed round in a circle.

Notes, filter and echo wrap from the end to the start, so the loop has no seam to hear.
"""

import wave
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ: Final = 44100
CHORD_S: Final = 5
CHORDS: Final = (
    (38, 57, 62, 66, 69, 76),
    (35, 54, 62, 66, 69, 73),
    (43, 55, 59, 66, 69, 74),
    (45, 57, 62, 64, 69, 76),
    (42, 57, 61, 64, 69, 73),
    (35, 54, 59, 62, 69, 74),
    (43, 55, 59, 62, 66, 69),
    (45, 57, 61, 64, 71, 76),
)
"""MIDI numbers, bass first: D, B minor, G, A sus, F sharp minor, B minor, G, A, with added notes."""
BELLS: Final = (
    (0.0, 81), (2.5, 78), (3.75, 76), (6.25, 78), (7.5, 73), (11.25, 74), (13.75, 78), (16.25, 76),
    (18.75, 69), (20.0, 73), (22.5, 76), (26.25, 78), (27.5, 74),
    (31.25, 71), (33.75, 74), (36.25, 73), (38.75, 76),
)  # fmt: skip
"""Second at which each is struck, and its MIDI number."""

Sound = NDArray[np.float32]


def music() -> Sound:
    """40 s of stereo, `(samples, 2)`, within -1 to 1; its end leads into its start."""
    dry = np.zeros((2, len(CHORDS) * CHORD_S * SAMPLE_RATE_HZ), np.float32)
    rng = np.random.default_rng(40)
    for number, (bass, *notes) in enumerate(CHORDS):
        _add(dry, number * CHORD_S, _pad(rng, bass, 0.55), 0.0)
        for note in notes:
            _add(dry, number * CHORD_S, _pad(rng, note, 0.30), float(rng.uniform(-0.7, 0.7)))
    for at_s, note in BELLS:
        _add(dry, at_s, _bell(note), float(rng.uniform(-0.5, 0.5)))
    wet = _filtered(dry, rng)
    return np.ascontiguousarray((wet * np.float32(0.6 / np.abs(wet).max())).T)


def write_music(path: Path) -> None:
    """Write the music as 16-bit WAV."""
    samples = np.rint(music() * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(samples.tobytes())


def _frequency_hz(note: int) -> float:
    return float(440 * 2 ** ((note - 69) / 12))


def _add(mix: Sound, at_s: float, sound: Sound, pan: float) -> None:
    """Add a mono sound at a second, wrapped round the end, at constant power from -1 left to 1 right."""
    places = (np.arange(sound.size) + int(at_s * SAMPLE_RATE_HZ)) % mix.shape[1]
    angle = (pan + 1) * np.pi / 4
    mix[0, places] += sound * np.float32(np.cos(angle))
    mix[1, places] += sound * np.float32(np.sin(angle))


def _pad(rng: np.random.Generator, note: int, level: float) -> Sound:
    """A note that swells and fades over its neighbours' halves, of three voices slightly out of tune."""
    seconds = np.arange(int((CHORD_S + 3.2) * SAMPLE_RATE_HZ), dtype=np.float32) / SAMPLE_RATE_HZ
    size = 16384
    turn = np.arange(size) / size * 2 * np.pi
    table = sum(np.sin(turn * k) / k**1.9 for k in range(1, 7)).astype(np.float32)
    total = np.zeros_like(seconds)
    for cents in (-5.0, 0.0, 5.5):
        step = _frequency_hz(note) * 2 ** (cents / 1200) / SAMPLE_RATE_HZ * size
        phase = np.arange(seconds.size) * step + rng.uniform(0, size)
        total += table[phase.astype(np.int64) % size]
    rise = np.sin(np.clip(seconds / 2.4, 0, 1) * np.pi / 2) ** 2
    fall = np.cos(np.clip((seconds - CHORD_S + 0.6) / 3.7, 0, 1) * np.pi / 2) ** 2
    return np.asarray(total * rise * fall * np.float32(level / 3), np.float32)


def _bell(note: int) -> Sound:
    """A struck note like a soft kalimba's: its overtones die first."""
    seconds = np.arange(int(4.5 * SAMPLE_RATE_HZ), dtype=np.float32) / SAMPLE_RATE_HZ
    turn = seconds * np.float32(2 * np.pi * _frequency_hz(note))
    tone = np.sin(turn) * np.exp(-seconds * 1.5)
    tone += 0.28 * np.sin(turn * 2) * np.exp(-seconds * 3.2) + 0.10 * np.sin(turn * 4) * np.exp(-seconds * 7)
    edges = np.clip(seconds / 0.012, 0, 1) * np.clip((4.5 - seconds) / 0.5, 0, 1)
    return np.asarray(tone * edges * np.float32(0.24), np.float32)


def _filtered(dry: Sound, rng: np.random.Generator) -> Sound:
    """Soften the highs and add a long echo, both by circular convolution."""
    samples = dry.shape[1]
    hz = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE_HZ)
    low_pass = 1 / np.sqrt(1 + (hz / 1900) ** 4) * (1 - np.exp(-((hz / 38) ** 2)))
    tail_s = np.arange(int(3.6 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    wet = np.empty_like(dry)
    for side in range(2):
        echo = rng.standard_normal(tail_s.size) * np.exp(-tail_s * 2.0) * np.clip(tail_s / 0.05, 0, 1)
        response = np.fft.rfft(echo / np.sqrt((echo**2).sum()), samples)
        wet[side] = np.fft.irfft(np.fft.rfft(dry[side]) * low_pass * (1 + 0.55 * response), samples)
    return wet

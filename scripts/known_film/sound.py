"""The sound of a screenplay: neural voices with pauses between them, over music or pink noise."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scripts.known_film.screenplay import Bed, Line, Screenplay
from scripts.sample.music import SAMPLE_RATE_HZ as MUSIC_HZ
from scripts.sample.music import music
from shared.providers.speech import Speech, SpeechProvider

RATE_HZ: Final = 24_000
"""That of the neural voices."""
_START_MS: Final = 800
_PAUSE_MS: Final = 450
_BETWEEN_SHOTS_MS: Final = 1200
_VOICE_RMS: Final = 0.08
_UNDER_DB: Final = {"music": 15.0, "noise": 15.0}

Sound = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class KnownWord:
    """A word of which it is known when it is heard. Times are seconds."""

    text: str
    start: float
    end: float
    speaker: str


@dataclass(frozen=True, kw_only=True)
class KnownSound:
    """A sound whose words are known."""

    samples: Sound
    """Mono, within -1 to 1."""
    words: tuple[KnownWord, ...]
    cuts: tuple[float, ...]
    """When each shot but the first begins, in seconds."""

    @property
    def duration_s(self) -> float:
        return self.samples.size / RATE_HZ


def perform(
    screenplay: Screenplay,
    speaker: SpeechProvider,
    *,
    under_db: float | None = None,
    on_line: Callable[[int, int], None] = lambda _done, _count: None,
) -> KnownSound:
    """Speak the lines and lay them out; `under_db` is how much softer beds are than voices."""
    lines = [line for shot in screenplay.shots for line in shot.lines]
    spoken = list(_spoken(lines, screenplay, speaker, on_line))
    words: list[KnownWord] = []
    parts: list[Sound] = [_silence(_START_MS)]
    starts: list[int] = []
    at = parts[0].size
    for shot in screenplay.shots:
        starts.append(at - (_BETWEEN_SHOTS_MS * RATE_HZ // 2000 if words else at))
        for line in shot.lines:
            speech = spoken.pop(0)
            words += _known(line, speech, at)
            pause_ms = _BETWEEN_SHOTS_MS if line is shot.lines[-1] else _PAUSE_MS
            parts += [_levelled(speech), _silence(pause_ms)]
            at += parts[-2].size + parts[-1].size
    voices = np.concatenate(parts)
    places = [*starts, voices.size]
    for shot, start, end in zip(screenplay.shots, places, places[1:], strict=False):
        voices[start:end] += _bed(shot.bed, start, end - start, under_db)
    cuts = tuple(start / RATE_HZ for start in starts[1:])
    return KnownSound(samples=np.clip(voices, -1, 1), words=tuple(words), cuts=cuts)


def over_bed(sound: KnownSound, bed: Bed, under_db: float) -> KnownSound:
    """The sound with another one under all of it, softer by so much than its voices."""
    samples = np.clip(sound.samples + _bed(bed, 0, sound.samples.size, under_db), -1, 1)
    return replace(sound, samples=np.asarray(samples, np.float32))


def _spoken(
    lines: list[Line], screenplay: Screenplay, speaker: SpeechProvider, on_line: Callable[[int, int], None]
) -> Iterator[Speech]:
    def speak(line: Line) -> Speech:
        return speaker.speak(line.text, language="en", voice=screenplay.voices[line.speaker], rate=1.0)

    with ThreadPoolExecutor(speaker.concurrency) as pool:
        for done, speech in enumerate(pool.map(speak, lines), 1):
            on_line(done, len(lines))
            yield speech


def _known(line: Line, speech: Speech, at: int) -> Iterator[KnownWord]:
    for word in speech.words:
        yield KnownWord(
            text=line.text[word.start : word.end],
            start=at / RATE_HZ + word.start_ms / 1000,
            end=at / RATE_HZ + word.end_ms / 1000,
            speaker=line.speaker,
        )


def _levelled(speech: Speech) -> Sound:
    """The same loudness for every line, measured where it sounds."""
    if speech.sample_rate_hz != RATE_HZ:
        raise ValueError(f"a voice at {speech.sample_rate_hz} Hz: only the neural voices speak in this film")
    samples = np.frombuffer(speech.pcm, "<i2").astype(np.float32) / 32768
    loud = samples[np.abs(samples) > 0.01]
    gain = _VOICE_RMS / np.sqrt(np.mean(loud**2)) if loud.size else 1.0
    return np.asarray(samples * gain, np.float32)


def _silence(ms: int) -> Sound:
    return np.zeros(ms * RATE_HZ // 1000, np.float32)


def _bed(bed: Bed, start: int, size: int, under_db: float | None) -> Sound:
    """What sounds under the voices from sample `start` on."""
    if bed == "none":
        return np.zeros(size, np.float32)
    sound = _music(start, size) if bed == "music" else _pink_noise(start, size)
    goal = _VOICE_RMS / 10 ** ((_UNDER_DB[bed] if under_db is None else under_db) / 20)
    return np.asarray(sound * (goal / np.sqrt(np.mean(sound**2))), np.float32)


def _music(start: int, size: int) -> Sound:
    stereo = music()
    places = (np.arange(start, start + size) * (MUSIC_HZ / RATE_HZ)) % (len(stereo) - 1)
    return np.asarray(np.interp(places, np.arange(len(stereo)), stereo.mean(axis=1)), np.float32)


def _pink_noise(seed: int, size: int) -> Sound:
    """Noise with as much power in every octave."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(size))
    spectrum[1:] /= np.sqrt(np.arange(1, spectrum.size))
    spectrum[0] = 0
    return np.asarray(np.fft.irfft(spectrum, size), np.float32)

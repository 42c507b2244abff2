"""What every voice provider is: the protocol, and speech with the times of its words."""

import io
import wave
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from shared.text.markup import shown_spans, spoken_text
from shared.text.reading import Reading, Timed, times_as_written


@dataclass(frozen=True, kw_only=True)
class SpokenWord:
    """One word of the text, as it is heard."""

    start: int
    """Index of the word's first character in the text."""
    end: int
    """Index after its last character."""
    start_ms: int
    """From the start of the audio."""
    end_ms: int


@dataclass(frozen=True, kw_only=True)
class Speech:
    """Spoken text."""

    pcm: bytes
    """Mono, signed 16-bit, native-endian little."""
    sample_rate_hz: int
    words: tuple[SpokenWord, ...]
    """In order, not overlapping, covering every word of the text."""
    warning: str = ""
    """What the asker should know although it was spoken, e.g. that some of it could not be read."""

    @property
    def duration_ms(self) -> int:
        return len(self.pcm) // 2 * 1000 // self.sample_rate_hz


@dataclass(frozen=True, kw_only=True)
class Voice:
    """A voice that a provider offers."""

    name: str
    language: str
    """BCP 47, e.g. `en-GB`."""
    description: str


class SpeechProvider(Protocol):
    """Who speaks."""

    name: str
    version: str
    """Changes whenever the same text would sound different: part of the cache key."""
    concurrency: int
    """How many captions may be spoken at once."""
    paces: bool
    """Whether another `rate` is better had by speaking again than by stretching what was spoken: it costs
    nothing, and sounds as if someone spoke faster or slower."""

    def voices(self) -> Sequence[Voice]:
        """All voices, by language."""

    def speak(self, text: str, *, language: str, voice: str | None, rate: float) -> Speech:
        """Speak `text`; `rate` 1.0 is the voice's own pace. Safe to call from several threads.

        Raises `BadRequest` for a language or voice that there is none of, `ProviderFailed` for the rest.
        """

    def estimate_usd(self, characters: int) -> float:
        """About what speaking this many characters costs, list price. Asks nothing of the network."""


def as_written(speech: Speech, reading: Reading) -> Speech:
    """`speech` of what is said, with the words of the text as it is written, each with a time."""
    said = [Timed(word.start, word.end, word.start_ms, word.end_ms) for word in speech.words]
    words = times_as_written(reading, said, speech.duration_ms)
    return replace(speech, words=tuple(SpokenWord(**word._asdict()) for word in words))


def say(provider: SpeechProvider, text: str, *, language: str, voice: str | None, rate: float) -> Speech:
    """Speak `text` without its marks, as `SpeechProvider.speak` does; its words are those of `text`."""
    said = spoken_text(text)
    speech = provider.speak(said.text, language=language, voice=voice, rate=rate)
    spans = shown_spans(text, said, [(word.start, word.end) for word in speech.words])
    words = zip(speech.words, spans, strict=True)
    return replace(speech, words=tuple(replace(word, start=start, end=end) for word, (start, end) in words))


def spoken_by(provider: SpeechProvider, voice: str | None) -> str:
    """The language of a voice that speaks only one, else English."""
    found = {each.language for each in provider.voices() if each.name == voice} - {"mul"}
    return found.pop() if len(found) == 1 else "en"


def as_wav(speech: Speech) -> bytes:
    """A whole WAV file."""
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(speech.sample_rate_hz)
        file.writeframes(speech.pcm)
    return data.getvalue()

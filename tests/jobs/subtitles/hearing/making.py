"""Words as they are heard, and chunks of a film that was never made."""

from collections.abc import Sequence
from pathlib import Path

from jobs.subtitles.hearing.chunks import RATE_HZ, Chunk, Sound
from jobs.subtitles.hearing.recognition.recogniser import Heard, RawWord
from jobs.subtitles.hearing.segments import Sentence, sentences_of
from jobs.subtitles.hearing.words import HeardWord
from jobs.subtitles.job.documents import Timing
from tests.jobs.subtitles.voices.known import Samples, wav


def chunk(*spans: tuple[float, float]) -> Chunk:
    """A chunk of stretches in seconds."""
    return Chunk(spans=tuple((round(start * RATE_HZ), round(end * RATE_HZ)) for start, end in spans))


def heard_words(
    text: str, start: float = 0.0, *, word_s: float = 0.3, timing: Timing = "recognised"
) -> list[HeardWord]:
    """The words of a text, one after the other, each as long."""
    return [
        HeardWord(
            text=f" {each}",
            start=start + at * word_s,
            end=start + (at + 1) * word_s,
            probability=0.9,
            timing=timing,
        )
        for at, each in enumerate(text.split())
    ]


def sentence(text: str, start: float = 0.0, language: str = "en", *, word_s: float = 0.3) -> Sentence:
    [found] = sentences_of(heard_words(text, start, word_s=word_s), language)
    return found


def raw(
    text: str,
    *,
    within: Chunk | None = None,
    no_speech: float = 0.01,
    log_probability: float = -0.15,
    compression: float = 1.2,
    word_s: float = 0.3,
) -> Heard:
    """What Whisper heard in a chunk of ten seconds, by default sure of itself."""
    words = [
        RawWord(text=f" {each}", start=at * word_s, end=(at + 1) * word_s, probability=0.9)
        for at, each in enumerate(text.split())
    ]
    return Heard(
        chunk=within or chunk((20.0, 30.0)),
        language="en",
        words=tuple(words),
        no_speech=no_speech,
        log_probability=log_probability,
        compression=compression,
    )


def sound_of(samples: Samples, folder: Path) -> Sound:
    path = folder / "sound.wav"
    path.write_bytes(wav(samples))
    return Sound(path, "assets/audio/audio.wav")


def texts(sentences: Sequence[Sentence]) -> list[str]:
    return [each.text for each in sentences]

"""Known speech, what is played beside it, and stages that listen to it.

Speaking takes the neural voice a while, so what it said is kept. To record it again:
`python -m tests.jobs.subtitles.voices.known`.
"""

import io
import json
import wave
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.speech_measures import Span, Spoken
from jobs.subtitles.job.documents import read_document
from jobs.subtitles.job.names import AUDIO
from jobs.subtitles.voices.sound import RATE_HZ
from jobs.subtitles.voices.spans import joined
from scripts.sample.music import SAMPLE_RATE_HZ, music
from shared.providers.account import Account
from shared.providers.speech import speech_provider
from shared.records.creation import Creation
from shared.records.documents import Document
from shared.settings import Settings
from shared.stages.progress import Progress
from shared.stages.stage import Context, Result, Stage
from shared.storage.memory import MemoryStore

_Data = TypeVar("_Data", bound=Document)
Samples = NDArray[np.float32]
VOICES = ("ada", "hugo", "mia")
TURNS = (
    ("ada", "We left the harbour before the storm came in."),
    ("hugo", "Nobody told me about the meeting at 7.30."),
    ("mia", "The street smelled of wet stone and fresh bread."),
    ("ada", "He walked on until the lights went out."),
    ("hugo", "My grandfather carved small wooden birds."),
    ("mia", "The bridge was closed, so we found a boat."),
)
"""Who says what. Lines differ: Whisper base leaves out what is repeated word for word."""
PAUSES_S = (0.6, 1.4, 0.5, 2.1, 0.8)
RECORDING: Final = Path(__file__).with_name("known.ogg")
"""What `speak()` returned, as Opus; when each word is said is in the JSON file beside it."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A line as it is spoken; times are in seconds of the whole."""

    line: str
    words: tuple[tuple[str, float, float], ...]
    """From when to when each is."""
    end: float
    """That of its sound, before the pause."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """Speech at 16 kHz, and who speaks when."""

    samples: Samples
    spoken: tuple[Spoken, ...]
    turns: tuple[Turn, ...]

    @property
    def seconds(self) -> float:
        return self.samples.size / RATE_HZ

    @property
    def speech(self) -> list[Span]:
        return [(start, end) for start, end, _ in self.spoken]

    def first(self, turns: int) -> Samples:
        """What is heard until shortly after so many lines."""
        return self.samples[: int((self.turns[turns - 1].end + 0.4) * RATE_HZ)]

    def over(self, noise: Samples, below_db: float) -> Samples:
        """The speech with a noise that is so much quieter."""
        heard = np.concatenate([self.samples[int(s * RATE_HZ) : int(e * RATE_HZ)] for s, e in self.speech])
        level = np.sqrt((heard**2).mean() / (noise**2).mean()) * 10 ** (-below_db / 20)
        return self.samples + np.resize(noise, self.samples.size) * np.float32(level)


def speak(turns: Sequence[tuple[str, str]] = TURNS) -> Known:
    """Voices that say their lines in turn, with pauses of several lengths."""
    provider = speech_provider(Settings(speech_provider="kokoro", cores=1), Account.closed())
    parts, spoken, said, at = [silence(0.7)], list[Spoken](), list[Turn](), 0.7
    for number, (voice, line) in enumerate(turns):
        speech = provider.speak(line, language="en", voice=voice, rate=1.0)
        words = [
            (line[word.start : word.end], at + word.start_ms / 1000, at + word.end_ms / 1000)
            for word in speech.words
        ]
        spoken += [(start, end, voice) for start, end in joined([(start, end) for _, start, end in words])]
        samples = resampled(
            np.frombuffer(speech.pcm, "<i2").astype(np.float32) / np.float32(32768), speech.sample_rate_hz
        )
        said.append(Turn(line=line, words=tuple(words), end=at + samples.size / RATE_HZ))
        parts += [samples, silence(PAUSES_S[number % len(PAUSES_S)])]
        at += (samples.size + parts[-1].size) / RATE_HZ
    whole = np.concatenate(parts)
    loud = whole * np.float32(0.5 / np.abs(whole).max())
    return Known(samples=loud, spoken=tuple(spoken), turns=tuple(said))


@cache
def recorded() -> Known:
    """What `speak()` returned when it was recorded; tests must not change it."""
    with av.open(str(RECORDING)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
        frames = (*container.decode(audio=0), None)
        samples = np.concatenate(
            [part.to_ndarray().ravel() for each in frames for part in resampler.resample(each)]
        )
    said = json.loads(RECORDING.with_suffix(".json").read_text(encoding="utf-8"))
    turns = tuple(
        Turn(line=turn["line"], words=tuple(map(tuple, turn["words"])), end=turn["end"])
        for turn in said["turns"]
    )
    spoken = tuple(map(tuple, said["spoken"]))
    return Known(samples=samples[: said["samples"]], spoken=spoken, turns=turns)


def record(known: Known) -> None:
    with av.open(str(RECORDING), "w") as container:
        stream = container.add_stream("libopus", rate=48_000, layout="mono")
        stream.bit_rate = 40_000
        frame = av.AudioFrame.from_ndarray(known.samples[None], format="flt", layout="mono")
        frame.sample_rate = RATE_HZ
        for each in (frame, None):
            container.mux(stream.encode(each))
    said = {
        "samples": known.samples.size,
        "spoken": known.spoken,
        "turns": [asdict(turn) for turn in known.turns],
    }
    RECORDING.with_suffix(".json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def resampled(samples: Samples, rate_hz: int) -> Samples:
    frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), format="flt", layout="mono")
    frame.sample_rate = rate_hz
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    found = [part.to_ndarray().ravel() for each in (frame, None) for part in resampler.resample(each)]
    return np.concatenate(found)


@cache
def tune() -> Samples:
    """The sample film's music, which tests must not change."""
    return resampled(music().mean(1), SAMPLE_RATE_HZ)


def pink(seconds: float) -> Samples:
    """Noise that is as loud in each octave."""
    size = round(seconds * RATE_HZ)
    white = np.fft.rfft(np.random.default_rng(5).standard_normal(size))
    return np.fft.irfft(white / np.sqrt(np.maximum(1, np.arange(white.size))), size).astype(np.float32)


def wav(samples: Samples, rate_hz: int = RATE_HZ) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(rate_hz)
        written.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()


def heard(samples: Samples) -> Creation:
    """A creation whose film sounds like this."""
    creation = Creation(MemoryStore(), "heard")
    creation.write(AUDIO, wav(samples))
    return creation


def listen(
    stages: Sequence[Stage], creation: Creation, folder: Path, progress: Progress | None = None, **asked: Any
) -> Result:
    """Run stages after each other, publish what they make, and return what the last one says."""
    for stage in stages:
        scratch = folder / stage.name
        scratch.mkdir(parents=True)
        context = Context(
            creation=creation,
            parameters=asked,
            settings=Settings(),
            task_index=0,
            task_count=1,
            scratch=scratch,
            progress=progress or Progress(),
            account=Account.closed(),
            abandoned=lambda: False,
        )
        result = stage.run(context)
        for output in result.outputs.values():
            creation.upload(output.path, output.name)
    return result


def document(creation: Creation, name: str, kind: type[_Data]) -> _Data:
    return read_document(creation, name, kind)


if __name__ == "__main__":
    record(speak())

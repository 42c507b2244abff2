"""Whisper, one chunk at a time: several threads hear several chunks, and none knows of the others.

So the result depends neither on the number of threads nor on what was heard before.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from jobs.subtitles.hearing.chunks import Chunk, Sound
from jobs.subtitles.hearing.recognition.prompts import Prompt
from jobs.subtitles.hearing.recognition.weights import Weights, load

if TYPE_CHECKING:
    from faster_whisper.transcribe import Segment

    from jobs.subtitles.hearing.chunks import Samples

LOOPS_ABOVE: Final = 2.4
"""The text's compression ratio from which on Whisper repeats itself, by its makers."""
_BEAM: Final = 5
_NO_REPEATS: Final = 3
"""Words of how many tokens may not come twice, in a second try after a loop."""


@dataclass(frozen=True, kw_only=True)
class RawWord:
    """A word as Whisper writes and times it, in seconds of its chunk."""

    text: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What Whisper heard in a chunk."""

    chunk: Chunk
    language: str
    words: tuple[RawWord, ...]
    no_speech: float
    """How sure it is, 0 to 1, that nobody speaks."""
    log_probability: float
    """Mean of its tokens'."""
    compression: float

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words).strip()


class Recogniser:
    """A loaded model. Safe to use from as many threads as it was loaded for."""

    def __init__(self, weights: Weights, threads: int) -> None:
        self.weights = weights
        self._model = load(weights, threads)

    @property
    def is_multilingual(self) -> bool:
        return bool(self._model.model.is_multilingual)

    @property
    def can_translate(self) -> bool:
        """Into English. Some weights were never taught to."""
        return self.is_multilingual and not re.search("turbo|distil", self.weights.name)

    @property
    def languages(self) -> Sequence[str]:
        languages: Sequence[str] = self._model.supported_languages
        return languages

    def count_tokens(self, text: str) -> int:
        return len(self._model.hf_tokenizer.encode(text, add_special_tokens=False).ids)

    def chances(self, sound: Sound, chunk: Chunk) -> Mapping[str, float]:
        """How likely each language is, 0 to 1."""
        _, _, chances = self._model.detect_language(audio=sound.heard(chunk))
        return dict(chances)

    def hear(self, sound: Sound, chunk: Chunk, language: str, prompt: Prompt) -> Heard:
        """What is said, with a time for each word."""
        samples = sound.heard(chunk)
        heard = self._asked(samples, chunk, language, prompt)
        if heard.compression <= LOOPS_ABOVE:
            return heard
        again = self._asked(samples, chunk, language, prompt, no_repeats=_NO_REPEATS)
        return min(heard, again, key=lambda each: each.compression)

    def translated(self, sound: Sound, chunk: Chunk, language: str) -> str:
        """What is said, in English."""
        return self._asked(sound.heard(chunk), chunk, language, Prompt(), task="translate").text

    def _asked(
        self,
        samples: "Samples",
        chunk: Chunk,
        language: str,
        prompt: Prompt,
        *,
        task: Literal["transcribe", "translate"] = "transcribe",
        no_repeats: int = 0,
    ) -> Heard:
        from faster_whisper import BatchedInferencePipeline

        pipeline = BatchedInferencePipeline(model=self._model)  # it remembers the last word's time
        segments, _ = pipeline.transcribe(
            samples,
            language=language,
            task=task,
            beam_size=_BEAM,
            no_repeat_ngram_size=no_repeats,
            clip_timestamps=[{"start": 0.0, "end": chunk.duration_s}],
            batch_size=1,
            word_timestamps=task == "transcribe",
            initial_prompt=prompt.text or None,
            hotwords=prompt.hotwords or None,
        )
        found = list(segments)
        words = [word for segment in found for word in _words(segment)]
        first = found[0] if found else None
        return Heard(
            chunk=chunk,
            language=language,
            words=tuple(words),
            no_speech=first.no_speech_prob if first else 1.0,
            log_probability=first.avg_logprob if first else 0.0,
            compression=max((segment.compression_ratio for segment in found), default=0.0),
        )


def _words(segment: "Segment") -> list[RawWord]:
    """Of a translation, whose words have no times: its text as one."""
    if segment.words is None:
        return [RawWord(text=segment.text, start=segment.start, end=segment.end, probability=0.0)]
    return [
        RawWord(text=word.word, start=word.start, end=word.end, probability=float(word.probability))
        for word in segment.words
    ]

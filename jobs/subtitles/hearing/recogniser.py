"""Whisper, one chunk at a time: several threads hear several chunks, and none knows of the others.

So the result depends neither on the number of threads nor on what was heard before.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from jobs.subtitles.hearing.chunks import Chunk, Sound
from jobs.subtitles.hearing.prompts import Prompt
from jobs.subtitles.hearing.weights import Weights, load

if TYPE_CHECKING:
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
        first = found[0] if found else None
        return Heard(
            chunk=chunk,
            language=language,
            words=tuple(
                RawWord(text=word.word, start=word.start, end=word.end, probability=float(word.probability))
                for segment in found
                for word in segment.words or ()
            ) if task == "transcribe" else tuple(
                RawWord(text=segment.text, start=0.0, end=chunk.duration_s, probability=0.0) for segment in found
            ),
            no_speech=first.no_speech_prob if first else 1.0,
            log_probability=first.avg_logprob if first else 0.0,
            compression=max((segment.compression_ratio for segment in found), default=0.0),
        )


def vote(ballots: Sequence[Mapping[str, float]], weights: Sequence[float]) -> list[tuple[str, float]]:
    """Languages by their share of all ballots, the likeliest first; each ballot's shares add up to 1."""
    shares: defaultdict[str, float] = defaultdict(float)
    for ballot, weight in zip(ballots, weights, strict=True):
        for language, chance in ballot.items():
            shares[language] += chance * weight
    total = sum(weights) or 1.0
    return sorted(((language, share / total) for language, share in shares.items()), key=lambda item: (-item[1], item[0]))

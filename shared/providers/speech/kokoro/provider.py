"""A neural voice inside this process: no key, no network. What it can't speak, espeak does, and says so."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version as package_version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.errors import BadRequest, ProviderFailed
from shared.providers.speech.espeak import EspeakProvider
from shared.providers.speech.kokoro.languages import LANGUAGES, Spoken, language_of
from shared.providers.speech.kokoro.model import (
    NAME,
    SAMPLE_RATE_HZ,
    SHA256,
    Model,
    is_missing,
    missing_packages,
    runtime_version,
)
from shared.providers.speech.kokoro.phonemes import by_espeak
from shared.providers.speech.kokoro.pinned import SHA256 as VOICES
from shared.providers.speech.kokoro.sentences import pieces_of
from shared.providers.speech.kokoro.timing import Sound, row_of, silence, sounding, times_of, words_in
from shared.providers.speech.kokoro.vectors import (
    OURS,
    PACKAGED,
    Blend,
    Vectors,
    blend_of,
    pace_of,
    voice_named,
)
from shared.providers.speech.provider import Speech, Voice, as_written
from shared.text.reading import read_aloud

if TYPE_CHECKING:
    from numpy.typing import NDArray

_REVISION: Final = 2
"""To be raised with every change to what this folder makes of the same text."""

_MOST_THREADS: Final = 2
"""Of one utterance; two utterances side by side save a third of the time and take 400 MB more."""


@dataclass(frozen=True, kw_only=True)
class _Order:
    """What is to be spoken how."""

    language: Spoken
    reader: str
    blend: Blend
    speed: float


class KokoroProvider:
    """A voice is a name of `voices()`, a blend (`jm_kumo:0.6+jf_alpha:0.4`), or one of espeak's."""

    name = NAME
    concurrency = 1
    paces = True

    def __init__(self, added: Path, *, cores: int = 1) -> None:
        missing = missing_packages()
        if missing:
            raise ProviderFailed(
                NAME, f"needs {', '.join(missing)}, not installed: pip install 'reelwright[voice]'"
            )
        self._espeak = EspeakProvider()
        self._vectors = Vectors(added)
        self._model = Model(min(cores, _MOST_THREADS))
        self.version = self._version()

    def voices(self) -> Sequence[Voice]:
        """Ours by language, those that were added, those to blend, then espeak's."""
        ours = [
            Voice(
                name=name, language=spoken.tag, description=f"{named.description}; {spoken.english}, neural"
            )
            for spoken in LANGUAGES
            if spoken.voice in OURS
            for name, named in OURS.items()
        ]
        added = [voice_named(name, "added") for name in self._vectors.added()]
        parts = [
            replace(
                voice_named(name, "for Japanese (extra voice-ja) and to blend"),
                language="mul",
            )
            for name in PACKAGED
        ]
        return [*sorted([*ours, *added], key=lambda voice: voice.language), *parts, *self._espeak.voices()]

    def estimate_usd(self, characters: int) -> float:  # noqa: ARG002 - it costs nothing
        return 0.0

    def speak(self, text: str, *, language: str, voice: str | None, rate: float) -> Speech:
        """Read as a person would; a text with nothing to say gives a short silence."""
        if not 0.5 <= rate <= 2.0:
            raise BadRequest(f"rate {rate!r} is not between 0.5 and 2.0: choose 1.0 for the voice's own pace")
        blend = blend_of(voice) if voice else None
        if voice and blend is None:
            return self._espeak.speak(text, language=language, voice=voice, rate=rate)
        found = language_of(language)
        if found is None:
            return self._by_espeak(text, language, rate, f"no neural voice speaks {language!r}")
        spoken, reader = found
        blend = blend or blend_of(spoken.voice) or ()
        if why := self._lacking(spoken, blend if not voice else ()):
            return self._by_espeak(text, language, rate, why)
        self._vectors.demand(blend)
        speed = rate * pace_of(voice or spoken.voice)
        return self._neural(text, _Order(language=spoken, reader=reader, blend=blend, speed=speed))

    def _lacking(self, spoken: Spoken, blend: Blend) -> str:
        """What a language lacks to be spoken by a blend, and how to get it; empty if nothing."""
        ways = []
        if any(map(is_missing, spoken.packages)):
            ways.append(f"with the extra {spoken.extra} (pip install 'reelwright[{spoken.extra}]')")
        if not all(self._vectors.has(name) for name, _ in blend):
            ways.append(f"once it is added (reelwright voices add {spoken.voice})")
        return f"{spoken.english} has a neural voice {' and '.join(ways)}" if ways else ""

    def _by_espeak(self, text: str, language: str, rate: float, why: str) -> Speech:
        speech = self._espeak.speak(text, language=language, voice=None, rate=rate)
        warning = f"{why}: espeak speaks it"
        return replace(speech, warning=f"{warning}; {speech.warning}" if speech.warning else warning)

    def _neural(self, text: str, order: _Order) -> Speech:
        import numpy as np

        reading = read_aloud(text, order.language.tag, has_marks=False)
        plain, unread = order.language.readable(reading.said)
        sound = self._spoken(plain, order)
        speech = Speech(
            pcm=np.rint(np.clip(sound.samples, -1, 1) * 32767).astype("<i2").tobytes(),
            sample_rate_hz=SAMPLE_RATE_HZ,
            words=tuple(words_in(reading.said, sound)),
            warning="; ".join(filter(None, [order.language.warning, unread])),
        )
        return as_written(speech, reading)

    def _spoken(self, text: str, order: _Order) -> Sound:
        """All pieces, one after the other."""
        import numpy as np

        said = (
            order.language.words(text)
            if order.language.words
            else by_espeak.said_of(text, order.reader, order.language.tag)
        )
        if not any(run.symbols for run in said):
            return silence()
        samples: list[NDArray[np.float32]] = []
        heard: list[tuple[int, int, int, int]] = []
        length = 0
        for piece in pieces_of(said):
            row = row_of(piece.said)
            style = self._vectors.style(order.blend, len(row.ids))
            utterance = self._model.speak(list(row.ids), style, order.speed)
            first, after = sounding(utterance.samples)
            moved = length - first
            for run, (start, end) in zip(piece.said, times_of(row, utterance), strict=True):
                if run.symbols:
                    heard.append((run.at, run.end, moved + max(start, first), moved + min(end, after)))
            pause = np.zeros(SAMPLE_RATE_HZ * piece.pause_ms // 1000, np.float32)
            samples += [utterance.samples[first:after], pause]
            length += after - first + pause.size
        return Sound(samples=np.concatenate(samples), heard=tuple(heard))

    def _version(self) -> str:
        """The vectors' hashes are pinned by name, and names of voices are keys themselves: here are those of
        voices that are used unasked."""
        unasked = [name for spoken in LANGUAGES for name, _ in blend_of(spoken.voice) or ()]
        here = sorted({VOICES[name] for name in unasked if self._vectors.has(name)})
        read_by = [
            f"{package}{package_version(package)}"
            for spoken in LANGUAGES
            for package in spoken.packages
            if not is_missing(package)
        ]
        hashes = hashlib.sha256("".join([SHA256, *here, *read_by]).encode()).hexdigest()[:16]
        return f"{hashes}-ort{runtime_version()}-espeak{self._espeak.version}-r{_REVISION}"

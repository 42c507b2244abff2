"""Speaking the captions: side by side, cached by what is said and by whom."""

import hashlib
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from shared.errors import PreconditionFailed
from shared.providers.speech import SpeechProvider, as_wav
from shared.records.creation import Creation, canonical_json
from shared.stages.plan import SPEECH
from shared.storage import ABSENT
from shared.text.language import words_of
from shared.text.markup import Styled, shown_spans, spoken_text
from shared.video.timeline import Word

_READING_WORDS_PER_MINUTE: Final = 200


@dataclass(frozen=True, kw_only=True)
class Caption:
    """A caption and who is to say it how."""

    name: str
    """Of its object."""
    text: str
    """As it is shown."""
    language: str
    styles: tuple[Styled, ...] = ()
    """What of it is bold or italic."""


@dataclass(frozen=True, kw_only=True)
class Narrated:
    """A caption with its pace."""

    caption: Caption
    duration_ms: int
    words: tuple[Word, ...]
    speech: str | None
    """Name of its WAV file below the creation; None when it is only to be read."""
    times: str | None = None
    """Name of the file beside it that holds its words."""
    warning: str = ""
    """What the voice could not do."""


@dataclass(frozen=True, kw_only=True)
class Narrator:
    """A voice and how it is used."""

    provider: SpeechProvider
    voice: str | None
    rate: float

    def key(self, caption: Caption) -> str:
        """The same for captions that sound the same, whatever marks they have."""
        said = [
            self.provider.name,
            self.provider.version,
            self.voice,
            self.rate,
            caption.language,
            spoken_text(caption.text).text,
        ]
        return hashlib.sha256(canonical_json(said)).hexdigest()[:32]


def speak_all(
    creation: Creation,
    captions: Sequence[Caption],
    narrator: Narrator,
    on_progress: Callable[[int, int], None],
) -> list[Narrated]:
    """Speak the captions, as many at once as the provider can; those spoken before are taken as they are.

    What is said twice is spoken once. `on_progress` gets how many are done, of how many, from any thread.
    Raises what the provider raises; what was spoken until then is kept for the next try.
    """
    if not captions:
        return []
    wanted = {narrator.key(caption): caption for caption in captions}
    done = itertools.count(1)

    def speak(key: str) -> Narrated:
        narrated = _from_cache(creation, wanted[key], key) or _spoken(creation, wanted[key], key, narrator)
        on_progress(next(done), len(wanted))
        return narrated

    with ThreadPoolExecutor(max_workers=narrator.provider.concurrency, thread_name_prefix="speak") as pool:
        spoken = dict(zip(wanted, pool.map(speak, wanted), strict=True))
    return [_shown(spoken[narrator.key(caption)], caption) for caption in captions]


def _shown(narrated: Narrated, caption: Caption) -> Narrated:
    """The caption, with words that are places in what is said of it, in its own text."""
    said = spoken_text(caption.text)
    spans = shown_spans(caption.text, said, [(word.start, word.end) for word in narrated.words])
    words = (
        word.model_copy(update={"start": start, "end": end})
        for word, (start, end) in zip(narrated.words, spans, strict=True)
    )
    return replace(narrated, caption=caption, words=tuple(words))


def pace_for_reading(caption: Caption) -> Narrated:
    """A caption that is only read: 200 words a minute and 1.5 s to settle, at least 2 s."""
    spans = words_of(caption.text)
    seconds = max(len(spans) / _READING_WORDS_PER_MINUTE * 60 + 1.5, 2.0)
    duration_ms = round(seconds * 1000)
    letters = sum(end - start for start, end in spans)
    words, done = [], 0
    for start, end in spans:
        begins = done * duration_ms // letters
        done += end - start
        words.append(Word(start=start, end=end, start_ms=begins, end_ms=done * duration_ms // letters))
    return Narrated(caption=caption, duration_ms=duration_ms, words=tuple(words), speech=None)


def _times_name(key: str) -> str:
    return f"{SPEECH}{key}.json"


def _from_cache(creation: Creation, caption: Caption, key: str) -> Narrated | None:
    times = _times_name(key)
    if creation.stat(times) is None:
        return None
    try:
        found = json.loads(creation.read(times)[0])
        narrated = _narrated(caption, found, times)
    except (ValueError, KeyError, TypeError):
        return None  # spoilt by whatever hand: spoken again
    return narrated if narrated.speech and creation.stat(narrated.speech) else None


def _spoken(creation: Creation, caption: Caption, key: str, narrator: Narrator) -> Narrated:
    """Speak the caption and store it: the sound under a name of its own, then the words, which name it.

    So sound and words are always of one piece, even from a voice that never says the same twice.
    """
    said = spoken_text(caption.text).text
    speech = narrator.provider.speak(
        said, language=caption.language, voice=narrator.voice, rate=narrator.rate
    )
    data = as_wav(speech)
    sound = f"{SPEECH}{hashlib.sha256(data).hexdigest()[:32]}.wav"
    words = [asdict(word) for word in speech.words]
    found = {
        "sound": sound,
        "duration_ms": speech.duration_ms,
        "words": words,
        "warning": speech.warning,
    }
    _write_once(creation, sound, data)
    creation.write(_times_name(key), canonical_json(found))
    return _narrated(caption, found, _times_name(key))


def _narrated(caption: Caption, found: Mapping[str, Any], times: str) -> Narrated:
    return Narrated(
        caption=caption,
        duration_ms=found["duration_ms"],
        words=tuple(Word.model_validate(word) for word in found["words"]),
        speech=found["sound"],
        times=times,
        warning=found.get("warning", ""),
    )


def _write_once(creation: Creation, name: str, data: bytes) -> None:
    try:
        creation.write(name, data, expect=ABSENT)
    except PreconditionFailed:
        return  # its name tells its content

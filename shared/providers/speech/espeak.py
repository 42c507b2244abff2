"""espeak-ng inside this process: more than a hundred languages, no key, no network, no download."""

import ctypes
import difflib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from itertools import accumulate, pairwise, takewhile
from typing import Final

from shared.errors import BadRequest, ProviderFailed
from shared.providers.speech.espeak_library import NAME, Manner, VoiceRecord, loaded, synthesise
from shared.providers.speech.known import ESPEAK_VARIANTS
from shared.providers.speech.provider import Speech, SpokenWord, Voice, as_written
from shared.text.language import scripts_of, words_of
from shared.text.reading import read_aloud, reading_version

_REVISION: Final = 2
"""To be raised with every change to the numbers and tables of this module."""

_WORDS_PER_MINUTE: Final = 165
_PITCH_RANGE: Final = 65
"""Of 100. Gives a standard deviation of 2 semitones, as of someone reading aloud; espeak's 50 gives 1.6."""

_LOUDNESS: Final = 80
"""espeak's volume; at its default of 100 some languages reach full scale."""

_EDGE_MS: Final = 30
_SILENCE_MS: Final = 400
_AUDIBLE: Final = 60
"""Samples up to this are silence: -55 dBFS."""

_DEFAULT_VARIANT: Final = "m7"
"""The one whose energy lies closest to the average spectrum of human speech (Byrne et al. 1994): within
1.5 dB in every band up to 7 kHz, where espeak's plain voice has 6 dB too much between 2 and 4 kHz."""

_ALIASES: Final = {
    "en": "en-us",
    "en-ca": "en-us",
    "en-ph": "en-us",
    "in": "id",
    "iw": "he",
    "mo": "ro",
    "nn": "nb",
    "no": "nb",
    "sh": "hr",
    "zh": "cmn",
    "zh-hant-hk": "yue",
    "zh-hk": "yue",
    "zh-mo": "yue",
    "zh-yue": "yue",
}
"""Language tags that espeak knows by another name, or that stand for one of several voices."""

_LATIN_AMERICA: Final = frozenset(
    "AR BO CL CO CR CU DO EC GT HN MX NI PA PE PR PY SV US UY VE".lower().split()
)
_TAGS: Final = {
    "ca-ba": "ca-x-balear",
    "ca-nw": "ca-x-nord",
    "ca-va": "ca-valencia",
    "en": "en-GB",
    "en-US-nyc": "en-US-x-nyc",
    "piqd": "tlh",
    "py": "x-pyash",
    "qdb": "x-belter",
    "ru-cl": "ru-x-classic",
}
"""BCP 47 for espeak's names that are not, or that say less than they mean."""

_MUTE: Final = frozenset({"art/xex", "gmq/fo", "trk/kaa"})
"""Voices whose dictionaries are not in the package."""


class EspeakProvider:
    """A voice is a name of `voices()`, with or without `+` and a variant: `fr`, `en-GB+f2`, `+f2`."""

    name = NAME
    concurrency = 1
    paces = False

    def __init__(self) -> None:
        try:
            loader, reading = package_version("espeakng-loader"), reading_version()
        except PackageNotFoundError as error:
            raise ProviderFailed(
                self.name, f"needs the package {error.name}: pip install 'reelwright[story-narrate]'"
            ) from error
        self.version = f"{loader}-r{_REVISION}-{reading}"

    def voices(self) -> Sequence[Voice]:
        """espeak's own, then its timbres (`+f2`), which go with any of them."""
        timbres = [
            Voice(name=f"+{name}", language="mul", description=f"{words}, in any language")
            for name, words in ESPEAK_VARIANTS.items()
        ]
        return [*_voices().values(), *timbres]

    def estimate_usd(self, characters: int) -> float:  # noqa: ARG002 - it costs nothing
        return 0.0

    def speak(self, text: str, *, language: str, voice: str | None, rate: float) -> Speech:
        """Read as a person would; a text with nothing to say gives a short silence."""
        if not 0.5 <= rate <= 2.0:
            raise BadRequest(f"rate {rate!r} is not between 0.5 and 2.0: choose 1.0 for the voice's own pace")
        name = _chosen(voice, language)
        reading = read_aloud(text, _read_in(voice, language), has_marks=False)
        manner = Manner(
            words_per_minute=round(_WORDS_PER_MINUTE * rate), volume=_LOUDNESS, pitch_range=_PITCH_RANGE
        )
        heard = synthesise(_speakable(reading.said), name, manner)
        pcm, shift_ms = _trimmed(heard.pcm, heard.sample_rate_hz)
        duration_ms = len(pcm) // 2 * 1000 // heard.sample_rate_hz
        marks = ((at, min(max(0, ms + shift_ms), duration_ms)) for at, ms in heard.marks)
        words = tuple(_timed(reading.said, marks, duration_ms))
        speech = Speech(
            pcm=pcm, sample_rate_hz=heard.sample_rate_hz, words=words, warning=_unread(text, language)
        )
        return as_written(speech, reading)


def _unread(text: str, language: str) -> str:
    if language.lower().split("-")[0] == "ja" and scripts_of(text)["Hani"]:
        return "espeak can't read kanji and says so aloud: write the captions in kana, or use another voice"
    return ""


@cache
def _voices() -> dict[str, Voice]:
    """espeak's voices by the identifier that loads them, e.g. `gmw/en-US`, sorted by language."""
    found: dict[str, Voice] = {}
    with loaded() as (library, _):
        listing = library.espeak_ListVoices
        listing.restype = ctypes.POINTER(ctypes.POINTER(VoiceRecord))
        for record in takewhile(bool, listing(None)):
            identifier = record.contents.identifier.decode()
            own_name = identifier.rpartition("/")[2]
            tag = _TAGS.get(own_name, own_name)
            found[identifier] = Voice(
                name=tag, language=tag, description=record.contents.name.decode().strip()
            )
    spoken = [item for item in found.items() if item[0] not in _MUTE]
    return dict(sorted(spoken, key=lambda item: item[1].language.lower()))


@cache
def _identifiers() -> dict[str, str]:
    """The identifier of each voice by its name in lower case."""
    return {voice.name.lower(): identifier for identifier, voice in _voices().items()}


def _chosen(voice: str | None, language: str) -> str:
    """What makes espeak load a voice, e.g. `gmw/en-US+m7`."""
    base, _, variant = (voice or "").lower().partition("+")
    variant = variant or _DEFAULT_VARIANT
    if variant not in ESPEAK_VARIANTS:
        raise BadRequest(f"espeak has no variant {variant!r}; known: {', '.join(ESPEAK_VARIANTS)}")
    identifier = _identifiers().get(base) if base else voice_for(language)
    if identifier is None:
        kind, asked = ("voice", base) if base else ("language", language)
        raise BadRequest(f"espeak has no {kind} {asked!r}; {_near(asked)}")
    return f"{identifier}+{variant}"


def _read_in(voice: str | None, language: str) -> str:
    """The language that a voice speaks, whatever the text is in."""
    named = _identifiers().get((voice or "").lower().partition("+")[0])
    return _voices()[named].language if named else language


def voice_for(language: str) -> str | None:
    """By the lookup of RFC 4647: the tag itself, then with ever fewer subtags."""
    subtags = language.replace("_", "-").lower().split("-")
    for length in range(len(subtags), 0, -1):
        tag = "-".join(subtags[:length])
        identifier = _identifiers().get(_ALIASES.get(tag) or _regional(tag))
        if identifier:
            return identifier
    return None


def _regional(tag: str) -> str:
    """Countries that speak as another one does: `es-MX` as Latin America, `en-AU` as Great Britain."""
    primary, _, region = tag.partition("-")
    if primary == "es" and region in _LATIN_AMERICA:
        return "es-419"
    if primary == "en" and len(region) == 2 and region != "us":
        return "en-gb"
    return tag


def _near(asked: str) -> str:
    """Voices that may have been meant, by tag or by English name."""
    keys: dict[str, str] = {}
    for voice in _voices().values():
        for key in (voice.name, voice.description, voice.description.split()[0]):
            keys.setdefault(key.lower(), f"{voice.name} ({voice.description})")
    close = difflib.get_close_matches(asked.lower(), keys, n=5, cutoff=0.55)
    if close:
        return "the nearest are: " + ", ".join(dict.fromkeys(keys[key] for key in close))
    return "known: " + ", ".join(voice.name for voice in _voices().values())


def _speakable(text: str) -> str:
    """`text`, or nothing if there is no word in it."""
    return text if any(map(str.isalnum, text)) else ""


def _trimmed(pcm: bytes, sample_rate_hz: int) -> tuple[bytes, int]:
    """With `_EDGE_MS` of silence at both ends, and by how many milliseconds that moves all that is heard."""
    samples = memoryview(pcm).cast("h")
    indices = range(len(samples))
    first = next((at for at in indices if abs(samples[at]) > _AUDIBLE), None)
    if first is None:
        return bytes(2 * (sample_rate_hz * _SILENCE_MS // 1000)), 0
    last = next(at for at in reversed(indices) if abs(samples[at]) > _AUDIBLE)
    edge = sample_rate_hz * _EDGE_MS // 1000
    before, after = first - edge, last + 1 + edge
    kept = pcm[2 * max(0, before) : 2 * after]
    padded = bytes(2 * max(0, -before)) + kept + bytes(2 * max(0, after - len(samples)))
    return padded, round(-before * 1000 / sample_rate_hz)


def _timed(text: str, marks: Iterable[tuple[int, int]], duration_ms: int) -> Iterator[SpokenWord]:
    """Every word of `text`; words that espeak read together share their time by length."""
    spans = words_of(text)
    anchors = [*_anchors(spans, marks), (len(spans), duration_ms)]
    for (first, from_ms), (after, until_ms) in pairwise(anchors):
        group = spans[first:after]
        lengths = [0, *accumulate(_weight(text[start:end]) for start, end in group)]
        edges = [from_ms + (until_ms - from_ms) * length // max(1, lengths[-1]) for length in lengths]
        for (start, end), (start_ms, end_ms) in zip(group, pairwise(edges), strict=True):
            yield SpokenWord(start=start, end=end, start_ms=start_ms, end_ms=end_ms)


def _anchors(spans: list[tuple[int, int]], marks: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Words whose start was heard, with its time, both rising; the first word starts with the audio."""
    starts = [start for start, _ in spans]
    heard: dict[int, int] = {}
    for at, ms in marks:
        word = bisect_right(starts, at) - 1
        if word >= 0 and at < spans[word][1]:
            heard.setdefault(word, ms)
    anchors = [(0, 0)]
    for word, ms in sorted(heard.items())[1:]:
        if ms > anchors[-1][1]:
            anchors.append((word, ms))
    return anchors


def _weight(word: str) -> int:
    """Letters and digits take time, marks hardly any."""
    return max(1, 2 * sum(map(str.isalnum, word)))

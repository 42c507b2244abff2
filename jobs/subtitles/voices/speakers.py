"""Who speaks when: speech in stretches of a few seconds, each given to a voice.

Stretches that are long enough to know a voice by make up the voices; shorter ones are only given to one. How
sure that is follows from how much nearer the voice is than the next one; where it is not sure enough, the
speaker is unknown.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from jobs.subtitles.job.documents import UNKNOWN_SPEAKER, SpeakerStretch
from jobs.subtitles.voices.clustering import linkage, voices_of
from jobs.subtitles.voices.embedding import timbre
from jobs.subtitles.voices.embedding.encoder import Encoder, unit
from jobs.subtitles.voices.sound import RATE_HZ, Sound, part
from jobs.subtitles.voices.spans import JOINED_S, Span, runs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float32]

LONGEST_S: Final = 4.0
_TELLING_S: Final = 1.2
"""Shorter stretches don't make up voices, and speech is not cut into them."""
_BATCH: Final = 64
"""Stretches in memory at a time."""
_FRAME_S: Final = 0.02
_NEARBY_S: Final = 0.3
"""Speech without pauses is cut where it is quietest, so near to where it would be cut evenly."""
_LOUD: Final = 0.9
_PAUSE_DB: Final = 25.0
"""A pause is so much quieter than what is loud …"""
_PAUSE_S: Final = 0.15
"""… for so long."""
SURE: Final = 0.3
"""The confidence from which a speaker is named."""


@dataclass(frozen=True, kw_only=True)
class Ear:
    """A way to tell voices apart."""

    embed: "Callable[[Sequence[NDArray[np.float32]]], Rows]"
    finish: "Callable[[Rows], Rows]"
    """From the vectors of all stretches to unit vectors."""
    distance: float
    """Groups of one voice are not further apart."""
    half_sure: float
    """How much nearer a voice must be than the next one for a confidence of a half."""


def network_ear(encoder: Encoder) -> Ear:
    """Voices told apart by the network."""
    return Ear(embed=encoder.embed, finish=lambda rows: rows, distance=0.25, half_sure=0.05)


def timbre_ear() -> Ear:
    """Voices told apart by their mean cepstra."""
    return Ear(embed=timbre.embed, finish=timbre.centred, distance=0.7, half_sure=0.1)


def who_speaks(
    sound: Sound,
    speech: Sequence[Span],
    ear: Ear,
    *,
    count: int | None,
    on_progress: Callable[[float], None],
) -> list[SpeakerStretch]:
    """The stretches in order, without overlaps, neighbours of one voice joined; none without speech."""
    import numpy as np

    stretches = list(_stretches(sound, speech))
    if not stretches:
        return []
    rows = ear.finish(_embedded(sound, stretches, ear, on_progress))
    seconds = np.array([end - start for start, end in stretches], np.float32)
    voices, confidence = _assigned(rows, seconds, ear, count)
    return _named(stretches, voices, confidence)


def _stretches(sound: Sound, speech: Sequence[Span]) -> Iterator[Span]:
    """The speech in parts of at most `LONGEST_S`: cut in its pauses, where another may answer, and else where
    it is quietest."""
    for start, end in speech:
        levels = _levels(part(sound, start, end))
        edges = [start, *_pauses(levels, start, end), end]
        for since, until in pairwise(edges):
            yield from pairwise(_even_edges(levels, start, since, until))


def _levels(samples: "Rows") -> "Rows":
    """The power in each `_FRAME_S`, in dB."""
    import numpy as np

    size = round(_FRAME_S * RATE_HZ)
    frames = samples[: samples.size // size * size].reshape(-1, size)
    return np.asarray(10 * np.log10((frames**2).mean(1) + 1e-9), np.float32)


def _pauses(levels: "Rows", start: float, end: float) -> Iterator[float]:
    """The middles of pauses, so far apart that what is between them tells a voice."""
    import numpy as np

    quiet = levels < np.quantile(levels, _LOUD) - _PAUSE_DB if levels.size else np.zeros(0, bool)
    before = start
    for first, last in runs(quiet):
        middle = start + (first + last) / 2 * _FRAME_S
        if (last - first) * _FRAME_S >= _PAUSE_S and min(middle - before, end - middle) >= _TELLING_S:
            yield middle
            before = middle


def _even_edges(levels: "Rows", start: float, since: float, until: float) -> list[float]:
    """Edges of parts that are about equally long, each where it is quietest nearby."""
    import numpy as np

    length = until - since
    parts = math.ceil(length / (LONGEST_S - 2 * _NEARBY_S)) if length > LONGEST_S else 1
    edges = [since]
    for number in range(1, parts):
        first = round((since + length * number / parts - _NEARBY_S - start) / _FRAME_S)
        nearby = levels[first : first + round(2 * _NEARBY_S / _FRAME_S)]
        edges.append(start + (first + int(np.argmin(nearby)) + 0.5) * _FRAME_S)
    return [*edges, until]


def _embedded(
    sound: Sound, stretches: Sequence[Span], ear: Ear, on_progress: Callable[[float], None]
) -> "Rows":
    import numpy as np

    found = []
    for at in range(0, len(stretches), _BATCH):
        some = stretches[at : at + _BATCH]
        found.append(ear.embed([part(sound, start, end) for start, end in some]))
        on_progress((at + len(some)) / len(stretches))
    return np.concatenate(found)


def _assigned(
    rows: "Rows", seconds: "Rows", ear: Ear, count: int | None
) -> "tuple[NDArray[np.int64], NDArray[np.float64]]":
    """The voice of each stretch, and how sure that is."""
    import numpy as np

    telling = np.flatnonzero(seconds >= _TELLING_S)
    if telling.size < (count or 1):
        telling = np.arange(len(rows))
    labels = voices_of(linkage(rows[telling]), seconds[telling], distance=ear.distance, count=count)
    weighted = rows[telling] * seconds[telling, None]
    centres = unit(np.stack([weighted[labels == voice].sum(0) for voice in range(labels.max() + 1)]))
    alike = rows @ centres.T
    voices = alike.argmax(1)
    best = alike.max(1)
    alike[np.arange(len(rows)), voices] = -1
    other = np.maximum(alike.max(1), 1 - 2 * ear.distance)
    margin = np.maximum(0.0, best - other)
    return voices, margin / (margin + ear.half_sure)


def _named(
    stretches: Sequence[Span], voices: "NDArray[np.int64]", confidence: "NDArray[np.float64]"
) -> list[SpeakerStretch]:
    names: dict[int, str] = {}
    found: list[SpeakerStretch] = []
    for (start, end), voice, sure in zip(stretches, voices.tolist(), confidence.tolist(), strict=True):
        name = UNKNOWN_SPEAKER
        if sure >= SURE:
            name = names.setdefault(voice, f"SPEAKER_{len(names):02}")
        each = SpeakerStretch(start=start, end=end, duration=end - start, speaker=name, confidence=sure)
        if found and found[-1].speaker == name and start - found[-1].end <= JOINED_S:
            each = _both(found.pop(), each)
        found.append(each)
    return found


def _both(one: SpeakerStretch, other: SpeakerStretch) -> SpeakerStretch:
    """Two neighbours of one voice as one, as sure as they are on average."""
    sure = one.confidence * one.duration + other.confidence * other.duration
    return SpeakerStretch(
        start=one.start,
        end=other.end,
        duration=other.end - one.start,
        speaker=one.speaker,
        confidence=sure / (one.duration + other.duration),
    )

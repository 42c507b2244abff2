"""Following a known text through a chunk's sound, with pocketsphinx, which knows English.

Music and noise are taken out of the sound first. Where it loses its way all the same, the text is cut at a
pause that the recogniser heard, and both halves are tried. What is left of that has no times.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from jobs.subtitles.hearing.alignment.clearing import cleared, kept_db
from jobs.subtitles.hearing.alignment.pauses import without_pauses
from jobs.subtitles.hearing.alignment.pronouncing import pronunciations
from jobs.subtitles.hearing.chunks import RATE_HZ

if TYPE_CHECKING:
    from pocketsphinx import Decoder

_SILENCE_S: Final = 0.2
"""Before and after the sound: without it the aligner counts what little noise is there as speech."""
_FRAMES_PER_S: Final = 100
_FURTHEST_S: Final = 1.0
"""A word that is heard this far from where the recogniser heard it is not that word."""
_OVERLAP_S: Final = 0.2
_LEAST_KEPT_DB: Final = -6.0
"""Of sound with a voice in it more is left after clearing; words that are followed through less are not said
there."""

Times = list[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """Words that are read together, as they are spoken."""

    tokens: tuple[str, ...]
    start: float
    """About when, in seconds of the chunk."""
    end: float
    is_sure: bool
    """Whether the recogniser heard it there."""


def follow(pcm: bytes, spoken: Sequence[Spoken]) -> list[Times | None]:
    """The times of all tokens of each of `spoken`, in seconds; None where they were lost."""
    _learn([token for each in spoken for token in each.tokens])
    sound = _Sound(pcm=pcm, clear=cleared(pcm))
    found = _followed(sound, spoken, 0.0, len(pcm) / 2 / RATE_HZ)
    return [None if times is None else without_pauses(sound.clear, times) for times in found]


@dataclass(frozen=True, kw_only=True)
class _Sound:
    """A chunk's 16-bit samples as they are, and without what sounds under the voice."""

    pcm: bytes
    clear: bytes

    def has_voice(self, since: float, until: float) -> bool:
        pcm, clear = (_part(each, since, until) for each in (self.pcm, self.clear))
        return not pcm or kept_db(pcm, clear) >= _LEAST_KEPT_DB


def _part(pcm: bytes, since: float, until: float) -> bytes:
    return pcm[2 * max(0, round(since * RATE_HZ)) : 2 * max(0, round(until * RATE_HZ))]


def _followed(sound: _Sound, spoken: Sequence[Spoken], since: float, until: float) -> list[Times | None]:
    if not spoken:
        return []
    found = _tried(sound, spoken, since, until)
    if found is not None:
        return [*found]
    if len(spoken) == 1:
        return [None]
    cut = _longest_pause(spoken)
    left = min(until, spoken[cut].start + _OVERLAP_S)
    right = max(since, spoken[cut - 1].end - _OVERLAP_S)
    return [*_followed(sound, spoken[:cut], since, left), *_followed(sound, spoken[cut:], right, until)]


def _longest_pause(spoken: Sequence[Spoken]) -> int:
    """Of the middle half: the place of the word after it."""
    quarter = len(spoken) // 4
    places = range(max(1, quarter), max(2, len(spoken) - quarter))
    return max(places, key=lambda at: (spoken[at].start - spoken[at - 1].end, -abs(at - len(spoken) / 2)))


def _tried(sound: _Sound, spoken: Sequence[Spoken], since: float, until: float) -> list[Times] | None:
    tokens = [token for each in spoken for token in each.tokens]
    part = _part(sound.clear, since, until)
    heard = _aligned(part, tokens) if part else []
    if len(heard) != len(tokens):
        return None
    if heard and not sound.has_voice(since + heard[0][0], since + heard[-1][1]):
        return None
    times = iter((start + since, end + since) for start, end in heard)
    found = [[next(times) for _ in each.tokens] for each in spoken]
    strays = any(
        abs(own[0][0] + own[-1][1] - each.start - each.end) / 2 > _FURTHEST_S
        for own, each in zip(found, spoken, strict=True)
        if own and each.is_sure
    )
    return None if strays else found


def _aligned(pcm: bytes, tokens: Sequence[str]) -> Times:
    decoder = _decoder()
    decoder.set_align_text(" ".join(tokens))
    silence = bytes(2 * round(_SILENCE_S * RATE_HZ))
    decoder.start_utt()
    decoder.process_raw(silence + pcm + silence, full_utt=True)
    decoder.end_utt()
    return [
        (part.start_frame / _FRAMES_PER_S - _SILENCE_S, (part.end_frame + 1) / _FRAMES_PER_S - _SILENCE_S)
        for part in decoder.seg() or ()
        if not part.word.startswith(("<", "["))
    ]


@cache
def _decoder() -> "Decoder":
    from pocketsphinx import Decoder

    return Decoder(
        lm=None,
        samprate=RATE_HZ,
        loglevel="FATAL",
        cmn="batch",  # so that a chunk sounds the same whatever was heard before
    )


def _learn(tokens: Sequence[str]) -> None:
    """A single unknown word would make the aligner refuse the whole text."""
    decoder = _decoder()
    unknown = [token for token in dict.fromkeys(tokens) if decoder.lookup_word(token) is None]
    for token, sounds in zip(unknown, pronunciations(unknown), strict=True):
        decoder.add_word(token, sounds or _HUM, True)


_HUM: Final = "AH"
"""Of a word that nothing can read: short, and like any voice."""

"""Which languages are spoken: by vote of chunks from all over the film, or as it was given.

Whisper takes a chunk for one language. So where people speak two languages, each chunk is heard in that of
the film's languages which it sounds most like, unless the language was given. Noise and music sound like some
language too: chunks in which no words are heard don't count in the end.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from jobs.subtitles.hearing.chunks import Chunk
from shared.errors import BadRequest

_SAMPLE: Final = (4, 12)
"""At least and at most how many chunks vote, between them a quarter: a vote takes half as long as hearing."""
_SURE: Final = 0.8
"""How likely a chunk's language must be to count as another than the film's."""
_NOTABLE: Final = 0.1
"""The share of the speech that makes a second language."""
UNDETERMINED: Final = "und"
_OTHER_NAMES: Final = {"nb": "no", "cmn": "zh", "fil": "tl", "jv": "jw", "iw": "he", "in": "id"}
"""Languages that Whisper calls otherwise."""

Chances = Mapping[str, float]
"""How likely each language is, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Languages:
    """What is spoken."""

    main: str
    """Whisper's code."""
    by_chunk: tuple[str, ...]
    others: Mapping[str, float]
    """Share of the speech that sounds like another language, by language."""
    chance: float
    """How likely the main one is, 0 to 1; 1 if it was given."""

    @property
    def is_sure(self) -> bool:
        """Whether the main one need not be doubted, even before anything is heard."""
        return self.chance >= _SURE


def whisper_code(language: str, known: Sequence[str]) -> str:
    """Whisper's code for a BCP 47 tag; raises `BadRequest` for a language that it doesn't know."""
    primary = language.split("-", maxsplit=1)[0].lower()
    code = _OTHER_NAMES.get(primary, primary)
    if code not in known:
        raise BadRequest(f"language {language!r}: Whisper does not know it; use one of {', '.join(known)}")
    return code


def spoken_languages(
    chunks: Sequence[Chunk], asked: str | None, chances: Callable[[Sequence[Chunk]], Sequence[Chances]]
) -> Languages:
    """The languages of the chunks; `asked` is Whisper's code of the given one."""
    sample = _spaced(chunks)
    ballots = chances(sample)
    lengths = [chunk.duration_s for chunk in sample]
    main, chance = (asked, 1.0) if asked else vote(ballots, lengths)[0]
    others = _others(main, ballots, lengths)
    if asked or not others:
        return Languages(main=main, by_chunk=(main,) * len(chunks), others=others, chance=chance)
    all_ballots = ballots if len(sample) == len(chunks) else chances(chunks)
    candidates = (main, *others)
    by_chunk = tuple(_likeliest(candidates, ballot) for ballot in all_ballots)
    others = _shares(main, by_chunk, [chunk.duration_s for chunk in chunks])
    return Languages(main=main, by_chunk=by_chunk, others=others, chance=chance)


def of_words(languages: Languages, words_s: Sequence[float]) -> Languages:
    """The languages of the words alone, which take so many seconds in each chunk; of none, undetermined."""
    spoken: defaultdict[str, float] = defaultdict(float)
    for code, seconds in zip(languages.by_chunk, words_s, strict=True):
        spoken[code] += seconds
    main = max(spoken, key=lambda code: (spoken[code], code == languages.main))
    if not spoken[main]:
        return replace(languages, main=UNDETERMINED, others={})
    return replace(languages, main=main, others=_shares(main, languages.by_chunk, words_s))


def vote(ballots: Sequence[Chances], weights: Sequence[float]) -> list[tuple[str, float]]:
    """Languages by their share of all ballots, the likeliest first."""
    shares: defaultdict[str, float] = defaultdict(float)
    for ballot, weight in zip(ballots, weights, strict=True):
        for language, chance in ballot.items():
            shares[language] += chance * weight / sum(weights)
    return sorted(shares.items(), key=lambda item: (-item[1], item[0]))


def _likeliest(candidates: Sequence[str], ballot: Chances) -> str:
    return max(candidates, key=lambda code: ballot.get(code, 0.0))


def _spaced(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Some from all over the film."""
    least, most = _SAMPLE
    count = min(max(least, len(chunks) // 4), most, len(chunks))
    return [chunks[(2 * number + 1) * len(chunks) // (2 * count)] for number in range(count)]


def _others(main: str, ballots: Sequence[Chances], lengths: Sequence[float]) -> dict[str, float]:
    found: defaultdict[str, float] = defaultdict(float)
    for ballot, length in zip(ballots, lengths, strict=True):
        best = max(ballot, key=lambda code: ballot[code])
        if best != main and ballot[best] >= _SURE:
            found[best] += length / sum(lengths)
    return {
        code: share for code, share in sorted(found.items(), key=lambda item: -item[1]) if share >= _NOTABLE
    }


def _shares(main: str, codes: Sequence[str], seconds: Sequence[float]) -> dict[str, float]:
    found: defaultdict[str, float] = defaultdict(float)
    for code, length in zip(codes, seconds, strict=True):
        found[code] += length / sum(seconds)
    shares = sorted(found.items(), key=lambda item: -item[1])
    return {code: share for code, share in shares if share and code != main}

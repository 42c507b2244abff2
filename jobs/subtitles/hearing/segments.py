"""Words as sentences: cut at the ends of sentences, at pauses, where another person speaks, and where the
language changes."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from jobs.subtitles.hearing.words import HeardWord, written
from jobs.subtitles.job.documents import UNKNOWN_SPEAKER, Segment, SpeakerStretch, Word

_ENDS: Final = tuple(".?!…。？！।؟")
_CLOSING: Final = "\"'”’»)]」』"
_NO_END: Final = frozenset(
    {"mr.", "mrs.", "ms.", "dr.", "st.", "prof.", "capt.", "lt.", "sgt.", "no.", "vs."}
)
"""Short forms whose full stop ends no sentence."""
_PAUSE_S: Final = 0.8
_LONG_PAUSE_S: Final = 0.3
"""Enough to cut a sentence that is long already."""
_LONG_S: Final = 12.0


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """Words that are said in one go."""

    words: tuple[HeardWord, ...]
    language: str
    speaker: str = UNKNOWN_SPEAKER

    @property
    def start(self) -> float:
        return self.words[0].start

    @property
    def end(self) -> float:
        return self.words[-1].end

    @property
    def text(self) -> str:
        return written(self.words)


def sentences_of(words: Sequence[HeardWord], language: str) -> list[Sentence]:
    """The words of one language, in order, as sentences."""
    found: list[list[HeardWord]] = []
    for word in words:
        if found and not _ends(found[-1], word):
            found[-1].append(word)
        else:
            found.append([word])
    return [Sentence(words=tuple(each), language=language) for each in found]


def by_speaker(sentences: Sequence[Sentence], stretches: Sequence[SpeakerStretch]) -> list[Sentence]:
    """Each with who speaks at its middle; cut where two persons share one.

    A word is whose stretch its middle is in; between stretches, the same person's as the word before it.
    """
    starts = [stretch.start for stretch in stretches]
    return [part for sentence in sentences for part in _parts(sentence, stretches, starts)]


def to_segment(number: int, sentence: Sentence, language: str, source_text: str | None = None) -> Segment:
    """As a transcript in `language` holds it; its words get no spaces."""
    return Segment(
        id=number,
        start=sentence.start,
        end=sentence.end,
        text=sentence.text,
        speaker=sentence.speaker,
        words=tuple(map(_to_word, sentence.words)),
        source_text=source_text,
        language=None if sentence.language == language else sentence.language,
    )


def _to_word(word: HeardWord) -> Word:
    probability = None if word.probability is None else round(word.probability, 4)
    return Word(text=word.bare, start=word.start, end=word.end, probability=probability, timing=word.timing)


def _ends(words: Sequence[HeardWord], following: HeardWord) -> bool:
    """Whether what follows is another sentence."""
    pause_s = following.start - words[-1].end
    is_long = following.end - words[0].start > _LONG_S
    return pause_s >= _PAUSE_S or _ends_sentence(words[-1]) or (is_long and pause_s >= _LONG_PAUSE_S)


def _ends_sentence(word: HeardWord) -> bool:
    bare = word.bare.rstrip(_CLOSING)
    return bare.endswith(_ENDS) and bare.lower() not in _NO_END


def _parts(
    sentence: Sentence, stretches: Sequence[SpeakerStretch], starts: Sequence[float]
) -> Iterator[Sentence]:
    own = _speaker_at(sentence.start, sentence.end, stretches, starts)
    said: list[str] = []
    for word in sentence.words:
        known = _speaker_at(word.start, word.end, stretches, starts)
        said.append(known or (said[-1] if said else "") or own or UNKNOWN_SPEAKER)
    said = list(_without_blips(said, own))
    at = 0
    for speaker, group in groupby(said):
        count = len(list(group))
        yield replace(sentence, words=sentence.words[at : at + count], speaker=speaker)
        at += count


def _without_blips(said: Sequence[str], own: str) -> Iterator[str]:
    """Nobody else says a single word in a sentence: that is an edge between stretches, not quite exact.

    `own` says the sentence if nobody says two words of it in a row.
    """
    runs = [(speaker, len(list(group))) for speaker, group in groupby(said)]
    now = next((speaker for speaker, count in runs if count > 1), own or said[0])
    for speaker, count in runs:
        if count > 1:
            now = speaker
        yield from [now] * count


def _speaker_at(
    start: float, end: float, stretches: Sequence[SpeakerStretch], starts: Sequence[float]
) -> str:
    """Whose stretch the middle is in; empty where nobody's is, or where it is unknown."""
    middle = (start + end) / 2
    at = bisect_right(starts, middle) - 1
    if at < 0 or middle > stretches[at].end or stretches[at].speaker == UNKNOWN_SPEAKER:
        return ""
    return stretches[at].speaker

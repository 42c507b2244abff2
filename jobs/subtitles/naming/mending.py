"""Misheard names are mended: words that sound like a name, and are no sure words of the language, become it.

A correction keeps what it replaced, so that it can be undone exactly.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import Field

from jobs.subtitles.job.documents import Entities, Segment, Transcript, Word
from jobs.subtitles.naming.sounds import Sounds, distance
from shared.records.documents import Document

SAFE: Final = 0.20
"""The distance of sounds up to which words are taken for a name (of 0 to 1)."""
UNSURE_SAFE: Final = 0.30
"""The same for words of which the recogniser is not sure."""
SURE: Final = 0.5
"""Its probability from which on it is sure."""
_MOST_WORDS: Final = 4
_LEAST_SOUNDS: Final = 4
_PARTS: Final = re.compile(r"(^\W*)(.*?)((?:['’]s)?\W*$)", re.DOTALL)


class Correction(Document):
    """Words of a segment that were replaced by a name."""

    segment: int
    """Its ID."""
    word: int
    """The place of the first new word in the segment."""
    old: tuple[Word, ...] = Field(serialization_alias="from", validation_alias="from")
    new: tuple[Word, ...] = Field(serialization_alias="to", validation_alias="to")
    old_text: str
    """Of the whole segment."""
    name: str
    distance: float
    start: float
    end: float


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """What is needed to judge words by their sound."""

    sounds: Callable[[Sequence[str]], Mapping[str, Sounds]]
    is_word: Callable[[str], bool]
    """Whether it is a word of the language that is written in small letters."""


@dataclass(frozen=True, kw_only=True)
class _Found:
    first: int
    count: int
    name: str
    distance: float


def names_to_hear(entities: Entities) -> list[str]:
    """All forms of names that may be heard, longer ones first."""
    forms = [form for each in (*entities.persons, *entities.locations) for form in (each.name, *each.aliases)]
    parts = [part for form in forms for part in form.split() if len(part) > 2]
    return sorted(dict.fromkeys([*forms, *parts]), key=lambda form: (-len(form.split()), -len(form)))


def mend(
    transcript: Transcript, entities: Entities, hearing: Hearing
) -> tuple[Transcript, tuple[Correction, ...]]:
    """The transcript with names mended, and what was changed."""
    names = names_to_hear(entities)
    spans = {_span_text(segment.words, *span) for segment in transcript.segments for span in _spans(segment)}
    if not (names and spans):
        return transcript, ()
    sounds = hearing.sounds([*names, *sorted(spans)])
    known = [name for name in names if len(sounds[name]) >= _LEAST_SOUNDS]
    corrections: list[Correction] = []
    segments = []
    for segment in transcript.segments:
        mended = segment
        for each in sorted(_chosen(segment, known, sounds, hearing), key=lambda each: -each.first):
            mended, correction = _corrected(mended, each)
            corrections.append(correction)
        segments.append(mended)
    return transcript.model_copy(update={"segments": tuple(segments)}), tuple(corrections)


def undo(transcript: Transcript, corrections: Sequence[Correction]) -> Transcript:
    """The transcript as it was before `corrections`, which are in the order in which they were made."""
    segments = {segment.id: segment for segment in transcript.segments}
    for each in reversed(corrections):
        segment = segments[each.segment]
        after = segment.words[each.word + len(each.new) :]
        words = (*segment.words[: each.word], *each.old, *after)
        segments[each.segment] = segment.model_copy(update={"words": words, "text": each.old_text})
    return transcript.model_copy(
        update={"segments": tuple(segments[each.id] for each in transcript.segments)}
    )


def _spans(segment: Segment) -> Iterator[tuple[int, int]]:
    for first in range(len(segment.words)):
        for count in range(1, min(_MOST_WORDS, len(segment.words) - first) + 1):
            yield first, count


def _span_text(words: Sequence[Word], first: int, count: int) -> str:
    return " ".join(_core(word.text) for word in words[first : first + count])


def _core(text: str) -> str:
    found = _PARTS.match(text)
    return found[2] if found else text


def _chosen(
    segment: Segment, names: Sequence[str], sounds: Mapping[str, Sounds], hearing: Hearing
) -> Iterator[_Found]:
    """Whole names before parts of them, then the nearest; what is a name already stays."""
    right = {name.casefold() for name in names}
    taken: set[int] = set()
    candidates = []
    for first, count in _spans(segment):
        text = _span_text(segment.words, first, count)
        if text.casefold() in right:
            taken.update(range(first, first + count))
            continue
        limit = _limit(segment.words[first : first + count], hearing)
        heard = sounds[text]
        if limit and len(heard) >= _LEAST_SOUNDS:
            candidates += [
                _Found(first=first, count=count, name=name, distance=far)
                for name in names
                if (far := distance(heard, sounds[name])) <= limit
            ]
    for each in sorted(candidates, key=lambda each: (-len(each.name.split()), each.distance, each.first)):
        places = set(range(each.first, each.first + each.count))
        if not places & taken:
            taken |= places
            yield each


def _limit(words: Sequence[Word], hearing: Hearing) -> float:
    """How far a name may be from these words; 0: they stay, as words of the language do that were surely
    heard."""
    plain = [word for word in words if _core(word.text)[:1].islower() and hearing.is_word(_core(word.text))]
    if any(_is_sure(word) for word in plain) or any(_ends_phrase(word.text) for word in words[:-1]):
        return 0.0
    if plain:
        return SAFE
    return SAFE if all(map(_is_sure, words)) else UNSURE_SAFE


def _is_sure(word: Word) -> bool:
    return word.probability is None or word.probability >= SURE


def _ends_phrase(text: str) -> bool:
    return text[-1:] in {".", "!", "?", ",", ";", ":", "…"}


def _corrected(segment: Segment, found: _Found) -> tuple[Segment, Correction]:
    old = segment.words[found.first : found.first + found.count]
    before, after = _PARTS.match(old[0].text), _PARTS.match(old[-1].text)
    assert before
    assert after
    parts = found.name.split()
    texts = [*parts]
    texts[0] = before[1] + texts[0]
    texts[-1] += after[3]
    new = _timed(texts, old)
    words = (*segment.words[: found.first], *new, *segment.words[found.first + found.count :])
    correction = Correction(
        **{"from": old, "to": new},
        segment=segment.id,
        word=found.first,
        old_text=segment.text,
        name=found.name,
        distance=round(found.distance, 3),
        start=old[0].start,
        end=old[-1].end,
    )
    text = " ".join(word.text for word in words)
    return segment.model_copy(update={"words": words, "text": text}), correction


def _timed(texts: Sequence[str], old: Sequence[Word]) -> tuple[Word, ...]:
    """The texts with the times of the words that they replace: one for one, or by their lengths."""
    if len(texts) == len(old):
        return tuple(word.model_copy(update={"text": text}) for word, text in zip(old, texts, strict=True))
    start, length, letters = old[0].start, old[-1].end - old[0].start, sum(map(len, texts))
    probability = min((word.probability for word in old if word.probability is not None), default=None)
    timed, done = [], 0
    for text in texts:
        since, until = (start + length * at / letters for at in (done, done + len(text)))
        done += len(text)
        timed.append(
            Word(
                text=text,
                start=round(since, 3),
                end=round(until, 3),
                probability=probability,
                timing="recognised",
            )
        )
    return tuple(timed)

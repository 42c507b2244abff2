"""Sentences in another language: their texts, and their words in time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Final

from jobs.subtitles.hearing.segments import Sentence
from jobs.subtitles.hearing.words import HeardWord, joined, split, spread

_PAUSE_S: Final = 0.3
"""A pause this long has no words of a translation in it."""
_BREAKS: Final = tuple(".?!…,;:。？！，、")

Translate = Callable[[Sequence[Sentence]], Sequence[str]]
"""The texts of the sentences in another language, one for each; empty where nothing is left to say."""


@dataclass(frozen=True, kw_only=True)
class Translated:
    """A sentence in the language of the subtitles."""

    sentence: Sentence
    source_text: str | None
    """What was said, if it was translated."""


def in_target(sentences: Sequence[Sentence], target: str, translate: Translate) -> list[Translated]:
    """All sentences in one language; those that are said in it stay as they are."""
    primary = target.split("-", maxsplit=1)[0].lower()
    foreign = [sentence for sentence in sentences if sentence.language.split("-")[0].lower() != primary]
    texts = dict(zip(map(id, foreign), translate(foreign), strict=True))
    found = []
    for sentence in sentences:
        text = texts.get(id(sentence))
        if text is None:
            found.append(Translated(sentence=sentence, source_text=None))
        elif words := split(text):
            spoken = replace(sentence, words=tuple(_spread(words, sentence)), language=target)
            found.append(Translated(sentence=spoken, source_text=sentence.text))
    return found


def shared_out(text: str, sentences: Sequence[Sentence]) -> list[str]:
    """A translation of several sentences together, cut into a part for each: at marks near where the sentence
    ends by its length. Parts may be empty if there are too few words."""
    words = split(text)
    if not words:
        return [""] * len(sentences)
    lengths = [len(word) for word in words]
    ends = list(accumulate(lengths))
    wanted = list(accumulate(len(sentence.text) for sentence in sentences))
    cuts = [0]
    for done in wanted[:-1]:
        near = done / wanted[-1] * ends[-1]
        cuts.append(_cut(words, ends, near, cuts[-1]))
    edges = [*cuts, len(words)]
    return ["".join(words[start:end]).strip() for start, end in pairwise(edges)]


def _cut(words: Sequence[str], ends: Sequence[int], near: float, after: int) -> int:
    """After how many words to cut: where a phrase ends within a sixth of all letters, else at the nearest."""
    places = range(min(after + 1, len(words)), len(words) + 1)
    if not places:
        return len(words)

    def cost(place: int) -> tuple[float, int]:
        distance = abs(ends[place - 1] - near)
        marked = words[place - 1].rstrip("\"'”’»)]").endswith(_BREAKS)
        return (distance - (ends[-1] / 6 if marked else 0.0), place)

    return min(places, key=cost)


def _spread(words: Sequence[str], sentence: Sentence) -> Iterator[HeardWord]:
    stretches = list(joined([(word.start, word.end) for word in sentence.words], _PAUSE_S))
    for text, (start, end) in zip(words, spread(words, stretches), strict=True):
        yield HeardWord(text=text, start=start, end=end, probability=None, timing="spread")

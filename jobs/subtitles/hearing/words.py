"""Words as they are heard, before they are a transcript."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from jobs.subtitles.job.documents import Timing
from shared.text.language import words_of

Times = tuple[float, float]
"""From when and until when, in seconds."""


@dataclass(frozen=True, kw_only=True)
class HeardWord:
    """A word and when it is said, in seconds of the film."""

    text: str
    """With the marks that belong to it, and a space before it unless it is written together with the last."""
    start: float
    end: float
    probability: float | None
    timing: Timing

    @property
    def bare(self) -> str:
        return self.text.strip()


def written(words: Sequence[HeardWord]) -> str:
    """The text that the words make."""
    return "".join(word.text for word in words).strip()


def split(text: str) -> list[str]:
    """The words of a text, each with the marks beside it and with a space before it if there is one."""
    found: list[str] = []
    after = 0
    for start, end in words_of(text):
        word = (" " if start > after else "") + text[start:end]
        after = end
        if (found and not any(map(str.isalnum, word))) or (found and not any(map(str.isalnum, found[-1]))):
            found[-1] += word.strip()
        else:
            found.append(word)
    return found


def whole(words: Sequence[HeardWord]) -> list[HeardWord]:
    """Words from parts of words, as recognisers write `7` and `.30`, and from marks that stand alone."""
    found: list[HeardWord] = []
    for word in words:
        is_mark = not any(map(str.isalnum, word.text))
        if found and (is_mark or _is_one(found[-1].text, word.text)):
            end = found[-1].end if is_mark else word.end
            found[-1] = replace(found[-1], text=found[-1].text + word.bare, end=end)
        elif not is_mark:
            found.append(word)
    return found


def _is_one(before: str, after: str) -> bool:
    """Whether what is written together is one word, as it is not in scripts without spaces."""
    return not after[:1].isspace() and len(words_of(before + after)) == len(words_of(before))


def in_order(words: Sequence[Times], earliest: float, latest: float) -> list[Times]:
    """The same times within bounds, none before the end of the one before it."""
    found = []
    at = earliest
    for start, end in words:
        since = min(max(start, at), latest)
        at = min(max(end, since), latest)
        found.append((since, at))
    return found


def spread(words: Sequence[str], stretches: Sequence[Times]) -> list[Times]:
    """Times for words by their length, one after the other through stretches and not between them: a word is
    in the stretch that its middle is in."""
    lengths = [max(1, len(word.strip())) for word in words]
    filled = list(accumulate(end - start for start, end in stretches))
    edges = [filled[-1] * length / sum(lengths) for length in accumulate(lengths, initial=0)]
    found = []
    for since, until in pairwise(edges):
        at = min(bisect_right(filled, (since + until) / 2), len(stretches) - 1)
        first, last = stretches[at]
        offset = last - filled[at]
        found.append((min(max(since + offset, first), last), min(max(until + offset, first), last)))
    return found


def within(stretches: Sequence[Times], since: float, until: float) -> list[Times]:
    """What of the stretches lies between two times; all between them if nothing does."""
    cut = [(max(start, since), min(end, until)) for start, end in stretches if end > since and start < until]
    return cut or [(since, max(since, until))]


def joined(stretches: Sequence[Times], gap_s: float) -> Iterator[Times]:
    """Stretches in order, as one where there is less than a gap between them."""
    last: Times | None = None
    for start, end in stretches:
        if last and start - last[1] < gap_s:
            last = (last[0], max(last[1], end))
        else:
            if last:
                yield last
            last = (start, end)
    if last:
        yield last

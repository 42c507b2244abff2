"""Words as they are heard, before they are a transcript."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.subtitles.job.documents import Timing


@dataclass(frozen=True, kw_only=True)
class HeardWord:
    """A word and when it is said, in seconds of the film."""

    text: str
    """With the marks that belong to it; a space before it unless it is written together with what precedes."""
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


def in_order(words: Sequence[tuple[float, float]], earliest: float, latest: float) -> list[tuple[float, float]]:
    """The same times within bounds, none before the end of the one before it."""
    found = []
    at = earliest
    for start, end in words:
        start = min(max(start, at), latest)
        end = min(max(end, start), latest)
        found.append((start, end))
        at = end
    return found

"""How well it was heard: word errors, and how far words are from when they were said."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


@dataclass(frozen=True, kw_only=True)
class Said:
    """A word and when it is said, in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, kw_only=True)
class TimeErrors:
    """How far words are from the truth, in milliseconds, later being positive."""

    start_ms: tuple[float, ...]
    end_ms: tuple[float, ...]
    words: int
    """How many words were said; those that were heard otherwise are not compared."""

    @property
    def median_start_ms(self) -> float:
        return median(map(abs, self.start_ms))

    @property
    def p95_start_ms(self) -> float:
        return percentile([abs(each) for each in self.start_ms], 0.95)

    @property
    def bias_ms(self) -> float:
        return median(self.start_ms)


def plain_words(text: str) -> list[str]:
    """Words in lower case without marks."""
    return _WORD.findall(text.lower().replace("’", "'").replace("-", " "))


def pairs(wanted: Sequence[str], found: Sequence[str]) -> Iterator[tuple[int | None, int | None]]:
    """Places of what belongs together, in order: the fewest words left out, added or changed."""
    from rapidfuzz.distance import Levenshtein

    for step in Levenshtein.opcodes(wanted, found):
        left, right = range(step.src_start, step.src_end), range(step.dest_start, step.dest_end)
        if step.tag in {"equal", "replace"}:
            yield from zip(left, right, strict=True)
        else:
            yield from ((at, None) for at in left)
            yield from ((None, at) for at in right)


def differences(wanted: Sequence[str], found: Sequence[str]) -> Iterator[str]:
    """What is left out, added or changed, as `wanted>found`."""
    for left, right in pairs(wanted, found):
        want, got = ("" if at is None else words[at] for words, at in ((wanted, left), (found, right)))
        if want != got:
            yield f"{want}>{got}"


def word_error_rate(wanted: Sequence[str], found: Sequence[str]) -> float:
    """Errors for each word that was said; may be more than 1."""
    return sum(1 for _ in differences(wanted, found)) / max(1, len(wanted))


def time_errors(said: Sequence[Said], heard: Sequence[Said]) -> TimeErrors:
    """Compares the words that were heard as they were said."""
    wanted, found = ([" ".join(plain_words(word.text)) for word in words] for words in (said, heard))
    same = [
        (said[left], heard[right])
        for left, right in pairs(wanted, found)
        if left is not None and right is not None and wanted[left] == found[right]
    ]
    return TimeErrors(
        start_ms=tuple(1000 * (got.start - want.start) for want, got in same),
        end_ms=tuple(1000 * (got.end - want.end) for want, got in same),
        words=len(said),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of all values is."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]

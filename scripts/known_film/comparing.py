"""How close a transcript comes to what is known to be said."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rapidfuzz.distance import Levenshtein

from jobs.subtitles.job.documents import Transcript
from scripts.known_film.sound import KnownWord

_SPELLINGS = {"mr": "mister", "harbor": "harbour"}


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A transcript against the truth."""

    words: int
    wrong: int
    """Words left out, added or changed."""
    names: int
    names_right: int
    names_false: int
    """Words that are names where another word was said, or none."""
    start_median_ms: float
    """Of words that are right: how far their starts are off."""
    start_95_ms: float

    @property
    def word_error_rate(self) -> float:
        return self.wrong / self.words if self.words else 0.0


def compare(known: Sequence[KnownWord], transcript: Transcript, names: Sequence[str]) -> Compared:
    """Compare word by word; `names` are words that are names."""
    said = [(part, word) for word in known for part in _plain(word.text)]
    heard = [
        (part, word)
        for segment in transcript.segments
        for word in segment.words
        for part in _plain(word.text)
    ]
    edits = Levenshtein.opcodes([part for part, _ in said], [part for part, _ in heard])
    named = {part for name in names for part in _plain(name)}
    wrong = right_names = false_names = 0
    off: list[float] = []
    for edit in edits:
        first, last, start, end = edit.src_start, edit.src_end, edit.dest_start, edit.dest_end
        if edit.tag == "equal":
            right_names += sum(part in named for part, _ in said[first:last])
            pairs = zip(said[first:last], heard[start:end], strict=True)
            off += [abs(one.start - other.start) * 1000 for (_, one), (_, other) in pairs]
        else:
            wrong += max(last - first, end - start)
            false_names += sum(part in named for part, _ in heard[start:end])
    off.sort()
    return Compared(
        words=len(said),
        wrong=wrong,
        names=sum(part in named for part, _ in said),
        names_right=right_names,
        names_false=false_names,
        start_median_ms=median(off) if off else 0.0,
        start_95_ms=off[int(len(off) * 0.95)] if off else 0.0,
    )


def _plain(text: str) -> list[str]:
    """Words in small letters, spelt one way."""
    words = re.findall(r"[^\W_]+(?:'[^\W_]+)?", text.casefold().replace("’", "'"))
    return [_SPELLINGS.get(word, word) for word in words]

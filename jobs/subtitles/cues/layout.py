"""Which words are shown together, and where their lines break: by the same search that lays out captions.

Speech is cut at long pauses, and what is between two of them is laid out as a whole.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import ceil
from typing import Final

from jobs.subtitles.cues.profiles import Profile
from jobs.subtitles.job.documents import UNKNOWN_SPEAKER, Transcript
from shared.text.caption_lines import Measured, Span, break_points, cut_pages
from shared.text.clusters import clusters
from shared.text.language import primary_of

_LONG_PAUSE_S: Final = 1.0
"""No cue holds a longer one."""
_SPACELESS: Final = frozenset({"zh", "ja", "th", "lo", "km", "my"})
_TOO_FAST: Final = 5.0
_TOO_SHORT: Final = 5.0
_TOO_LONG: Final = 100.0
_INNER_PAUSE: Final = 1.0
"""Of each second of silence within a cue …"""
_FREE_PAUSE_S: Final = 0.3
"""… beyond this."""
_INNER_CUT: Final = 0.3
_NO_PAUSE: Final = 0.3
"""Of a cue that ends where nobody pauses."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A word, or a piece of one, as it is shown. Times are seconds."""

    text: str
    start: float
    end: float
    speaker: str
    index: int
    """Of the word in the whole transcript."""
    goes_on: bool = False
    """It is the rest of a word that is longer than a cue."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a cue shows, before its times are fitted."""

    lines: tuple[str, ...]
    speakers: tuple[str, ...]
    """Of each line."""
    words: tuple[Shown, ...]

    @property
    def graphemes(self) -> int:
        """With the space between its lines."""
        return sum(map(graphemes_of, self.lines)) + len(self.lines) - 1


def graphemes_of(text: str) -> int:
    """How many characters people see."""
    return sum(1 for _ in clusters(text))


def words_of(transcript: Transcript, names: Mapping[str, str], profile: Profile) -> list[Shown]:
    """All words in order; where another person begins to speak, with their name if `names` has it."""
    found: list[Shown] = []
    before = ""
    longest = profile.line_graphemes * profile.lines
    index = 0
    for segment in transcript.segments:
        for word in segment.words:
            speaker = segment.speaker
            label = f"{names[speaker]}: " if speaker != before and speaker in names else ""
            shown = Shown(
                text=label + word.text, start=word.start, end=word.end, speaker=speaker, index=index
            )
            found += _pieces(shown, longest)
            before = speaker
            index += 1
    return found


def _pieces(word: Shown, longest: int) -> Iterator[Shown]:
    """A word that fits into a cue as it is, a longer one in pieces that share its time."""
    shown = list(clusters(word.text))
    count = ceil(len(shown) / longest)
    step_s = (word.end - word.start) / max(1, count)
    for number in range(count):
        yield replace(
            word,
            text="".join(shown[number * longest : (number + 1) * longest]),
            start=word.start + number * step_s,
            end=word.start + (number + 1) * step_s,
            goes_on=number > 0,
        )


def lay_out(words: Sequence[Shown], profile: Profile, language: str, cuts: Sequence[float]) -> list[Page]:
    """The pages of all words, in order; every word is on one."""
    pages: list[Page] = []
    for run, next_start in _runs(words):
        pages += _Run(run, profile, language, cuts, next_start).pages()
    return pages


def _runs(words: Sequence[Shown]) -> Iterator[tuple[Sequence[Shown], float]]:
    """The words between long pauses, and when the next ones start."""
    ends = [at for at in range(1, len(words)) if words[at].start - words[at - 1].end >= _LONG_PAUSE_S]
    for first, last in pairwise([0, *ends, len(words)] if words else []):
        yield words[first:last], words[last].start if last < len(words) else float("inf")


class _Run:
    """Words without a long pause, as one text."""

    def __init__(
        self,
        words: Sequence[Shown],
        profile: Profile,
        language: str,
        cuts: Sequence[float],
        next_start: float,
    ) -> None:
        self._words = words
        self._profile = profile
        self._cuts = cuts
        self._next_start = next_start
        space = "" if primary_of(language) in _SPACELESS else " "
        self._text = space.join(word.text for word in words)
        self._starts = [0, *accumulate(len(word.text) + len(space) for word in words)][: len(words)]
        self._language = language
        self._dash = graphemes_of(profile.dash if profile.dash != "second" else "-")
        """How many characters mark a line of a dialogue."""

    def pages(self) -> list[Page]:
        return [self._page(spans) for spans in cut_pages(self._measured())]

    def _measured(self) -> Measured:
        edges, counted = [0.0] * (len(self._text) + 1), 0
        place = 0
        for cluster in clusters(self._text):
            for at in range(place, place + len(cluster)):
                edges[at] = float(counted)
            place, counted = place + len(cluster), counted + 1
        edges[-1] = float(counted)
        starts = {*self._starts, len(self._text)}
        points = sorted({*break_points(self._text, starts), *starts})
        return Measured(
            text=self._text,
            edges_px=edges,
            points=points,
            line_px=float(self._profile.line_graphemes),
            language=self._language,
            lines=self._profile.lines,
            turns=list(self._turns()),
            turn_px=float(self._dash),
            page_points=starts,
            judge=self._judge,
        )

    def _turns(self) -> Iterator[int]:
        for at in range(1, len(self._words)):
            if turns(self._words[at - 1].speaker, self._words[at].speaker):
                yield self._starts[at]

    def _between(self, start: int, end: int) -> Sequence[Shown]:
        return self._words[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def _page(self, spans: Sequence[Span]) -> Page:
        speakers = tuple(self._words[bisect_right(self._starts, start) - 1].speaker for start, _ in spans)
        lines = tuple(self._text[start:end].strip() for start, end in spans)
        return Page(lines=lines, speakers=speakers, words=tuple(self._between(spans[0][0], spans[-1][1])))

    def _judge(self, start: int, end: int) -> float:
        """What a cue of this text costs by its times, in cues."""
        words, profile = self._between(start, end), self._profile
        after = bisect_left(self._starts, end)
        next_start = self._words[after].start if after < len(self._words) else self._next_start
        spoken_s = words[-1].end - words[0].start
        shown_s = max(0.04, min(next_start - words[0].start, spoken_s + profile.extend_ms / 1000))
        marks = (
            2 * self._dash if any(turns(one.speaker, other.speaker) for one, other in pairwise(words)) else 0
        )
        needed_s = (graphemes_of(self._text[start:end].strip()) + marks) / profile.chars_per_s
        cost = _TOO_FAST * max(0.0, needed_s / shown_s - 1) ** 2
        cost += _TOO_SHORT * max(0.0, profile.least_ms / 1000 / shown_s - 1)
        if len(words) > 1 and spoken_s > profile.most_ms / 1000:
            cost += _TOO_LONG
        cost += _NO_PAUSE * (1 - min(1.0, max(0.0, next_start - words[-1].end) / 0.6))
        cost += sum(
            _INNER_PAUSE * max(0.0, later.start - word.end - _FREE_PAUSE_S) for word, later in pairwise(words)
        )
        crossed = bisect_left(self._cuts, words[-1].end) - bisect_right(self._cuts, words[0].start)
        return cost + _INNER_CUT * crossed


def turns(one: str, other: str) -> bool:
    """Whether another person speaks, as far as it is known."""
    return one != other and UNKNOWN_SPEAKER not in (one, other)

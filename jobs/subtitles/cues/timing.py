"""From when words are heard to when cues are shown, in whole frames.

A cue starts with its first word and stays as long as its rules want and the next cue allows. Small gaps are
closed, and what starts or ends near a cut does so with it. What was moved is counted.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Final

from jobs.subtitles.cues.layout import Page
from jobs.subtitles.cues.profiles import Profile

_BEFORE_CUT: Final = Fraction(8, 24)
"""A cue that starts so many seconds before a cut starts with it …"""
_LEAST_BEFORE_CUT: Final = Fraction(12, 24)
"""… and no cue starts between that and this."""


@dataclass(frozen=True, kw_only=True)
class Timed:
    """When a page is shown, and when its words are heard; in frames, ends are the first frame without it."""

    start: int
    end: int
    heard: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """All pages with their times."""

    times: tuple[Timed, ...]
    fixed: dict[str, int]
    """By rule, how many cues were moved for it."""


class _Fitting:
    def __init__(
        self, pages: Sequence[Page], profile: Profile, rate: Fraction, cuts: Sequence[float]
    ) -> None:
        self._pages = pages
        self._profile = profile
        self._rate = rate
        self._cuts = sorted({round(cut * rate) for cut in cuts})
        self._heard = [self._heard_of(page) for page in pages]
        self._starts = [start for start, _ in self._heard]
        self._ends: list[int] = []
        self._fixed: Counter[str] = Counter()

    def fit(self) -> Fitted:
        self._part_starts()
        if self._profile.snap_cut_ms:
            self._starts_with_cuts()
        self._ends = [self._end_of(number) for number in range(len(self._pages))]
        times = zip(self._starts, self._ends, self._heard, strict=True)
        found = tuple(Timed(start=start, end=end, heard=heard) for start, end, heard in times)
        return Fitted(times=found, fixed=dict(sorted(self._fixed.items())))

    def _heard_of(self, page: Page) -> tuple[int, int]:
        start = floor(Fraction(page.words[0].start) * self._rate)
        return start, max(start + 1, ceil(Fraction(page.words[-1].end) * self._rate))

    def _frames(self, ms: float) -> int:
        return ceil(Fraction(ms) * self._rate / 1000)

    def _part_starts(self) -> None:
        """No cue starts before the one before it has had a frame and the gap."""
        for number in range(1, len(self._starts)):
            earliest = self._starts[number - 1] + 1 + self._profile.gap_frames
            if self._starts[number] < earliest:
                self._starts[number] = earliest
                self._fixed["overlap"] += 1

    def _starts_with_cuts(self) -> None:
        reach = self._frames(self._profile.snap_cut_ms)
        for number, start in enumerate(self._starts):
            wanted = self._snapped(start, reach)
            earliest = self._heard[number - 1][1] + self._profile.gap_frames if number else 0
            following = self._starts[number + 1] if number + 1 < len(self._starts) else None
            last = wanted if following is None else following - 1 - self._profile.gap_frames
            if wanted != start and earliest <= wanted <= min(last, self._heard[number][1] - 1):
                self._starts[number] = wanted
                self._fixed["cut"] += 1

    def _snapped(self, start: int, reach: int) -> int:
        at = bisect_left(self._cuts, start)
        if at < len(self._cuts):
            to_cut = self._cuts[at] - start
            if to_cut <= round(_BEFORE_CUT * self._rate):
                return self._cuts[at]
            if to_cut < round(_LEAST_BEFORE_CUT * self._rate):
                return self._cuts[at] - round(_LEAST_BEFORE_CUT * self._rate)
        if at and start - self._cuts[at - 1] < reach:
            return self._cuts[at - 1]
        return start

    def _end_of(self, number: int) -> int:
        start, heard, profile = self._starts[number], self._heard[number][1], self._profile
        latest = start + floor(Fraction(profile.most_ms) * self._rate / 1000)
        wanted = self._ended_with_cut(self._long_enough(number, start, heard), heard)
        if number + 1 < len(self._starts):
            limit = self._starts[number + 1] - profile.gap_frames
            left = limit - wanted
            if 0 < left < self._frames(profile.close_gap_below_ms) - profile.gap_frames:
                wanted = limit
                self._fixed["gap"] += 1
            latest = min(latest, limit)
        return max(start + 1, min(wanted, latest))

    def _long_enough(self, number: int, start: int, heard: int) -> int:
        """The end that its reader needs, as far as the profile lets it stay after its last word."""
        profile = self._profile
        least = self._frames(profile.least_ms)
        needed = max(least, self._frames(1000 * self._pages[number].graphemes / profile.chars_per_s))
        if start + needed <= heard:
            return heard
        self._fixed["reading_speed"] += 1
        return max(heard, start + least, min(start + needed, heard + self._frames(profile.extend_ms)))

    def _ended_with_cut(self, end: int, heard: int) -> int:
        """Two frames before a cut that is near, unless that cuts off what is heard."""
        if not self._profile.snap_cut_ms:
            return end
        reach = self._frames(self._profile.snap_cut_ms)
        at = bisect_left(self._cuts, end - reach)
        for cut in self._cuts[at : at + 2]:
            wanted = cut - self._profile.gap_frames
            if abs(cut - end) < reach and wanted >= heard and wanted != end:
                self._fixed["cut"] += 1
                return wanted
        return end


def fit_times(pages: Sequence[Page], profile: Profile, rate: Fraction, cuts: Sequence[float]) -> Fitted:
    """When each page is shown. `cuts` are seconds."""
    return _Fitting(pages, profile, rate, cuts).fit()

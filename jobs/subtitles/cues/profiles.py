"""The rules that subtitles keep: those of Netflix and the BBC, and those of clips for phones.

Lengths are in graphemes with spaces and marks; a cue's two lines count as one text for the reading speed.
"""

from collections.abc import Mapping
from typing import Final, Literal

from jobs.subtitles.job.options import ProfileName
from shared.records.documents import Document

Dash = Literal["-", "- ", "second"]
"""Before both lines of a dialogue, without or with a space; or `second`: only before the second, without."""

_NETFLIX_LINES: Final = {"th": 35, "ja": 23, "zh": 16, "ko": 16}
_SPEEDS: Final = {"en": 20, "ar": 20, "hi": 22, "ko": 12, "zh": 9, "ja": 4}
_SDH_SPEEDS: Final = {"ar": 23, "hi": 25, "ko": 14, "zh": 11, "ja": 7}
_SPEED: Final = 17
_SDH_SPEED: Final = 20
_BBC_LINE: Final = 37
_BBC_SPEED: Final = 18.0
"""A word of five letters and its space in 0.33 s."""
_SOCIAL_LINE: Final = 30
_WIDE: Final = 2
"""How many letters a Chinese, Japanese or Korean character is as wide as."""
_SECOND_ONLY: Final = frozenset({"nl", "fi", "he", "sr", "bg"})
_SPACED: Final = frozenset({"fr", "es", "it", "pt", "pl", "ru", "hu", "cs", "th"})


class Profile(Document):
    """How long lines are and how long cues stay."""

    name: ProfileName
    line_graphemes: int
    lines: Literal[1, 2]
    chars_per_s: float
    """The fastest that is read."""
    least_ms: int
    most_ms: int
    gap_frames: int
    """The least between two cues."""
    close_gap_below_ms: int
    """Shorter gaps are closed to `gap_frames`."""
    extend_ms: int
    """How long a cue may stay after its last word."""
    snap_cut_ms: int
    """A cue that begins or ends so close to a cut does so with it; 0: cuts don't matter."""
    dash: Dash


def profile_of(name: ProfileName, language: str, *, sdh: bool) -> Profile:
    """The rules for a language (BCP 47); `sdh`: for people who don't hear, who may read faster."""
    spoken = language.split("-", maxsplit=1)[0].lower()
    makers: Mapping[ProfileName, Profile] = {
        "netflix": _netflix(spoken, sdh=sdh),
        "bbc": _bbc(spoken),
        "social": _social(spoken),
    }
    return makers[name]


def _netflix(language: str, *, sdh: bool) -> Profile:
    speeds, other = (_SDH_SPEEDS, _SDH_SPEED) if sdh else (_SPEEDS, _SPEED)
    return Profile(
        name="netflix",
        line_graphemes=_NETFLIX_LINES.get(language, 42),
        lines=2,
        chars_per_s=speeds.get(language, other),
        least_ms=833,
        most_ms=7000,
        gap_frames=2,
        close_gap_below_ms=500,
        extend_ms=500,
        snap_cut_ms=500,
        dash=_dash(language),
    )


def _bbc(language: str) -> Profile:
    """Cues follow each other at once or after a pause of a second."""
    return Profile(
        name="bbc",
        line_graphemes=min(_BBC_LINE, _NETFLIX_LINES.get(language, _BBC_LINE)),
        lines=2,
        chars_per_s=min(_BBC_SPEED, _SPEEDS.get(language, _BBC_SPEED)),
        least_ms=1000,
        most_ms=7000,
        gap_frames=0,
        close_gap_below_ms=1000,
        extend_ms=1000,
        snap_cut_ms=0,
        dash=_dash(language),
    )


def _social(language: str) -> Profile:
    """One short line, as fast as it is said."""
    wide = language in ("zh", "ja", "ko")
    return Profile(
        name="social",
        line_graphemes=_SOCIAL_LINE // _WIDE if wide else _SOCIAL_LINE,
        lines=1,
        chars_per_s=_SPEEDS.get(language, 22) if wide else 22,
        least_ms=500,
        most_ms=4000,
        gap_frames=0,
        close_gap_below_ms=300,
        extend_ms=300,
        snap_cut_ms=0,
        dash="-",
    )


def _dash(language: str) -> Dash:
    if language in _SECOND_ONLY:
        return "second"
    return "- " if language in _SPACED else "-"

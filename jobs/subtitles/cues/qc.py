"""How well cues keep the rules, for people and for CI: `assets/subtitles/qc.json`.

    python -m jobs.subtitles.cues.qc subtitles.srt --profile netflix --language en

checks a file of any tool, prints a table, and exits 1 if it does not pass.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Final, get_args

from jobs.subtitles.cues.layout import graphemes_of
from jobs.subtitles.cues.profiles import Profile, profile_of
from jobs.subtitles.job.documents import Cue, Cues, Transcript
from jobs.subtitles.job.options import ProfileName
from shared.errors import BadRequest
from shared.records.documents import Document
from shared.video.captions.subtitle_text import clock

_WORST: Final = 10
HARD: Final = ("line_count", "line_length", "gap", "overlap", "most_duration")
"""Rules that every cue must keep; and no word may be lost."""
READING_SPEED_SHARE: Final = 0.98
_ROUNDING_FRAMES: Final = Fraction(1, 10)
_ROUNDING_SPEED: Final = 0.05


class Violation(Document):
    """A cue that breaks a rule."""

    cue: int
    """Counted from 1."""
    time: str
    text: str
    value: float
    limit: float


class RuleResult(Document):
    """How many cues keep a rule."""

    checked: int
    passed: int
    pass_rate: float
    worst: tuple[Violation, ...]
    """Up to ten, the worst first."""


class Report(Document):
    """The result of all rules."""

    passed: bool
    """Every cue keeps every hard rule, 98 of 100 the reading speed, and no word is lost."""
    profile: str
    language: str
    cues: int
    words: int
    words_lost: int
    fixed: Mapping[str, int]
    """By rule, how many cues were moved to keep it."""
    left: Mapping[str, int]
    """By rule, how many cues break it."""
    rules: Mapping[str, RuleResult]


def check(
    cues: Cues,
    profile: Profile,
    *,
    transcript: Transcript | None = None,
    fixed: Mapping[str, int] | None = None,
) -> Report:
    """Check the cues; without `transcript` nobody knows whether words are lost."""
    broken: dict[str, list[Violation]] = {name: [] for name in _CHECKED}
    for number, cue in enumerate(cues.cues, 1):
        following = cues.cues[number] if number < len(cues.cues) else None
        for rule, value, limit in _broken(cue, following, profile, Fraction(cues.frame_rate)):
            broken[rule].append(_violation(number, cue, cues, value, limit))
    rules = {name: _result(found, len(cues.cues)) for name, found in broken.items()}
    words = sum(len(segment.words) for segment in transcript.segments) if transcript else 0
    lost = words - len({at for cue in cues.cues for at in range(*cue.words)}) if transcript else 0
    slow = rules["reading_speed"].pass_rate >= READING_SPEED_SHARE
    return Report(
        passed=slow and not lost and all(not broken[name] for name in HARD),
        profile=profile.name,
        language=cues.language,
        cues=len(cues.cues),
        words=words,
        words_lost=lost,
        fixed=dict(fixed or {}),
        left={name: len(found) for name, found in broken.items() if found},
        rules=rules,
    )


_CHECKED: Final = (*HARD, "least_duration", "reading_speed")


def _broken(
    cue: Cue, following: Cue | None, profile: Profile, rate: Fraction
) -> Iterator[tuple[str, float, float]]:
    """Each rule that the cue breaks, with its value and the limit."""
    frames = cue.end_frame - cue.start_frame
    shown_s = float(frames / rate)
    graphemes = [graphemes_of(line) for line in cue.lines]
    speed = (sum(graphemes) + len(graphemes) - 1) / max(shown_s, 0.001)
    most_frames, least_frames = (Fraction(ms) * rate / 1000 for ms in (profile.most_ms, profile.least_ms))
    found = {
        "line_count": (len(graphemes) > profile.lines, len(graphemes), profile.lines),
        "line_length": (max(graphemes) > profile.line_graphemes, max(graphemes), profile.line_graphemes),
        "most_duration": (frames > most_frames + _ROUNDING_FRAMES, shown_s, profile.most_ms / 1000),
        "least_duration": (frames < floor(least_frames + _ROUNDING_FRAMES), shown_s, profile.least_ms / 1000),
        "reading_speed": (speed > profile.chars_per_s + _ROUNDING_SPEED, speed, profile.chars_per_s),
    }
    yield from ((name, value, limit) for name, (breaks, value, limit) in found.items() if breaks)
    if following:
        gap = following.start_frame - cue.end_frame
        if gap < profile.gap_frames:
            yield ("overlap", gap, 0) if gap < 0 else ("gap", gap, profile.gap_frames)


def _violation(number: int, cue: Cue, cues: Cues, value: float, limit: float) -> Violation:
    time = clock(cue.start_frame / Fraction(cues.frame_rate), ".")
    return Violation(cue=number, time=time, text=" ".join(cue.lines), value=round(value, 2), limit=limit)


def _result(found: Sequence[Violation], checked: int) -> RuleResult:
    passed = checked - len(found)
    worst = sorted(found, key=lambda each: -abs(each.value - each.limit))[:_WORST]
    rate = passed / checked if checked else 1.0
    return RuleResult(checked=checked, passed=passed, pass_rate=round(rate, 4), worst=tuple(worst))


def cues_of_file(path: Path, language: str, rate: Fraction, profile: str) -> Cues:
    """The cues of a file of any tool, to the nearest frame; raises `BadRequest` if it can't be read."""
    import pysubs2

    try:
        found = pysubs2.load(str(path), encoding="utf-8")
    except (OSError, UnicodeDecodeError, pysubs2.Pysubs2Error) as error:
        reason = f"can't be read as subtitles ({error}); name an SRT, VTT, ASS or TTML file"
        raise BadRequest(f"{path}: {reason}") from error
    cues = [
        Cue(
            start_frame=round(event.start * rate / 1000),
            end_frame=round(event.end * rate / 1000),
            lines=tuple(event.plaintext.strip().splitlines()) or ("",),
            speakers=(),
            words=(0, 0),
        )
        for event in found
    ]
    return Cues(language=language, frame_rate=str(rate), profile=profile, cues=tuple(cues))


def table(report: Report) -> str:
    """The report in lines for a terminal."""
    lines = [
        f"{report.cues} cues, {report.words} words, {report.words_lost} lost; rules of {report.profile}:",
        *(
            f"  {name.replace('_', ' '):16s} {rule.passed:5d} of {rule.checked:5d}  {rule.pass_rate:7.2%}"
            for name, rule in report.rules.items()
        ),
        "passed" if report.passed else "not passed",
    ]
    return "\n".join(lines)


def _rate(text: str) -> Fraction:
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 1 <= rate <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r}: use frames a second, e.g. 25 or 24000/1001")
    return rate


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m jobs.subtitles.cues.qc", description=__doc__)
    parser.add_argument("file", type=Path, help="SRT, VTT, ASS or TTML")
    parser.add_argument("--profile", choices=get_args(ProfileName), default="netflix")
    parser.add_argument("--language", default="en", help="BCP 47")
    parser.add_argument("--frame-rate", type=_rate, default=Fraction(24), help="e.g. 24000/1001")
    asked = parser.parse_args(arguments)
    try:
        cues = cues_of_file(asked.file, asked.language, asked.frame_rate, asked.profile)
    except BadRequest as error:
        sys.stderr.write(f"{error}\n")
        return 2
    report = check(cues, profile_of(asked.profile, asked.language, sdh=False))
    sys.stdout.write(f"{table(report)}\n")
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())

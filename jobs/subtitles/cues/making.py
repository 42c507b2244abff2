"""The cues of a transcript."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from jobs.subtitles.cues.layout import Page, lay_out, turns, words_of
from jobs.subtitles.cues.profiles import Profile
from jobs.subtitles.cues.timing import Timed, fit_times
from jobs.subtitles.job.documents import Cue, Cues, Media, Transcript


@dataclass(frozen=True, kw_only=True)
class Made:
    """Cues, and what was moved to keep the rules."""

    cues: Cues
    fixed: Mapping[str, int]


def make_cues(transcript: Transcript, media: Media, profile: Profile, names: Mapping[str, str]) -> Made:
    """Lay out and time all words; `names` are those of speakers that are to be shown."""
    words = words_of(transcript, names, profile)
    laid_out = lay_out(words, profile, transcript.language, media.cuts)
    pages = [replace(page, lines=_marked(page, profile, names)) for page in laid_out]
    fitted = fit_times(pages, profile, Fraction(media.frame_rate), media.cuts)
    cues = [_cue(page, timed) for page, timed in zip(pages, fitted.times, strict=True)]
    return Made(
        cues=Cues(
            language=transcript.language,
            frame_rate=media.frame_rate,
            profile=profile.name,
            cues=tuple(cues),
        ),
        fixed=fitted.fixed,
    )


def _cue(page: Page, timed: Timed) -> Cue:
    first = page.words[0].index + page.words[0].goes_on
    return Cue(
        start_frame=timed.start,
        end_frame=timed.end,
        lines=page.lines,
        speakers=page.speakers,
        words=(first, max(first, page.words[-1].index + 1)),
    )


def _marked(page: Page, profile: Profile, names: Mapping[str, str]) -> tuple[str, ...]:
    """The lines, with a dash before each of two speakers' unless both are named."""
    if len(page.lines) != 2 or not turns(*page.speakers) or set(page.speakers) <= names.keys():
        return page.lines
    first, second = page.lines
    if profile.dash == "second":
        return first, f"-{second}"
    return f"{profile.dash}{first}", f"{profile.dash}{second}"

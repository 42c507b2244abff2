"""What Whisper wrote that nobody said: each such text is dropped, with the reason.

In silence, noise and music Whisper goes on writing: it repeats itself, thanks for watching, or echoes the
names that it was told.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from jobs.subtitles.hearing.chunks import speech_share
from jobs.subtitles.hearing.recognition.recogniser import LOOPS_ABOVE, Heard, RawWord
from jobs.subtitles.hearing.words import HeardWord
from jobs.subtitles.job.documents import Dropped

_NO_SPEECH: Final = 0.3
"""How sure Whisper must be that nobody speaks, if it is unsure of the words too. Half of what its makers say:
told names, it is less sure of silence."""
_UNSURE: Final = -1.0
"""Mean log probability of tokens below which a text that may be no speech is none, by Whisper's makers. That
of clear speech is above -0.2."""
_DOUBTFUL: Final = -0.6, 0.6
"""The same, and how sure Whisper must be that nobody speaks, of a text that is suspicious otherwise, too."""
_QUIET_DB: Final = -60.0
"""Below this nothing that people can follow is heard, dBFS."""
_FASTEST: Final = 40
"""Characters in a second; the fastest speakers reach 25."""
_MOST_REPEATS: Final = 4
"""As often people repeat themselves: no, no, no, no!"""
_LONGEST_LOOP: Final = 12
"""Words of what is repeated."""
_FEWEST_NAMES: Final = 3
_LEAST_SPEECH: Final = 0.1
_CREDITS: Final = re.compile(
    "|".join(
        (
            r"thank(?:s| you)(?: you)?(?: (?:so|very) much)?(?: for (?:watching|listening|your time))?",
            r"(?:please )?(?:like and )?subscribe(?: to (?:my|our|the) channel)?",
            r"see you (?:in the )?next (?:time|video)",
            r"(?:subtitles?|captions?|transcri\w+|untertitel\w*|sous titr\w+|subtítulos|legendas)\b.{0,60}",
            r".{0,40}amara ?org.{0,20}",
            r"bye(?: bye)*|you|music|applause|www.{0,40}",
        )
    )
)
"""What Whisper learnt to write at the ends of videos."""

Reason = str


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The words of a chunk that are believed, and what is dropped."""

    words: tuple[RawWord, ...]
    dropped: tuple[Dropped, ...]


def judge(heard: Heard, level_db: float, hotwords: str) -> Judged:
    """`level_db`: how loud the loud parts of the chunk's sound are, dBFS."""
    if not heard.words:
        return Judged(words=(), dropped=())
    if reason := _whole(heard, level_db, hotwords):
        return Judged(words=(), dropped=(_drop(heard, heard.words, reason),))
    kept, loops = _without_loops(heard)
    return Judged(words=tuple(kept), dropped=tuple(loops))


def over_silence(words: Sequence[HeardWord], speech: Sequence[tuple[float, float]]) -> Dropped | None:
    """What to record of a sentence that lies where the detectors found no speech; None for any other."""
    start, end = words[0].start, words[-1].end
    if end <= start or speech_share(start, end, speech) >= _LEAST_SPEECH:
        return None
    text = "".join(word.text for word in words).strip()
    return Dropped(start=start, end=end, text=text, reason="over silence: no speech was detected there")


def _whole(heard: Heard, level_db: float, hotwords: str) -> Reason:
    """Why all that was heard in a chunk is dropped; empty if it is not."""
    sure, text = heard.log_probability, _plain(heard.text)
    doubtful = sure < _DOUBTFUL[0] or heard.no_speech > _DOUBTFUL[1]
    checks = {
        "no speech: Whisper itself doubts that anybody speaks": heard.no_speech > _NO_SPEECH
        and sure < _UNSURE,
        f"silence: the sound is below {_QUIET_DB:g} dB": level_db < _QUIET_DB,
        "too fast: nobody speaks as much in so short a time": len(heard.text)
        > _FASTEST * heard.chunk.duration_s,
        "an echo of the names that Whisper was told": doubtful and _echoes(text, _plain(hotwords)),
        "what ends videos, not what is said": doubtful and bool(_CREDITS.fullmatch(text)),
        "nonsense: it repeats itself and is unsure": heard.compression > LOOPS_ABOVE and sure < _UNSURE,
    }
    return next((reason for reason, applies in checks.items() if applies), "")


def _echoes(text: str, hotwords: str) -> bool:
    """Whether all that was heard is hotwords in the order in which they were told."""
    words = text.split()
    return len(words) >= _FEWEST_NAMES and f" {text} " in f" {hotwords} "


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", text.lower()).split())


def _without_loops(heard: Heard) -> tuple[list[RawWord], list[Dropped]]:
    """Without all but the first of what comes again and again."""
    words, plain = heard.words, [_plain(word.text) for word in heard.words]
    kept: list[RawWord] = []
    dropped: list[Dropped] = []
    at = 0
    while at < len(words):
        length, times = _loop_at(plain, at)
        kept += words[at : at + length]
        if times > 1:
            reason = f"a loop: {times} times the same"
            dropped.append(_drop(heard, words[at + length : at + length * times], reason))
        at += length * times
    return kept, dropped


def _loop_at(plain: Sequence[str], at: int) -> tuple[int, int]:
    """How many words from here are repeated, and how often; one word, once, where none are."""
    for length, times in _runs(plain, at):
        if times > _MOST_REPEATS:
            return length, times
    return 1, 1


def _runs(plain: Sequence[str], at: int) -> Iterator[tuple[int, int]]:
    for length in range(1, min(_LONGEST_LOOP, (len(plain) - at) // 2) + 1):
        times = 1
        while plain[at : at + length] == plain[at + times * length : at + (times + 1) * length]:
            times += 1
        yield length, times


def _drop(heard: Heard, words: Sequence[RawWord], reason: Reason) -> Dropped:
    start, _ = heard.chunk.in_film(words[0].start, words[0].start)
    _, end = heard.chunk.in_film(words[-1].end, words[-1].end)
    text = "".join(word.text for word in words).strip()
    return Dropped(start=start, end=max(start, end), text=text, reason=reason)

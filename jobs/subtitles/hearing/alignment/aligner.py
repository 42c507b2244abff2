"""Times of words by forced alignment: what is written is read as it is spoken, followed through the sound,
and the times go back to the written words."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from typing import Final

from jobs.subtitles.hearing.alignment.following import Spoken, Times
from jobs.subtitles.hearing.chunks import Chunk, Sound
from jobs.subtitles.hearing.words import HeardWord, in_order
from shared.logs import log
from shared.machine.workers import PastDeadline, WorkerCrashed, Workers
from shared.text.reading import Piece, Reading, Timed, read_aloud, times_as_written

ALIGNED: Final = frozenset({"en"})
"""Languages that have an aligner."""
_MODULE: Final = "jobs.subtitles.hearing.alignment.follower"
_TOKEN: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


@dataclass(frozen=True, kw_only=True)
class Text:
    """What is said in a chunk, with about when each word is."""

    chunk: Chunk
    language: str
    words: tuple[HeardWord, ...]


@dataclass(frozen=True, kw_only=True)
class _Group:
    """Words that are read together."""

    words: tuple[int, ...]
    tokens: tuple[tuple[int, int, str], ...]
    """With their places in the spoken text."""


def aligner_version() -> str:
    """Changes whenever the same text may get other times."""
    versions = [f"{name} {_version(name)}" for name in ("pocketsphinx", "espeakng-loader", "num2words")]
    return " ".join(versions)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def has_aligner(language: str) -> bool:
    return language.split("-", maxsplit=1)[0].lower() in ALIGNED


def align_all(
    sound: Sound, texts: Sequence[Text], cores: int, on_progress: Callable[[int, int], None]
) -> list[Text]:
    """The texts with exact times where their language has an aligner and the sound is clear enough.

    Other words keep their times. `on_progress` gets how many are done, of how many, from any thread.
    """
    done = count(1)
    followers = Workers(_MODULE, most=cores)

    def aligned(text: Text) -> Text:
        found = _aligned(followers, sound, text) if has_aligner(text.language) else text
        on_progress(next(done), len(texts))
        return found

    try:
        with ThreadPoolExecutor(cores, thread_name_prefix="align") as pool:
            return list(pool.map(aligned, texts))
    finally:
        followers.end()


def _aligned(followers: Workers, sound: Sound, text: Text) -> Text:
    """The text with the times that were found; words of what was lost keep theirs."""
    chunk = text.chunk
    reading = read_aloud(" ".join(word.bare for word in text.words), text.language, has_marks=False)
    groups = list(_groups(reading))
    if sum(len(group.words) for group in groups) != len(text.words):
        return text  # words of a script without spaces are cut otherwise
    near = [(chunk.in_chunk(word.start), chunk.in_chunk(word.end)) for word in text.words]
    spoken = [_spoken(group, text, near) for group in groups]
    if not any(each.tokens for each in spoken):
        return text
    found = _asked(followers, sound, chunk, spoken)
    lost = {word for group, times in zip(groups, found, strict=True) if times is None for word in group.words}
    timed = _as_written(reading, groups, spoken, found, chunk.duration_s)
    kept = [own if at in lost else new for at, (own, new) in enumerate(zip(near, timed, strict=True))]
    return replace(text, words=tuple(_retimed(text, in_order(kept, 0.0, chunk.duration_s), lost)))


def _groups(reading: Reading) -> Iterator[_Group]:
    at = 0
    for piece in reading.pieces:
        words = tuple(range(at, at + len(piece.words)))
        at += len(piece.words)
        yield _Group(words=words, tokens=tuple(_tokens(reading, piece)))


def _tokens(reading: Reading, piece: Piece) -> Iterator[tuple[int, int, str]]:
    said = reading.said[piece.start : piece.end].replace("’", "'")
    for found in _TOKEN.finditer(said):
        yield piece.start + found.start(), piece.start + found.end(), found[0].lower()


def _spoken(group: _Group, text: Text, near: Sequence[tuple[float, float]]) -> Spoken:
    return Spoken(
        tokens=tuple(token for _, _, token in group.tokens),
        start=near[group.words[0]][0],
        end=near[group.words[-1]][1],
        is_sure=all(text.words[word].timing != "spread" for word in group.words),
    )


def _asked(
    followers: Workers, sound: Sound, chunk: Chunk, spoken: Sequence[Spoken]
) -> Sequence[Times | None]:
    request = {
        "path": str(sound.path),
        "spans": chunk.spans,
        "spoken": [[each.tokens, each.start, each.end, each.is_sure] for each in spoken],
    }
    try:
        found: list[Times | None] = followers.ask(request, lambda answer: answer.said["times"])
    except (PastDeadline, WorkerCrashed) as error:
        start_s = chunk.in_film(0.0, 0.0)[0]
        text = f"the aligner gave up ({type(error).__name__}) at {start_s:.0f} s: these words are less exact"
        log(logging.WARNING, "not_aligned", text)
        return [None] * len(spoken)
    return found


def _as_written(
    reading: Reading,
    groups: Sequence[_Group],
    spoken: Sequence[Spoken],
    found: Sequence[Times | None],
    duration_s: float,
) -> list[tuple[float, float]]:
    """Times of the written words; those that are not spoken get a little of their neighbour's."""
    said = []
    for group, near, times in zip(groups, spoken, found, strict=True):
        known = times if times is not None else [(near.start, near.end)] * len(group.tokens)
        for (start, end, _), (from_s, until_s) in zip(group.tokens, known, strict=True):
            said.append(Timed(start, end, round(from_s * 1000), round(until_s * 1000)))
    timed = times_as_written(reading, said, round(duration_s * 1000))
    return [(word.start_ms / 1000, word.end_ms / 1000) for word in timed]


def _retimed(text: Text, times: Sequence[tuple[float, float]], lost: set[int]) -> Iterator[HeardWord]:
    for at, (word, (start, end)) in enumerate(zip(text.words, times, strict=True)):
        in_film = text.chunk.in_film(start, end)
        timing = word.timing if at in lost else "aligned"
        yield replace(word, start=in_film[0], end=in_film[1], timing=timing)

"""What a film is called, guessed from the name of its file."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final
from unicodedata import category

from jobs.subtitles.job.options import JobOptions

_FIRST_YEAR: Final = 1878
"""Of the oldest film."""
_CAMERA: Final = re.compile(
    r"(?:(?:img|vid|dsc[nf]?|mvi|pxl|gopr|gh|gx|dji|mov|video|signal|whatsapp video)[ _-]?\d{3,}"
    r"|screen ?recording|screencast|bildschirmaufnahme).*",
    re.IGNORECASE,
)
"""Names that cameras, telephones and recorders give."""
_SAYS_NOTHING: Final = frozenset(
    {
        *("audio", "clip", "export", "film", "final", "final_output", "input", "movie", "my"),
        *("output", "recording", "sample", "test", "untitled", "video"),
    }
)
_EPISODE: Final = re.compile(r"s\d+|\d+x\d+|\be(?:p|pisode)?[ ._-]?\d+|season|episode", re.IGNORECASE)
_PARTS: Final = re.compile(r"[\s._]+")
_NO_LETTERS: Final = frozenset({"Cc", "Cs", "Co", "Cn", "So"})
"""Unicode's categories of what is in names of files but not in titles: control characters, emoji."""
_TURNS: Final = re.compile(
    "[\U0001f3fb-\U0001f3ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufe00-\ufe0f\U000e0000-\U000e007f]"
)
"""Marks that turn the direction of text or how emoji look."""
_BEFORE_YEAR: Final = re.compile(r"(?P<title>.*?\w.*?)[\s._]*\((?P<year>\d{4})\)")
"""How people write a title that guessit takes for something else, as it does `[REC] (2007)`."""


@dataclass(frozen=True, kw_only=True)
class FilmTitle:
    """What is known of a film before anybody is asked."""

    title: str = ""
    year: int | None = None
    is_series: bool = False


def title_of(options: JobOptions, *, this_year: int) -> FilmTitle:
    """The options' title and year; what they leave out is guessed from their `file`.

    A film may be of next year at most; a later number belongs to the title.
    """
    guessed = _guess(options.file, this_year)
    if not options.title:
        return FilmTitle(title=guessed.title, year=options.year or guessed.year, is_series=guessed.is_series)
    same_film = _plain(options.title) == _plain(guessed.title)
    return FilmTitle(
        title=options.title,
        year=options.year or (guessed.year if same_film else None),
        is_series=guessed.is_series,
    )


def _guess(file: str, this_year: int) -> FilmTitle:
    """From the name of the file, or of its folder if that of the file says nothing."""
    parts = [part for part in file.replace("\\", "/").split("/") if part not in {"", ".", ".."}]
    for name in (*parts[-1:], *[f"{part}.mkv" for part in parts[-2:-1]]):
        found = _of_name(name, this_year)
        if found.title:
            return found
    return FilmTitle()


def _of_name(name: str, this_year: int) -> FilmTitle:
    from guessit import guessit

    name = _readable(name)
    stem = PurePosixPath(name).stem
    if _CAMERA.fullmatch(stem):
        return FilmTitle()
    found: dict[str, Any] = dict(guessit(name))
    if found.get("type") == "episode" and not _EPISODE.search(stem):  # `2049` for episode 49 of season 20
        found = dict(guessit(name, {"type": "movie"}))
    title, year = _with_hyphens(str(found.get("title", "")).strip(), stem), found.get("year")
    if not title and (plain := _BEFORE_YEAR.match(stem)):
        title, year = plain["title"].strip("[](){} ._-"), int(plain["year"])
    if year is not None and not (title and _FIRST_YEAR <= year <= this_year + 1):
        title, year = f"{title} {year}".strip(), None
    if not _plain(title):
        return FilmTitle()
    if year is None and _PARTS.split(title.lower())[0] in _SAYS_NOTHING:
        return FilmTitle()
    return FilmTitle(title=title, year=year, is_series=found.get("type") == "episode")


def _readable(name: str) -> str:
    """Without what no title has; guessit keeps it all."""
    plain = (" " if category(char) in _NO_LETTERS else char for char in _TURNS.sub("", name))
    return " ".join("".join(plain).split())


def _with_hyphens(title: str, stem: str) -> str:
    """guessit takes what stands before a hyphen without spaces for the name of a group: `E` of `WALL-E`."""
    at = stem.find(title)
    before = re.search(r"[\w.]+-$", stem[:at]) if title and at > 0 else None
    return f"{_PARTS.sub(' ', before[0])}{title}".strip() if before else title


def _plain(title: str) -> str:
    return "".join(filter(str.isalnum, title.casefold()))

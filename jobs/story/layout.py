"""The story's input: which objects under `assets/` are its parts, captions and music.

assets/1/image.png     exactly one picture a part, of a type in `shared/accepted.py`
assets/1/1.txt         at least one caption a part, UTF-8
assets/2/...           parts and captions in numeric order, parts without a gap
assets/music.mp3       optional: mp3, wav, m4a, ogg or flac
assets/story.json      optional: how it is to look and sound
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from shared.accepted import PICTURE_NAMES, PICTURE_SUFFIXES
from shared.creation import Creation
from shared.errors import InvalidAssets
from shared.storage import numeric_order
from shared.video.clusters import visible

OPTIONS_NAME: Final = "assets/story.json"
OUTPUTS: Final = frozenset(
    f"assets/{name}" for name in ("video.mp4", "poster.jpg", "timeline.json", "captions.srt", "captions.vtt")
)
MUSIC_TYPES: Final = (".mp3", ".wav", ".m4a", ".ogg", ".flac")
_MOST_PARTS: Final = 2000
_LONGEST_CAPTION: Final = 5000


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part: a picture and its captions, as names below the creation."""

    number: int
    picture: str
    """Empty when it has none that can be read, which is a problem."""
    captions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """All that the story is made of."""

    parts: tuple[Part, ...]
    music: str | None
    options: str | None
    ignored: tuple[str, ...]
    """Objects that play no part in the film."""


def story_inputs(creation: Creation) -> list[str]:
    """Names of all assets that people put in."""
    return [name for name, _ in creation.list("assets/") if name not in OUTPUTS]


def read_layout(names: Iterable[str], where: str, problems: list[str]) -> Layout:
    """Sort the assets' names into a story, and add to `problems` what keeps them from being one.

    `where` is what to call the folder in messages, e.g. `my-story/assets/`. What is in order is in the
    layout even if there are problems, so that it can be looked at, too.
    """
    folders: dict[str, list[str]] = defaultdict(list)
    loose: list[str] = []
    for name in names:
        if name in OUTPUTS:
            continue
        path = PurePosixPath(name)
        (folders[path.parts[1]] if len(path.parts) == 3 else loose).append(name)
    numbers = _part_numbers(list(folders), where, problems)
    parts = [_part(number, folder, folders[folder], problems) for number, folder in sorted(numbers.items())]
    music = [name for name in loose if _stem_of(name) == "music" and _type_of(name) in MUSIC_TYPES]
    if len(music) > 1:
        problems.append(f"{', '.join(sorted(music))}: more than one piece of music; keep one")
    used = {name for part in parts for name in (part.picture, *part.captions)} | set(music)
    found = [*loose, *(name for files in folders.values() for name in files)]
    return Layout(
        parts=tuple(parts),
        music=music[0] if music else None,
        options=OPTIONS_NAME if OPTIONS_NAME in loose else None,
        ignored=tuple(sorted(name for name in found if name not in used and name != OPTIONS_NAME)),
    )


def _part_numbers(folders: list[str], where: str, problems: list[str]) -> dict[int, str]:
    """Part numbers and their folders; says what is wrong with the numbering."""
    numbers: dict[int, str] = {}
    for folder in sorted(folders, key=numeric_order):
        if not (folder.isascii() and folder.isdigit()) or int(folder) == 0:
            if not folder.startswith("."):
                problems.append(f"{where}{folder}/: parts are folders named 1, 2, 3, …; rename or remove it")
        elif int(folder) in numbers:
            problems.append(f"{where}{folder}/: is part {int(folder)} again, beside {numbers[int(folder)]}/")
        else:
            numbers[int(folder)] = folder
    missing = _first_gaps(numbers)
    if len(numbers) > _MOST_PARTS:
        problems.append(f"{where}: {len(numbers)} parts; at most {_MOST_PARTS} make one film")
    elif missing:
        gap = ", ".join(map(str, missing))
        problems.append(f"{where}: missing part {gap}; number the parts 1 to {len(numbers)} without a gap")
    if not numbers and not problems:
        problems.append(
            f"{where}: no parts; put a picture at {where}1/image.png and a caption at {where}1/1.txt"
        )
    return numbers


def _first_gaps(numbers: Collection[int]) -> list[int]:
    """At most ten; a folder's number may be a date or worse."""
    until = min(max(numbers, default=0), len(numbers) + 10)
    return [number for number in range(1, until + 1) if number not in numbers][:10]


def _part(number: int, folder: str, names: list[str], problems: list[str]) -> Part:
    place = f"assets/{folder}/"
    pictures = [name for name in names if _stem_of(name) == "image"]
    readable = [name for name in pictures if _type_of(name) in PICTURE_SUFFIXES]
    captions = [name for name in names if _type_of(name) == ".txt" and _is_number(_stem_of(name))]
    if len(pictures) > 1:
        problems.append(f"{place}: {len(pictures)} pictures ({', '.join(sorted(pictures))}); keep one")
    elif pictures and not readable:
        problems.append(f"{pictures[0]}: not a type that can be read; save it as {PICTURE_NAMES}")
    elif not pictures:
        problems.append(
            f"{place}: no picture; add {place}image.png, or another of {', '.join(PICTURE_SUFFIXES)}"
        )
    if not captions:
        problems.append(f"{place}: no caption; add {place}1.txt")
    captions.sort(key=lambda name: (numeric_order(_stem_of(name)), name))
    return Part(number=number, picture=next(iter(readable), ""), captions=tuple(captions))


def caption_text(data: bytes, name: str) -> str:
    """A caption's text, stripped; raises `InvalidAssets` naming the object and the remedy."""
    try:
        text = data.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise InvalidAssets(f"{name}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
    if not visible(text).strip():
        raise InvalidAssets(f"{name}: the caption is empty; write a sentence or remove the file")
    if len(text) > _LONGEST_CAPTION:
        raise InvalidAssets(
            f"{name}: {len(text)} characters; split it into captions of at most {_LONGEST_CAPTION}"
        )
    return text


def _type_of(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _stem_of(name: str) -> str:
    return PurePosixPath(name).stem.lower()


def _is_number(stem: str) -> bool:
    return stem.isascii() and stem.isdigit()

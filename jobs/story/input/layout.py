"""The layout of a story's assets: which objects under `assets/` are its parts, captions and music.

assets/1/image.png     one picture a part, of a type in `shared/accepted.py`; any name if it is the only one
assets/1/1.txt         captions: plain text; a part without captions shows its picture for a while
assets/2/...           parts and captions in numeric order, parts without a gap
assets/music.mp3       optional: mp3, wav, m4a, ogg, flac, opus, aac, aiff, wma, mka or webm
assets/story.json      optional: how the film looks and sounds

All of it may be in a folder below, as in `assets/my-story/1/image.png`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from jobs.story.input.names import is_left_by_systems, is_number, stem_of, type_of
from jobs.story.input.part import Part, read_part
from shared.accepted import PICTURE_SUFFIXES
from shared.records.creation import Creation
from shared.records.names import ASSETS, FILM, POSTER, TIMELINE, captions_name
from shared.storage import numeric_order
from shared.video.sound.music_files import MUSIC_TYPES

OUTPUTS: Final = frozenset({FILM, POSTER, TIMELINE, captions_name("srt"), captions_name("vtt")})
_OPTIONS_NAMES: Final = frozenset({"story.json", "story.json.txt", "story.json.json"})
"""In lower case; Windows hides the last ending of a name."""
_MOST_PARTS: Final = 2000
_MOST_NAMED: Final = 5


@dataclass(frozen=True, kw_only=True)
class Layout:
    """All files that the story is made from."""

    parts: tuple[Part, ...]
    music: str | None
    options: str | None
    ignored: tuple[str, ...]
    """Objects that the film does not use, except those that systems and programs leave behind."""


def story_inputs(creation: Creation) -> list[str]:
    """Names of all assets that people uploaded."""
    return [name for name, _ in creation.list(ASSETS) if name not in OUTPUTS]


def read_layout(names: Iterable[str], where: str, problems: list[str]) -> Layout:
    """Sort the assets' names into a story, and add to `problems` what is wrong with them.

    `where` is the folder's name in messages, e.g. `my-story/assets/`. Despite problems the layout contains
    all valid parts, so that they can be checked, too.
    """
    found = [
        name for name in names if name not in OUTPUTS and not is_left_by_systems(name.removeprefix(ASSETS))
    ]
    root = _root_of(found, where, problems)
    if root is None:
        return Layout(parts=(), music=None, options=None, ignored=())
    loose = _loose(found, root)
    music = _only([name for name in loose if _is_music(name)], "more than one piece of music", problems)
    options = _only([name for name in loose if _is_options(name)], "more than one file of options", problems)
    parts = _parts(found, root, where, [name for name in loose if name not in (music, options)], problems)
    used = {music, options, *(name for part in parts for name in part.names)}
    return Layout(
        parts=parts,
        music=music,
        options=options,
        ignored=tuple(sorted(name for name in found if name not in used)),
    )


def options_in(names: Iterable[str]) -> str | None:
    """The file with the story's options, if there is one; of several, the innermost."""
    found = sorted((name for name in names if _is_options(name)), key=lambda name: -name.count("/"))
    return found[0] if found else None


def _is_music(name: str) -> bool:
    return stem_of(name) == "music" and type_of(name) in MUSIC_TYPES


def _is_options(name: str) -> bool:
    return PurePosixPath(name).name.lower() in _OPTIONS_NAMES


def _parts(
    names: Iterable[str], root: str, where: str, loose: Sequence[str], problems: list[str]
) -> tuple[Part, ...]:
    folders: dict[str, list[str]] = defaultdict(list)
    for name in names:
        inside = PurePosixPath(name.removeprefix(root)).parts
        if name.startswith(root) and len(inside) > 1:
            folders[inside[0]].append(name)
    if not folders and len([name for name in loose if type_of(name) in PICTURE_SUFFIXES]) == 1:
        return (read_part(1, root, loose, problems),)  # the folder of one part was given
    numbers = _part_numbers(folders, where + root.removeprefix(ASSETS), loose, problems)
    return tuple(
        read_part(number, f"{root}{folder}/", folders[folder], problems)
        for number, folder in sorted(numbers.items())
    )


def _only(names: Sequence[str], several: str, problems: list[str]) -> str | None:
    """The innermost of these: a folder below may have its own."""
    deepest = max((name.count("/") for name in names), default=0)
    found = sorted(name for name in names if name.count("/") == deepest)
    if len(found) > 1:
        problems.append(f"{', '.join(found)}: {several}; keep one")
    return found[0] if found else None


def _loose(names: Iterable[str], root: str) -> list[str]:
    """Files beside the parts, or beside a folder that contains them."""
    return [name for name in names if root.startswith(f"{PurePosixPath(name).parent}/")]


def _root_of(names: Iterable[str], where: str, problems: list[str]) -> str | None:
    """The folder that holds the parts: `assets/` or a folder below it.

    None, and a problem, if there are several candidates.
    """
    homes: dict[str, set[int]] = defaultdict(set)
    for name in names:
        *folders, _ = PurePosixPath(name).parts
        for depth, folder in enumerate(folders[1:], 1):
            if is_number(folder):
                homes["/".join(folders[:depth]) + "/"].add(int(folder))
    first = [home for home, numbers in homes.items() if 1 in numbers]
    if ASSETS in first or not homes:
        return ASSETS
    found = first or list(homes)
    shallowest = min(home.count("/") for home in found)
    found = sorted(home for home in found if home.count("/") == shallowest)
    if len(found) > 1 and ASSETS not in homes:
        stories = ", ".join(where + home.removeprefix(ASSETS) for home in found[:_MOST_NAMED])
        problems.append(f"{where}: holds more than one story ({stories}); give the folder of one of them")
        return None
    return found[0] if len(found) == 1 else ASSETS


def _part_numbers(
    folders: Mapping[str, Sequence[str]], where: str, loose: Sequence[str], problems: list[str]
) -> dict[int, str]:
    """Part numbers and their folders; adds to `problems` what is wrong with the numbering."""
    numbers: dict[int, str] = {}
    before = len(problems)
    for folder in sorted(folders, key=numeric_order):
        if not is_number(folder) or int(folder) == 0:
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
    if not numbers and len(problems) == before:
        problems.append(_no_parts(where, loose))
    return numbers


def _no_parts(where: str, loose: Sequence[str]) -> str:
    pictures = sorted(PurePosixPath(name).name for name in loose if type_of(name) in PICTURE_SUFFIXES)
    if pictures:
        more = ", …" if len(pictures) > _MOST_NAMED else ""
        named = ", ".join(pictures[:_MOST_NAMED]) + more
        return f"{where}: no parts, but {named}; put each picture into a folder of its own: 1/, 2/, 3/, …"
    return f"{where}: no parts; put a picture at {where}1/image.png and a caption at {where}1/1.txt"


def _first_gaps(numbers: Collection[int]) -> list[int]:
    """At most ten, since a folder's number may be large, such as a date."""
    until = min(max(numbers, default=0), len(numbers) + 10)
    return [number for number in range(1, until + 1) if number not in numbers][:10]

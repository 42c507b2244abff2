"""One part of a story: finds its picture and its captions in its folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from jobs.story.input.names import (
    TEXT_TYPES,
    document_kind,
    in_order,
    is_caption,
    is_number,
    is_sidecar,
    stem_of,
    type_of,
)
from shared.accepted import PICTURE_NAMES, PICTURE_SUFFIXES

_MOST_NAMED: Final = 5


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part: a picture and its captions, as names below the creation."""

    number: int
    picture: str
    """Empty if no picture can be read, which is a problem."""
    captions: tuple[str, ...]
    """Empty for a picture without captions."""
    sidecars: tuple[str, ...] = ()
    """Files that programs keep beside the picture."""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.picture, *self.captions, *self.sidecars)


def read_part(number: int, place: str, names: Sequence[str], problems: list[str]) -> Part:
    """The part with the files `names`, all below `place`; adds its problems to `problems`."""
    files = _files(place, names)
    picture = _picture(place, files, problems)
    captions = _captions(place, files, picture, problems)
    sidecars = [name for name in files if picture and name != picture and is_sidecar(name, picture)]
    if not captions:
        sidecars = [name for name in sidecars if type_of(name) not in TEXT_TYPES]
    return Part(number=number, picture=picture, captions=tuple(captions), sidecars=tuple(sidecars))


def _files(place: str, names: Sequence[str]) -> list[str]:
    """The files directly in the part's folder; if it holds no picture, those in its only sub-folder."""
    files = [name for name in names if f"{PurePosixPath(name).parent}/" == place]
    folders = {name.removeprefix(place).split("/")[0] for name in names if name not in files}
    if len(folders) != 1 or any(map(_is_picture, files)):
        return files
    (folder,) = folders
    return [*files, *_files(f"{place}{folder}/", [name for name in names if name not in files])]


def _is_picture(name: str) -> bool:
    return type_of(name) in PICTURE_SUFFIXES or stem_of(name) == "image"


def _picture(place: str, files: Sequence[str], problems: list[str]) -> str:
    """The file called `image`, or else the only picture."""
    readable = [name for name in files if type_of(name) in PICTURE_SUFFIXES]
    named = [name for name in readable if stem_of(name) == "image"] or readable
    if len(named) == 1:
        return named[0]
    if named:
        problems.append(
            f"{place}: {len(named)} pictures ({_some(named)}); keep one, or call the right one image"
        )
        return sorted(named)[0]
    problems.append(_no_picture(place, files))
    return ""


def _no_picture(place: str, files: Sequence[str]) -> str:
    first, *more = PICTURE_SUFFIXES
    types = f"{first} (or {', '.join(more)})"
    others = sorted(name for name in files if not is_caption(name))
    named = [name for name in others if stem_of(name) == "image"]
    if not others:
        return f"{place}: no picture; add {place}image{types}"
    if named or len(others) == 1:
        return f"{(named or others)[0]}: not a type of picture that can be read; save it as {PICTURE_NAMES}"
    return f"{place}: no picture, but {_some(others)}; save the right one as {PICTURE_NAMES}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")


def _captions(place: str, files: Sequence[str], picture: str, problems: list[str]) -> list[str]:
    """Numbered texts; of two with one name, the plain text."""
    texts = [name for name in files if is_caption(name)]
    plain = {stem_of(name) for name in texts if type_of(name) == TEXT_TYPES[0]}
    captions = [name for name in texts if type_of(name) == TEXT_TYPES[0] or stem_of(name) not in plain]
    numbers = {int(stem_of(name)) for name in captions}
    problems += [
        f"{name}: {document_kind(name)}; save its words as plain text, {PurePosixPath(name).stem}.txt"
        for name in files
        if document_kind(name) and is_number(stem_of(name)) and int(stem_of(name)) not in numbers
    ]
    if not captions:
        problems += _misnamed(place, files, picture)
    return in_order(captions)


def _misnamed(place: str, files: Sequence[str], picture: str) -> list[str]:
    """A part without captions, but with a text that may be meant as one."""
    texts = [
        name
        for name in files
        if (type_of(name) in TEXT_TYPES or document_kind(name))
        and not is_number(stem_of(name))
        and not (picture and is_sidecar(name, picture))
    ]
    if not texts:
        return []
    return [
        f"{place}: no caption, but {_some(texts)}; call it {place}1.txt if it is to be said, else remove it"
    ]

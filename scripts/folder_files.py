"""The files of a person's folder; links are followed as far as they are allowed."""

import os
from collections.abc import Iterator
from pathlib import Path

from jobs.story.input.names import is_left_by_systems, is_number, type_of
from shared.accepted import PICTURE_SUFFIXES
from shared.errors import BadRequest


def files_of(folder: Path, *, but_for: Path | None) -> dict[str, Path]:
    """All files that a person put into `folder`, by path below it, without those in `but_for`.

    A part may be a link to any folder that holds a picture. Other links may only lead into the folder, or
    into the part that contains them. Raises `BadRequest` naming every link that leads elsewhere, is broken
    or makes a circle.
    """
    problems: list[str] = []
    walk = _Walk(folder, but_for, problems)
    found = dict(walk.below(folder, "", (_real(folder),), _real(folder)))
    if problems:
        raise BadRequest(*problems)
    return found


class _Walk:
    """A walk through one folder."""

    def __init__(self, folder: Path, but_for: Path | None, problems: list[str]) -> None:
        self._folder = folder
        self._but_for = _real(but_for) if but_for else None
        self._problems = problems

    def below(
        self, place: Path, name: str, above: tuple[Path, ...], home: Path
    ) -> Iterator[tuple[str, Path]]:
        """Files below `place`, whose path below the folder is `name`; `above` are the folders that contain
        it, with links resolved, and `home` is where links may lead."""
        for path in sorted(place.iterdir()):
            inner = f"{name}/{path.name}" if name else path.name
            if is_left_by_systems(inner) or self._is_stored(path):
                continue
            is_part = is_number(path.name) and not any(map(is_number, name.split("/"))) and _has_picture(path)
            if path.is_symlink() and not self._may_follow(path, above, None if is_part else home):
                continue
            if path.is_dir():
                real = _real(path)
                inner_home = real if is_part else home
                yield from self.below(path, inner, (*above, real), inner_home)
            elif path.is_file():
                yield inner, path

    def _is_stored(self, path: Path) -> bool:
        return self._but_for is not None and _real(path).is_relative_to(self._but_for)

    def _may_follow(self, link: Path, above: tuple[Path, ...], home: Path | None) -> bool:
        target = _real(link)
        if not target.exists():
            self._problems.append(f"{link}: is a link to {link.readlink()}, which is not there; remove it")
        elif any(folder.is_relative_to(target) for folder in above):
            self._problems.append(f"{link}: is a link back to {target}, a folder that contains it; remove it")
        elif home and not (target.is_relative_to(home) or target.is_relative_to(_real(self._folder))):
            self._problems.append(
                f"{link}: is a link out of the folder, to {target}; put a copy in its place"
            )
        else:
            return True
        return False


def _has_picture(folder: Path) -> bool:
    return folder.is_dir() and any(type_of(path.name) in PICTURE_SUFFIXES for path in folder.iterdir())


def _real(path: Path) -> Path:
    """With links resolved; `Path.resolve` would raise for a circle of links."""
    return Path(os.path.realpath(path))

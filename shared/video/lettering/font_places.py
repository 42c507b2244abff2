"""Where font files are: in packages of the dependencies, and in the system's folders."""

import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

_PLAIN_PACKAGES: Final = ("manimgx_fonts", "manimgx_fonts_cjk")
"""Packages of font files only: Noto for most scripts, and for Chinese, Japanese and Korean."""
_SUFFIXES: Final = (".ttf", ".otf", ".ttc", ".otc")


@cache
def bundled_files() -> tuple[Path, ...]:
    """Files of the installed `fontpkg-*` distributions, then those of the other font packages."""
    return (*_of_fontpkg(), *sorted(_of_plain_packages()))


def _of_fontpkg() -> tuple[Path, ...]:
    from importlib.metadata import entry_points

    roots = (Path(str(entry.load().ROOT)) for entry in entry_points(group="fontpkg.family"))
    return tuple(sorted(path for root in roots for path in root.glob("files/*.[to]t[fc]")))


def _of_plain_packages() -> Iterator[Path]:
    from importlib.util import find_spec

    for name in _PLAIN_PACKAGES:
        spec = find_spec(name)
        for folder in (spec and spec.submodule_search_locations) or ():
            yield from Path(folder).glob("*.[to]t[fc]")


@cache
def system_files() -> tuple[Path, ...]:
    """All font files in the system's and the user's folders."""
    return tuple(
        sorted(
            Path(folder, name)
            for root in _system_folders()
            for folder, _, names in os.walk(root)
            for name in names
            if name.lower().endswith(_SUFFIXES)
        )
    )


def _system_folders() -> tuple[Path, ...]:
    home = Path.home()
    if sys.platform == "darwin":
        return Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"
    if sys.platform == "win32":
        return Path("C:/Windows/Fonts"), home / "AppData/Local/Microsoft/Windows/Fonts"
    shared = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
    return *shared, home / ".fonts", home / ".local/share/fonts"

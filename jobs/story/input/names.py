"""Recognises assets by their names: the use of a file, and files that tools and systems leave behind."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

from shared.storage import numeric_order

TEXT_TYPES: Final = (".txt", ".text", ".md", ".markdown")
_DOCUMENTS: Final = {
    ".doc": "a Word document",
    ".docx": "a Word document",
    ".htm": "an HTML page",
    ".html": "an HTML page",
    ".odt": "an OpenDocument text",
    ".pages": "a Pages document",
    ".pdf": "a PDF document",
    ".rtf": "an RTF file",
    ".srt": "a subtitle file",
    ".vtt": "a subtitle file",
}
"""Documents that people write captions in, but which are not plain text."""
_SYSTEM_FOLDERS: Final = frozenset(
    {
        *("__macosx", "@eadir", "@tmp", "#recycle", "#snapshot", "$recycle.bin", "system volume information"),
        *("lost+found", "originals", "network trash folder", "temporary items"),
    }
)
_SYSTEM_FILES: Final = frozenset(
    {
        *("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "folder.ini", "picasa.ini"),
        *("icon", "icon\r", "zbthumbnail.info", "albumart.pamp"),
    }
)
_SYSTEM_ENDINGS: Final = ("~", "@synoeastream", "@synoresource", ".tmp", ".crdownload", ".part", ".lnk")
_SYSTEM_STARTS: Final = (".", "~$")
_SIDE_TYPES: Final = frozenset({".aae", ".xmp", ".thm", ".lrv", ".pp3", ".dop", ".on1", ".cos", ".arp"})
"""Files that programs keep beside a picture."""


def is_left_by_systems(name: str) -> bool:
    """Whether a system created it: hidden files and those of Windows, macOS and NAS devices."""
    *folders, file = PurePosixPath(name).parts
    if any(folder.startswith(".") or folder.lower() in _SYSTEM_FOLDERS for folder in folders):
        return True
    lowered = file.lower()
    return lowered in _SYSTEM_FILES or lowered.startswith(_SYSTEM_STARTS) or lowered.endswith(_SYSTEM_ENDINGS)


def type_of(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def stem_of(name: str) -> str:
    """In lower case, without the type, even if that appears twice as in `image.jpg.jpg`."""
    path = PurePosixPath(name)
    stem = path.stem.lower()
    return stem.removesuffix(path.suffix.lower()) if path.suffix else stem


def is_number(stem: str) -> bool:
    return stem.isascii() and stem.isdigit()


def is_caption(name: str) -> bool:
    """`1.txt`, `01.txt`, `1.md`, `1`."""
    return type_of(name) in (*TEXT_TYPES, "") and is_number(stem_of(name))


def in_order(captions: Iterable[str]) -> list[str]:
    return sorted(captions, key=lambda name: (numeric_order(stem_of(name)), name))


def is_sidecar(name: str, picture: str) -> bool:
    """Whether a program put it beside the picture: the film of a Live Photo, edits, descriptions."""
    path, main = PurePosixPath(name.lower()), PurePosixPath(picture.lower())
    if path.parent != main.parent:
        return False
    return (
        path.suffix in _SIDE_TYPES
        or path.stem in (main.stem, main.name)
        or path.name.startswith(f"{main.name}.")
    )


def document_kind(name: str) -> str | None:
    """In words, the kind of document according to its type; None for others."""
    return _DOCUMENTS.get(type_of(name))

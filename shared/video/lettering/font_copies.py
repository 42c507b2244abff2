"""The font files for libass: exactly the faces of a timeline, in a folder of their own.

libass chooses among the files of a family by weight and slant; a missing style it fakes by smearing and
slanting. So of a variable font it gets the bold instance and, for captions of mixed style, the regular one
and the siblings of static files. Of a variable collection, which is large, these hold only the characters
that are drawn: that takes seconds instead of minutes, and the outlines are the same.
"""

import re
import shutil
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.text.clusters import clusters, drawn
from shared.video.lettering.fonts import Face, letter_faces
from shared.video.timeline import FontFace

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

_REGULAR: Final = 400
_BOLD: Final = re.compile("-?bold", re.IGNORECASE)
_SIBLINGS: Final = ("-Regular", "", "-Italic", "-Oblique", "-BoldItalic", "-BoldOblique")
"""What file names have where the bold face has `-Bold`."""
_UNUSED_TABLES: Final = ["BASE", "DSIG", "VORG", "VVAR", "vhea", "vmtx"]
"""For vertical lines, which captions never have, and signatures."""


def font_files(faces: Sequence[FontFace], folder: Path, text: str, *, styled: bool = False) -> None:
    """Put these faces' files into `folder`, enough to draw `text`; with their siblings if it is `styled`.

    Faces in colour, which libass can't draw, are left out. Raises `BadRequest` naming the package of a
    missing face.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for face in letter_faces(faces):
        _copy(face, folder, text)
        if styled:
            _copy_siblings(face, folder, text)


def _copy(face: Face, folder: Path, text: str) -> None:
    target = folder / face.path.name
    if target.exists():
        return
    if face.axes:
        _save_instance(face, dict(face.axes), target, text)
    else:
        shutil.copyfile(face.path, target)


def _copy_siblings(face: Face, folder: Path, text: str) -> None:
    if any(tag == "wght" for tag, _ in face.axes):
        places = {tag: _REGULAR if tag == "wght" else place for tag, place in face.axes}
        _save_instance(face, places, folder / f"{face.path.stem}-regular{face.path.suffix}", text)
    for sibling in _siblings(face.path):
        shutil.copyfile(sibling, folder / sibling.name)


def _siblings(path: Path) -> Iterator[Path]:
    """Beside a face's own file, the other styles of its family."""
    if not _BOLD.search(path.stem):
        return
    for style in _SIBLINGS:
        sibling = path.with_name(_BOLD.sub(style, path.stem) + path.suffix)
        if sibling != path and sibling.is_file():
            yield sibling


def _save_instance(face: Face, places: dict[str, float], target: Path, text: str) -> None:
    """Write the variable font's instance at these positions of its axes."""
    from fontTools.varLib import instancer

    with _opened(face, text) as font:
        instancer.instantiateVariableFont(font, places, inplace=True)
        font.save(target, reorderTables=False)


def _opened(face: Face, text: str) -> "TTFont":
    from fontTools.ttLib import TTFont

    file = _subset(face, text) if face.path.suffix.lower().endswith("c") else face.path
    return TTFont(file, recalcTimestamp=False)


def _subset(face: Face, text: str) -> BytesIO:
    """One face of a collection with the characters of a text."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    options = subset.Options(notdef_outline=True, hinting=False, drop_tables=_UNUSED_TABLES)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=text + "".join(map(drawn, clusters(text))))
    smaller = BytesIO()
    with TTFont(face.path, fontNumber=face.number, lazy=True, recalcTimestamp=False) as font:
        subsetter.subset(font)
        font.save(smaller)
    smaller.seek(0)
    return smaller

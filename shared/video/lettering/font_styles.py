"""Regular and italic siblings of the bold faces that captions are drawn with, for captions of mixed style.

libass chooses among the files of a family by weight and slant; what it does not find it makes up by smearing
and slanting.
"""

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from shared.video.lettering.fonts import Face, open_faces
from shared.video.timeline import FontFace

_REGULAR: Final = 400
_BOLD: Final = re.compile("-?bold", re.IGNORECASE)
_SIBLINGS: Final = ("-Regular", "", "-Italic", "-Oblique", "-BoldItalic", "-BoldOblique")
"""What stands in file names where the bold face has `-Bold`."""


def style_files(faces: Sequence[FontFace], folder: Path) -> None:
    """Put the siblings of these faces into `folder`, in which the faces themselves are."""
    for face in open_faces(faces):
        if any(tag == "wght" for tag, _ in face.axes):
            _save_regular(face, folder / f"{face.path.stem}-regular{face.path.suffix}")
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


def _save_regular(face: Face, target: Path) -> None:
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    places = {tag: _REGULAR if tag == "wght" else place for tag, place in face.axes}
    with TTFont(face.path, recalcTimestamp=False) as font:
        instancer.instantiateVariableFont(font, places, inplace=True)
        font.save(target, reorderTables=False)

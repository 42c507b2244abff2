"""Chooses the fonts of a text: those that the dependencies bring, then those of the system.

Fonts are found by file name and by the characters in them, never by fontconfig, so that the same text is
drawn with the same faces wherever the same files are, and no other face can replace one unnoticed.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.errors import BadRequest
from shared.text.clusters import clusters, drawn, is_emoji, visible
from shared.text.language import scripts_of
from shared.video.lettering.font_homes import (
    characters_of,
    home_of,
    is_european,
    is_letter,
    is_symbol,
    packages_of,
    script_of,
)
from shared.video.lettering.font_places import bundled_files, system_files
from shared.video.timeline import FontFace

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

_BOLD: Final = 700
_WEIGHTS: Final = (
    ("extrabold", 2),
    ("semibold", 3),
    ("demibold", 3),
    ("extralight", 8),
    ("bold", 0),
    ("[", 1),
    ("-vf", 1),
    ("black", 4),
    ("heavy", 4),
    ("medium", 5),
    ("light", 8),
    ("thin", 9),
)
"""Parts of file names and their distance from the bold that captions use; 6 is a regular."""

_SPARE: Final = "Fira Sans"
_NAMED: Final = dict(extralight=2, semibold=6, extrabold=8, thin=1, light=3, medium=5, bold=7, black=9)

_UNWANTED: Final = re.compile(r"italic|oblique|condensed|mono|color|serif|narrow|ui-")
_REGIONS: Final = {"ja": "JP", "ko": "KR", "zh-hant": "TC", "zh-tw": "TC", "zh-hk": "HK", "zh-mo": "HK"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Face:
    """The face of a font file, opened."""

    path: Path
    number: int
    """Place in a collection, 0 in other files."""
    family: str
    characters: frozenset[str]
    height: float
    """Ascent and descent as libass counts them (`usWinAscent + usWinDescent`), in parts of the em."""
    depth: float
    """The descent alone."""
    axes: tuple[tuple[str, float], ...]
    """Of a variable font: each axis's position for bold, in the file's order."""
    in_colour: bool
    """Whether it holds pictures of emoji instead of outlines."""

    def draws(self, cluster: str) -> bool:
        """Whether it has a glyph for every visible character of a cluster, composed or not."""
        if self.in_colour and not is_emoji(cluster):
            return False
        if self.characters.issuperset(visible(cluster)):
            return True
        return self.characters.issuperset(visible(drawn(cluster)))


@dataclass(frozen=True, kw_only=True)
class MissingScript:
    """Characters that no font on this machine has; as `str`, a sentence with the remedy."""

    script: str
    """ISO 15924 code, or the first word of the characters' Unicode names."""
    clusters: tuple[str, ...]
    """All of them."""
    unreadable: bool
    """Whether most of the script's letters are missing, not just a rare one, a mark or an emoji."""
    remedy: str
    """Names the packages that hold such a font."""

    @property
    def samples(self) -> str:
        """The first few."""
        return "".join(self.clusters[:8])

    def __str__(self) -> str:
        return f"no font has the {characters_of(self.script, self.samples)} {self.samples!r}: {self.remedy}"


@dataclass(frozen=True, kw_only=True)
class FontChoice:
    """The fonts for a text."""

    faces: tuple[FontFace, ...]
    """In order of preference, only those needed."""
    missing: tuple[MissingScript, ...]


def choose_fonts(texts: Iterable[str], language: str = "und", *, emoji_in_colour: bool = False) -> FontChoice:
    """The faces that draw `texts`; `language` (BCP 47) picks the regional shapes of Han characters."""
    wanted = dict.fromkeys(
        cluster for text in texts for cluster in clusters(text) if visible(cluster).strip()
    )
    region = _region(language, "".join(wanted))
    chosen: list[Face] = []
    missing: dict[str, list[str]] = {}
    letters = Counter(script_of(cluster) for cluster in wanted if is_letter(cluster))
    for cluster in sorted(wanted, key=_turn):
        pictures = _colour_faces() if emoji_in_colour and is_emoji(cluster) else ()
        face = next(_that_draw(cluster, chain(pictures, chosen, _candidates(cluster, region))), None)
        if face is None:
            missing.setdefault(script_of(cluster), []).append(cluster)
        elif face not in chosen:
            chosen.append(face)
    return FontChoice(
        faces=tuple(map(_record, chosen)),
        missing=tuple(_report(script, found, letters[script]) for script, found in missing.items()),
    )


def open_faces(faces: Sequence[FontFace]) -> tuple[Face, ...]:
    """The recorded faces on this machine; raises `BadRequest` naming the package of a missing one."""
    opened = [_find(face) for face in faces]
    problems = [_not_here(face) for face, found in zip(faces, opened, strict=True) if found is None]
    if problems:
        raise BadRequest(*problems)
    return tuple(face for face in opened if face is not None)


def letter_faces(faces: Sequence[FontFace]) -> tuple[Face, ...]:
    """The recorded faces that libass can draw, or where all are in colour another one: without any font
    libass draws nothing, shapes neither. Raises as `open_faces` does."""
    found = tuple(face for face in open_faces(faces) if not face.in_colour)
    spare = face_named(_SPARE, 700)
    return found or ((spare,) if spare and faces else ())


def face_named(family: str, weight: int) -> Face | None:
    """A family's upright face, the nearest to a weight (100 to 900); None if this machine has none."""
    own = re.compile(re.escape(family.lower().replace(" ", "")) + r"[\[.-](?!.*italic)")
    files = [path for path in (*bundled_files(), *system_files()) if own.match(_file_key(path))]
    nearest = sorted(files, key=lambda path: abs(_weight_of(path, weight) - weight))
    return next((_open(path, "") for path in nearest), None)


def _weight_of(path: Path, wanted: int) -> int:
    """From the file's name, 400 if the name holds none; a variable font has the wanted one."""
    name = _file_key(path)
    return wanted if "[" in name else next((100 * _NAMED[part] for part in _NAMED if part in name), 400)


def runs_of(text: str, faces: Sequence[Face]) -> list[tuple[Face | None, str]]:
    """Cut `text` where its face changes; None for parts that no face has.

    Digits, marks and spaces take the face of the letters before them, or else after them, but never that of
    emoji and symbols, whose fonts have wide spaces.
    """
    parts = clusters(text)
    letters = [_face_of_letters(part, faces) for part in parts]
    runs: list[tuple[Face | None, str]] = []
    last: Face | None = None
    for index, part in enumerate(parts):
        near = (last, *letters[index:], *faces)
        pictures = (face for face in faces if face.in_colour)
        face = letters[index] or next(_that_draw(part, chain(pictures, filter(None, near))), None)
        if runs and runs[-1][0] is face:
            runs[-1] = (face, runs[-1][1] + part)
        else:
            runs.append((face, part))
        last = last if is_symbol(part) else face or last
    return runs


def _that_draw(cluster: str, faces: Iterable[Face]) -> Iterator[Face]:
    return (face for face in faces if face.draws(cluster))


def _turn(cluster: str) -> int:
    """European letters first, as most fonts for other scripts have them too, in a lesser design.

    Digits and marks later, because the face of the letters next to them should draw them; emoji and symbols
    last, because their fonts have digits as well.
    """
    if not cluster[0].isalpha():
        return 3 if is_symbol(cluster) else 2
    return int(not is_european(script_of(cluster)))


def _face_of_letters(cluster: str, faces: Sequence[Face]) -> Face | None:
    if not cluster[0].isalpha():
        return None
    return next((face for face in faces if face.draws(cluster)), None)


def _report(script: str, found: Sequence[str], letters: int) -> MissingScript:
    return MissingScript(
        script=script,
        clusters=tuple(found),
        unreadable=2 * sum(map(is_letter, found)) > letters,
        remedy=f"install a font that has them, e.g. the package {home_of(script, found[0]).packages}",
    )


def _region(language: str, text: str) -> str:
    tag = language.lower().replace("_", "-")
    known = next((region for start, region in _REGIONS.items() if tag.startswith(start)), None)
    if known or tag.startswith("zh"):
        return known or "SC"
    scripts = scripts_of(text)
    if scripts["Hira"] or scripts["Kana"]:
        return "JP"
    return "KR" if scripts["Hang"] else "SC"


def _colour_faces() -> tuple[Face, ...]:
    files = [path for path in (*bundled_files(), *system_files()) if "coloremoji" in _file_key(path)]
    return tuple(face for face in (_open(path, "") for path in files) if face and face.in_colour)


def _candidates(cluster: str, region: str) -> Iterator[Face]:
    """Faces with outlines, the likeliest first."""
    hints = home_of(script_of(cluster), cluster).hints
    for files in (bundled_files(), system_files()):
        ranked = sorted(files, key=lambda path: _rank(path, hints, region))
        families: set[str] = set()
        for path in ranked:
            family = _file_key(path).split("-")[0]
            if family in families or _is_of_another_script(family, hints):
                continue
            families.add(family)
            face = _open(path, region)
            if face and not face.in_colour:
                yield face


def _rank(path: Path, hints: Sequence[str], region: str) -> tuple[int, ...] | tuple[int | str, ...]:
    name = _file_key(path)
    hinted = next((place for place, hint in enumerate(hints) if hint in name), len(hints))
    weight = next((rank for part, rank in _WEIGHTS if part in name), 6)
    foreign = "cjk" not in name and region.lower() not in name
    return bool(_UNWANTED.search(name)), hinted, foreign, weight, "sans" not in name, name, str(path)


def _file_key(path: Path) -> str:
    return path.name.lower().replace(" ", "").replace("_", "")


def _is_of_another_script(family: str, hints: Sequence[str]) -> bool:
    """Whether it is a Noto font named for some other script; opening hundreds of them would take long."""
    own = re.sub(r"^noto(sans|serif)|\[.*|\.\w+$", "", family)
    is_noto = own != family and family.startswith("noto")
    return is_noto and own not in {"", "symbols", "symbols2"} and not any(hint in own for hint in hints)


@cache
def _open(path: Path, region: str) -> Face | None:
    """The face, the regional one of a collection; None when libass could not draw it."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        number = _number(path, region)
        with path.open("rb") as file, TTFont(file, fontNumber=number, lazy=True) as font:
            return _read(font, path, number)
    except (TTLibError, OSError, KeyError, AttributeError, AssertionError):
        return None  # a damaged file is skipped


def _number(path: Path, region: str) -> int:
    from fontTools.ttLib import TTCollection

    if not path.suffix.lower().endswith("c"):
        return 0
    with path.open("rb") as file, TTCollection(file, lazy=True) as collection:
        families = [str(font["name"].getDebugName(1)) for font in collection.fonts]
    return next((number for number, name in enumerate(families) if name.split()[-1] == region), 0)


def _read(font: "TTFont", path: Path, number: int) -> Face | None:
    family = font["name"].getDebugName(1)
    cmap = font.getBestCmap()
    drawable = any(table in font for table in ("glyf", "CFF ", "CFF2"))
    in_colour = "CBDT" in font
    if not (family and cmap and (drawable or in_colour)) or re.search(r"[\\{},]", family):
        return None
    metrics, units = font["OS/2"], font["head"].unitsPerEm
    axes = font["fvar"].axes if "fvar" in font else ()
    return Face(
        path=path,
        number=number,
        family=family,
        characters=frozenset(map(chr, cmap)),
        height=(metrics.usWinAscent + metrics.usWinDescent) / units,
        depth=metrics.usWinDescent / units,
        axes=tuple(
            (axis.axisTag, min(_BOLD, axis.maxValue) if axis.axisTag == "wght" else axis.defaultValue)
            for axis in axes
        ),
        in_colour=in_colour,
    )


def _record(face: Face) -> FontFace:
    return FontFace(family=face.family, file_name=face.path.name, sha256=_sha256(face.path))


@cache
def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _find(face: FontFace) -> Face | None:
    for path in (*bundled_files(), *system_files()):
        if path.name == face.file_name and _sha256(path) == face.sha256:
            return _open(path, face.family.split()[-1])
    return None


def _not_here(face: FontFace) -> str:
    packages = packages_of(_file_key(Path(face.file_name)))
    return (
        f"the font {face.family!r} of the timeline, file {face.file_name!r}, is not on this machine "
        f"or is another version: install it, e.g. with the package {packages}"
    )

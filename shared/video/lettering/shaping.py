"""Lines of text as glyphs: which face draws which part, in which order, and how wide that is.

Pillow shapes with Raqm where the system has its FriBidi library. Without it Arabic letters are joined by
arabic-reshaper, and scripts whose marks need shaping are drawn unshaped, with a warning.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from shared.text.capitals import capitals
from shared.text.clusters import clusters, drawn, visible
from shared.text.heading_lines import SOFT_HYPHEN
from shared.text.language import is_right_to_left, scripts_of
from shared.video.lettering.fonts import Face, choose_fonts, face_named, open_faces, runs_of

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

RULER_PX: Final = 200
"""The size at which widths are measured, before scaling: hinting rounds small sizes."""
_KEPT: Final = frozenset("\u200c\u200d\u200e\u200f\ufe0e\ufe0f" + SOFT_HYPHEN)
"""Invisible characters that shape letters, select emoji or separate words; all others are left out."""
_SHAPED: Final = frozenset(
    {
        *("Deva", "Beng", "Guru", "Gujr", "Orya", "Taml", "Telu", "Knda", "Mlym", "Sinh"),
        *("Thai", "Laoo", "Khmr", "Mymr", "Tibt", "Java"),
    }
)
_WITHOUT_RAQM: Final = (
    "this machine's Pillow can't shape text in {scripts}, so marks may be out of place: "
    "install FriBidi, e.g. the package libfribidi0 (Debian)"
)
Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A part of a line in one face and one direction."""

    face: Face
    text: str
    """In reading order where Raqm shapes it, else from left to right."""
    right_to_left: bool


class Shaper:
    """Draws the lines of one text. For one thread: using FreeType's faces changes them."""

    def __init__(
        self,
        text: str,
        *,
        family: str,
        weight: int,
        language: str = "und",
        features: Sequence[str] = ("lnum",),
    ) -> None:
        """`features` are OpenType's, used where Raqm shapes."""
        self._weight = weight
        self._features = list(features)
        self._language = language
        self._raqm = has_raqm()
        self._fonts: dict[tuple[Face, int], FreeTypeFont] = {}
        own = face_named(family, weight)
        self._faces, self.warnings = _faces_for(text, own, language)
        if own is None:
            package = f"fontpkg-{family.lower().replace(' ', '-')}"
            self.warnings += (f"the font {family!r} is not here: install the package {package} (PyPI)",)
        self.text = _drawable(text, self._faces)
        self._rightwards = not is_right_to_left(self.text)
        shaped = sorted(_SHAPED & scripts_of(self.text).keys())
        if shaped and not self._raqm:
            self.warnings += (_WITHOUT_RAQM.format(scripts=", ".join(shaped)),)

    def width(self, line: str, size_px: int) -> float:
        """How far the pen moves, in pixels."""
        return sum(self._advance(run, size_px) for run in self.runs(line))

    def ink(self, line: str, size_px: int) -> Box:
        """The inked box, from the left end of the baseline; empty lines have none."""
        boxes = list(self._boxes(line, size_px))
        if not boxes:
            return (0.0, 0.0, 0.0, 0.0)
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        return min(lefts), min(tops), max(rights), max(bottoms)

    def body(self, line: str, size_px: int) -> tuple[float, float]:
        """The visual top and bottom of the line: of its capitals, or else of its ink."""
        _, top, _, bottom = self.ink(line, size_px)
        if scripts_of(line).keys() <= {"Latn", "Grek", "Cyrl"} and self._faces:
            cap = self._font(self._faces[0], size_px).getbbox("H", anchor="ls")[1]
            return float(cap), 0.0
        return top, bottom

    def draw(self, canvas: "ImageDraw", line: str, at: tuple[float, float], size_px: int) -> None:
        """Draw with full ink; `at` is the left end of the baseline."""
        x, y = at
        for run in self.runs(line):
            font = self._font(run.face, size_px)
            canvas.text((x, y), run.text, fill=255, font=font, anchor="ls", **self._options(run))
            x += self._advance(run, size_px)

    def runs(self, line: str) -> list[Run]:
        """From left to right, as Pillow draws them here."""
        return [self._drawable_run(run) for run in self.unshaped_runs(line)]

    def unshaped_runs(self, line: str) -> list[Run]:
        """From left to right, each in reading order, for programs that shape by themselves."""
        plain = line.replace(SOFT_HYPHEN, "")
        if self._rightwards and not _has_right_to_left(plain):
            return [_run(face, part, right_to_left=False) for face, part in self._parts(plain)]
        return [
            _run(face, part, right_to_left=bool(level % 2))
            for level, piece in _visual(plain, 0 if self._rightwards else 1)
            for face, part in (self._parts(piece) if level % 2 == 0 else reversed(self._parts(piece)))
        ]

    def _parts(self, text: str) -> list[tuple[Face, str]]:
        """Cut `text` where its face changes; a word in one script has one face if any face has all of it."""
        faces: list[Face | None] = []
        for face, run in runs_of(text, self._faces):
            faces += [face] * len(run)
        for start, end in _word_spans(text):
            word = text[start:end]
            if len(set(faces[start:end])) > 1 and len(scripts_of(word)) == 1:
                whole = next((face for face in self._faces if _draws_all(face, word)), None)
                faces[start:end] = [whole] * (end - start) if whole else faces[start:end]
        together = groupby(zip(faces, text, strict=True), key=lambda pair: pair[0])
        return [(face, "".join(char for _, char in pairs)) for face, pairs in together if face]

    def _drawable_run(self, run: Run) -> Run:
        return run if self._raqm else replace(run, text=_shaped_without_raqm(run.text, run.right_to_left))

    def _options(self, run: Run) -> dict[str, Any]:
        if not self._raqm:
            return {}
        language = None if self._language == "und" else self._language
        direction = "rtl" if run.right_to_left else "ltr"
        return {"direction": direction, "language": language, "features": self._features}

    def _advance(self, run: Run, size_px: int) -> float:
        return float(self._font(run.face, size_px).getlength(run.text, **self._options(run)))

    def _boxes(self, line: str, size_px: int) -> Iterator[Box]:
        x = 0.0
        for run in self.runs(line):
            font = self._font(run.face, size_px)
            left, top, right, bottom = font.getbbox(run.text, anchor="ls", **self._options(run))
            if right > left and bottom > top:
                yield x + left, top, x + right, bottom
            x += self._advance(run, size_px)

    def _font(self, face: Face, size_px: int) -> "FreeTypeFont":
        if (face, size_px) not in self._fonts:
            self._fonts[face, size_px] = _open_font(face, size_px, self._weight, raqm=self._raqm)
        return self._fonts[face, size_px]


def _run(face: Face, text: str, *, right_to_left: bool) -> Run:
    shown = "".join(drawn(cluster) for cluster in clusters(text))
    return Run(face=face, text=shown, right_to_left=right_to_left)


def has_raqm() -> bool:
    """Whether Pillow shapes complex scripts on this machine."""
    from PIL import features

    return bool(features.check("raqm"))


def clean(text: str) -> str:
    """One line with single spaces, without controls and direction overrides, composed."""
    kept = "".join(char for char in text if visible(char) or char in _KEPT or char.isspace())
    spaced = "".join(" " if char.isspace() and char not in "\u00a0\u202f" else char for char in kept)
    return unicodedata.normalize("NFC", re.sub(" +", " ", spaced).strip(" "))


def in_capitals(text: str, language: str) -> str:
    """As the language writes them; Georgian's are missing from fonts."""
    capital = zip(text, capitals(text, language), strict=True)
    return "".join(char if "\u10d0" <= char <= "\u10ff" else upper for char, upper in capital)


def _faces_for(text: str, own: Face | None, language: str) -> tuple[tuple[Face, ...], tuple[str, ...]]:
    """The style's own face first, then faces for what it lacks; and missing characters, in words."""
    lacking = [c for c in clusters(text) if visible(c).strip() and not (own and own.draws(c))]
    choice = choose_fonts(lacking, language)
    faces = ((own,) if own else ()) + open_faces(choice.faces)
    return faces, tuple(map(str, choice.missing))


def _drawable(text: str, faces: Sequence[Face]) -> str:
    """The text without characters that no face has."""
    kept = (c for c in clusters(text) if not visible(c).strip() or any(face.draws(c) for face in faces))
    return clean("".join(kept))


def _draws_all(face: Face, text: str) -> bool:
    return all(face.draws(cluster) for cluster in clusters(text))


def _word_spans(text: str) -> Iterator[tuple[int, int]]:
    place = 0
    for word in text.split(" "):
        if word:
            yield place, place + len(word)
        place += len(word) + 1


def _has_right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(char) in {"R", "AL", "AN", "RLE", "RLO"} for char in text)


@lru_cache(maxsize=1024)
def _visual(line: str, base: int) -> tuple[tuple[int, str], ...]:
    """Pieces of one embedding level each, from left to right, each in the order of reading (UAX #9, L2)."""
    levels = _levels(line, base)
    pieces = [
        (level, "".join(char for _, char in pairs))
        for level, pairs in groupby(zip(levels, line, strict=True), key=lambda pair: pair[0])
    ]
    for least in range(max(levels, default=0), 0, -1):
        pieces = _turned(pieces, least)
    return tuple(pieces)


def _turned(pieces: list[tuple[int, str]], least: int) -> list[tuple[int, str]]:
    """Reverse every stretch of pieces at this level or above."""
    turned: list[tuple[int, str]] = []
    for inside, group in groupby(pieces, key=lambda piece: piece[0] >= least):
        stretch = list(group)
        turned += stretch[::-1] if inside else stretch
    return turned


def _levels(line: str, base: int) -> list[int]:
    """The embedding level of each character; those that UAX #9 removes get their neighbour's."""
    from bidi import algorithm

    storage: dict[str, Any] = algorithm.get_empty_storage()
    storage.update(base_level=base, base_dir="LR"[base])
    algorithm.get_embedding_levels(line, storage)
    for place, char in enumerate(storage["chars"]):
        char["place"] = place
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    found = {char["place"]: int(char["level"]) for char in storage["chars"]}
    levels: list[int] = []
    for place in range(len(line)):
        levels.append(found.get(place, levels[-1] if levels else base))
    return levels


def _shaped_without_raqm(text: str, right_to_left: bool) -> str:
    """Arabic letters in their joining forms, and everything from left to right."""
    if not right_to_left:
        return text
    import arabic_reshaper
    from bidi.algorithm import get_display

    return str(get_display(arabic_reshaper.reshape(text), base_dir="R"))


def _open_font(face: Face, size_px: int, weight: int, *, raqm: bool) -> "FreeTypeFont":
    from PIL import ImageFont

    engine = ImageFont.Layout.RAQM if raqm else ImageFont.Layout.BASIC
    font = ImageFont.truetype(str(face.path), size_px, index=face.number, layout_engine=engine)
    if face.axes:
        ranges = font.get_variation_axes()
        values = [
            max(axis["minimum"] or 0, min(weight, axis["maximum"] or 1000)) if tag == "wght" else usual
            for (tag, usual), axis in zip(face.axes, ranges, strict=True)
        ]
        font.set_variation_by_axes(values)
    return font

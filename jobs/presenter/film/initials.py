"""An avatar made from a name: its initials on a colour, or a figure of a person."""

import colorsys
import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from shared.text.capitals import capitals
from shared.text.clusters import clusters
from shared.text.language import scripts_of

if TYPE_CHECKING:
    from PIL.Image import Image

_FAMILY: Final = "Fira Sans"
_WHITE: Final = "#FFFFFF"
_NOBODY: Final = "#5B6472"
_HUES: Final = 24
_TITLES: Final = frozenset(
    {
        *("dr", "prof", "professor", "mr", "mrs", "ms", "mx", "sir", "dame", "herr", "frau"),
        *("jr", "sr", "ii", "iii", "iv", "phd", "md", "msc", "bsc", "esq"),
    }
)
_ONE_SIGN: Final = frozenset({"Hani", "Hira", "Kana", "Hang"})
"""Scripts in which a name's first character stands for it."""


def draw_initials(name: str, size_px: int, *, colours: Sequence[str] = ()) -> "Image":
    """The initials of a name on a colour that the name decides, one of `colours` (#RRGGBB) if there are any.

    A figure of a person if the name is empty or no font has its letters.
    """
    from PIL import Image

    letters = initials_of(name)
    drawn = _letters(letters, size_px) if letters else None
    ground = _background(name if drawn else "", size_px, colours)
    if drawn is None:
        ground.paste(Image.new("RGB", ground.size, _WHITE), mask=_person(size_px))
        return ground
    words, (left, top, right, bottom) = drawn
    place = round(size_px / 2 - (left + right) / 2), round(size_px / 2 - (top + bottom) / 2)
    ground.paste(words, place, words)
    return ground


def initials_of(name: str) -> str:
    """Of the first and the last word; of a name in Chinese, Japanese or Korean the first character."""
    plain = re.sub(r"\(.*?\)|\[.*?\]", " ", name)
    words = [word for raw in plain.split() if (word := _bare(raw))]
    words = [word for word in words if word.casefold() not in _TITLES] or words
    if not words:
        return ""
    if scripts_of(words[0]).keys() & _ONE_SIGN:
        return _first(words[0])
    chosen = words[:1] if len(words) == 1 else [words[0], words[-1]]
    between = " " if "Arab" in scripts_of(words[0]) else ""  # its letters would join
    return between.join(map(_first, chosen))


def _bare(word: str) -> str:
    """Without what surrounds its letters, and without the Arabic article."""
    found = re.sub(r"^[\W\d_]+|[\W_]+$", "", word)
    return found[2:] if found.startswith("ال") and len(found) > 3 else found


def _first(word: str) -> str:
    first = clusters(word)[0]
    return "".join(capitals(first, "und"))


def _letters(letters: str, size_px: int) -> "tuple[Image, tuple[int, int, int, int]] | None":
    """The letters with their visual box; None if no font has them."""
    from PIL import Image

    from shared.video.lettering.letters import Letters, draw_words

    wide = round(0.62 * size_px)
    look = Letters(family=_FAMILY, weight=500, size_px=round(0.42 * size_px), colour=_WHITE)
    drawn = draw_words(letters, box_width=wide, box_height=wide, letters=look)
    if not drawn.rgba.size or "".join(drawn.lines).strip() != letters:
        return None
    return Image.fromarray(drawn.rgba, "RGBA"), drawn.body


def _background(name: str, size_px: int, colours: Sequence[str]) -> "Image":
    """A colour that gets a little darker downwards; white is legible on all of it."""
    from PIL import Image, ImageColor

    top = legible_below_white(_colour_of(name, colours))
    red, green, blue = ImageColor.getrgb(top)[:3]
    bottom = tuple(round(part * 0.8) for part in (red, green, blue))
    column = Image.new("RGB", (1, 2))
    column.putdata([(red, green, blue), bottom])
    return column.resize((size_px, size_px), Image.Resampling.BILINEAR)


def _colour_of(name: str, colours: Sequence[str]) -> str:
    if not name:
        return _NOBODY
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    if colours:
        return colours[number % len(colours)]
    parts = colorsys.hls_to_rgb(number % _HUES / _HUES, 0.45, 0.55)
    return "#" + "".join(f"{round(255 * part):02X}" for part in parts)


def legible_below_white(colour: str) -> str:
    """The colour, darkened until white letters are legible on it."""
    from shared.video.colour import parse_colour
    from shared.video.lettering.contrast import READABLE, contrast_ratio

    parts = parse_colour(colour)
    for percent in range(100, 0, -2):
        darker = "#" + "".join(f"{part * percent // 100:02X}" for part in parts)
        if contrast_ratio(darker, _WHITE) >= READABLE + 0.2:
            return darker
    return "#000000"


def _person(size_px: int) -> "Image":
    """Head and shoulders, as a mask."""
    from PIL import Image, ImageDraw

    big = 4 * size_px
    mask = Image.new("L", (big, big))
    pen = ImageDraw.Draw(mask)
    for x, y, across, down in ((0.5, 0.4, 0.15, 0.165), (0.5, 0.9, 0.29, 0.29)):
        box = [round(big * part) for part in (x - across, y - down, x + across, y + down)]
        pen.ellipse(box, fill=255)
    return mask.resize((size_px, size_px), Image.Resampling.LANCZOS)

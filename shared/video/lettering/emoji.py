"""Pictures of emoji, from fonts that hold them as PNG (the tables CBDT and CBLC).

https://learn.microsoft.com/typography/opentype/spec/cbdt. A sequence, such as a flag or a family, is one
picture by the font's ligatures; of a sequence that the font does not know, its first emoji is shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.video.lettering.fonts import Face

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

ADVANCE_EM: Final = 1.25
"""How wide every emoji is set."""
_LIGATURES: Final = 4
"""The type of lookup in GSUB: https://learn.microsoft.com/typography/opentype/spec/gsub."""
_SELECTORS: Final = frozenset("\ufe0e\ufe0f")


@dataclass(frozen=True, kw_only=True, eq=False)
class Emoji:
    """A picture as stored in the font."""

    rgba: NDArray[np.uint8]
    """(height, width, 4), straight alpha."""
    px_per_em: int
    above_px: int
    """From the baseline to the top."""


@cache
def emoji_of(face: Face, cluster: str) -> Emoji | None:
    """The picture of a cluster that a face in colour draws; None if it is empty."""
    from PIL import Image

    font = _opened(face)
    found = next(_bitmaps(font, cluster), None)
    if found is None:
        return None
    with Image.open(BytesIO(found.imageData)) as picture:
        rgba = np.asarray(picture.convert("RGBA"), np.uint8)
    size = font["CBLC"].strikes[0].bitmapSizeTable.ppemY
    return Emoji(rgba=rgba, px_per_em=size, above_px=found.metrics.BearingY)


@cache
def _opened(face: Face) -> "TTFont":
    """Kept open, since glyphs are read on demand; one font serves a whole film."""
    from fontTools.ttLib import TTFont

    return TTFont(face.path, fontNumber=face.number, lazy=True)


def _bitmaps(font: "TTFont", cluster: str) -> Iterator[Any]:
    glyphs = font["CBDT"].strikeData[0]
    for name in _glyph_names(font, cluster):
        glyph = glyphs.get(name)
        if glyph is not None and hasattr(glyph, "metrics"):
            yield glyph


def _glyph_names(font: "TTFont", cluster: str) -> tuple[str, ...]:
    """The glyphs of a cluster, joined as far as the font's ligatures go."""
    cmap = font.getBestCmap()
    names = tuple(cmap[ord(char)] for char in cluster if char not in _SELECTORS and ord(char) in cmap)
    joined: tuple[str, ...] = ()
    ligatures = _ligatures(font)
    while names:
        length = next((n for n in range(len(names), 1, -1) if names[:n] in ligatures), 1)
        joined += (ligatures.get(names[:length], names[0]),)
        names = names[length:]
    return joined


@cache
def _ligatures(font: "TTFont") -> dict[tuple[str, ...], str]:
    found = {}
    for lookup in font["GSUB"].table.LookupList.Lookup if "GSUB" in font else ():
        for wrapped in lookup.SubTable:
            table = getattr(wrapped, "ExtSubTable", wrapped)
            if table.LookupType == _LIGATURES:
                for first, ligatures in table.ligatures.items():
                    found.update({(first, *one.Component): one.LigGlyph for one in ligatures})
    return found

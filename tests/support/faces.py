"""Fonts made by code for scripts that the dependencies lack, on a machine without other fonts."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from shared.video.lettering import fonts
from shared.video.lettering.font_places import bundled_files

if TYPE_CHECKING:
    from fontTools.fontBuilder import FontBuilder


def make_font(path: Path, characters: str) -> Path:
    """A bold font that draws each of these characters as a box; its family is the file's name."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    names = {ord(char): f"u{ord(char):X}" for char in characters}
    box = TTGlyphPen(None)
    box.moveTo((100, 0))
    for corner in ((100, 700), (900, 700), (900, 0)):
        box.lineTo(corner)
    box.closePath()
    order = [".notdef", *names.values()]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(names)
    builder.setupGlyf(dict.fromkeys(order, box.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(order, (1000, 100)))
    builder.setupHorizontalHeader(ascent=900, descent=-200)
    builder.setupNameTable({"familyName": path.stem, "styleName": "Bold", "psName": path.stem})
    builder.setupOS2(usWinAscent=900, usWinDescent=200, usWeightClass=700)
    builder.setupPost()
    builder.save(path)
    return path


def use_fonts(monkeypatch: pytest.MonkeyPatch, *paths: Path) -> None:
    """As if the machine had only these fonts and those of the dependencies."""
    monkeypatch.setattr(fonts, "system_files", lambda: paths)


def hide_noto(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the packages with Noto fonts for most scripts were not installed."""
    there = [path for path in bundled_files() if "manimgx" not in path.parent.name]
    monkeypatch.setattr(fonts, "bundled_files", lambda: there)


def make_emoji_font(folder: Path, colours: Mapping[str, str]) -> Path:
    """A font in which each emoji is a square in one colour; sequences of characters are ligatures."""
    from fontTools.fontBuilder import FontBuilder

    chars = sorted({char for cluster in colours for char in cluster})
    names = {ord(char): f"u{ord(char):X}" for char in chars}
    pictures = {"_".join(names[ord(char)] for char in cluster): colour for cluster, colour in colours.items()}
    order = [".notdef", *dict.fromkeys([*names.values(), *pictures])]
    builder = FontBuilder(1000)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(names)
    builder.setupHorizontalMetrics(dict.fromkeys(order, (1250, 0)))
    builder.setupHorizontalHeader(ascent=950, descent=-250)
    builder.setupNameTable({"familyName": "Test Color Emoji", "styleName": "Regular"})
    builder.setupOS2(usWinAscent=950, usWinDescent=250)
    builder.setupPost()
    joined = [cluster for cluster in colours if len(cluster) > 1]
    rules = [
        f"sub {' '.join(names[ord(c)] for c in s)} by {'_'.join(names[ord(c)] for c in s)};" for s in joined
    ]
    builder.addOpenTypeFeatures(f"feature ccmp {{ {' '.join(rules)} }} ccmp;" if rules else "")
    _add_bitmaps(builder, pictures)
    path = folder / "TestColorEmoji.ttf"
    builder.save(path)
    return path


def _add_bitmaps(builder: "FontBuilder", pictures: Mapping[str, str]) -> None:
    from fontTools.ttLib import newTable
    from fontTools.ttLib.tables.BitmapGlyphMetrics import SmallGlyphMetrics
    from fontTools.ttLib.tables.C_B_D_T_ import cbdt_bitmap_format_17
    from fontTools.ttLib.tables.E_B_L_C_ import (
        BitmapSizeTable,
        SbitLineMetrics,
        Strike,
        eblc_index_sub_table_1,
    )

    glyphs = {}
    for name, colour in pictures.items():
        buffer = BytesIO()
        Image.new("RGBA", (40, 40), colour).save(buffer, "PNG")
        glyph = cbdt_bitmap_format_17(None, None)
        glyph.metrics, glyph.imageData = SmallGlyphMetrics(), buffer.getvalue()
        vars(glyph.metrics).update(height=40, width=40, BearingX=0, BearingY=32, Advance=40)
        glyphs[name] = glyph
    lines = SbitLineMetrics()
    shape = "ascender descender widthMax caretSlopeNumerator caretSlopeDenominator caretOffset minOriginSB"
    vars(lines).update(dict.fromkeys(f"{shape} minAdvanceSB maxBeforeBL minAfterBL pad1 pad2".split(), 0))
    strike = Strike()
    strike.bitmapSizeTable = BitmapSizeTable()
    vars(strike.bitmapSizeTable).update(colorRef=0, hori=lines, vert=lines, startGlyphIndex=1)
    vars(strike.bitmapSizeTable).update(endGlyphIndex=1, ppemX=40, ppemY=40, bitDepth=32, flags=1)
    table = eblc_index_sub_table_1(None, builder.font)
    vars(table).update(indexFormat=1, imageFormat=17, imageDataOffset=0, names=[*glyphs])
    strike.indexSubTables = [table]
    cblc, cbdt = newTable("CBLC"), newTable("CBDT")
    cblc.version = cbdt.version = 3.0
    cblc.strikes, cbdt.strikeData = [strike], [glyphs]
    builder.font["CBLC"], builder.font["CBDT"] = cblc, cbdt

"""Fonts made by code, for scripts whose fonts no dependency brings, and a machine that has no others."""

from pathlib import Path

import pytest

from shared.video.lettering import fonts


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
    """As if the machine had these fonts, and none but them and those that the dependencies bring."""
    monkeypatch.setattr(fonts, "_system_files", lambda: paths)

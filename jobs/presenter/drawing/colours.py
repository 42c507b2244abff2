"""Colours that stay legible, and the colours of source code."""

from collections.abc import Iterator
from functools import cache
from typing import Final

from shared.video.colour import parse_colour
from shared.video.lettering.contrast import READABLE, contrast_ratio, luminance

_STEPS: Final = 20
_MIDDLE: Final = 0.18
"""The luminance that is equally far from black and white."""
Piece = tuple[str, str]
"""Text and its colour."""


@cache
def legible(colour: str, ground: str) -> str:
    """The colour, moved towards black or white as far as words on this ground need it."""
    end = (0, 0, 0) if luminance(ground) > _MIDDLE else (255, 255, 255)
    own = parse_colour(colour)
    for step in range(_STEPS + 1):
        mixed = (round(a + (b - a) * step / _STEPS) for a, b in zip(own, end, strict=True))
        found = "#{:02x}{:02x}{:02x}".format(*mixed)
        if contrast_ratio(found, ground) >= READABLE + 0.1:
            return found
    return "#{:02x}{:02x}{:02x}".format(*end)


def code_lines(text: str, language: str, *, style: str, plain: str, ground: str) -> list[list[Piece]]:
    """Source code in coloured pieces, line by line; of an unknown language all in one colour."""
    lines: list[list[Piece]] = [[]]
    for words, colour in _pieces(text.rstrip().expandtabs(4), language, style):
        own = legible(colour or plain, ground)
        first, *others = words.split("\n")
        lines[-1].append((first, own))
        lines += [[(other, own)] for other in others]
    while len(lines) > 1 and not any(words.strip() for words, _ in lines[-1]):
        lines.pop()
    return lines


def _pieces(text: str, language: str, style: str) -> Iterator[tuple[str, str]]:
    """Text and its colour, empty where the style has none."""
    from pygments.lexers import get_lexer_by_name
    from pygments.styles import get_style_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language or "text", stripnl=False, ensurenl=False)
    except ClassNotFound:
        lexer = get_lexer_by_name("text", stripnl=False, ensurenl=False)
    colours = get_style_by_name(style)
    for token, words in lexer.get_tokens(text):
        found = colours.style_for_token(token)["color"]
        yield words, f"#{found}" if found else ""

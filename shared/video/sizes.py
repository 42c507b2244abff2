"""The sizes of films, as people name them."""

import re
from collections.abc import Iterable
from typing import Final

SIZES: Final = {"portrait": (1080, 1920), "landscape": (1920, 1080), "square": (1080, 1080)}
"""Width and height in pixels."""
_LARGEST: Final = 4096


def parse_size(text: str, names: Iterable[str] = SIZES) -> tuple[int, int]:
    """Width and height of one of `SIZES` or of `<width>x<height>`.

    Raises `ValueError` with the remedy, which lists `names`.
    """
    if text in SIZES:
        return SIZES[text]
    match = re.fullmatch(r"([0-9]{2,4})x([0-9]{2,4})", text)
    if not match:
        raise ValueError(f"use {', '.join(names)} or <width>x<height> such as 1080x1920")
    width, height = int(match[1]), int(match[2])
    if width % 2 or height % 2 or not all(64 <= side <= _LARGEST for side in (width, height)):
        raise ValueError(f"use even sides from 64 to {_LARGEST}")
    return width, height

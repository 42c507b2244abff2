"""Checks whether the texts of a film can be drawn, before any work or payment."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from shared.errors import InvalidAssets
from shared.text.clusters import clusters, visible
from shared.video.lettering.fonts import MissingScript, choose_fonts
from shared.video.timeline import FontFace


@dataclass(frozen=True, kw_only=True)
class Drawable:
    """The fonts of a film's texts."""

    faces: tuple[FontFace, ...]
    missing: tuple[str, ...] = ()
    """Scripts with rare characters that can't be drawn and are left out."""
    warnings: tuple[str, ...] = ()
    """Those characters, where they are, and the remedy."""


def check_fonts(
    texts: Mapping[str, str],
    language: str,
    *,
    otherwise: str,
    emoji_in_colour: bool = False,
    none_empty: bool = False,
) -> Drawable:
    """The fonts for texts, which are given by their place.

    Raises `InvalidAssets` for a script that no font has, and with `none_empty` for a text of which only marks
    can be drawn, naming its place, the package to install, and what can be done `otherwise`.
    """
    choice = choose_fonts(texts.values(), language, emoji_in_colour=emoji_in_colour)
    lost = {cluster for gap in choice.missing for cluster in gap.clusters}
    seen = [set(clusters(text)) for text in texts.values()]
    emptied = [whole for whole in seen if none_empty and not any(map(_says, whole - lost))]
    unreadable = [
        f"{_place(gap, texts)}: {gap}, or {otherwise}"
        for gap in choice.missing
        if gap.unreadable or any(whole & set(gap.clusters) for whole in emptied)
    ]
    if unreadable:
        raise InvalidAssets(*unreadable)
    return Drawable(
        faces=choice.faces,
        missing=tuple(gap.script for gap in choice.missing),
        warnings=tuple(f"{_place(gap, texts)}: {gap}; they are left out" for gap in choice.missing),
    )


def _says(cluster: str) -> bool:
    """Whether it is a letter, a digit or a symbol; a mark alone means nothing."""
    return bool(visible(cluster).strip()) and unicodedata.category(cluster[0])[0] != "P"


def _place(gap: MissingScript, texts: Mapping[str, str]) -> str:
    """The first text that has such characters, and how many others do."""
    lost = set(gap.clusters)
    places = [place for place, text in texts.items() if lost & set(clusters(text))]
    more = len(places) - 1
    return f"{places[0]} and {more} more" if more else places[0]

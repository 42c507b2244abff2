"""The pieces, a module for each mood: who plays what when. A style names its mood.

Each piece has five sections, one for each scene and one for the call to action: an opening that leaves room
for the first words, two that add to it, a build, and an arrival.

To add a mood:
1. write `jobs/ad/music/moods/<name>.py` with a function `piece`,
2. add it to `MOODS`,
3. name it in a style, e.g. in a new `jobs/ad/styles/<name>.yaml`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from shared.errors import UnknownName

if TYPE_CHECKING:
    from jobs.ad.music.desk import Desk, Section, Stereo

Piece = Callable[["Desk", Sequence["Section"]], "Stereo"]
"""Plays the sections on the desk."""


def _bold() -> Piece:
    from jobs.ad.music.moods.bold import piece

    return piece


def _energetic() -> Piece:
    from jobs.ad.music.moods.energetic import piece

    return piece


def _luxury() -> Piece:
    from jobs.ad.music.moods.luxury import piece

    return piece


def _minimal() -> Piece:
    from jobs.ad.music.moods.minimal import piece

    return piece


MOODS: Final[Mapping[str, Callable[[], Piece]]] = {
    "bold": _bold,
    "energetic": _energetic,
    "luxury": _luxury,
    "minimal": _minimal,
}


def piece_for(mood: str) -> Piece:
    """The piece of this mood; raises `UnknownName`."""
    if mood not in MOODS:
        raise UnknownName("mood", mood, list(MOODS))
    return MOODS[mood]()

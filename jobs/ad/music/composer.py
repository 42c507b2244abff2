"""Composing: a piece of a mood, arranged so that what is heard follows what is seen.

All of it is synthesised here; same arguments, same samples.
"""

import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from jobs.ad.music.desk import Desk, sections
from jobs.ad.music.instruments import RATE_HZ
from jobs.ad.music.moods import piece_for

CUTS_S: Final = (8.0, 15.0, 22.0, 26.0)
"""Where the scenes of an ad meet, and where its call to action comes in, as planned."""


def compose(
    *, mood: str, tempo_bpm: float, seconds: float = 30.0, cuts_s: Sequence[float] = CUTS_S, seed: int = 0
) -> NDArray[np.float32]:
    """`(samples, 2)` at 48 kHz, peak -4 dBFS, silent at both ends.

    Something new comes in at each of the four `cuts_s`, and at the last the music arrives. The tempo is kept
    to within some per cent, so that the cuts fall on beats. Another `seed` plays it a little differently.
    Raises `UnknownName` for the mood, and `ValueError` when there are not four cuts, or they leave less than
    half a second between them.
    """
    if len(cuts_s) != 4:
        raise ValueError(f"{len(cuts_s)} cuts were given; an ad has 4")
    desk = Desk(seconds, seed)
    return np.ascontiguousarray(piece_for(mood)(desk, sections(cuts_s, seconds, tempo_bpm)).T)


def write_music(
    path: Path,
    *,
    mood: str,
    tempo_bpm: float,
    seconds: float = 30.0,
    cuts_s: Sequence[float] = CUTS_S,
    seed: int = 0,
) -> None:
    """Write what `compose` gives as 16-bit WAV."""
    music = compose(mood=mood, tempo_bpm=tempo_bpm, seconds=seconds, cuts_s=cuts_s, seed=seed)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.rint(music * 32767).astype("<i2").tobytes())

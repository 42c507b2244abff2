"""The sound of a talk without music, as it is mixed and encoded, and with filters that ring on in its pauses.

Each piece of work runs in a separate process and prints one line of JSON.
"""

import hashlib
import json
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from shared.providers.account import Account
from shared.providers.speech import as_wav, speech_provider
from shared.settings import Settings
from shared.video.sound import mix
from shared.video.timeline import Shot, Spoken, Timeline

_RATE: Final = Fraction(30)
_EVERY_FRAMES: Final = 150
_SENTENCES: Final = 24
"""One every five seconds, so that half of the film is pauses."""


def speak(root: str) -> dict[str, Any]:
    """Say the sentences."""
    provider = speech_provider(Settings(speech_provider="espeak"), Account.closed())
    for number in range(_SENTENCES):
        text = f"This is sentence number {number + 1} of a talk that has no music."
        speech = provider.speak(text, language="en", voice=None, rate=1.0)
        (Path(root) / f"{number}.wav").write_bytes(as_wav(speech))
    return {"seconds": _timeline().frames / _RATE.numerator}


def mixed(root: str) -> dict[str, Any]:
    """Mix as films are mixed."""
    files = {str(number): Path(root) / f"{number}.wav" for number in range(_SENTENCES)}
    target = Path(root) / "film.m4a"
    mix.mix_audio(_timeline(), files, target, Path(root))
    return {"sha256": hashlib.sha256(target.read_bytes()).hexdigest()}


def ringing(root: str) -> dict[str, Any]:
    """The same, but pauses are full of denormal floats."""
    with patch.object(mix, "_NO_DENORMALS", "anull"):
        return mixed(root)


def _timeline() -> Timeline:
    speech = tuple(Spoken(key=str(each), at_frame=each * _EVERY_FRAMES) for each in range(_SENTENCES))
    shots = (Shot(frames=_SENTENCES * _EVERY_FRAMES),)
    return Timeline(width=64, height=64, frame_rate=_RATE, shots=shots, speech=speech)


_WORK: Final[dict[str, Callable[[str], dict[str, Any]]]] = {
    "speak": speak,
    "mixed": mixed,
    "ringing": ringing,
}

if __name__ == "__main__":
    name, root = sys.argv[1:]
    sys.stdout.write(json.dumps(_WORK[name](root)) + "\n")

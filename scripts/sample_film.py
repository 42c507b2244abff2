"""The bundled sample film, "The Last Ferry to Orvanne", which is drawn, spoken and mixed on demand."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from scripts.known_film.picture import write_film
from scripts.known_film.screenplay import ferry
from scripts.known_film.sound import KnownSound, perform
from shared.providers.account import Account
from shared.providers.speech import speech_provider
from shared.settings import Settings


def write_sample_film(
    folder: Path, *, on_line: Callable[[int, int], None] = lambda _done, _count: None
) -> KnownSound:
    """Write `film.mp4`, `tmdb.json` (facts about it) and `truth.json` (its words) below `folder`."""
    screenplay = ferry()
    speaker = speech_provider(Settings(speech_provider="kokoro"), Account.closed())
    sound = perform(screenplay, speaker, on_line=on_line)
    write_film(folder / "film.mp4", sound, [shot.picture for shot in screenplay.shots], folder)
    (folder / "tmdb.json").write_text(json.dumps(screenplay.facts, indent=1), encoding="utf-8")
    words = [asdict(word) for word in sound.words]
    (folder / "truth.json").write_text(json.dumps({"words": words, "cuts": sound.cuts}), encoding="utf-8")
    return sound

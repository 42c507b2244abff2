"""The voice-overs, which voice_gen makes for compositing."""

from typing import Final

from pydantic import BaseModel, ConfigDict

from shared.records.creation import Creation
from shared.video.timeline import Word

VOICEOVERS_NAME: Final = "assets/voiceovers/voiceovers.json"


class Voiceover(BaseModel):
    """One voice-over."""

    model_config = ConfigDict(frozen=True)

    scene: int
    """1 to 4; the fourth continues over the call to action."""
    name: str
    """The name of its MP3 (44.1 kHz, 128 kbit/s, mono), e.g. `assets/voiceovers/scene_1.mp3`."""
    content_hash: str
    """Of the MP3."""
    text: str
    language: str
    duration_ms: int
    """Of the speech in it, without silence at both ends."""
    pace: float
    """The factor by which it was sped up (above 1) or slowed down to fit its scene."""
    words: tuple[Word, ...]
    """When each word is heard, from the start of the MP3."""


class Voiceovers(BaseModel):
    """`assets/voiceovers/voiceovers.json`."""

    model_config = ConfigDict(frozen=True)

    provider: str
    voice: str
    voiceovers: tuple[Voiceover, ...]


def voiceover_name(scene: int) -> str:
    return f"assets/voiceovers/scene_{scene}.mp3"


def read_voiceovers(creation: Creation) -> Voiceovers:
    """The voice-overs; raises `ObjectNotFound` before voice_gen has run."""
    return Voiceovers.model_validate_json(creation.read(VOICEOVERS_NAME)[0])

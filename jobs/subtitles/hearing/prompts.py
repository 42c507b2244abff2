"""What Whisper is told beforehand: names that may be said."""
from dataclasses import dataclass

@dataclass(frozen=True, kw_only=True)
class Prompt:
    text: str = ""
    hotwords: str = ""

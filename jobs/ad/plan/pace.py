"""How long each voice-over may take: what scripts are written to and voices are paced by."""

from dataclasses import dataclass
from typing import Final

from jobs.ad.styles import Style

_LEAD_S: Final = 0.35
_TAIL_S: Final = 0.35
"""Around a voice in its scene: transitions are not spoken over."""
_CLOSING_S: Final = 1.0
"""Left of the call to action when the last word is said."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """The time for one voice-over."""

    seconds: float
    words: int
    """How many the style's voice says in it."""


def windows_of(style: Style) -> tuple[Window, ...]:
    """A window for each of the four scenes; the fourth goes on over the call to action."""
    seconds = [scene.seconds - _LEAD_S - _TAIL_S for scene in style.scenes]
    seconds[-1] = style.scenes[-1].seconds + style.cta_seconds - _CLOSING_S
    return tuple(Window(seconds=each, words=int(each * style.voice.words_per_s)) for each in seconds)

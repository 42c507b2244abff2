"""How long voice-overs may take, how fast they may be and what is left around them.

Scripts are written for windows with these pauses, voices are then paced to fit their window, and the schedule
gives each scene what its voice needs, with shorter pauses and faster voices where it must.
"""

from dataclasses import dataclass
from typing import Final

from jobs.ad.styles import Style

PAUSE_S: Final = 0.35
"""Before and after a voice in its scene: transitions are not spoken over."""
SHORTEST_PAUSE_S: Final = 0.12
"""Where voices are too long for that."""
CLOSING_PAUSE_S: Final = 0.45
"""After the last voice at least, before pauses shrink."""
_CLOSING_S: Final = 1.0
"""Left of the call to action when the last word is said, as scripts are written."""
_FASTEST: Final = 1.18
"""Times the voice's own pace, to fit its window."""
_SLOWEST: Final = 0.93
_FASTEST_AT_LAST: Final = 1.3
"""The same where all voices are too long for the ad together."""
_FILLED: Final = 0.6
"""Of its window: a voice that fills less is slowed down, so that a scene isn't silent for long."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """The time for one voice-over."""

    seconds: float
    words: int
    """How many the style's voice says in it."""


def windows_of(style: Style) -> tuple[Window, ...]:
    """A window for each of the four scenes; the fourth goes on over the call to action."""
    seconds = [scene.seconds - PAUSE_S - PAUSE_S for scene in style.scenes]
    seconds[-1] = style.scenes[-1].seconds + style.cta_seconds - _CLOSING_S
    return tuple(Window(seconds=each, words=int(each * style.voice.words_per_s)) for each in seconds)


def pace_for(speech_s: float, window_s: float) -> float:
    """The factor by which speech is sped up (above 1) or slowed down for its window, within limits."""
    if speech_s > window_s:
        return min(_FASTEST, speech_s / window_s)
    return max(_SLOWEST, min(1.0, speech_s / (_FILLED * window_s)))


def most_faster(pace: float) -> float:
    """By how much a voice of this pace may still be sped up."""
    return max(1.0, _FASTEST_AT_LAST / pace)

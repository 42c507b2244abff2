"""The cut as data, in whole frames of the film, so that nothing drifts.

A shot begins with its first frame: where there is a transition into it, with the first frame of that (of a
dip, the one in which the shot before begins to darken). It ends where the next one begins, although it stays
in sight until the transition into that is over.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Kind = Literal["picture", "clip", "colour"]
TransitionKind = Literal["cut", "crossfade", "dip", "slide"]


@dataclass(frozen=True, kw_only=True)
class CutShot:
    """What is seen for some frames."""

    kind: Kind
    frames: int
    """Until the next shot begins."""
    shows: str | None = None
    """Key of the picture or clip below the creation; None for a colour."""
    clip_from: int = 0
    """Of a clip, its frame (at the film's rate) with which the shot begins."""
    clip_frames: int | None = None
    """Of a clip, its length at the film's rate, where that is known."""
    colour: str = "#000000"
    transition: TransitionKind = "cut"
    """Into this shot."""
    transition_frames: int = 0


@dataclass(frozen=True, kw_only=True)
class CutWord:
    """A word and when it is heard, in seconds from the film's start."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, kw_only=True)
class CutCaption:
    """A caption and when it is on screen."""

    at_frame: int
    frames: int
    text: str
    language: str
    """BCP 47."""
    words: tuple[CutWord, ...]
    asset: str | None = None
    """Key of the asset below the creation whose text it is."""


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A film's cut."""

    frame_rate: Fraction
    width: int
    height: int
    shots: tuple[CutShot, ...]
    """At least one."""
    captions: tuple[CutCaption, ...]
    sound: str | None = None
    """Key of an object below the creation that sounds as the film does, from its start; None: the film."""

    @property
    def frames(self) -> int:
        return sum(shot.frames for shot in self.shots)

    def seconds(self, frames: int) -> float:
        """To the microsecond."""
        return round(float(frames / self.frame_rate), 6)

    def starts(self) -> list[int]:
        """The frame with which each shot begins."""
        found, at = [], 0
        for shot in self.shots:
            found.append(at)
            at += shot.frames
        return found

    def visible_frames(self, number: int) -> int:
        """How long a shot is in sight: until the next one's transition is over."""
        following = self.shots[number + 1 : number + 2]
        return self.shots[number].frames + sum(shot.transition_frames for shot in following)

"""The timeline: what is seen and heard when, as plain data. Stored as `assets/timeline.json`.

All places are whole frames from the start, so nothing drifts; word times are milliseconds from the start
of their caption, so that they stay the same when an earlier part changes length.
"""

import re
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

Size = Annotated[int, Field(ge=64, le=4096, multiple_of=2)]
Unit = Annotated[float, Field(ge=0, le=1)]


def _frame_rate(value: object) -> Fraction:
    """Only what is quickly worked out: `Fraction("1e999999999")` is not, `Fraction("1/0")` never."""
    plain = re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6}|/0*[1-9][0-9]{0,5})?", str(value))
    rate = Fraction(plain[0]) if plain else Fraction(0)
    if not 10 <= rate <= 60 or rate.denominator > 1001:
        raise ValueError("use 10 to 60 frames a second, e.g. 30 or 30000/1001")
    return rate


FrameRate = Annotated[Fraction, BeforeValidator(_frame_rate), PlainSerializer(str, return_type=str)]
"""Frames per second as a fraction, written `30` or `30000/1001`."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Motion(_Record):
    """A zoom about a fixed point (Ken Burns) or a pan; eased, over the whole time that the shot is seen."""

    kind: Literal["none", "zoom", "pan"] = "none"
    zoom_from: float = Field(1.0, ge=1, le=2)
    zoom_to: float = Field(1.0, ge=1, le=2)
    focus_x: Unit = 0.5
    """The point that stays still in a zoom, in parts of the width; where a pan ends."""
    focus_y: Unit = 0.5


class Transition(_Record):
    """How a shot comes in over the one before it."""

    kind: Literal["cut", "crossfade", "dip", "slide"] = "cut"
    frames: int = Field(0, ge=0)


class Shot(_Record):
    """One picture or colour, for a number of frames."""

    frames: int = Field(ge=1)
    """Until the next shot starts; the next one's transition keeps this one visible for longer."""
    picture: str | None = None
    """Key of the picture below the creation, e.g. `assets/1/image.png`; None shows `colour`."""
    picture_hash: str = ""
    """The picture's content hash."""
    colour: str = Field("#000000", pattern=r"^#[0-9a-fA-F]{6}$")
    fit: Literal["cover", "blur"] = "cover"
    """`cover` crops to fill the frame, `blur` shows the whole picture over a blurred fill of itself."""
    motion: Motion = Motion()
    transition: Transition = Transition()
    """Into this shot."""
    effect: str | None = None
    """Name of an effect written in Python (`shared/video/effects.py`); only the moviepy engine draws it."""


class Word(_Record):
    """A word of a caption and when it is heard, in ms from the start of the caption."""

    start: int
    end: int
    start_ms: int
    end_ms: int


class Cue(_Record):
    """One caption: its text and when it is on screen."""

    at_frame: int = Field(ge=0)
    frames: int = Field(ge=1)
    text: str
    language: str
    words: tuple[Word, ...]


class CaptionStyle(_Record):
    """How burnt-in captions look."""

    look: Literal["highlight", "karaoke", "plain", "off"] = "highlight"
    """`highlight` colours the word being heard, `karaoke` all words heard so far, `off` burns nothing in."""
    position: Literal["bottom", "middle", "top"] = "bottom"
    size: float = Field(1.0, ge=0.5, le=2)
    """Of the letters, times the default for the frame's size."""
    colour: str = Field("#FFFFFF", pattern=r"^#[0-9a-fA-F]{6}$")
    highlight: str = Field("#FFD23F", pattern=r"^#[0-9a-fA-F]{6}$")
    outline: str = Field("#101018", pattern=r"^#[0-9a-fA-F]{6}$")
    uppercase: bool = False


class FontFace(_Record):
    """A font that the captions use, so that every task draws with the same one."""

    family: str
    file_name: str
    sha256: str


class Spoken(_Record):
    """A piece of speech and the frame at which it starts."""

    key: str
    """Key of a WAV file below the creation."""
    at_frame: int = Field(ge=0)


class Music(_Record):
    """Music under the whole film, looped, ducked under speech."""

    key: str
    volume: Unit = 0.25
    """Loudness next to the voice: 1 is as loud as the voice before ducking, 0.5 is 6 dB less; how loud the
    file itself is does not matter."""


class Timeline(_Record):
    """A film, ready to be rendered."""

    version: Literal[1] = 1
    engine: Literal["native", "moviepy"] = "native"
    width: Size
    height: Size
    frame_rate: FrameRate
    language: str = "und"
    """BCP 47, of the captions and the sound."""
    shots: tuple[Shot, ...] = Field(min_length=1)
    cues: tuple[Cue, ...] = ()
    caption_style: CaptionStyle = CaptionStyle()
    fonts: tuple[FontFace, ...] = ()
    """In order of preference."""
    speech: tuple[Spoken, ...] = ()
    music: Music | None = None

    @property
    def frames(self) -> int:
        return sum(shot.frames for shot in self.shots)

    @property
    def duration_s(self) -> float:
        return float(self.frames / self.frame_rate)

    @model_validator(mode="after")
    def _transitions_fit(self) -> Self:
        for number, shot in enumerate(self.shots, 1):
            if shot.transition.frames > shot.frames:
                raise ValueError(
                    f"shot {number}: its transition takes {shot.transition.frames} frames, "
                    f"more than its own {shot.frames}"
                )
            if shot.transition.frames and shot.transition.kind == "cut":
                raise ValueError(f"shot {number}: a cut takes no frames, not {shot.transition.frames}")
        if self.shots[0].transition.frames:
            raise ValueError("shot 1: nothing to make a transition from")
        return self

"""The timeline: the film's picture and sound by time, as plain data. Stored as `assets/timeline.json`.

All positions are whole frames from the start, so that nothing drifts; word times are milliseconds from the
start of their caption, so that they stay the same when an earlier part changes length.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from shared.text.markup import Styled

Size = Annotated[int, Field(ge=64, le=4096, multiple_of=2)]
Unit = Annotated[float, Field(ge=0, le=1)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


def _frame_rate(value: object) -> Fraction:
    """Accepts only what is calculated quickly: not `Fraction("1e999999999")`, and never `Fraction("1/0")`."""
    plain = re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6}|/0*[1-9][0-9]{0,5})?", str(value))
    rate = Fraction(plain[0]) if plain else Fraction(0)
    if not 10 <= rate <= 60 or rate.denominator > 1001:
        raise ValueError("use 10 to 60 frames a second, e.g. 30 or 30000/1001")
    return rate


FrameRate = Annotated[Fraction, BeforeValidator(_frame_rate), PlainSerializer(str, return_type=str)]
"""Frames per second as a fraction, written `30` or `30000/1001`."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    unsaid: ClassVar[frozenset[str]] = frozenset()
    """Fields that are written only if set, so that films without them keep their bytes and keys."""

    @model_serializer(mode="wrap")
    def _without_the_unsaid(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields = type(self).model_fields
        return {
            name: value
            for name, value in handler(self).items()
            if name not in self.unsaid or getattr(self, name) != fields[name].default
        }


class Motion(_Record):
    """A zoom about a fixed point (Ken Burns) or a pan; eased, over all the time that the shot is visible."""

    kind: Literal["none", "zoom", "pan"] = "none"
    zoom_from: float = Field(1.0, ge=1, le=2)
    zoom_to: float = Field(1.0, ge=1, le=2)
    focus_x: Unit = 0.5
    """The point that stays still in a zoom, in parts of the width; where a pan ends."""
    focus_y: Unit = 0.5


class Transition(_Record):
    """How a shot replaces the one before it."""

    kind: Literal["cut", "crossfade", "dip", "slide"] = "cut"
    frames: int = Field(0, ge=0)


class Shot(_Record):
    """One picture, clip or colour, for a number of frames."""

    unsaid = frozenset({"clip", "clip_hash", "clip_from", "anchor_x", "anchor_y"})

    frames: int = Field(ge=1)
    """Until the next shot starts; the next one's transition keeps this one visible for longer."""
    picture: str | None = None
    """Key of the picture below the creation, e.g. `assets/1/image.png`; None shows `clip` or `colour`."""
    picture_hash: str = ""
    """The picture's content hash."""
    clip: str | None = None
    """Key of a clip below the creation, e.g. `assets/scenes/scene_1.mp4`; it fills the frame."""
    clip_hash: str = ""
    """The clip's content hash."""
    clip_from: int = Field(0, ge=0)
    """The clip's first visible frame, at the film's rate."""
    colour: Colour = "#000000"
    fit: Literal["cover", "blur"] = "cover"
    """`cover` crops to fill the frame, `blur` shows the whole picture over a blurred fill of itself."""
    anchor_x: Unit = 0.5
    """Which part a crop shows: 0 the left one, 1 the right one, as `object-position` in CSS."""
    anchor_y: Unit = 0.5
    motion: Motion = Motion()
    transition: Transition = Transition()
    """Into this shot."""
    effect: str | None = None
    """Name of an effect in `shared/video/rendering/effects.py`; only the moviepy engine draws it."""

    @model_validator(mode="after")
    def _one_thing_is_seen(self) -> Self:
        if self.clip is None:
            return self
        if self.picture is not None:
            raise ValueError(f"a shot shows a picture or a clip, not {self.picture!r} and {self.clip!r}")
        if self.motion.kind != "none":
            raise ValueError(f"clip {self.clip!r} moves by itself: leave out the motion")
        return self


class Word(_Record):
    """A word of a caption and when it is spoken, in ms from the start of the caption."""

    start: int
    end: int
    start_ms: int
    end_ms: int


class Cue(_Record):
    """One caption: its text and when it is on screen."""

    unsaid = frozenset({"styles", "asset"})

    at_frame: int = Field(ge=0)
    frames: int = Field(ge=1)
    text: str
    language: str
    words: tuple[Word, ...]
    styles: tuple[Styled, ...] = ()
    asset: str | None = None
    """Key of the asset below the creation whose text it is, e.g. `assets/1/1.txt`."""


class CaptionStyle(_Record):
    """How burnt-in captions look."""

    unsaid = frozenset({"markup"})

    look: Literal["highlight", "karaoke", "plain", "off"] = "highlight"
    """`highlight` colours the word being spoken, `karaoke` all words spoken so far, `off` draws none."""
    position: Literal["bottom", "middle", "top"] = "bottom"
    size: float = Field(1.0, ge=0.5, le=2)
    """Letter size, in multiples of the default for the frame's size."""
    colour: Colour = "#FFFFFF"
    highlight: Colour = "#FFD23F"
    outline: Colour = "#101018"
    uppercase: bool = False
    markup: Literal["plain", "markdown"] = "plain"
    """`plain` shows `**marks**` as they are written, `markdown` applies them: bold and italic."""


class FontFace(_Record):
    """A font that the captions use, so that every task draws with the same one."""

    family: str
    file_name: str
    sha256: str


class Letters(_Record):
    """How words over the picture are drawn."""

    family: str
    """Of the font; characters that it lacks are drawn with another."""
    weight: int = Field(400, ge=100, le=900)
    size_px: int = Field(ge=8, le=400)
    """Of the em; shrunk until the words fit their box."""
    uppercase: bool = False
    colour: Colour = "#FFFFFF"
    shadow_px: int = Field(0, ge=0, le=24)
    """Offset of the shadow; 0 for none."""
    plate: Colour | None = None
    """Of a plate behind the words."""


class Overlay(_Record):
    """Words over the picture, for some frames of the film."""

    text: str = Field(min_length=1)
    at_frame: int = Field(ge=0)
    frames: int = Field(ge=1)
    place: Unit = 0.5
    """The middle of the words, in parts of the frame's height."""
    box_width: float = Field(0.84, gt=0, le=1)
    """The box that the words must fit, in parts of the frame's width."""
    box_height: float = Field(0.2, gt=0, le=1)
    """In parts of the frame's height."""
    letters: Letters
    coming: Literal["cut", "fade", "rise", "slide", "pop"] = "fade"
    coming_frames: int = Field(0, ge=0)
    going_frames: int = Field(0, ge=0)
    """Of a fade at the end; 0 for none."""


class Play(_Record):
    """A stretch of the film in which the figure's clip plays."""

    at_frame: int = Field(ge=0)
    frames: int = Field(ge=1)
    clip_from: int = Field(0, ge=0)
    """The clip's first visible frame, at the film's rate."""


class Figure(_Record):
    """A round picture or clip over all shots and below captions, in a ring that follows the voice."""

    unsaid = frozenset({"picture", "picture_hash", "clip", "clip_hash", "clip_frames", "plays"})

    picture: str | None = None
    """Key of the picture below the creation; its middle square is shown."""
    picture_hash: str = ""
    """The picture's content hash."""
    clip: str | None = None
    """Key of a clip below the creation, instead of a picture."""
    clip_hash: str = ""
    """The clip's content hash."""
    clip_frames: int = Field(1, ge=1)
    """The clip's length at the film's rate; then it starts again."""
    plays: tuple[Play, ...] = ()
    """When the clip plays, in order; after each stretch its last frame stays until the next one."""
    x: Unit
    """The middle of the picture, in parts of the frame's width."""
    y: Unit
    """In parts of the frame's height."""
    diameter: float = Field(gt=0, le=1)
    """Of the picture, in parts of the frame's shorter side; the ring lies outside."""
    ring: Colour = "#3B82F6"
    edge: Colour = "#FFFFFF"
    """Of the thin line between the picture and the ring."""
    levels: Annotated[str, Field(pattern=r"^[0-9a-f]*$")] = ""
    """The voice's loudness, smoothed: a digit from 0 (silence) to f for every frame of the film."""

    def level(self, frame: int) -> int:
        """The loudness at this frame of the film, 0 to 15."""
        return int(self.levels[frame], 16) if frame < len(self.levels) else 0

    def clip_frame(self, frame: int) -> int:
        """Which frame of the clip is seen at this frame of the film."""
        number = bisect_right(self.plays, frame, key=lambda play: play.at_frame)
        if not number:
            return self.plays[0].clip_from % self.clip_frames if self.plays else 0
        play = self.plays[number - 1]
        return (play.clip_from + min(frame - play.at_frame, play.frames - 1)) % self.clip_frames

    @model_validator(mode="after")
    def _one_thing_is_seen(self) -> Self:
        if (self.picture is None) == (self.clip is None):
            raise ValueError("a figure shows either a picture or a clip")
        return self


class Spoken(_Record):
    """A piece of speech and the frame at which it starts."""

    unsaid = frozenset({"pace"})

    key: str
    """Key of a WAV or MP3 file below the creation."""
    at_frame: int = Field(ge=0)
    pace: float = Field(1.0, ge=0.5, le=2)
    """By how much it is sped up, at the same pitch."""


class Music(_Record):
    """Music under the whole film, ducked under speech."""

    unsaid = frozenset({"looped"})

    key: str
    volume: Unit = 0.25
    """Loudness compared with the voice: 1 is as loud as the voice before ducking, 0.5 is 6 dB less; the
    file's own loudness does not matter."""
    looped: bool = True
    """Repeated as long as the film lasts, and faded in and out; False plays it once as it is, for music that
    was made for the film."""


class Timeline(_Record):
    """A film, ready to be rendered."""

    unsaid = frozenset({"overlays", "figure"})

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
    overlays: tuple[Overlay, ...] = ()
    """Later ones are drawn over earlier ones, captions over all."""
    figure: Figure | None = None
    """Over shots, transitions and words."""
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


def with_short_enough_transitions(shots: Sequence[Shot]) -> tuple[Shot, ...]:
    """No transition takes more than half of the shots on either side of it."""
    fitted = list(shots)
    for number in range(1, len(fitted)):
        shot = fitted[number]
        most = min(shot.frames, fitted[number - 1].frames) // 2
        if shot.transition.frames > most:
            shorter = shot.transition.model_copy(update={"frames": most})
            fitted[number] = shot.model_copy(update={"transition": shorter})
    return tuple(fitted)

"""`assets/story.json`: how the film looks and sounds. Every key is optional."""

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from statistics import median
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from jobs.story.input.layout import options_in, read_layout
from jobs.story.input.option_words import (
    as_captions,
    as_choice,
    as_colour,
    as_focus,
    as_language,
    as_parts,
    wrong_option,
)
from shared.errors import InvalidAssets
from shared.records.creation import Creation
from shared.records.names import ASSETS
from shared.text.plain_text import decoded
from shared.validation import LANGUAGE, TITLE, VOICE, noting
from shared.video.sizes import SIZES, parse_size
from shared.video.timeline import CaptionStyle, FrameRate, Unit

_SIZES: Final = ("auto", *SIZES)
_SHAPES: Final = {"9:16": "portrait", "16:9": "landscape", "1:1": "square"}

Fit = Literal["auto", "cover", "contain"]
Focus = tuple[Unit, Unit]


class CaptionOptions(CaptionStyle):
    """The captions' style; people may write it in several forms."""

    @field_validator("look", "position", "markup", mode="before")
    @classmethod
    def _choice(cls, value: object, info: ValidationInfo) -> object:
        return _chosen(cls, value, info)

    @field_validator("colour", "highlight", "outline", mode="before")
    @classmethod
    def _colour(cls, value: object) -> object:
        return as_colour(value)


def _chosen(options: type[BaseModel], value: object, info: ValidationInfo) -> object:
    return as_choice(get_args(options.model_fields[str(info.field_name)].annotation), value)


class PartOptions(BaseModel):
    """Options of a single part that differ from the story's."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    fit: Fit = "auto"
    focus: Annotated[Focus | None, BeforeValidator(as_focus)] = None

    @field_validator("fit", mode="before")
    @classmethod
    def _choice(cls, value: object) -> object:
        return as_choice(get_args(Fit), value)


class StoryOptions(BaseModel):
    """The options and their defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    title: str | None = Field(None, min_length=1, max_length=200, json_schema_extra=TITLE)
    """What it is called in lists."""
    size: str = Field("auto", examples=list(_SIZES))
    """`auto` (from the pictures), `portrait`, `landscape`, `square` or `<width>x<height>`, up to 4K."""
    frame_rate: FrameRate = Fraction(30)
    """Frames per second, 10 to 60, e.g. 25 or `30000/1001`."""
    language: Annotated[str | None, BeforeValidator(as_language)] = Field(None, json_schema_extra=LANGUAGE)
    """BCP 47; if unset, it is detected from the captions."""
    voice: str | None = Field(None, min_length=1, max_length=100, json_schema_extra=VOICE)
    """A name that `reelwright voices` lists."""
    speaking_rate: float = Field(1.0, ge=0.5, le=2)
    narration: bool = True
    """If off, captions are not spoken but paced for reading."""
    captions: Annotated[CaptionOptions, BeforeValidator(as_captions)] = CaptionOptions()
    """A look (`highlight`, `karaoke`, `plain`, `off`) or an object with `look`, `position`, `colour`, …"""
    motion: Literal["kenburns", "zoom-in", "zoom-out", "pan", "none"] = "kenburns"
    transition: Literal["crossfade", "dip", "slide", "cut"] = "crossfade"
    transition_s: float = Field(0.5, ge=0, le=3)
    picture_s: float = Field(4.0, ge=0.5, le=60)
    """How long a picture without captions is shown."""
    fit: Fit = "auto"
    """How pictures of another shape fill the frame; `auto` crops if no subject is lost."""
    focus: Annotated[Focus | None, BeforeValidator(as_focus)] = None
    """The point to keep visible, instead of detected subjects: from the left and from the top, 0 to 1."""
    parts: Annotated[Mapping[int, PartOptions], BeforeValidator(as_parts)] = Field({})
    """Options of single parts, by their numbers."""
    music_volume: Unit = 0.25
    engine: Literal["native", "moviepy"] = "native"
    effect: str | None = Field(None, max_length=40)
    """An effect written in Python, drawn by the moviepy engine."""

    @field_validator("size", "fit", "motion", "transition", "engine", mode="before")
    @classmethod
    def _choice(cls, value: object, info: ValidationInfo) -> object:
        return as_choice(_SIZES, value) if info.field_name == "size" else _chosen(cls, value, info)

    def framing_of(self, number: int) -> tuple[Fit, Focus | None]:
        """How the picture of this part fills the frame, and the point to keep visible."""
        own = self.parts.get(number, PartOptions())
        return own.fit if "fit" in own.model_fields_set else self.fit, own.focus or self.focus

    @model_validator(mode="after")
    def _effect_can_be_drawn(self) -> Self:
        if self.effect is not None:
            from shared.video.rendering.effects import effect_named

            effect_named(self.effect)
            if self.engine != "moviepy":
                raise ValueError(f'effect {self.effect!r} is written in Python: set "engine": "moviepy" too')
        return self

    @field_validator("size")
    @classmethod
    def _size_is_known(cls, value: str) -> str:
        value = _SHAPES.get(value, value)
        if value != "auto":
            parse_size(value, _SIZES)
        return value


def size_for(pictures: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The preset whose shape suits most pictures (width, height)."""
    shape = median(width / height for width, height in pictures)
    if shape > 1.25:
        return SIZES["landscape"]
    return SIZES["portrait"] if shape < 0.8 else SIZES["square"]


def read_options(data: bytes | None, name: str) -> StoryOptions:
    """The options in a `story.json`; raises `InvalidAssets` naming every problem at once."""
    if data is None:
        return StoryOptions()
    text = decoded(data, name)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidAssets(f"{name}: not valid JSON ({error}); check it in a JSON editor") from error
    if not isinstance(found, dict):
        raise InvalidAssets(f'{name}: must be an object such as {{"size": "portrait"}}')
    try:
        return StoryOptions.model_validate(found)
    except ValidationError as error:
        raise InvalidAssets(*_problems(name, error)) from error


def with_parameters(options: StoryOptions, parameters: Mapping[str, Any]) -> StoryOptions:
    """The options, overridden by those of the request; raises `InvalidAssets` naming every bad one."""
    if not parameters:
        return options
    try:
        return StoryOptions.model_validate({**options.model_dump(exclude_unset=True), **parameters})
    except ValidationError as error:
        raise InvalidAssets(*_problems("parameters", error)) from error


def unknown_parts(options: StoryOptions, numbers: Sequence[int], name: str | None) -> list[str]:
    """Problems with the numbers under `parts`, for a story with these parts."""
    known = ", ".join(map(str, numbers))
    return [
        f"{name or 'parameters'}: parts.{number}: there is no part {number}; there are {known}"
        for number in sorted(options.parts)
        if numbers and number not in numbers
    ]


def check_options(creation: Creation, parameters: Mapping[str, Any]) -> None:
    """Raise `InvalidAssets` naming every invalid value in `story.json` and the parameters."""
    problems: list[str] = []
    options = StoryOptions()
    names = [name for name, _ in creation.list(ASSETS)]
    name = options_in(names)
    with noting(problems):
        options = read_options(creation.read(name)[0], name) if name else options
    with noting(problems):
        options = with_parameters(options, parameters)
    layout = read_layout(names, creation.key(ASSETS), [])
    problems += unknown_parts(options, [part.number for part in layout.parts], name)
    if problems:
        raise InvalidAssets(*problems)


def _problems(name: str, error: ValidationError) -> list[str]:
    return [wrong_option(name, problem, StoryOptions) for problem in error.errors(include_url=False)]

"""The styles of ads: one data file each, how it speaks, what it shows and how that looks.

To add a style, write `jobs/ad/styles/<name>.yaml` with what `Style` asks for; the command, HTTP and help list
what is there. It names a look of `jobs/ad/looks/__init__.py`, a mood of `jobs/ad/music/moods/__init__.py` and
an entry of `jobs/ad/copy/lines.yaml`: a new one each, or that of another style.
"""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Final, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from jobs.ad.looks import LOOKS
from jobs.ad.music.moods import MOODS
from jobs.ad.scenery.look import Colour, Look
from shared.errors import BadRequest, UnknownName
from shared.validation import from_yaml, problems_of

DEFAULT_STYLE: Final = "luxury"
FOLDER: Traversable = files(__name__)
"""Of the styles' files."""


def _known_look(look: Look) -> Look:
    if look.name not in LOOKS:
        raise ValueError(f"unknown look {look.name!r}; use one of {', '.join(LOOKS)}")
    return look


def _known_mood(mood: str) -> str:
    if mood not in MOODS:
        raise ValueError(f"unknown mood {mood!r}; use one of {', '.join(MOODS)}")
    return mood


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SceneStyle(_Data):
    """One of the four scenes."""

    seconds: float = Field(gt=0)
    """As planned; longer or shorter where the voice needs it."""
    purpose: str
    voiceover_template: str
    """Words with `{product_name}` and `{cta_text}`; `[benefit statement]` is written for the product, and
    `[social proof]` is the asker's own, or an invitation where there is none."""
    text_overlay: str = ""
    """On the picture; a writer may put better words in its place."""
    video_prompt_template: str
    use_product_image: bool = True

    @property
    def has_proof(self) -> bool:
        """Whether what others say of the product belongs here."""
        return "[social proof]" in self.voiceover_template


class VoiceStyle(_Data):
    """Who speaks and how."""

    voices: dict[str, str]
    """The voice by speech provider, e.g. `elevenlabs: EXAVITQu4vr4xnSDxMaL`."""
    rate: float = Field(ge=0.7, le=1.3)
    """Times the voice's own pace."""
    words_per_s: float = Field(gt=0)
    """About how fast that is: what scripts are measured by."""


class LetterStyle(_Data):
    """Words on the picture."""

    font: str
    """Family name, e.g. `Playfair Display`; characters that it lacks are drawn with another."""
    weight: int = Field(ge=100, le=900)
    uppercase: bool = False
    size: int = Field(ge=24, le=200)
    """Of the call to action in pixels at 1080x1920; shrunk until it fits."""
    colour: Colour
    shadow: int = Field(ge=0, le=12)
    """Pixels that the shadow is moved by; 0 for none."""
    plate: Colour | None = None
    """Of a plate behind the words, where the style has one."""
    overlay_size: int = Field(ge=24, le=160)
    overlay_colour: Colour
    overlay_motion: Literal["fade", "rise", "slide", "pop"]
    """How words on scenes come in."""


class MusicStyle(_Data):
    """What the music composed for the ad is like."""

    tempo_bpm: int = Field(ge=50, le=180)
    """The film moves on the same beats."""
    mood: Annotated[str, AfterValidator(_known_mood)]
    volume: float = Field(ge=0, le=1)


class Style(_Data):
    """One style."""

    name: str
    tone: str
    """In a few words, for writers."""
    lines: str
    """Whose sentences of `jobs/ad/copy/lines.yaml` the built-in writer has."""
    keywords: tuple[str, ...]
    """For models that paint and film."""
    scenes: Annotated[tuple[SceneStyle, ...], Field(min_length=4, max_length=4)]
    cta_seconds: float = 4.0
    cta_image_prompt: str
    transition: Literal["crossfade", "dip", "slide", "cut"]
    transition_s: float = Field(ge=0, le=1)
    voice: VoiceStyle
    letters: LetterStyle
    look: Annotated[Look, AfterValidator(_known_look)]
    music: MusicStyle

    @property
    def seconds(self) -> float:
        """Of the whole ad."""
        return sum(scene.seconds for scene in self.scenes) + self.cta_seconds


@cache
def style_names() -> tuple[str, ...]:
    """All styles, in the order of the alphabet."""
    names = (file.name for file in FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


@cache
def style_named(name: str) -> Style:
    """The style with this name; raises `UnknownName`, and `BadRequest` if its file is wrong."""
    if name not in style_names():
        raise UnknownName("style", name, style_names())
    text = FOLDER.joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    try:
        style = Style.model_validate(from_yaml(text))
    except (yaml.YAMLError, ValidationError) as error:
        raise BadRequest(f"jobs/ad/styles/{name}.yaml: {problems_of(error)}") from error
    if style.name != name:
        raise BadRequest(f"jobs/ad/styles/{name}.yaml: name: is {style.name!r}; write the file's own, {name}")
    return style

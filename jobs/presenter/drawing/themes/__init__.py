"""The themes of slides: one data file each, with their letters, colours and shapes.

To add a theme, write `jobs/presenter/drawing/themes/<name>.yaml` with what `Theme` asks for; the help lists
what is there. `tests/jobs/presenter/drawing/test_themes.py` says which of its words are hard to read.
"""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import BadRequest, UnknownName
from shared.validation import from_yaml, problems_of

DEFAULT_THEME: Final = "paper"
FOLDER: Traversable = files(__name__)
"""Of the themes' files."""
Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]
Part = Annotated[float, Field(ge=-1, le=2)]
"""Of the slide's width or height; outside of 0 to 1 it is cut at the edge."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Font(_Data):
    """The letters of one kind of text."""

    family: str
    """Family name, e.g. `Fira Sans`; characters that it lacks are drawn with another."""
    weight: int = Field(ge=100, le=900)


class Fonts(_Data):
    """The letters of all texts."""

    title: Font
    body: Font
    strong: Font
    """Of headers of tables and numbers."""
    code: Font
    title_capitals: bool = False


class Shape(_Data):
    """A shape of the ground, below everything else. Mirrored where the slide is."""

    kind: Literal["disc", "ring", "box", "glow"]
    """`glow` is a disc that fades out."""
    at: tuple[Part, Part]
    """Its middle from the left and the top; of a `box` its upper left corner."""
    size: tuple[Part, Part]
    """Width and height; of round shapes the width, in parts of the longer side, and a ring's thickness."""
    colour: Colour
    alpha: float = Field(1.0, ge=0, le=1)


class Ground(_Data):
    """One kind of slide: its ground and what is written on it."""

    colour: Colour
    to: Colour | None = None
    """The colour at the lower right, where it changes over the slide."""
    shapes: tuple[Shape, ...] = ()
    title: Colour
    words: Colour
    quiet: Colour
    """Of what is less important: numbers of pages, names."""
    accent: Colour
    """Of marks and lines; also of few large words."""


class Theme(_Data):
    """One theme."""

    name: str
    description: str
    fonts: Fonts
    opening: Ground
    """Of slides that show only large words at the start of the talk."""
    section: Ground
    content: Ground
    panel: Colour
    """Behind code and every other row of tables."""
    line: Colour
    """Of thin lines."""
    code_style: str
    """A style of Pygments; colours that are hard to read are moved away from the panel's."""
    marker: Literal["dash", "dot", "square", "number"]
    """Before bullets."""
    heading: Literal["rule", "bar", "line", "tag"]
    """At titles: a short rule above, a bar beside, a line across below, a block of colour above."""
    placed: Literal["low", "middle", "centred"]
    """Where the large words are."""
    corner: int = Field(0, ge=0, le=60)
    """The radius of corners, in 1080."""

    def ground(self, kind: str) -> Ground:
        """Of `title`, `section` or `content` slides."""
        return {"title": self.opening, "section": self.section}.get(kind, self.content)


@cache
def theme_names() -> tuple[str, ...]:
    """All themes, in the order of the alphabet."""
    names = (file.name for file in FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


@cache
def theme_named(name: str) -> Theme:
    """The theme with this name; raises `UnknownName`, and `BadRequest` if its file is wrong."""
    if name not in theme_names():
        raise UnknownName("theme", name, theme_names())
    where = f"jobs/presenter/drawing/themes/{name}.yaml"
    try:
        theme = Theme.model_validate(from_yaml(FOLDER.joinpath(f"{name}.yaml").read_text("utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        raise BadRequest(f"{where}: {problems_of(error)}") from error
    if theme.name != name:
        raise BadRequest(f"{where}: name: is {theme.name!r}; write the file's own, {name}")
    return theme

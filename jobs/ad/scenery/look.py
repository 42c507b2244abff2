"""How a style looks: what those who paint and film by code go by."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


class Look(BaseModel):
    """The visual half of a style."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Which kind of light, depth and movement: one of `jobs.ad.looks.LOOKS`."""
    background: Colour
    """The darker end of grounds (for minimal: the lighter)."""
    ground: Colour
    """The other end of grounds."""
    accent: Colour
    """Light, lines and shapes."""
    text: Colour
    """Of words on the ground."""
    energy: float = Field(ge=0, le=1)
    """How much moves: 0 hardly anything, 1 all the time."""
    contrast: float = Field(ge=0, le=1)
    """How dramatic the light is."""

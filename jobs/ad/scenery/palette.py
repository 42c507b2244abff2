"""The look's colours as numbers, and mixtures of them."""

from dataclasses import dataclass

from jobs.ad.scenery.look import Look
from shared.video.colour import parse_colour

Colour = tuple[float, float, float]

WHITE: Colour = (255.0, 255.0, 255.0)
BLACK: Colour = (0.0, 0.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class Palette:
    """The look's colours, 0 to 255."""

    background: Colour
    ground: Colour
    accent: Colour
    text: Colour

    @classmethod
    def of(cls, look: Look) -> "Palette":
        return cls(
            background=parse_colour(look.background),
            ground=parse_colour(look.ground),
            accent=parse_colour(look.accent),
            text=parse_colour(look.text),
        )


def mix(one: Colour, other: Colour, part: float) -> Colour:
    """`part` 0 is the one, 1 the other."""
    red, green, blue = (a + (b - a) * part for a, b in zip(one, other, strict=True))
    return red, green, blue


def times(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(255.0, value * factor) for value in colour)
    return red, green, blue


def saturation(colour: Colour) -> float:
    """0 for grey, 1 for pure."""
    return (max(colour) - min(colour)) / max(1.0, *colour)

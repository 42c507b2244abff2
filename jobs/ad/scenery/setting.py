"""What every scene is built from."""

from dataclasses import dataclass
from typing import Protocol

from jobs.ad.scenery.paint.canvas import Canvas, Colour
from jobs.ad.scenery.paint.ground import Ground
from jobs.ad.scenery.palette import Palette
from jobs.ad.scenery.product.cutout import Cutout
from jobs.ad.scenery.product.subject import Pose, Subject


class Scene(Protocol):
    """A scene that is ready to be filmed."""

    def draw(self, canvas: Canvas, at: float) -> None:
        """Draw all of the frame `at` so many seconds after the scene's start."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The product, the frame, the colours and the beat."""

    canvas: Canvas
    ground: Ground
    palette: Palette
    cutout: Cutout
    extra: tuple[Colour, ...]
    """The product's own colours, the most frequent first; may be empty."""
    beat_s: float
    """Of the ad's music; what jumps, jumps on it."""
    seed: int

    def subject(self, *, rim: Colour, largest: float = 1.0) -> Subject:
        return Subject(self.cutout, self.canvas, rim=rim, largest=largest)


def floor_under(subject: Subject, size: float, *, middle: float = 790.0) -> float:
    """Height of a floor on which the product stands with its middle about there, above where words go."""
    return min(1185.0, max(1030.0, middle + subject.bottom * size))


def standing(subject: Subject, floor: float, *, size: float, x: float = 540.0, lift: float = 0.0) -> Pose:
    return Pose(x=x, y=floor - lift - subject.bottom * size, size=size)

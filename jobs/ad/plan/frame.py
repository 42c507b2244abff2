"""The ad's frame: its size and its rate."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from pydantic import BaseModel, ConfigDict

from jobs.ad.copy.writer import Orientation
from shared.video.timeline import FrameRate, Size


class Frame(BaseModel):
    """The size and rate of every clip, card and film of an ad."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: Size = 1080
    height: Size = 1920
    rate: FrameRate = Fraction(30)
    """Frames a second."""

    @property
    def orientation(self) -> Orientation:
        """The shape in words, for models that paint and film."""
        if self.width == self.height:
            return "square"
        return "vertical" if self.width < self.height else "widescreen"


FRAMES: Final[Mapping[str, Frame]] = {
    "9:16": Frame(),
    "1:1": Frame(width=1080, height=1080),
    "4:5": Frame(width=1080, height=1350),
    "16:9": Frame(width=1920, height=1080),
}
"""By the brief's `aspect_ratio`."""

"""What a look is made of."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from jobs.ad.card.brush import Paint
from jobs.ad.card.device import Device
from jobs.ad.card.shown import Stand
from jobs.ad.scenery.look import Look
from jobs.ad.scenery.palette import Colour, Palette
from jobs.ad.scenery.setting import Scene, Setting

MakeScene = Callable[[Setting], Scene]


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """How all of a look is drawn; the colours are the style's."""

    scenes: tuple[MakeScene, MakeScene, MakeScene, MakeScene]
    """For the ad's four scenes."""
    sculpture: Callable[[Palette], tuple[Colour, Colour]]
    """What is filmed where there is no picture of the product: the colours of its ball and of its ring."""
    ground: Callable[[int, int, Look, np.random.Generator], Paint]
    """Draws the card's backdrop in this width and height: without words, and calm where they will be."""
    stand: Stand
    """How the product stands on the card."""
    device: Device
    """How the card presents the call to action."""

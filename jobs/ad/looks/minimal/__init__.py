"""Minimal: white space, one soft light, a shadow that moves, plain shapes."""

from typing import Final

from jobs.ad.looks.drawing import Drawing
from jobs.ad.looks.minimal.card import DEVICE, STAND, ground
from jobs.ad.looks.minimal.scenes import SCENES, sculpture

MINIMAL: Final = Drawing(scenes=SCENES, sculpture=sculpture, ground=ground, stand=STAND, device=DEVICE)
